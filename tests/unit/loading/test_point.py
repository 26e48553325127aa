from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gradcheck_cli.loading.point import load_point, selected
from gradcheck_cli.vocabulary.errors import InputError


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    params, data = tmp_path / "params.npz", tmp_path / "data.json"
    np.savez(params, W=np.ones((2, 2)), b=np.zeros(2))
    data.write_text('{"X": [1, 2]}', encoding="utf-8")
    return params, data


def test_every_array_of_the_parameters_is_one(files: tuple[Path, Path]) -> None:
    point = load_point(*files, None, ())
    assert list(point.parameters) == ["W", "b"]
    assert list(point.data) == ["X"]


def test_vary_chooses_among_both_files(files: tuple[Path, Path]) -> None:
    point = load_point(*files, None, ("b", "X"))
    assert list(point.parameters) == ["b", "X"]
    assert list(point.data) == ["W"]


def test_numbers_make_one_array() -> None:
    np.testing.assert_array_equal(load_point(None, None, (1.0, 2.0), ()).parameters["x"], [1.0, 2.0])


def test_a_name_in_both_files_is_refused(files: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match="'W' is in both the parameters and the data"):
        load_point(files[0], files[0], None, ())


def test_an_unknown_name_is_refused(files: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match="there is no parameter 'w'; there is W, b, X") as caught:
        load_point(*files, None, ("w",))
    assert caught.value.hint == "did you mean 'W'?"


@pytest.mark.parametrize(
    ("only", "skip", "left"), [((), (), "Wb"), (("b",), (), "b"), ((), ("b",), "W"), (("b", "W"), (), "Wb")]
)
def test_selects(only: tuple[str, ...], skip: tuple[str, ...], left: str) -> None:
    assert selected({"W": 1, "b": 2}, only, skip) == tuple(left)


def test_nothing_left_is_refused() -> None:
    with pytest.raises(InputError, match="every parameter is skipped"):
        selected({"W": 1}, (), ("W",))
