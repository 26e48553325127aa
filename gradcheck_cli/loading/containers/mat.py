"""The arrays of a .mat file of MATLAB, versions 5 to 7.

The file is a row of elements: a tag with a kind and a number of bytes, and these bytes. An array is an element with
elements in it: its class, its shape, its name, its numbers in whatever kind takes the least room. It may be packed.
"""

from __future__ import annotations

import itertools
import math
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.loading.npz import (
    MAX_DIMENSIONS,
    MAX_MEMBER_BYTES,
    MAX_MEMBERS,
    MAX_TOTAL_BYTES,
    open_regular,
    refuse_size,
    shown,
)
from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["read_mat"]

HEADER_BYTES = 128
KINDS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
OTHERS = {1: "a cell", 2: "a struct", 3: "an object", 4: "text", 5: "a sparse matrix"}
MATRIX, PACKED = 14, 15
COMPLEX, LOGICAL = 0x08, 0x02
SMALL = 4  # bytes that an element may hold in its tag
SAVE_AGAIN = "in MATLAB: save('p.mat', '-struct', 's', '-v7') for the fields of a struct s"


def read_mat(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays; a number in MATLAB has the shape (1, 1), a vector (1, n) or (n, 1).

    Raises
    ------
    InputError
        Where the file cannot be opened, is damaged, too large, of another version, or holds anything but real numbers.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_TOTAL_BYTES:
            refuse_size(f"{path} takes", size, MAX_TOTAL_BYTES)
        content = file.read(size)
    return Reader(path, order_of(content, path)).arrays(memoryview(content)[HEADER_BYTES:])


def order_of(content: bytes, path: Path) -> str:
    """Return the byte order that the header tells of.

    Raises
    ------
    InputError
        Where it is none of a version that is read.
    """
    marks = {b"IM": "<", b"MI": ">"}
    if content[:10] == b"MATLAB 7.3":
        raise InputError(f"{path} is of version 7.3, expected 5 to 7", hint=SAVE_AGAIN)
    if len(content) < HEADER_BYTES or content[126:128] not in marks:
        raise InputError(f"{path} is not a .mat file of version 5 to 7", hint=SAVE_AGAIN)
    return marks[content[126:128]]


def dtype_of(flags: int, where: str) -> np.dtype[Any]:
    """Return the dtype of an array's class.

    Raises
    ------
    InputError
        Where it holds no real numbers.
    """
    what = flags & 0xFF
    if what not in CLASSES:
        raise InputError(f"{where} is {OTHERS.get(what, 'of an unknown kind')}, expected real numbers", hint=SAVE_AGAIN)
    if flags >> 8 & COMPLEX:
        raise InputError(f"{where} is complex, expected real numbers")
    return np.dtype(bool if flags >> 8 & LOGICAL else CLASSES[what])


class Reader:
    """Reads elements in one byte order, and unpacks no more than the limit for all together."""

    def __init__(self, path: Path, order: str) -> None:
        self.path, self.order = path, order
        self.left = MAX_TOTAL_BYTES

    def arrays(self, content: memoryview) -> dict[str, NDArray[Any]]:
        """Return the arrays of the whole file."""
        found: dict[str, NDArray[Any]] = {}
        for kind, data in self.elements(content):
            if kind not in (MATRIX, PACKED):
                raise self.damaged()
            name, array = self.matrix(self.unpacked(data) if kind == PACKED else data)
            if name in found or len(found) == MAX_MEMBERS:
                raise InputError(f"{self.path} has {shown(name)} twice, or too many arrays")
            found[name] = array
        return found

    def elements(self, content: memoryview) -> Iterator[tuple[int, memoryview]]:
        """Yield the kind and the bytes of each element."""
        while len(content):
            if len(content) < 8:
                raise self.damaged()
            first, second = (int(n) for n in np.frombuffer(content[:8], f"{self.order}u4"))
            kind, small = first & 0xFFFF, first >> 16
            start, length = (4, small) if small else (8, second)
            if small > SMALL or start + length > len(content):
                raise self.damaged()
            yield kind, content[start : start + length]
            after = 8 if small else start + length + (0 if kind == PACKED else -length % 8)
            content = content[after:]

    def unpacked(self, data: memoryview) -> memoryview:
        """Unpack the array in an element, as far as the limit allows."""
        unpacker = zlib.decompressobj()
        try:
            content = unpacker.decompress(data, min(self.left, MAX_MEMBER_BYTES) + 1)
        except zlib.error as error:
            raise self.damaged() from error
        if len(content) > min(self.left, MAX_MEMBER_BYTES):
            refuse_size(f"an array of {self.path} would take more than", len(content), MAX_MEMBER_BYTES)
        self.left -= len(content)
        kind, data = next(self.elements(memoryview(content)), (0, memoryview(b"")))
        if kind != MATRIX:
            raise self.damaged()
        return data

    def matrix(self, data: memoryview) -> tuple[str, NDArray[Any]]:
        """Return the name and the numbers of an array."""
        parts = list(itertools.islice(self.elements(data), 4))
        if len(parts) < 3 or len(parts[0][1]) < 8:
            raise self.damaged()
        flags = int(np.frombuffer(parts[0][1][:4], f"{self.order}u4")[0])
        name = bytes(parts[2][1]).decode("latin-1")
        dtype = dtype_of(flags, f"{shown(name)} in {self.path}")
        if len(parts) < 4:
            raise self.damaged()
        shape = tuple(self.numbers(*parts[1]).tolist())
        numbers = self.numbers(*parts[3])
        if not (0 < len(shape) <= MAX_DIMENSIONS and min(shape) >= 0 and math.prod(shape) == numbers.size):
            raise self.damaged()
        size = math.prod(length or 1 for length in shape) * dtype.itemsize  # numpy counts an empty array so
        if size > MAX_TOTAL_BYTES:
            refuse_size(f"{shown(name)} in {self.path} would take", size, MAX_TOTAL_BYTES)
        return name, numbers.astype(dtype).reshape(shape, order="F")

    def numbers(self, kind: int, data: memoryview) -> NDArray[Any]:
        """Return the numbers of an element."""
        dtype = np.dtype(self.order + KINDS[kind]) if kind in KINDS else None
        if dtype is None or len(data) % dtype.itemsize:
            raise self.damaged()
        return np.frombuffer(data, dtype)

    def damaged(self) -> InputError:
        """Make the error for a file that is not what it says."""
        return InputError(f"{self.path} is damaged", hint="was it cut short while it was copied?")
