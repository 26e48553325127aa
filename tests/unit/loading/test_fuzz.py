"""Files that are damaged in any way: read, or refused by an error of our own, and at once."""

from __future__ import annotations

import gc
import random
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.cli.config import read_config
from gradcheck_cli.loading.arrays import read_arrays
from gradcheck_cli.loading.code.cells import cells_of
from gradcheck_cli.loading.code.statements import statements_of
from gradcheck_cli.loading.json_arrays import read_json
from gradcheck_cli.loading.npz import read_npz
from gradcheck_cli.loading.state import read_state, state_text
from gradcheck_cli.loading.write_arrays import npz_bytes
from gradcheck_cli.vocabulary.errors import GradcheckError
from tests.unit.loading.archives import npy
from tests.unit.loading.containers import mat, safetensors

FILES = 5_000  # of each kind
LONGEST = 0.1  # seconds for one of them, on the processor alone
JSON = b'{"W1": [[1.0, -2e-3], [3, NaN]], "b1": 0.5, "x\\u0000": [[]], "deep": [[[[1]]]], "big": 1e999}'
TOML = b"""
[tool.gradcheck]
epsilon = "auto"
threshold = 2e-7
[[tool.gradcheck.checks]]
name = "a"
kind = "func"
at = [1.0, 2.0]
data = {x = 1979-05-27, y = [[1], {z = '''q'''}]}
"""
NOTEBOOK = (
    b'{"cells": [{"cell_type": "code", "source": ["%time\\n", "x = 1\\n"]}, {"cell_type": "markdown", "source": []},'
    b' {"cell_type": "code", "source": "def f(x):\\n    return x"}], "metadata": {"kernelspec": {}}}'
)
STATE = {
    "seed": 1, "mode": "full", "problem": "p", "rounds": [3, 4], "beside": 0.5, "digest": "d",
    "losses": array("d", [1, 2]),
}  # fmt: skip
SPICE = [
    b"\0",
    b"\xff",
    b"[",
    b"{",
    b'"',
    b"\\u",
    b"9" * 30,
    b"-",
    b"\n",
    b"PK\x03\x04",
    b"(" * 50,
    b"True",
    b"e9",
    b"[" * 3000,
]
READERS: dict[str, tuple[Callable[[Path], Any], bytes]] = {
    "npz": (read_npz, npz_bytes({"W1": np.arange(6.0).reshape(2, 3), "b1": np.ones(2, np.float32), "n": np.array(3)})),
    "json": (read_json, JSON),
    "toml": (read_config, TOML),
    "state": (read_state, state_text(STATE).encode()),
    "npy": (read_arrays, npy(np.arange(6.0).reshape(2, 3))),
    "csv": (read_arrays, b"w,b\n1.5,-2e-3\n3,nan\n# c\n4,5\n"),
    "mat": (read_arrays, mat({"W": np.arange(6.0).reshape(2, 3), "n": np.array([[3]])}, packed=False)),
    "packed.mat": (read_arrays, mat({"W": np.arange(6.0).reshape(2, 3), "n": np.array([[3]])}, packed=True)),
    "safetensors": (read_arrays, safetensors({"W": np.arange(6.0).reshape(2, 3), "h": np.ones(2, np.float16)})),
    "ipynb": (lambda path: statements_of(cells_of(path)), NOTEBOOK),
}


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return a content with a few places changed, cut or repeated."""
    found = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(found) + 1)
        act = chance.randrange(5)
        if act == 0 and place < len(found):
            found[place] ^= 1 << chance.randrange(8)
        elif act == 1:
            found[place:place] = chance.choice(SPICE)
        elif act == 2:
            del found[place : place + chance.randint(1, 40)]
        elif act == 3:
            found[place : place + 8] = chance.randbytes(8)
        else:
            start = chance.randrange(len(found) + 1)
            found[place:place] = found[start : start + 60]
    return bytes(found)


@pytest.fixture
def _other_garbage_is_left_alone() -> Iterator[None]:
    """Keep the collector from going through what other tests hold, which may take longer than to read a file."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_other_garbage_is_left_alone")
@pytest.mark.parametrize("kind", READERS)
def test_a_damaged_file_is_read_or_refused_at_once(kind: str, tmp_path: Path) -> None:
    read, content = READERS[kind]
    chance, path, refused = random.Random(kind), tmp_path / f"file.{kind}", 0
    for number in range(FILES):
        changed = damaged(content, chance)
        path.write_bytes(changed)
        started = time.process_time()
        try:
            read(path)
        except GradcheckError as error:
            refused += 1
            assert str(path) in error.message, changed
            assert "\n" not in error.message, changed
        assert time.process_time() - started < LONGEST, (number, changed)
    assert FILES / 20 < refused < FILES
