from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.loading.json_arrays import parse_json, read_json, read_json_data
from gradcheck_cli.loading.write_arrays import write_json, write_npz
from gradcheck_cli.vocabulary.errors import InputError


def test_reads_numbers_and_nested_lists(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"W": [[1, 2.5]], "b": 3, "n": [NaN, Infinity]}', encoding="utf-8")
    arrays = read_json(path)
    np.testing.assert_array_equal(arrays["W"], [[1, 2.5]])
    assert arrays["b"].shape == ()
    np.testing.assert_array_equal(arrays["n"], [np.nan, np.inf])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_digit_survives(value: float) -> None:
    assert float(parse_json(b'{"x": %s}' % repr(value).encode(), "text")["x"]) == value


def test_what_is_written_is_read(tmp_path: Path) -> None:
    arrays = {"file": np.array([[0.1, -2.0]]), "arr_0": np.array(3.0)}
    for path, write in ((tmp_path / "a.json", write_json), (tmp_path / "a.npz", write_npz)):
        write(path, arrays)
        read = read_json(path) if path.suffix == ".json" else dict(np.load(path))
        assert read.keys() == arrays.keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(read[name], array)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "is not valid JSON"),
        (b"hello", "is not valid JSON"),
        (b"[1, 2]", "contains list, expected an object"),
        (b"3", "contains int, expected an object"),
        (b'{"x": "3"}', "contains values that are not numbers"),
        (b'{"x": null}', "contains values that are not numbers"),
        (b'{"x": {"y": "1"}}', "'x.y' in text contains values that are not numbers"),
        (b'{"x": {"y": 1, "y": 2}}', "has the key 'x.y' twice"),
        (b'{"x": {"y": 1}, "x.y": 2}', "has the key 'x.y' twice"),
        (b'{"x": ' + b'{"y": ' * 40 + b"1" + b"}" * 41, "objects and lists deep"),
        (b'{"x": [1, [2]]}', "'x' in text is not an array"),
        (b'{"x": 1, "x": 2}', "has the key 'x' twice"),
        (b'{"x": ' + b"[" * 100_000, "is not valid JSON"),
        (b'{"x": ' + b"9" * 10_000 + b"}", "is not valid JSON"),
        (b'{"x": 1' + b"0" * 400 + b"}", "contains values that are not numbers"),
        (b'{"x": ' + b"[" * 70 + b"1" + b"]" * 70 + b"}", "'x' in text"),
    ],
)
def test_anything_else_is_refused(text: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_json(text, "text")


def test_a_large_file_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("gradcheck_cli.loading.json_arrays.MAX_BYTES", 10)
    (tmp_path / "a.json").write_text('{"x": 1234567890}', encoding="utf-8")
    with pytest.raises(InputError, match="is larger than"):
        read_json(tmp_path / "a.json")


def test_parameters_inside_of_each_other_are_named_by_the_way_to_them() -> None:
    text = b'{"layers": [{"W": [[1, 2]], "b": 0}, {"W": [[3]]}], "biases": [[1, 2], [3]], "head": {"W": [4]}}'
    arrays = {name: array.tolist() for name, array in parse_json(text, "text").items()}
    assert arrays == {
        "layers[0].W": [[1, 2]],
        "layers[0].b": 0,
        "layers[1].W": [[3]],
        "biases[0]": [1, 2],
        "biases[1]": [3],
        "head.W": [4],
    }


def test_data_stay_in_their_form(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text('{"bn": {"mode": "train", "eps": 1e-5, "mean": [0, 1]}, "m": 3, "none": {}, "k": "a"}', "utf-8")
    data = read_json_data(path)
    assert (data["bn"]["mode"], data["bn"]["eps"], data["none"], data["k"]) == ("train", 1e-5, {}, "a")
    assert data["bn"]["mean"].tolist() == [0, 1]
    assert data["m"].shape == ()
