from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradcheck_cli.loading.functions import load_function
from gradcheck_cli.vocabulary.errors import InputError, UserFunctionError


@pytest.fixture(autouse=True)
def _own_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", sys.path[:])
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def homework(folder: Path, text: str, name: str = "homework.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_loads_a_function(tmp_path: Path) -> None:
    assert load_function(f"{homework(tmp_path, 'def f(x): return x + 1')}:f")(1) == 2


def test_the_last_colon_divides(tmp_path: Path) -> None:
    folder = tmp_path / "C:work"
    folder.mkdir()
    assert load_function(f"{homework(folder, 'f = abs')}:f") is abs


def test_a_neighbour_can_be_imported(tmp_path: Path) -> None:
    homework(tmp_path, "VALUE = 3", "gc_utils_of_mine.py")
    path = homework(tmp_path, "from gc_utils_of_mine import VALUE\ndef f(): return VALUE")
    assert load_function(f"{path}:f")() == 3


def test_a_file_named_as_an_installed_module_hides_nothing(tmp_path: Path) -> None:
    numpy = sys.modules["numpy"]
    load_function(f"{homework(tmp_path, 'def f(): ...', 'numpy.py')}:f")
    assert sys.modules["numpy"] is numpy


def test_a_file_is_run_once_for_two_functions(tmp_path: Path) -> None:
    path = homework(tmp_path, "state = []\ndef f(): return state\ndef g(): return state")
    assert load_function(f"{path}:f")() is load_function(f"{path}:g")()


def test_a_file_is_loaded_as_it_is_though_it_was_changed_within_a_second_and_kept_its_length(tmp_path: Path) -> None:
    for value in (1, 2):
        path = homework(tmp_path, f"def f(): return {value}")
        os.utime(path, (0, 0))
        assert load_function(f"{path}:f")() == value
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.parametrize("reference", ["homework.py", "homework.py:", ":f", "", ":"])
def test_refuses_what_names_no_function(reference: str) -> None:
    with pytest.raises(InputError, match=r"expected FILE\.py:NAME"):
        load_function(reference)


@pytest.mark.parametrize("kind", ["missing.py", "directory.py", "fifo.py", "x" * 5000 + ".py", "nul\0.py"])
def test_refuses_a_path_that_is_no_file_and_never_waits(tmp_path: Path, kind: str) -> None:
    if kind == "directory.py":
        (tmp_path / kind).mkdir()
    elif kind == "fifo.py":
        os.mkfifo(tmp_path / kind)
    with pytest.raises(InputError, match="is not a file"):
        load_function(f"{tmp_path / kind}:f")


def test_refuses_a_file_that_is_no_python(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in \.py"):
        load_function(f"{homework(tmp_path, '', 'notes.txt')}:f")


def test_suggests_the_near_name(tmp_path: Path) -> None:
    path = homework(tmp_path, "def backward_propagation_n(): ...")
    with pytest.raises(InputError, match="has no 'backward_propagation'") as caught:
        load_function(f"{path}:backward_propagation")
    assert caught.value.hint == "did you mean 'backward_propagation_n'?"


def test_refuses_what_cannot_be_called(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'f' in .* is int, expected a function"):
        load_function(f"{homework(tmp_path, 'f = 3')}:f")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", "importing homework.py raised ZeroDivisionError: division by zero"),
        ("def f(:", "raised SyntaxError: .*line 1"),
        ("import sys; sys.exit(0)", "raised SystemExit: 0"),
        ("from no_such_module_of_mine import *", "raised ModuleNotFoundError: No module named"),
        ("class Stop(BaseException): ...\nraise Stop", "raised Stop"),
        ("\0", "raised (SyntaxError|ValueError): source code string cannot contain null bytes"),
    ],
)
def test_what_the_file_raises_shows_its_own_traceback(tmp_path: Path, text: str, message: str) -> None:
    path = homework(tmp_path, text)
    for _ in range(2):  # a file that failed is not taken for imported
        with pytest.raises(UserFunctionError, match=message) as caught:
            load_function(f"{path}:f")
        assert "gradcheck_cli" not in caught.value.user_traceback
        assert "importlib" not in caught.value.user_traceback


def test_an_interrupt_while_the_file_is_run_is_no_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        load_function(f"{homework(tmp_path, 'raise KeyboardInterrupt')}:f")


def test_loads_from_a_module() -> None:
    import math

    assert load_function("math:sin") is math.sin


def test_follows_a_dotted_name(tmp_path: Path) -> None:
    text = "class Model:\n    class inner:\n        @staticmethod\n        def loss(x): return x + 1"
    assert load_function(f"{homework(tmp_path, text)}:Model.inner.loss")(1) == 2


def test_a_module_of_the_current_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homework(tmp_path, "def f(x): return x", "gc_model_of_mine.py")
    monkeypatch.chdir(tmp_path)
    assert load_function("gc_model_of_mine:f")(1) == 1


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("gc_no_such_module:f", "there is no module 'gc_no_such_module'"),
        ("json.no_such:f", "there is no module 'json.no_such'"),
        ("math:sine", "math has no 'sine'"),
        ("math:pi.real", "'pi.real' in math is float, expected a function"),
        ("1x:f", "'1x' is neither a Python file nor the name of a module"),
        ("C:\\work\\model.py:f", r"C:\\work\\model.py does not exist or is not a file"),
    ],
)
def test_a_reference_to_nothing_is_refused(reference: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_function(reference)


def test_a_module_that_raises_shows_its_own_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homework(tmp_path, "import gc_no_such_module", "gc_broken_of_mine.py")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserFunctionError, match="importing gc_broken_of_mine raised ModuleNotFound"):
        load_function("gc_broken_of_mine:f")
