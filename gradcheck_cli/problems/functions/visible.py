"""The arrays that a user's function can see besides its parameters: its data, wherever they lie.

They are looked for where Python itself would look: in what is handed over, in the variables that a function encloses
and the globals that it names, in the object that a method belongs to, and in the functions that it calls. Nothing of
the user's is run for it.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["names_in", "visible_arrays"]

MOST_SEEN = 1000  # things that are looked at
DEEPEST = 5  # steps from a function to an array
TAKEN_APART = (dict, list, tuple)
MOST_PARTS = 50  # of one container


def visible_arrays(function: Any, data: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the arrays of numbers with at most two axes that a function can see.

    Parameters
    ----------
    function : callable
        The user's.
    data : mapping of str to object
        What it is handed over by keyword.

    Returns
    -------
    dict of str to ndarray
        By the names under which they were found, the nearest first; they are the user's own, and not to be changed.
    """
    found: dict[str, NDArray[Any]] = {}
    known: set[int] = set()
    level: list[tuple[str, Any]] = [*data.items(), ("", function)]
    for _ in range(DEEPEST):
        beneath: list[tuple[str, Any]] = []
        for name, value in level:
            if id(value) in known or len(known) > MOST_SEEN:
                continue
            known.add(id(value))
            if isinstance(value, np.ndarray):
                if value.dtype.kind in "fiub" and 0 < value.ndim <= 2 and value.size:
                    found[name if name not in found else f"{name} ({len(found)})"] = value
            else:
                beneath += parts_of(value)
        level = beneath
    return found


def parts_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a function, an object or a container refers to, by name."""
    if isinstance(value, partial):
        yield from (("", part) for part in (value.func, *value.args, *value.keywords.values()))
    elif isinstance(value, types.MethodType):
        yield from (("", part) for part in (value.__func__, value.__self__))
    elif isinstance(value, types.FunctionType):
        yield from of_function(value)
    elif isinstance(value, TAKEN_APART):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        yield from ((str(name), part) for (name, part), _ in zip(items, range(MOST_PARTS), strict=False))
    elif not isinstance(value, type | types.ModuleType):
        with contextlib.suppress(AttributeError):
            yield from object.__getattribute__(value, "__dict__").items()


def of_function(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield what a function encloses, and the globals that it names."""
    code, defaults = function.__code__, function.__defaults__ or ()
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # it may be empty yet
            yield name, cell.cell_contents
    yield from ((name, function.__globals__[name]) for name in names_in(code) if name in function.__globals__)
    yield from zip(code.co_varnames[code.co_argcount - len(defaults) :], defaults, strict=False)
    yield from (function.__kwdefaults__ or {}).items()


def names_in(code: types.CodeType) -> Iterator[str]:
    """Yield the names that a function's code, and that of those written inside of it, refers to."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_in(constant)
