"""The arrays of a .safetensors file: a length, a header in JSON, and the numbers."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.loading.npz import LARGE, MAX_DIMENSIONS, MAX_TOTAL_BYTES, MEBIBYTE, open_regular, refuse_size, shown
from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["read_safetensors"]

LENGTH_BYTES = 8
MAX_HEADER_BYTES = 16 * MEBIBYTE
DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?", "BF16": "<u2",
}  # fmt: skip


def read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays; those in bfloat16, which numpy does not know, come as float32.

    Raises
    ------
    InputError
        Where the file cannot be opened, is damaged, too large, or of another kind.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_TOTAL_BYTES:
            refuse_size(f"{path} takes", size, MAX_TOTAL_BYTES)
        header = read_header(file, size, path)
        start = file.tell()
        places = {
            name: place_of(entry, f"{shown(name)} in {path}")
            for name, entry in header.items()
            if name != "__metadata__"
        }
        if sum(place.end - place.begin for place in places.values()) > size - start:
            raise InputError(
                f"{path} has a damaged header: its arrays take more than the {size - start} bytes there are"
            )
        return {name: read_array(file, start, place, f"{shown(name)} in {path}") for name, place in places.items()}


def read_header(file: IO[bytes], size: int, path: Path) -> dict[str, Any]:
    """Read the header, whose length is held against the file's and a limit."""
    length = int.from_bytes(file.read(LENGTH_BYTES), "little")
    if not 2 <= length <= min(size - LENGTH_BYTES, MAX_HEADER_BYTES):
        raise InputError(f"{path} is not a .safetensors file: it has {size} bytes, its header would have {length}")
    try:
        pairs = json.loads(file.read(length), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} has a damaged header: {str(error)[:200]}") from error
    if not isinstance(pairs, dict):
        raise InputError(f"{path} has a damaged header: it is {type(pairs).__name__}, expected an object")
    return pairs


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON, which may have each key once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("it has a key twice")
    return found


class Place(NamedTuple):
    """Where the numbers of an array are, counted from the end of the header, and what they are."""

    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int


def place_of(entry: Any, where: str) -> Place:
    """Return the place that an entry of the header claims, which must be as large as its shape."""
    keys = ("dtype", "shape", "data_offsets")
    found: list[Any] = [entry.get(key) for key in keys] if isinstance(entry, dict) else []
    if not (
        found and isinstance(found[0], str) and are_counts(found[1]) and are_counts(found[2]) and len(found[2]) == 2
    ):
        raise InputError(f"{where} has a damaged header")
    kind, shape, ends = found
    if kind not in DTYPES:
        raise InputError(f"{where} has dtype {kind[:20]}, expected one of {', '.join(DTYPES)}")
    place = Place(kind, tuple(shape), *ends)
    size = math.prod(shape) * np.dtype(DTYPES[kind]).itemsize
    largest = math.prod(length or 1 for length in shape)  # numpy counts an empty array so
    if len(shape) > MAX_DIMENSIONS or largest > LARGE or place.end - place.begin != size:
        raise InputError(f"{where} has a damaged header: shape {place.shape[:8]} in {place.end - place.begin} bytes")
    return place


def read_array(file: IO[bytes], start: int, place: Place, where: str) -> NDArray[Any]:
    """Read the numbers at a place."""
    file.seek(start + place.begin)
    content = file.read(place.end - place.begin)
    if len(content) != place.end - place.begin:
        raise InputError(f"{where} ends beyond the file", hint="was it cut short while it was copied?")
    array = np.frombuffer(content, dtype=DTYPES[place.kind]).reshape(place.shape)
    return (array.astype(np.uint32) << 16).view(np.float32) if place.kind == "BF16" else array


def are_counts(values: Any) -> bool:
    """Whether a value is a list of whole numbers, none of them negative."""
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)
