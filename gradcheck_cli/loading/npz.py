"""Read the arrays of an .npz archive without trusting it.

Nothing in the file can run code, hang the reader or fill the memory: no pickle is ever read, only regular files are
opened, and every size is taken from the headers and held against a limit before anything of that size is allocated.
"""

from __future__ import annotations

import math
import os
import stat
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["LARGE", "NUMBERS", "READ_AND_REFUSED", "read_npz"]

PLAIN = "fiubUS"  # real numbers and text
NUMBERS = PLAIN + "c"

READ_AND_REFUSED = (
    "integers, booleans and floats of any size and byte order are read as float64;"
    " complex numbers, dates, records and objects are refused"
)

BFLOAT16 = "numpy does not know bfloat16: save it as float32 and give --precision bfloat16"

MEBIBYTE = 2**20
MAX_MEMBER_BYTES = 512 * MEBIBYTE  # one array, inflated and as float64
MAX_TOTAL_BYTES = 1024 * MEBIBYTE  # all arrays of a file together
LARGE = MAX_TOTAL_BYTES  # one array where large ones are wanted, if the file holds it as it is and not packed
MAX_MEMBERS = 4096
MAX_DIRECTORY_BYTES = 128 * MAX_MEMBERS  # the list of contents: 46 bytes and a short name for each member
MAX_HEADER_BYTES = 10_000  # of one array; numpy's own limit
MAX_DIMENSIONS = 32
FLOAT_BYTES = 8
_END_RECORD = b"PK\x05\x06"
_END_RECORD_BYTES = 22  # without its comment
_END_RECORD_REACH = _END_RECORD_BYTES + 65_535  # with the longest comment
_ZIP64_LOCATOR = b"PK\x06\x07"
_ZIP64_LOCATOR_BYTES = 20
_CUT_SHORT = "was it cut short while it was copied?"


def read_npz(path: Path, *, largest: int = MAX_MEMBER_BYTES, kinds: str = PLAIN) -> dict[str, NDArray[Any]]:
    """Read all arrays of an .npz file.

    Parameters
    ----------
    path : Path
        The file.
    largest : int, optional
        Bytes that an array may take if the file holds it as it is; a packed one never more than `MAX_MEMBER_BYTES`.
    kinds : str, optional
        numpy's letters for the kinds of numbers that may be there.

    Returns
    -------
    dict of str to ndarray
        By their names in the archive, without ``.npy``; the dtypes are the file's.

    Raises
    ------
    InputError
        Where the file cannot be opened, is no .npz, is damaged, or goes beyond a limit.
    """
    with open_regular(path) as file:
        require_zip(file, path)
        try:
            with zipfile.ZipFile(file) as archive:
                size = os.fstat(file.fileno()).st_size
                limits = {m: largest if is_held(m, size) else MAX_MEMBER_BYTES for m in archive.infolist()}
                members = listed_members(archive, path, limits)
                return {name: read_member(archive, m, path, limits[m], kinds) for name, m in members.items()}
        except InputError:
            raise
        except Exception as error:  # of a damaged archive zipfile raises a dozen kinds, struct.error among them
            raise InputError(f"{path} is damaged: {first_line(error)}", hint=_CUT_SHORT) from error


def open_regular(path: Path) -> IO[bytes]:
    """Open a regular file for reading; a directory, a FIFO or a device is refused and never waited for."""
    try:
        # without O_NONBLOCK opening a FIFO waits for a writer
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} cannot be opened: {reason}", hint="is the path right?") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = "a directory" if stat.S_ISDIR(mode) else "a FIFO or a device"
        raise InputError(f"{path} is {kind}, expected a file")
    return os.fdopen(descriptor, "rb")


def require_zip(file: IO[bytes], path: Path) -> None:
    """Raise InputError unless the file begins and ends as a zip archive with a bearable list of contents."""
    start = file.read(6)
    if not start:
        raise InputError(f"{path} is empty, expected an .npz archive")
    if start == b"\x93NUMPY":
        raise InputError(
            f"{path} is a bare .npy array, expected an .npz archive",
            hint="np.savez writes one: np.savez(path, X=X, ...)",
        )
    if not start.startswith((b"PK\x03\x04", _END_RECORD)):
        raise InputError(f"{path} is not an .npz archive: it begins with {start!r}, expected {b'PK'!r}")
    require_bearable_directory(file, path)
    file.seek(0)


def require_bearable_directory(file: IO[bytes], path: Path) -> None:
    """Look at the end record, before zipfile makes an object of everything that it lists."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_RECORD_REACH - _ZIP64_LOCATOR_BYTES))
    tail = file.read()
    start = tail.rfind(_END_RECORD)
    record = tail[start : start + _END_RECORD_BYTES]
    if start < 0 or len(record) < _END_RECORD_BYTES:
        raise InputError(f"{path} is damaged: its list of contents is missing", hint=_CUT_SHORT)
    count, directory_bytes = int.from_bytes(record[10:12], "little"), int.from_bytes(record[12:16], "little")
    if count > MAX_MEMBERS:
        refuse_count(path, count)
    # the two records may say different things of the directory, and zipfile believes the other one
    if tail[max(0, start - _ZIP64_LOCATOR_BYTES) : start].startswith(_ZIP64_LOCATOR):
        raise InputError(f"{path} is a zip64 archive, expected one of at most {MAX_TOTAL_BYTES // MEBIBYTE} MiB")
    if directory_bytes > MAX_DIRECTORY_BYTES:
        raise InputError(f"{path} has a list of contents of {directory_bytes} bytes, expected {MAX_DIRECTORY_BYTES}")


def is_held(member: zipfile.ZipInfo, file_bytes: int) -> bool:
    """Whether a file of that size holds an array as it is: then it takes no more memory than the file is long."""
    return member.compress_type == zipfile.ZIP_STORED and member.file_size <= file_bytes


def listed_members(
    archive: zipfile.ZipFile, path: Path, limits: Mapping[zipfile.ZipInfo, int]
) -> dict[str, zipfile.ZipInfo]:
    """Return the archive's members by array name, after a look at everything that its list of contents claims."""
    if len(archive.infolist()) > MAX_MEMBERS:  # the end record may have told a smaller number
        refuse_count(path, len(archive.infolist()))
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = array_name(member)
        if name in members:
            raise InputError(f"{path} has the key {shown(name)} twice, expected each once")
        if member.flag_bits & 1:
            raise InputError(f"{path} is encrypted, expected a plain .npz archive")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError(f"{shown(name)} in {path} is compressed by a method that .npz does not use")
        if member.file_size > limits[member]:
            refuse_size(f"{shown(name)} in {path} would take", member.file_size, limits[member])
        members[name] = member
    total = sum(member.file_size for member in members.values())
    if total > MAX_TOTAL_BYTES:
        refuse_size(f"the arrays of {path} would together take", total, MAX_TOTAL_BYTES)
    return members


def array_name(member: zipfile.ZipInfo) -> str:
    """Return the key under which numpy files a member."""
    return member.filename.removesuffix(".npy")


def shown(name: str) -> str:
    """Return a name from the file as it may stand in a message."""
    return repr(name[:80])


def refuse_count(path: Path, count: int) -> NoReturn:
    """Raise InputError for too many members."""
    raise InputError(f"{path} lists {count} members, expected at most {MAX_MEMBERS}")


def refuse_size(what: str, size: int, limit: int) -> NoReturn:
    """Raise InputError for something too large."""
    raise InputError(f"{what} {size / MEBIBYTE:,.0f} MiB, expected at most {limit // MEBIBYTE} MiB")


def read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, limit: int, kinds: str = PLAIN
) -> NDArray[Any]:
    """Read one array, its claimed size held against the bytes that are there before it is allocated."""
    where = f"{shown(array_name(member))} in {path}"
    with archive.open(member) as stream:
        shape, fortran, dtype = read_header(stream, where)
        refuse_dtype(dtype, where, kinds)
        most = math.prod(length or 1 for length in shape) * FLOAT_BYTES  # numpy counts an empty array so, too
        if dtype.kind in "fiub" and most > limit:
            refuse_size(f"{where} would take", most, limit)
        claimed, stored = math.prod(shape) * dtype.itemsize, member.file_size - stream.tell()
        if claimed != stored:
            raise InputError(
                f"{where} holds {stored} bytes, but its header claims {claimed}: shape {shape}, {dtype}",
                hint=_CUT_SHORT,
            )
        # read() without a size would inflate all that is packed, however much more that is than the archive says
        content = stream.read(claimed)
    if len(content) < claimed:
        raise InputError(f"{where} ends after {len(content)} of {claimed} bytes", hint=_CUT_SHORT)
    array = np.frombuffer(content, dtype=dtype) if content else np.empty(0, dtype=dtype)
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def read_header(stream: IO[bytes], where: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read the .npy header of an array: its shape, whether it is in Fortran order, and its dtype."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        version = np.lib.format.read_magic(stream)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a damaged header makes numpy wonder at ends as an error below
            shape, fortran, dtype = readers[version](stream, max_header_size=MAX_HEADER_BYTES)
    except KeyError:
        raise InputError(f"{where} is an .npy array of version {version}, expected 1.0 or 2.0") from None
    except Exception as error:  # the header is text that numpy evaluates: anything may come of a damaged one
        raise InputError(f"{where} has a damaged header: {first_line(error)}") from error
    if len(shape) > MAX_DIMENSIONS or any(type(length) is not int or length < 0 for length in shape):
        raise InputError(f"{where} has a damaged header: its shape is {shape}")
    return shape, fortran, dtype


def refuse_dtype(dtype: np.dtype[Any], where: str, kinds: str = PLAIN) -> None:
    """Raise InputError for a dtype of another kind, as dates and records; an object array is never unpickled."""
    if dtype.hasobject:
        raise InputError(f"{where} is an array of Python objects, which could run code; expected plain numbers")
    if dtype.kind not in kinds or not dtype.itemsize:
        hint = BFLOAT16 if dtype == np.dtype("V2") else READ_AND_REFUSED
        raise InputError(f"{where} has dtype {dtype}, expected real numbers or text", hint=hint)


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, cut to a bearable length."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
