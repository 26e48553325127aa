"""Files of arrays of every kind: what is written comes back, and what lies is refused."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.cli.function_options import KINDS
from gradcheck_cli.loading.arrays import CONVERTED, READERS, read_arrays
from gradcheck_cli.vocabulary.errors import InputError
from tests.unit.loading.containers import mat, safetensors

ARRAYS: dict[str, Any] = {
    "W": np.asarray(np.arange(6.0).reshape(2, 3) / 7),
    "half": np.array([[1.5, -2]], np.float32),
    "n": np.array([[3, 4], [5, 6]], np.int64),
    "flag": np.array([[1, 0, 1]], np.uint8),
}


def written(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path: Path, *parts: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read_arrays(path)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message
    for part in parts:
        assert part in caught.value.message
    return caught.value


def same(found: dict[str, Any], expected: dict[str, Any]) -> bool:
    return list(found) == list(expected) and all(
        found[name].shape == array.shape and (found[name] == array).all() for name, array in expected.items()
    )


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_matlab_s_arrays_come_back(tmp_path: Path, order: str, packed: bool) -> None:
    found = read_arrays(written(tmp_path, "p.mat", mat(ARRAYS, order=order, packed=packed)))
    assert same(found, ARRAYS)
    assert found["half"].dtype == np.float32


def test_what_scipy_writes_is_read(tmp_path: Path) -> None:
    io = pytest.importorskip("scipy.io")
    point = {**ARRAYS, "yes": np.array([[True, False]]), "whole": np.array([[1.0, 2.0]]), "cube": np.ones((2, 3, 4))}
    for packed in (False, True):
        io.savemat(tmp_path / "p.mat", point, do_compression=packed)
        assert same(read_arrays(tmp_path / "p.mat"), point)


@pytest.mark.parametrize(
    ("kind", "flags", "word"),
    [(1, 0, "a cell"), (2, 0, "a struct"), (4, 0, "text"), (5, 0, "sparse"), (6, 8, "complex"), (99, 0, "unknown")],
)
def test_what_is_no_array_of_numbers_is_refused(tmp_path: Path, kind: int, flags: int, word: str) -> None:
    refused(written(tmp_path, "p.mat", mat({"s": ARRAYS["W"]}, kind=kind, flags=flags)), "'s'", word)


def test_another_version_says_how_to_save_it(tmp_path: Path) -> None:
    hint = refused(written(tmp_path, "p.mat", b"MATLAB 7.3 MAT-file".ljust(512)), "7.3").hint
    assert "-v7" in str(hint)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcheck_cli.loading.containers import mat as reader

    monkeypatch.setattr(reader, "MAX_MEMBER_BYTES", 2**20)
    squeezed = zlib.compress(b"\0" * 2**26)
    content = mat({})[:128] + struct.pack("<II", 15, len(squeezed)) + squeezed
    path = written(tmp_path, "p.mat", content)
    tracemalloc.start()
    refused(path, "would take")
    assert tracemalloc.get_traced_memory()[1] < 2**23
    tracemalloc.stop()


def test_safetensors_come_back(tmp_path: Path) -> None:
    assert same(read_arrays(written(tmp_path, "p.safetensors", safetensors(ARRAYS))), ARRAYS)


def test_bfloat16_comes_as_float32(tmp_path: Path) -> None:
    numbers = np.array([1.0, -2.5, 3.140625, 0.0], np.float32)
    upper = (numbers.view(np.uint32) >> 16).astype("<u2").view(np.float16)
    content = safetensors({"w": upper}, dtype="BF16")
    assert same(read_arrays(written(tmp_path, "p.safetensors", content)), {"w": numbers})


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [2, 4]},
        {"shape": [-2, -3]},
        {"shape": [2.0, 3]},
        {"shape": [True, 6]},
        {"shape": "23"},
        {"shape": [0, 2**62], "data_offsets": [0, 0]},
        {"shape": [1] * 33, "data_offsets": [0, 8]},
        {"data_offsets": [0, 10**9]},
        {"data_offsets": [10**9, 10**9 + 48]},
        {"data_offsets": [0]},
        {"dtype": "F8_E4M3"},
        {"dtype": 3},
        {"dtype": None},
    ],
)
def test_a_header_that_lies_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    refused(written(tmp_path, "p.safetensors", safetensors({"W": ARRAYS["W"]}, **changes)))


def test_arrays_on_top_of_each_other_do_not_fill_the_memory(tmp_path: Path) -> None:
    many = {f"w{k}": np.zeros(1000) for k in range(100)}
    content = safetensors(many)
    start = 8 + struct.unpack("<Q", content[:8])[0]
    shared = content[8:start]
    for k in range(100):
        old = f"[{k * 8000}, {(k + 1) * 8000}]".encode()
        shared = shared.replace(old, b"[0, 8000]".ljust(len(old)))
    refused(written(tmp_path, "p.safetensors", content[:8] + shared + content[start : start + 8000]), "take more than")


@pytest.mark.parametrize("length", [0, 1, 2**40, 2**63])
def test_a_length_that_lies_is_refused(tmp_path: Path, length: int) -> None:
    refused(written(tmp_path, "p.safetensors", struct.pack("<Q", length) + b"{}"))


def test_one_array_has_the_name_that_it_is_given(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.asfortranarray(ARRAYS["W"]))
    assert same(read_arrays(tmp_path / "w.npy"), {"x": ARRAYS["W"]})
    assert same(read_arrays(tmp_path / "w.npy", unnamed="y"), {"y": ARRAYS["W"]})


def test_an_npy_that_lies_or_holds_objects_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", ARRAYS["W"])
    whole = (tmp_path / "w.npy").read_bytes()
    refused(written(tmp_path, "w.npy", whole[:-8]), "its header claims 48")
    refused(written(tmp_path, "w.npy", whole + b"\0" * 8), "its header claims 48")
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object), allow_pickle=True)
    refused(tmp_path / "o.npy", "Python objects")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2,3\n4,5,6\n", {"x": [[1, 2, 3], [4, 5, 6]]}),
        ("1 2\t3\n", {"x": [1, 2, 3]}),
        ("1\n2\n\n# a comment\n3 # another\n", {"x": [1, 2, 3]}),
        ("1;2\n3;nan", {"x": [[1, 2], [3, np.nan]]}),
        ('\ufeffw,"b"\n1,2\n3,4\n', {"w": [1, 3], "b": [2, 4]}),
        ("4.5", {"x": [4.5]}),
        ("1e3,-inf", {"x": [1000, -np.inf]}),
    ],
)
def test_a_table_is_one_array_or_named_columns(tmp_path: Path, text: str, expected: dict[str, Any]) -> None:
    for ending in (".csv", ".txt", ".tsv", ".dat"):
        found = read_arrays(written(tmp_path, f"p{ending}", text))
        assert list(found) == list(expected)
        assert all(np.array_equal(found[name], values, equal_nan=True) for name, values in expected.items())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no numbers"),
        ("a,b\n", "no numbers"),
        ("1,2\n3\n", "line 2"),
        ("1,2\n3,four\n", "'four'"),
        ("1,2\n3,1_0\n", "'1_0'"),
        ("1,two\n", "'two'"),
        ("a,a\n1,2\n", "a name of its own"),
        ("a\n1,2\n", "1 names above 2"),
        ("1,2\n3,\n", "''"),
    ],
)
def test_another_table_is_refused_with_its_line(tmp_path: Path, text: str, word: str) -> None:
    refused(written(tmp_path, "p.csv", text), word)


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    refused(written(tmp_path, "p.csv", b"\xff\xfe1\0"), "UTF-8")


@pytest.mark.parametrize("ending", CONVERTED)
def test_what_would_have_to_be_run_is_refused_with_the_line_that_converts_it(tmp_path: Path, ending: str) -> None:
    error = refused(written(tmp_path, f"p{ending}", b"\x80\x04."), "may run code that is in it")
    assert "python -c" in str(error.hint)
    assert "p.npz" in str(error.hint)


def test_the_line_that_converts_a_pickle_does(tmp_path: Path) -> None:
    import pickle
    import subprocess
    import sys

    path = written(tmp_path, "it's a p.pkl", pickle.dumps({"W": ARRAYS["W"]}))
    line = str(refused(path).hint).partition(": ")[2].replace("python ", f"{sys.executable} ", 1)
    subprocess.run(line, shell=True, check=True)
    assert same(read_arrays(path.with_suffix(".npz")), {"W": ARRAYS["W"]})


def test_the_help_names_the_kinds_that_are_read() -> None:
    assert set(KINDS.split()) <= set(READERS)
