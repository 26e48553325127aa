"""Code that a search must not run often, that never ends, or whose places are easily miscounted."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gradcheck_cli.vocabulary.results import Suggestion
from tests.unit.repair.corpus import searched

HEAD = """\
import numpy as np
X = np.array([[0.5, -1.2], [1.5, 0.3], [-0.7, 2.0]])
def loss(w):
    return float(np.sum((X @ w) ** 2))
"""
STATE = (
    HEAD
    + """\
calls = [0]
def gradient(w):
    calls[0] += 1
    return (2 + (calls[0] > 3)) * X.T @ (X @ w) * 1.5
"""
)
WRITES = (
    HEAD
    + """\
import os
def gradient(w):
    with open(os.path.join(os.path.dirname(__file__), "called.log"), "a") as f:
        f.write("call\\n")
    return 3 * X.T @ (X @ w)
"""
)
STARTS = (
    HEAD
    + """\
import subprocess, sys
def gradient(w):
    subprocess.run([sys.executable, "-c", "pass"])
    return 3 * X.T @ (X @ w)
"""
)
ENDLESS = (
    HEAD
    + """\
def gradient(w):
    g = np.zeros(2)
    i = 0
    while i < 3:
        try:
            g += X[i] * (X[i] @ w)
            i += 1
        except{kind}:
            pass
    return g
"""
)
CHINESE = (
    HEAD
    + """\
def gradient(w):
    误差 = X @ w; 备注 = "残差"; g = 4 * X.T @ 误差  # 梯度 的 系数
    return g
"""
)
CLOSURE = """\
import functools
import numpy as np
def make(X):
    def loss(w):
        return float(np.sum((X @ w) ** 2))
    def gradient(w):
        r = X @ w
        return X.T @ r
    return loss, gradient
def timed(f):
    @functools.wraps(f)
    def inner(*a):
        return f(*a)
    return inner
loss, gradient = make(np.array([[0.5, -1.2], [1.5, 0.3], [-0.7, 2.0]]))
gradient = timed(gradient)
"""
LAMBDAS = (
    HEAD.splitlines()[0]
    + """
X = np.array([[0.5, -1.2], [1.5, 0.3], [-0.7, 2.0]])
loss = lambda w: float(np.sum((X @ w) ** 2))
gradient = lambda w: X.T @ (X @ w)
"""
)
MULTILINE = """\
import numpy as np
X = np.array([[0.5, -1.2], [1.5, 0.3], [-0.7, 2.0]])
def loss(w):
    return float(np.sum((X @ w) ** 2) + 0.1 * np.sum(w ** 2))
def gradient(w):
    r = X @ w; s = 2 * r
    g = (X.T @ s          # data
         - 0.2 * w        # penalty
         )
    return g
"""


def looked_for(tmp_path: Path, content: str | bytes) -> tuple[Suggestion | None, str]:
    file = tmp_path / "model.py"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    _, suggestion, note = searched(file, {"w": (2,)})
    return suggestion, note


@pytest.mark.parametrize(
    ("text", "says"),
    [(STATE, "keeps state"), (WRITES, "writes files"), (STARTS, "starts programs")],
    ids=["state", "writes", "starts"],
)
def test_no_patch_is_looked_for_where_calls_have_effects(text: str, says: str, tmp_path: Path) -> None:
    suggestion, note = looked_for(tmp_path, text)
    assert suggestion is None
    assert says in note
    assert note.endswith("no patch was looked for")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["model.py"]


@pytest.mark.parametrize("kind", [" Exception", ""], ids=["exception", "bare"])
def test_candidates_that_never_end_are_killed(kind: str, tmp_path: Path) -> None:
    started = time.process_time()
    suggestion, _ = looked_for(tmp_path, ENDLESS.format(kind=kind))
    assert time.process_time() - started < 3  # of this process: the search has its own limits
    assert suggestion is None or suggestion.is_verified


def test_columns_count_characters(tmp_path: Path) -> None:
    suggestion, _ = looked_for(tmp_path, CHINESE)
    assert suggestion is not None
    (change,) = suggestion.changes
    line = CHINESE.splitlines()[change.line - 1]
    assert line[change.column - 1 : change.end_column - 1] == change.old
    assert change.text == line


def test_the_mistake_is_mended_where_it_is_and_not_in_the_decorator(tmp_path: Path) -> None:
    suggestion, _ = looked_for(tmp_path, CLOSURE)
    assert suggestion is not None
    assert [change.line for change in suggestion.changes] in ([7], [8])


def test_lambdas_and_statements_of_several_lines_are_mended(tmp_path: Path) -> None:
    suggestion, _ = looked_for(tmp_path, LAMBDAS)
    assert suggestion is not None and suggestion.changes[0].line == 4
    (tmp_path / "second").mkdir()
    suggestion, _ = looked_for(tmp_path / "second", MULTILINE)
    assert suggestion is not None
    (change,) = suggestion.changes
    assert (change.line, change.old, change.new) == (8, "-", "+")


def test_line_ends_and_tabs_stay_what_they_are(tmp_path: Path) -> None:
    text = HEAD.replace("    ", "\t") + "def gradient(w):\n\tr = X @ w\n\treturn X.T @ r\n"
    suggestion, _ = looked_for(tmp_path, text.replace("\n", "\r\n").encode())
    assert suggestion is not None and suggestion.is_verified
    added = [line for line in suggestion.diff.split("\n") if line.startswith("+\t")]
    assert len(added) == 1
    assert added[0].endswith("\r")
    assert suggestion.changes[0].text.startswith("\t")


def test_what_is_not_finite_never_agrees(tmp_path: Path) -> None:
    text = "import numpy as np\ndef loss(w): return float(np.sum(w ** 2))\n"
    text += "def gradient(w):\n    g = 2 * w\n    return g / np.array([1.0, 0.0])\n"
    suggestion, _ = looked_for(tmp_path, text)
    assert suggestion is None or "0.0" not in suggestion.changes[0].new


def test_no_patch_writes_into_the_parameters_or_into_a_copy_that_is_lost(tmp_path: Path) -> None:
    text = "import numpy as np\ndef loss(w): return float(np.sum(w ** 2))\n"
    text += "def gradient(w):\n    g = 2 * w\n    g[1] = np.nan\n    return g\n"
    suggestion, _ = looked_for(tmp_path, text)
    assert suggestion is not None
    assert "+    g[1] = g[1]\n" in suggestion.diff  # not w[1] = np.nan, nor (g ** 2)[1] = np.nan


def test_a_right_gradient_is_left_alone(tmp_path: Path) -> None:
    suggestion, note = looked_for(tmp_path, HEAD + "def gradient(w):\n    return 2 * X.T @ (X @ w)\n")
    assert (suggestion, note) == (None, "")


THREADS = (
    HEAD
    + "import threading\ndef gradient(w):\n    threading.Thread(target=int).start()\n    return 3 * X.T @ (X @ w)\n"
)
C_FUNCTIONS = (
    HEAD
    + "import ctypes\nlibc = ctypes.CDLL(None)\ndef gradient(w):\n    libc.getpid()\n    return 3 * X.T @ (X @ w)\n"
)


@pytest.mark.parametrize(
    ("text", "says"), [(THREADS, "starts threads"), (C_FUNCTIONS, "functions of C")], ids=["threads", "C"]
)
def test_no_patch_is_looked_for_where_no_event_tells_what_calls_do(text: str, says: str, tmp_path: Path) -> None:
    suggestion, note = looked_for(tmp_path, text)
    assert suggestion is None
    assert says in note


def test_what_is_open_already_is_not_written_to(tmp_path: Path) -> None:
    text = HEAD + "import os\nfd = os.open({file!r}, os.O_CREAT | os.O_WRONLY)\nread, write = os.pipe()\n"
    text += 'def gradient(w):\n    os.write(fd, b"1\\n")\n    os.write(write, b"1\\n")\n    return 3 * X.T @ (X @ w)\n'
    suggestion, _ = looked_for(tmp_path, text.format(file=str(tmp_path / "log")))
    assert suggestion is not None and suggestion.changes[0].new == "2"
    assert (tmp_path / "log").read_bytes() == b""


def test_a_call_that_waits_for_what_is_not_in_this_process_is_given_up_soon(tmp_path: Path) -> None:
    text = (
        HEAD
        + "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\npool.submit(int).result()\n"
    )
    text += "def gradient(w):\n    return pool.submit(lambda: 3 * X.T @ (X @ w)).result()\n"
    started = time.monotonic()
    assert looked_for(tmp_path, text) == (None, "")
    assert time.monotonic() - started < 3
