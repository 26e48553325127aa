"""Read named arrays from JSON: an object whose values are numbers or nested lists of numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.loading.npz import MEBIBYTE, first_line, open_regular, shown
from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["MAX_BYTES", "parse_json", "read_json"]

MAX_BYTES = 256 * MEBIBYTE
EXPECTED = "expected an object of numbers and lists of numbers"


def read_json(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of a JSON file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict of str to ndarray
        By their keys.

    Raises
    ------
    InputError
        Where the file cannot be opened, is no JSON, or holds anything but numbers.
    """
    with open_regular(path) as file:
        content = file.read(MAX_BYTES + 1)
    return parse_json(content, str(path))


def parse_json(content: bytes, source: str) -> dict[str, NDArray[Any]]:
    """Read all arrays of a JSON text that comes from `source`; NaN and Infinity are numbers here."""
    if len(content) > MAX_BYTES:
        raise InputError(f"{source} is larger than {MAX_BYTES // MEBIBYTE} MiB, the most that is read")
    try:
        found = json.loads(content, object_pairs_hook=list)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{source} is no JSON: {first_line(error)}", hint=EXPECTED) from error
    if not (content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and isinstance(found, list)):
        raise InputError(f"{source} holds {type(found).__name__}, {EXPECTED}")
    arrays: dict[str, NDArray[Any]] = {}
    for name, value in found:
        if name in arrays:
            raise InputError(f"{source} has the key {shown(name)} twice, expected each once")
        arrays[name] = as_numbers(value, f"{shown(name)} in {source}")
    return arrays


def as_numbers(value: Any, where: str) -> NDArray[Any]:
    """Return a number or nested lists of numbers as an array."""
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError) as error:  # ragged or too deep lists
        raise InputError(f"{where} is no array: {first_line(error)}") from error
    if array.dtype.kind not in "fiub":
        raise InputError(f"{where} holds something else than numbers, {EXPECTED}")
    return array
