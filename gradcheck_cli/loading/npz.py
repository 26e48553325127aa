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
import zlib
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.errors import InputError

__all__ = ["read_npz"]

MEBIBYTE = 2**20
MAX_MEMBER_BYTES = 512 * MEBIBYTE  # one array, inflated
MAX_TOTAL_BYTES = 1024 * MEBIBYTE  # all arrays of a file together
MAX_MEMBERS = 4096
MAX_HEADER_BYTES = 10_000  # of one array; numpy's own limit
MAX_DIMENSIONS = 32
_END_RECORD = b"PK\x05\x06"
_END_RECORD_REACH = 65_557  # an end record with the longest comment


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of an .npz file.

    Parameters
    ----------
    path : Path
        The file.

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
                members = listed_members(archive, path)
                return {name: read_member(archive, member, path) for name, member in members.items()}
        except zipfile.BadZipFile as error:
            raise InputError(f"{path} is damaged: {error}", hint="was it cut short while it was copied?") from error
        except (
            NotImplementedError,
            RuntimeError,
            OSError,
            ValueError,
            EOFError,
            OverflowError,
            zlib.error,
        ) as error:
            raise InputError(f"{path} cannot be read as a zip archive: {error}") from error


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
        raise InputError(f"{path} is {kind}, expected an .npz file")
    return os.fdopen(descriptor, "rb")


def require_zip(file: IO[bytes], path: Path) -> None:
    """Raise InputError unless the file begins and ends as a zip archive with a bearable number of members."""
    start = file.read(6)
    if start == b"\x93NUMPY":
        raise InputError(
            f"{path} is a bare .npy array, expected an .npz archive",
            hint="np.savez writes one: np.savez(path, X=X, ...)",
        )
    size = file.seek(0, os.SEEK_END)
    if not start:
        raise InputError(f"{path} is empty, expected an .npz archive")
    if not start.startswith((b"PK\x03\x04", _END_RECORD)):
        raise InputError(f"{path} is no .npz archive: it begins with {start!r}, expected {b'PK'!r}")
    file.seek(max(0, size - _END_RECORD_REACH))
    tail = file.read(_END_RECORD_REACH)
    end = tail.rfind(_END_RECORD)
    if end < 0:
        raise InputError(
            f"{path} is damaged: its list of contents is missing",
            hint="was it cut short while it was copied?",
        )
    count = int.from_bytes(tail[end + 10 : end + 12], "little")  # before zipfile makes a record of each
    if count > MAX_MEMBERS:
        raise InputError(f"{path} lists {count} members, expected at most {MAX_MEMBERS}")
    file.seek(0)


def listed_members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Return the archive's members by array name, after a look at everything that its list of contents claims."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name in members:
            raise InputError(f"{path} has the key {name!r} twice, expected each once")
        if member.flag_bits & 1:
            raise InputError(f"{path} is encrypted, expected a plain .npz archive")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError(f"{name!r} in {path} is packed by a method that .npz does not use")
        if member.file_size > MAX_MEMBER_BYTES:
            refuse_size(f"{name!r} in {path} would take", member.file_size, MAX_MEMBER_BYTES)
        members[name] = member
    total = sum(member.file_size for member in members.values())
    if total > MAX_TOTAL_BYTES:
        refuse_size(f"the arrays of {path} would together take", total, MAX_TOTAL_BYTES)
    return members


def refuse_size(what: str, size: int, limit: int) -> NoReturn:
    """Raise InputError for something too large."""
    raise InputError(f"{what} {size / MEBIBYTE:,.0f} MiB, expected at most {limit // MEBIBYTE} MiB")


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> NDArray[Any]:
    """Read one array, its claimed size held against the bytes that are there before it is allocated."""
    where = f"{member.filename.removesuffix('.npy')!r} in {path}"
    with archive.open(member) as stream:
        shape, fortran, dtype = read_header(stream, where)
        refuse_dtype(dtype, where)
        # the stored length is held by zipfile: a member never yields more than its list of contents says
        content = stream.read()
    expected = math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise InputError(
            f"{where} holds {len(content)} bytes, but its header claims {expected}: shape {shape}, {dtype}"
        )
    array = np.frombuffer(content, dtype=dtype)
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
    if len(shape) > MAX_DIMENSIONS or any(length < 0 for length in shape):
        raise InputError(f"{where} has a damaged header: its shape is {shape}")
    return shape, fortran, dtype


def refuse_dtype(dtype: np.dtype[Any], where: str) -> None:
    """Raise InputError for a dtype that holds neither real numbers nor text; an object array is never unpickled."""
    if dtype.hasobject:
        raise InputError(f"{where} is an array of Python objects, which could run code; expected plain numbers")
    if dtype.kind not in "fiubUS" or not dtype.itemsize:
        raise InputError(f"{where} has dtype {dtype}, expected real numbers or text")


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, cut to a bearable length."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
