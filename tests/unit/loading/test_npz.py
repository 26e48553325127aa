"""The reader against archives that lie, are damaged, or are none."""

from __future__ import annotations

import os
import pickle
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcheck_cli.loading import npz
from gradcheck_cli.loading.npz import MAX_DIRECTORY_BYTES, MAX_MEMBERS, MEBIBYTE, read_npz
from gradcheck_cli.vocabulary.errors import InputError
from tests.unit.loading.archives import header, npy, npy_header, patch_directory, patch_end, write_zip

ONE = npy([1.0, 2.0])
many_examples = settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def refused(path: Path, *parts: str) -> InputError:
    """Read a file that cannot be read, and return the error, which names the file in one line."""
    with pytest.raises(InputError) as caught:
        read_npz(path)
    message = caught.value.message
    assert str(path) in message
    assert "\n" not in message
    assert len(message) < 600 + len(str(path))
    for part in parts:
        assert part in message
    return caught.value


def one_member(path: Path, content: bytes, packed: int = zipfile.ZIP_STORED) -> Path:
    return write_zip(path / "one.npz", ("X.npy", content), packed=packed)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(6, dtype=">i4"),
        np.zeros((0, 3)),
        np.float16(1.5),
        np.array(["relu", "sigmoid"]),
        np.array([True]),
        np.longdouble(1) / 3,
        np.arange(40_000.0),
    ],
    ids=lambda a: f"{a.dtype} {a.shape}",
)
def test_reads_what_numpy_writes(tmp_path: Path, save: Any, array: Any) -> None:
    save(tmp_path / "a.npz", A=array)
    read = read_npz(tmp_path / "a.npz")["A"]
    assert (read.dtype, read.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(read, array)


def test_reads_an_archive_with_a_comment_and_a_member_without_an_ending(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.comment = b"made by hand"
        archive.writestr("X", ONE)
    np.testing.assert_array_equal(read_npz(tmp_path / "a.npz")["X"], [1.0, 2.0])


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "is empty"),
        (b"X,Y\n1,2\n", "not an .npz archive: it begins with"),
        (b"P", "not an .npz archive"),
        (ONE, "bare .npy array"),
        (b"PK\x03\x04" + b"\0" * 200, "list of contents is missing"),
        (b"PK\x05\x06", "list of contents is missing"),
        (b"PK\x03\x04" + b"\0" * 30 + b"PK\x05\x06" + b"\0" * 10, "list of contents is missing"),
        (pickle.dumps({"X": 1}), "not an .npz archive"),
        (b"\x1f\x8b" + b"\0" * 50, "not an .npz archive"),
    ],
    ids=["empty", "text", "one byte", "npy", "no end", "only end", "short end", "pickle", "gzip"],
)
def test_refuses_what_is_no_archive(tmp_path: Path, content: bytes, part: str) -> None:
    (tmp_path / "bad.npz").write_bytes(content)
    error = refused(tmp_path / "bad.npz", part)
    assert "pickle" not in f"{error.message} {error.hint}"


def test_an_empty_archive_has_no_arrays(tmp_path: Path) -> None:
    assert read_npz(write_zip(tmp_path / "none.npz")) == {}


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_refuses_every_truncation(tmp_path: Path, packed: int) -> None:
    whole = one_member(tmp_path, npy(np.arange(30.0)), packed).read_bytes()
    for length in range(len(whole)):
        (tmp_path / "cut.npz").write_bytes(whole[:length])
        refused(tmp_path / "cut.npz")


def test_refuses_a_bad_checksum(tmp_path: Path) -> None:
    path = one_member(tmp_path, ONE)
    path.write_bytes(path.read_bytes().replace(struct.pack("<d", 2.0), struct.pack("<d", 3.0)))
    refused(path, "damaged", "CRC")


@pytest.mark.parametrize(
    ("kind", "part"),
    [("missing", "No such file"), ("directory", "a directory"), ("fifo", "a FIFO or a device"), ("long", "opened")],
)
def test_refuses_a_path_that_is_no_file_and_never_waits(tmp_path: Path, kind: str, part: str) -> None:
    path = tmp_path / ("x" * 5000 if kind == "long" else kind)
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    refused(path, part)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/urandom"])
def test_refuses_a_device(device: str) -> None:
    refused(Path(device), "a FIFO or a device")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_refuses_a_file_without_permission(tmp_path: Path) -> None:
    path = one_member(tmp_path, ONE)
    path.chmod(0)
    refused(path, "Permission denied")


def test_refuses_a_path_with_a_null(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="null"):
        read_npz(tmp_path / "a\0b.npz")


class Canary:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("descr", ["'|O'", "[('a', '|O')]"])
def test_never_unpickles(tmp_path: Path, descr: str) -> None:
    canary = tmp_path / "canary"
    bad = pickle.dumps(np.array([Canary(canary)], dtype=object))
    path = one_member(tmp_path, npy_header(header("(1,)", descr), data=bad))
    error = refused(path, "'X'", "Python objects")
    assert "allow_pickle" not in f"{error.message} {error.hint}"
    assert not canary.exists()
    pickle.loads(bad)
    assert canary.exists()


@pytest.mark.parametrize(
    ("array", "shown"),
    [
        (np.array([1j]), "complex128"),
        (np.zeros(1, dtype=[("a", "f8")]), "[('a', '<f8')]"),
        (np.array(["2020-01-01"], dtype="M8[D]"), "datetime64[D]"),
        (np.array([1], dtype="m8[s]"), "timedelta64[s]"),
        (np.zeros(1, dtype="V8"), "|V8"),
    ],
)
def test_refuses_a_dtype_that_is_neither_numbers_nor_text(tmp_path: Path, array: Any, shown: str) -> None:
    error = refused(one_member(tmp_path, npy(array)), "'X'", shown, "expected real numbers or text")
    assert error.hint is not None
    assert "are refused" in error.hint


def test_refuses_texts_of_no_length_however_many(tmp_path: Path) -> None:
    refused(one_member(tmp_path, npy_header(header("(1000000000000000,)", "'|S0'"))), "'X'", "dtype")


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("shape", ["(1000000000000000,)", "(100000, 100000, 100000)", f"({2**62}, {2**62})"])
def test_refuses_a_header_that_claims_more_than_there_is_before_it_allocates(
    tmp_path: Path, shape: str, packed: int
) -> None:
    tracemalloc.start()
    try:
        refused(one_member(tmp_path, npy_header(header(shape), data=b"\0" * 8), packed), "'X'", "at most 512 MiB")
        assert tracemalloc.get_traced_memory()[1] < 8 * MEBIBYTE
    finally:
        tracemalloc.stop()


def test_refuses_small_numbers_that_would_be_large_as_float64(tmp_path: Path) -> None:
    refused(one_member(tmp_path, npy_header(header(f"({100 * MEBIBYTE},)", "'|b1'"))), "800 MiB, expected at most 512")


@pytest.mark.parametrize("shape", ["(3,)", "(1,)", "()", "(2, 2)", "(0,)"])
def test_refuses_a_header_that_does_not_fit_its_bytes(tmp_path: Path, shape: str) -> None:
    refused(one_member(tmp_path, npy_header(header(shape), data=b"\0" * 16)), "'X'", "holds 16 bytes", "claims")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "{'descr': '<f8'}",
        header("2"),
        header("(-1,)"),
        header("(1.5,)"),
        header("('a',)"),
        header("(" + "1," * 64 + ")"),
        header("(2,)", "'<q9'"),
        header("(2,)", "None"),
        header("(2,)", order="2"),
        header("(2,)") + " + 1",
        "__import__('os').abort()",
        "(" * 3000,
        "-" * 9000 + "1",
        "[" * 90 + "]" * 90,
        "9" * 5000,
        "'" + "x" * 9990 + "'",
        "\\x00",
        "\x00",
    ],
)
def test_refuses_a_damaged_header(tmp_path: Path, text: str) -> None:
    refused(one_member(tmp_path, npy_header(text, data=b"\0" * 16)), "'X'")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00",
        b"\x93NUMPY\x01\x00\xff\xff",
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
        b"\x93NUMPZ" + ONE[6:],
        b"\x93NUMPY\x09\x00" + ONE[8:],
        npy_header(header("(2,)").encode("utf-16"), data=b"\0" * 16),
        b"text",
    ],
)
def test_refuses_a_member_that_is_no_array(tmp_path: Path, content: bytes) -> None:
    refused(one_member(tmp_path, content), "'X'")


def test_reads_a_header_of_version_2(tmp_path: Path) -> None:
    path = one_member(tmp_path, npy_header(header("(2,)"), version=2, data=b"\0" * 16))
    np.testing.assert_array_equal(read_npz(path)["X"], [0.0, 0.0])


@pytest.mark.parametrize("second", ["X.npy", "X"])
def test_refuses_a_key_that_stands_twice(tmp_path: Path, second: str) -> None:
    refused(write_zip(tmp_path / "two.npz", ("X.npy", ONE), (second, ONE)), "'X' twice")


def test_refuses_an_encrypted_member(tmp_path: Path) -> None:
    refused(patch_directory(one_member(tmp_path, ONE), 8, b"\x01\x00"), "encrypted")


@pytest.mark.parametrize("method", [1, 9, 12, 14, 93, 99])
def test_refuses_another_packing(tmp_path: Path, method: int) -> None:
    refused(patch_directory(one_member(tmp_path, ONE), 10, struct.pack("<H", method)), "compressed by a method")


def test_refuses_a_member_by_its_declared_size(tmp_path: Path) -> None:
    refused(patch_directory(one_member(tmp_path, ONE), 24, struct.pack("<I", 600 * MEBIBYTE)), "600 MiB", "512 MiB")


def test_a_large_array_is_read_where_one_is_wanted_and_the_file_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(npz, "MAX_MEMBER_BYTES", 1000)
    np.savez(tmp_path / "held.npz", w=np.arange(500.0))
    np.savez_compressed(tmp_path / "packed.npz", w=np.zeros(500))
    assert npz.read_npz(tmp_path / "held.npz", largest=5000)["w"].sum() == 499 * 250
    for name, largest in (("held", 4000), ("packed", 5000)):
        with pytest.raises(InputError, match="would take"):
            npz.read_npz(tmp_path / f"{name}.npz", largest=largest)


def test_refuses_members_that_are_together_too_large(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "sum.npz", *((f"W{l}.npy", ONE) for l in (1, 2, 3)))
    content = path.read_bytes()
    size = struct.pack("<II", len(ONE), len(ONE))
    path.write_bytes(content.replace(size, struct.pack("<II", len(ONE), 400 * MEBIBYTE)))
    refused(path, "together take 1,200 MiB")


def test_a_member_that_inflates_beyond_its_declared_size_takes_no_memory(tmp_path: Path) -> None:
    bomb = npy_header(header("(2048,)"), data=b"\0" * (64 * MEBIBYTE))  # zipfile inflates 4096 bytes in any case
    path = one_member(tmp_path, bomb, zipfile.ZIP_DEFLATED)
    declared = len(bomb) - 64 * MEBIBYTE + 2048 * 8
    content = path.read_bytes().replace(struct.pack("<I", len(bomb)), struct.pack("<I", declared))
    path.write_bytes(content)
    del bomb, content
    tracemalloc.start()
    try:
        refused(path, "CRC")
        assert tracemalloc.get_traced_memory()[1] < 8 * MEBIBYTE
    finally:
        tracemalloc.stop()


def with_many_members(path: Path, count: int) -> Path:
    return write_zip(path, *((f"W{l}", b"") for l in range(count)))


def test_refuses_too_many_members(tmp_path: Path) -> None:
    refused(with_many_members(tmp_path / "many.npz", MAX_MEMBERS + 1), f"lists {MAX_MEMBERS + 1} members")


def test_refuses_too_many_members_where_the_end_record_tells_fewer(tmp_path: Path) -> None:
    path = patch_end(with_many_members(tmp_path / "many.npz", MAX_MEMBERS + 1), 10, b"\x01\x00")
    refused(path, f"lists {MAX_MEMBERS + 1} members")


def test_refuses_a_long_list_of_contents_before_it_is_parsed(tmp_path: Path) -> None:
    path = patch_end(one_member(tmp_path, ONE), 12, struct.pack("<I", MAX_DIRECTORY_BYTES + 1))
    refused(path, f"contents of {MAX_DIRECTORY_BYTES + 1} bytes")


def test_refuses_a_zip64_list_of_contents(tmp_path: Path) -> None:
    path = one_member(tmp_path, ONE)
    content = path.read_bytes()
    end = content.rindex(b"PK\x05\x06")
    path.write_bytes(content[:end] + b"PK\x06\x07" + b"\0" * 16 + content[end:])
    refused(path, "zip64")


def test_a_long_name_is_cut_in_the_message(tmp_path: Path) -> None:
    name = "W" * 60_000
    refused(write_zip(tmp_path / "long.npz", (name, ONE), (name, ONE)), "WWWW")


def test_a_member_shorter_than_it_says_is_damaged(tmp_path: Path) -> None:
    data = npy(np.arange(100.0))
    packed = zlib.compressobj(wbits=-15)
    short = packed.compress(data[:-100]) + packed.flush()
    path = one_member(tmp_path, data, zipfile.ZIP_DEFLATED)
    whole = path.read_bytes()
    start = whole.index(b"X.npy") + 5
    with zipfile.ZipFile(path) as archive:
        length = archive.getinfo("X.npy").compress_size
    if len(short) > length:
        pytest.skip("packs no shorter")
    path.write_bytes(whole[:start] + short.ljust(length, b"\0") + whole[start + length :])
    refused(path)


# properties


@many_examples
@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY"]))
def test_random_bytes_raise_nothing_else(tmp_path: Path, content: bytes, start: bytes) -> None:
    path = tmp_path / "random.npz"
    path.write_bytes(start + content)
    try:
        read_npz(path)
    except InputError as error:
        assert "\n" not in error.message


@many_examples
@given(st.binary(max_size=200))
def test_random_members_raise_nothing_else(tmp_path: Path, content: bytes) -> None:
    for data in (content, b"\x93NUMPY\x01\x00" + content, npy_header(content)):
        refused(one_member(tmp_path, data), "'X'")


@many_examples
@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
def test_a_mutated_archive_raises_nothing_else(tmp_path: Path, changes: list[tuple[float, bytes]], packed: int) -> None:
    path = write_zip(tmp_path / "m.npz", ("X.npy", npy(np.eye(2))), ("activations.npy", npy(["relu"])), packed=packed)
    content = bytearray(path.read_bytes())
    for place, value in changes:
        start = int(place * len(content))
        content[start : start + len(value)] = value
    path.write_bytes(content)
    try:
        arrays = read_npz(path)
    except InputError as error:
        assert "\n" not in error.message
    else:
        assert all(array.dtype.kind in "fiubUS" for array in arrays.values())
