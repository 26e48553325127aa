"""Read named arrays from JSON: an object of numbers and lists of numbers, in objects and lists one inside of another.

As parameters they are named by the way to them, ``layers[0].W``. As data they stay in their form, and may have words
among them: the settings of a layer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.loading.npz import MEBIBYTE, first_line, open_regular, shown
from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["MAX_BYTES", "parse_json", "read_json", "read_json_data"]

MAX_BYTES = 256 * MEBIBYTE
EXPECTED = "expected an object of numbers and lists of numbers"
DEEPEST = 32  # objects and lists one inside of another


class Object(list[tuple[str, Any]]):
    """The pairs of an object, in their order, those with the same key too."""


def read_json(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of a JSON file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict of str to ndarray
        By their keys; by the ways to them where objects, or lists of several arrays, are one inside of another.

    Raises
    ------
    InputError
        Where the file cannot be opened, is no JSON, or holds anything but numbers.
    """
    return parse_json(content_of(path), str(path))


def read_json_data(path: Path) -> dict[str, Any]:
    """Read a JSON file as data: numbers and lists of them as arrays, everything else as it stands there.

    Raises
    ------
    InputError
        Where the file cannot be opened or is no JSON.
    """
    source = str(path)
    pairs = each_once(object_in(content_of(path), source), source)
    return {name: np.asarray(value) if is_number(value) else in_its_form(value, source) for name, value in pairs}


def parse_json(content: bytes, source: str) -> dict[str, NDArray[Any]]:
    """Read all arrays of a JSON text that comes from `source`; NaN and Infinity are numbers here."""
    return dict(each_once(arrays_in(object_in(content, source), source), source))


def content_of(path: Path) -> bytes:
    """Return what stands in a file, or a little more than may."""
    with open_regular(path) as file:
        return file.read(MAX_BYTES + 1)


def object_in(content: bytes, source: str) -> Object:
    """Return the object that a JSON text is."""
    if len(content) > MAX_BYTES:
        raise InputError(f"{source} is larger than {MAX_BYTES // MEBIBYTE} MiB, the most that is read")
    try:
        found = json.loads(content, object_pairs_hook=Object)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{source} is not valid JSON: {first_line(error)}", hint=EXPECTED) from error
    if not isinstance(found, Object):
        raise InputError(f"{source} contains {type(found).__name__}, {EXPECTED}")
    return found


def arrays_in(pairs: Iterable[tuple[str, Any]], source: str, depth: int = 0) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays among named values, and those in objects and lists there, by the ways to them."""
    for name, value in pairs:
        where = f"{shown(name)} in {source}"
        if depth > DEEPEST:
            raise InputError(f"{where} is more than {DEEPEST} objects and lists deep")
        if isinstance(value, Object):
            yield from arrays_in(((f"{name}.{key}", inner) for key, inner in value), source, depth + 1)
        elif is_list_of_several(value):
            yield from arrays_in(((f"{name}[{k}]", inner) for k, inner in enumerate(value)), source, depth + 1)
        else:
            yield name, as_numbers(value, where)


def is_list_of_several(value: Any) -> bool:
    """Whether a list holds arrays of different shapes, or objects, and is not an array itself."""
    if not (isinstance(value, list) and value and all(isinstance(item, list) for item in value)):
        return False
    return any(isinstance(item, Object) for item in value) or is_ragged(value)


def is_ragged(value: list[Any]) -> bool:
    """Whether lists in a list are not all of one shape; numbers beside them are a mistake, and no such list."""
    try:
        return np.asarray(value).dtype.kind == "O"
    except (ValueError, OverflowError) as error:  # it may be too deep as well
        return "inhomogeneous" in str(error)


def each_once(pairs: Iterable[tuple[str, Any]], source: str) -> Iterator[tuple[str, Any]]:
    """Yield named values.

    Raises
    ------
    InputError
        Where two have the same key.
    """
    keys = set()
    for name, value in pairs:
        if name in keys:
            raise InputError(f"{source} has the key {shown(name)} twice, expected each once")
        keys.add(name)
        yield name, value


def in_its_form(value: Any, source: str) -> Any:
    """Return an object as a dict, a list of numbers as an array, any other list as one, and the rest as it is."""
    if isinstance(value, Object):
        return {name: in_its_form(inner, source) for name, inner in each_once(value, source)}
    if not isinstance(value, list):
        return value
    with suppress(InputError):
        return as_numbers(value, source)
    return [in_its_form(inner, source) for inner in value]


def is_number(value: Any) -> bool:
    """Whether a value is a number, or true or false."""
    return isinstance(value, int | float)


def as_numbers(value: Any, where: str) -> NDArray[Any]:
    """Return a number or nested lists of numbers as an array."""
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError) as error:  # ragged or too deep lists
        raise InputError(f"{where} is not an array: {first_line(error)}") from error
    if array.dtype.kind not in "fiub":
        raise InputError(f"{where} contains values that are not numbers, {EXPECTED}")
    return array
