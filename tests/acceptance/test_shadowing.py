"""Files beside the model never stand in for a module that gradcheck, or a library, imports."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.hostile import check, folder_with, func
from tests.support import run

LIBRARIES = ("numpy", "click", "rich", "gradcheck_cli", "cloudpickle", "threadpoolctl", "tomli")
BUILT_IN = set(sys.builtin_module_names)
NAMES = sorted({*sys.stdlib_module_names, *LIBRARIES} - BUILT_IN - {"__main__", "antigravity", "this"})
TRAP = "open('sprung', 'a').write(__name__ + ' ')\nraise RuntimeError(__name__)\n"
REPORTS = [f"--report={name}=out.{name}" for name in ("text", "json", "junit", "github", "markdown", "html")]


@pytest.fixture
def trapped(tmp_path: Path) -> Path:
    """A model among files with the names of all modules of the standard library."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(TRAP)
    (tmp_path / "pyproject.toml").write_text(check("a", "loss", "wrong") + check("b", "loss", "wrong"))
    return folder_with(tmp_path, "def backward(X, Y, cache): return {}\n")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (func("loss", "wrong", *REPORTS), 1),
        (func("loss", "wrong", "--mode", "screen", "--points", "2", "--plot"), 1),
        (func("loss", "wrong", "--jobs", "2", "--save", "s.json"), 1),
        (func("missing", "wrong"), 2),
        (["net", "--case", "default", "--backward", "model.py:backward"], 2),
        (["run", *REPORTS], 1),
        (["run", "--jobs", "2"], 1),
    ],
)
def test_files_that_are_called_as_modules_change_nothing(words: list[str], code: int, trapped: Path) -> None:
    done = run(*words, cwd=trapped)
    sprung = trapped / "sprung"
    assert not sprung.exists(), sprung.read_text()
    assert done.returncode == code, done.stderr
    assert all((trapped / f"out.{word.split('=')[1]}").exists() for word in words if word.startswith("--report="))


def test_the_model_itself_finds_its_neighbours_before_what_is_installed(tmp_path: Path) -> None:
    folder_with(tmp_path, "import pytest, helper\nassert pytest.OWN and helper.OWN\n")
    for name in ("pytest", "helper"):
        (tmp_path / f"{name}.py").write_text("import json\nOWN = json.dumps([1])\n")
    assert run(*func("loss", "wrong", "--report", "html=o.html", "--jobs", "2"), cwd=tmp_path).returncode == 1


def test_a_model_that_puts_its_folder_first_hides_nothing_either(tmp_path: Path) -> None:
    folder_with(
        tmp_path, "import os, sys\nsys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))\nimport helper"
    )
    (tmp_path / "helper.py").write_text("")
    for name in ("queue", "string", "html", "signal", "json", "random", "traceback"):
        (tmp_path / f"{name}.py").write_text(TRAP)
    for more in ([], ["--jobs", "2"], ["--report", "html=o.html"]):
        assert run(*func("loss", "wrong", *more), cwd=tmp_path).returncode == 1
    assert not (tmp_path / "sprung").exists()
