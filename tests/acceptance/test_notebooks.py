"""Notebooks and scripts as people have them: nothing in them is run that the function does not need."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.notebooks import HOMEWORK, course_cells, write_notebook
from tests.support import run

BACKWARD = "backward_propagation_n"
RIGHT = HOMEWORK.read_text(encoding="utf-8").replace(" * 2", "").replace("db1 = 4.", "db1 = 1.")
SCRIPT = """\
import numpy as np
from gc_utils import relu
import not_installed.dataset

def loss(p):
    return float(np.sum(scale * p ** 2))

def grad(p):
    return FACTOR * scale * p

scale = 3.0
images = not_installed.dataset.load()
for epoch in range(10**9):
    loss(images)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_notebook(tmp_path / "Gradient Checking.ipynb", *course_cells())
    right = RIGHT[RIGHT.index(f"def {BACKWARD}") :]
    write_notebook(tmp_path / "right.ipynb", *course_cells(right))
    return tmp_path


def test_the_course_s_notebook_fails_with_its_two_mistakes_named(folder: Path) -> None:
    result = run("net", "--case", "default", "--backward", f"Gradient Checking.ipynb:{BACKWARD}", cwd=folder)
    assert result.returncode == 1, result.stderr
    assert "error[factor]: dW2 is 2 times" in result.stdout
    assert "error[factor]: db1 is 4 times" in result.stdout
    assert "trains" not in result.stdout
    assert f"(cells 1, 7): np, {BACKWARD}; nothing else in it was run" in " ".join(result.stdout.split())


def test_without_the_mistakes_it_passes_and_says_who_stood_in(folder: Path) -> None:
    forward = "right.ipynb:forward_propagation_n"
    result = run("net", "--case", "default", "--forward", forward, "--backward", f"right.ipynb:{BACKWARD}", cwd=folder)
    shown = " ".join(result.stdout.split())
    assert result.returncode in (0, 3), result.stderr
    assert "there is no gc_utils next to right.ipynb" in shown
    assert "FAIL" not in shown


def test_a_file_of_the_course_s_own_comes_before_ours(folder: Path) -> None:
    (folder / "gc_utils.py").write_text("raise ValueError('the own one')", encoding="utf-8")
    forward = "right.ipynb:forward_propagation_n"
    result = run("net", "--case", "default", "--forward", forward, cwd=folder)
    assert result.returncode == 2
    assert "the own one" in result.stderr


def test_a_script_of_the_course_runs_without_the_course_s_files(tmp_path: Path) -> None:
    header = "from testCases import *\nfrom gc_utils import sigmoid, dictionary_to_vector\n"
    (tmp_path / "hw.py").write_text(header + RIGHT, encoding="utf-8")
    result = run("net", "--case", "default", "--backward", f"hw.py:{BACKWARD}", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "there is no gc_utils, testCases next to hw.py: gradcheck provided a stand-in" in " ".join(
        result.stdout.split()
    )


@pytest.mark.parametrize(("factor", "code"), [("2", 0), ("2.1", 1)])
def test_of_a_script_that_trains_the_definitions_alone_are_run(tmp_path: Path, factor: str, code: int) -> None:
    (tmp_path / "train.py").write_text(SCRIPT.replace("FACTOR", factor), encoding="utf-8")
    words = ("func", "train.py:loss", "--grad", "train.py:grad", "--at", "1,-2")
    whole = run(*words, cwd=tmp_path)
    assert whole.returncode == 2
    assert "--defs-only runs only what the function needs" in whole.stderr
    part = run(*words, "--defs-only", cwd=tmp_path)
    assert part.returncode == code, part.stderr
    assert "taken from train.py: np, loss, grad, scale; nothing else in it was run" in " ".join(part.stdout.split())


def test_an_error_names_the_cell_and_the_line(tmp_path: Path) -> None:
    write_notebook(tmp_path / "n.ipynb", "import numpy as np", "def loss(x):\n    y = x\n    return y.nothing", "1 / 0")
    result = run("func", "n.ipynb:loss", "--grad", "n.ipynb:loss", "--at", "1,2", cwd=tmp_path)
    assert result.returncode == 2
    assert 'n.ipynb:cell 2", line 3' in result.stderr
    assert "return y.nothing" in result.stderr


def test_a_name_that_is_not_there_is_told_of(folder: Path) -> None:
    result = run("func", "right.ipynb:forward_propagation_m", "--at", "1", cwd=folder)
    assert result.returncode == 2
    assert "did you mean 'forward_propagation_n'" in result.stderr


def test_workers_make_the_same_of_a_notebook(tmp_path: Path) -> None:
    cells = ("import numpy as np", "def loss(x):\n    return float(np.sum(x**2))\ndef grad(x): return 2 * x", "1 / 0")
    write_notebook(tmp_path / "n.ipynb", *cells)
    words = ("func", "n.ipynb:loss", "--grad", "n.ipynb:grad", "--at", "1,2,3", "--jobs", "2")
    assert run(*words, cwd=tmp_path).returncode == 0


def test_the_homework_is_as_it_was(tmp_path: Path) -> None:
    shutil.copy(HOMEWORK, tmp_path)
    result = run("net", "--case", "default", "--backward", f"homework.py:{BACKWARD}", "--defs-only", cwd=tmp_path)
    assert result.returncode == 1
    assert "homework.py:" in result.stdout


@pytest.mark.parametrize(
    ("used", "code", "said"),
    [
        ("pass", 0, "not installed, and not used: no_such_plots"),
        ("no_such_plots.show(1)", 2, "ModuleNotFoundError: No module named 'no_such_plots'"),
    ],
)
def test_packages_that_are_not_installed_are_told_of_where_they_are_used(
    used: str, code: int, said: str, tmp_path: Path
) -> None:
    cells = [
        "import numpy as np, no_such_package.frames as frames\nfrom no_such_rest import tqdm",
        "import no_such_plots",
        f"def picture(x):\n    if x is None: no_such_plots.plot(x)\ndef loss(x):\n    picture(x)\n    {used}\n"
        "    return np.sum(x**3)\ndef gradient(x): return 3 * x**2",
        "for epoch in tqdm(range(10**9)): loss(epoch)",
    ]
    write_notebook(tmp_path / "n.ipynb", *cells)
    done = run("func", "n.ipynb:loss", "--grad", "n.ipynb:gradient", "--at", "1,2", cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert said in " ".join((done.stdout + done.stderr).split())
