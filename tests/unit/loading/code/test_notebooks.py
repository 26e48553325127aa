from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradcheck_cli.loading.functions import load_function, load_object, notes_on
from gradcheck_cli.vocabulary.errors import InputError, UserFunctionError
from tests.notebooks import write_notebook


@pytest.fixture(autouse=True)
def _own_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", sys.path[:])
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_two_functions_of_a_notebook_share_their_globals(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "n.ipynb", "state = []", "def f(): return state", "def g(): return state")
    assert load_function(f"{path}:f")() is load_function(f"{path}:g")()


def test_a_notebook_that_was_changed_is_read_anew(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "n.ipynb", "def f(): return 1")
    assert load_function(f"{path}:f")() == 1
    write_notebook(path, "def f(): return 2")
    assert load_function(f"{path}:f")() == 2


def test_the_note_says_what_was_taken(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "n.ipynb", "1 / 0", "c = 3", "def f(): return c", "def g(): return c")
    load_function(f"{path}:f")
    assert notes_on([path, None]) == ["taken from n.ipynb (cells 2, 3): c, f; nothing else in it was run"]


def test_what_raises_is_named_by_cell_and_line(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "n.ipynb", "import json", "\nc = json.nothing", "def f(): return c")
    with pytest.raises(UserFunctionError, match=r"n\.ipynb, cell 2, line 2, raised AttributeError"):
        load_function(f"{path}:f")


def test_a_cell_that_is_no_python_is_in_nobodys_way(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "n.ipynb", "print 'J = 8'", "def f(): return 1")
    assert load_function(f"{path}:f")() == 1
    with pytest.raises(InputError) as caught:
        load_function(f"{path}:g")
    assert caught.value.hint is not None
    assert "n.ipynb:cell 1, line 1, is not valid Python" in caught.value.hint


def test_what_only_a_loop_binds_is_told_of(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "n.ipynb", "while True:\n    net = 3")
    with pytest.raises(InputError) as caught:
        load_object(f"{path}:net")
    assert caught.value.hint is not None
    assert "cell 1, line 1" in caught.value.hint


def test_a_class_and_a_number_can_be_taken(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "n.ipynb", "class Net:\n    def loss(self): return 1", "net = Net()")
    assert load_function(f"{path}:net.loss")() == 1
    assert load_object(f"{path}:net").loss() == 1


def test_the_older_format_is_read(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "input": ["def f():\n", "    return 1"]}]
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}), encoding="utf-8")
    assert load_function(f"{path}:f")() == 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        "{}",
        '{"cells": 3}',
        '{"worksheets": 3}',
        '{"worksheets": [3]}',
        '{"cells": [3, null, {"cell_type": "code"}, {"cell_type": "code", "source": 3}]}',
        '{"cells": [{"cell_type": "code", "source": [3, {}]}], "metadata": 3}',
        '{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}',
        '{"cells": [{"cell_type": "code", "source": "\\u0000"}]}',
    ],
)
def test_anything_else_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_function(f"{path}:f")
    assert "\n" not in caught.value.message


def test_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").mkdir()
    with pytest.raises(InputError, match="is not a file"):
        load_function(f"{tmp_path / 'n.ipynb'}:f")


@pytest.mark.parametrize("name", ["sigmoid", "gradient_check_n_test_case"])
def test_the_course_s_functions_stand_in(tmp_path: Path, name: str) -> None:
    path = write_notebook(
        tmp_path / "n.ipynb", "from gc_utils import *\nfrom testCases import *", f"def f(): return {name}"
    )
    found: Any = load_function(f"{path}:f")()
    assert found.__module__ in {"gc_utils", "testCases"}
    assert not {"gc_utils", "testCases"} & set(sys.modules)


def test_vectors_of_the_course_go_there_and_back(tmp_path: Path) -> None:
    source = (
        "from testCases import gradient_check_n_test_case\nfrom gc_utils import *\n"
        "X, Y, p = gradient_check_n_test_case()\ntheta, keys = dictionary_to_vector(p)\n"
        "back = vector_to_dictionary(theta)\ng = gradients_to_vector({f'd{k}': v for k, v in p.items()})\n"
        "same = all((back[k] == p[k]).all() for k in p) and (g == theta).all() and theta.shape == (47, 1)\n"
    )
    path = tmp_path / "hw.py"
    path.write_text(source, encoding="utf-8")
    from gradcheck_cli.problems.networks.cases import built_in_case

    assert load_object(f"{path}:same")
    network = built_in_case("default")
    assert (load_object(f"{path}:X") == network.X).all()
    assert (load_object(f"{path}:p")["W3"] == network.parameters["W3"]).all()
