"""Parameters, data and gradients from files of every kind, and from standard input."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gradcheck_cli.loading.write_arrays import npz_bytes
from tests.support import clean_environment, run
from tests.unit.loading.containers import mat, safetensors

MODEL = """\
import numpy as np
def loss(w, y): return float(((w - y) ** 2).sum())
def grad(w, y): return 2 * (w - y)
def wrong(w, y): return 2 * w - y
"""
W, Y = np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([[0.5, 1.0], [2.0, -1.0]])


def npy(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


CONTENTS = {
    "npz": npz_bytes({"w": W}),
    "npy": npy(W),
    "json": b'{"w": [[1.0, -2.0], [0.5, 3.0]]}',
    "csv": b"1,-2\n0.5,3\n",
    "txt": b"1 -2\n0.5 3\n",
    "mat": mat({"w": W}),
    "safetensors": safetensors({"w": W}),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "y.npy").write_bytes(npy(Y))
    for kind, content in CONTENTS.items():
        (tmp_path / f"p.{kind}").write_bytes(content)
    return tmp_path


def piped(folder: Path, content: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "gradcheck_cli", *words]
    return subprocess.run(command, input=content, cwd=folder, env=clean_environment(), capture_output=True, check=False)


@pytest.mark.parametrize("kind", CONTENTS)
def test_parameters_come_from_any_kind_of_file(folder: Path, kind: str) -> None:
    for gradient, code in (("grad", 0), ("wrong", 1)):
        words = ("m.py:loss", "--grad", f"m.py:{gradient}", "--params", f"p.{kind}", "--data", "y.npy")
        result = run("func", *words, cwd=folder)
        assert result.returncode == code, result.stderr


@pytest.mark.parametrize("kind", CONTENTS)
def test_parameters_come_by_standard_input(folder: Path, kind: str) -> None:
    words = ("func", "m.py:loss", "--grad", "m.py:grad", "--params", "-", "--data", "y.npy", "--jobs", "2")
    result = piped(folder, CONTENTS[kind], *words)
    assert result.returncode == 0, result.stderr


def test_standard_input_is_for_one_option(folder: Path) -> None:
    result = piped(folder, b"1", "func", "m.py:loss", "--grad", "m.py:grad", "--params", "-", "--data", "-")
    assert result.returncode == 2
    assert b"one option alone" in result.stderr


def test_nothing_is_left_of_standard_input(folder: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    command = [sys.executable, "-m", "gradcheck_cli", "compare", "-", "p.npy"]
    environment = {**clean_environment(), "TMPDIR": str(temporary)}
    result = subprocess.run(
        command, input=CONTENTS["csv"], cwd=folder, env=environment, capture_output=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("mine", ["npy", "csv", "txt"])
def test_gradients_without_names_are_compared(folder: Path, mine: str) -> None:
    assert run("compare", f"p.{mine}", "p.npy", cwd=folder).returncode == 0
    assert run("compare", f"p.{mine}", "y.npy", cwd=folder).returncode == 1


def test_gradients_of_two_kinds_are_compared(folder: Path) -> None:
    for kind in ("npz", "json", "mat", "safetensors"):
        assert run("compare", f"p.{kind}", "p.npz", cwd=folder).returncode == 0


def test_a_gradient_under_its_usual_name_is_compared_with_that_of_the_parameter(folder: Path) -> None:
    for factor, code in ((1.0, 0), (1.1, 1)):
        np.savez(folder / "mine.npz", dw=factor * W)
        assert run("compare", "mine.npz", "p.npz", cwd=folder).returncode == code


def test_a_pickle_is_refused_in_one_line(folder: Path) -> None:
    (folder / "p.pt").write_bytes(b"PK\x03\x04")
    result = run("func", "m.py:loss", "--grad", "m.py:grad", "--params", "p.pt", cwd=folder)
    assert result.returncode == 2
    assert "torch.load" in result.stderr
