from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.loading.json_arrays import parse_json, read_json
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
        (b"", "is no JSON"),
        (b"hello", "is no JSON"),
        (b"[1, 2]", "holds list, expected an object"),
        (b"3", "holds int, expected an object"),
        (b'{"x": "3"}', "holds something else than numbers"),
        (b'{"x": null}', "holds something else than numbers"),
        (b'{"x": {"y": 1}}', "'x' in text holds something else than numbers"),
        (b'{"x": [1, [2]]}', "'x' in text is no array"),
        (b'{"x": 1, "x": 2}', "has the key 'x' twice"),
        (b'{"x": ' + b"[" * 100_000, "is no JSON"),
        (b'{"x": ' + b"9" * 10_000 + b"}", "is no JSON"),
        (b'{"x": 1' + b"0" * 400 + b"}", "holds something else than numbers"),
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
