"""What the user's functions rely on besides their parameters, found and changed: in a child process alone.

Arrays and numbers stand in the data, in the globals that the functions name, in closures, and in the lists, dicts and
objects that these hold. A change of them is made for the loss and for its gradient alike.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from types import CodeType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.functions.visible import names_in
from gradcheck_cli.repair.ran import functions_of

__all__ = ["Slot", "calls_c", "footprint", "is_hidden", "makes_arrays", "slots_of"]

DEPTH = 3  # of lists, dicts and objects in each other
MOST = 400  # slots
MAKERS = frozenset(
    {"array", "asarray", "arange", "linspace", "eye", "full", "random", "default_rng", "load", "loadtxt", "genfromtxt"}
)
FOREIGN = {"ctypes", "_ctypes", "cffi", "_cffi_backend"}  # whose functions no event tells of
LARGE = 2**24  # bytes of an array that is not looked at for changes


@dataclass(frozen=True)
class Slot:
    """A place that holds an array or a number."""

    name: str
    value: Any
    put: Callable[[Any], None]


def slots_of(
    codes: Mapping[CodeType, Mapping[str, Any]], data: dict[str, Any], given: Sequence[tuple[str, Any]] = ()
) -> list[Slot]:
    """Return what some codes can see, each place once.

    Parameters
    ----------
    codes : mapping of code to mapping of str to object
        Each with its globals.
    data : dict of str to object
        What they are called with by keyword.
    given : sequence of (str, object)
        What they were called with besides: of the objects among it the attributes are places too.
    """
    found: dict[tuple[int, str], Slot] = {}
    seen: set[int] = set()
    for key, value in data.items():
        for slot in inside(key, value, into(data, key), seen, DEPTH):
            found.setdefault((id(data), slot.name), slot)
    for name, holder, value, put in visible(codes):
        for slot in inside(name, value, put, seen, DEPTH):
            found.setdefault((holder, slot.name), slot)
        if len(found) > MOST:
            break
    for name, value in given:
        if not isinstance(value, np.ndarray | dict | list | tuple | int | float):
            for slot in inside(name, value, lambda _: None, seen, DEPTH):
                found.setdefault((id(value), slot.name), slot)
    return list(found.values())


def visible(codes: Mapping[CodeType, Mapping[str, Any]]) -> Iterator[tuple[str, int, Any, Callable[[Any], None]]]:
    """Yield the name, the holder's identity, the value and the setter of all that codes can see outside themselves."""
    for code, space in codes.items():
        if isinstance(space, dict):
            for name in dict.fromkeys(names_in(code)):
                if name in space and not name.startswith("__"):
                    yield name, id(space), space[name], into(space, name)
        for function in functions_of(code):
            for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
                try:
                    value = cell.cell_contents
                except ValueError:
                    continue
                yield name, id(cell), value, partial(setattr, cell, "cell_contents")
            defaults = list(function.__defaults__ or ())
            names = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
            for k, (name, value) in enumerate(zip(names, defaults, strict=True)):
                yield name, id(function), value, into_tuple(defaults, k, partial(setattr, function, "__defaults__"))
            for name, value in (function.__kwdefaults__ or {}).items():
                yield name, id(function), value, into(function.__kwdefaults__, name)


def into(space: Any, key: Any) -> Callable[[Any], None]:
    """Return what puts a value into a dict or a list."""

    def put(value: Any) -> None:
        space[key] = value

    return put


def into_tuple(parts: list[Any], k: int, put: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return what puts a value into a tuple: another tuple takes its place."""

    def put_part(value: Any) -> None:
        parts[k] = value
        put(tuple(parts))

    return put_part


def inside(name: str, value: Any, put: Callable[[Any], None], seen: set[int], depth: int) -> Iterator[Slot]:
    """Yield a value's own slot, or those of what it holds."""
    is_number = isinstance(value, int | float | np.floating | np.integer) and not isinstance(value, bool)
    if is_number or (isinstance(value, np.ndarray) and value.dtype.kind in "fiub"):
        yield Slot(name, value, put)
    elif depth and id(value) not in seen and not isinstance(value, ModuleType | type) and not callable(value):
        seen.add(id(value))
        for key, part, put_part in parts_of(value, put):
            yield from inside(f"{name}.{key}", part, put_part, seen, depth - 1)


def parts_of(value: Any, put: Callable[[Any], None]) -> list[tuple[Any, Any, Callable[[Any], None]]]:
    """Return what a list, a tuple, a dict or an object holds: key, value and setter."""
    if isinstance(value, dict):
        return [(key, part, into(value, key)) for key, part in value.items()]
    if isinstance(value, list):
        return [(k, part, into(value, k)) for k, part in enumerate(value)]
    if type(value) is tuple:
        held = list(value)
        return [(k, part, into_tuple(held, k, put)) for k, part in enumerate(value)]
    space = getattr(value, "__dict__", None)
    return [(key, part, into(space, key)) for key, part in space.items()] if isinstance(space, dict) else []


def footprint(codes: Mapping[CodeType, Mapping[str, Any]]) -> dict[str, bytes]:
    """Return all that codes can see as bytes, as far as it can be told: other bytes later mean that state is kept."""
    found: dict[str, bytes] = {}
    for name, holder, value, _ in visible(codes):
        if isinstance(value, ModuleType | type) or callable(value):
            continue
        if isinstance(value, np.ndarray) and value.nbytes > LARGE:
            continue
        with suppress(Exception):  # it cannot be told
            found[f"{name}-{holder}"] = pickle.dumps(value)
    return found


def is_hidden(
    codes: Mapping[CodeType, Mapping[str, Any]],
    given: Sequence[tuple[str, Any]],
    slots: Sequence[Slot],
    known: Sequence[Any],
) -> bool:
    """Whether codes can see data that cannot be changed: a table, a tensor, an array that somebody handed over.

    Parameters
    ----------
    codes, given
        As for `slots_of`.
    slots : sequence of Slot
        What can be changed.
    known : sequence of object
        The parameters and the data, which are varied in their own way, and what the codes made of them.
    """
    if any(may_hide(value, DEPTH) for _, _, value, _ in visible(codes)) or any(may_hide(v, DEPTH) for v in known):
        return True
    seen = [array for value in [*known, *(slot.value for slot in slots)] for array in arrays_in(value, DEPTH)]
    return any(is_foreign(value, seen, DEPTH) for _, value in given)


def arrays_in(value: Any, depth: int) -> Iterator[NDArray[Any]]:
    """Yield the arrays that a value is or holds."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict | list | tuple) and depth:
        for part in value.values() if isinstance(value, dict) else value:
            yield from arrays_in(part, depth - 1)


def is_foreign(value: Any, seen: Sequence[NDArray[Any]], depth: int) -> bool:
    """Whether a value holds an array that is none of those seen."""
    if isinstance(value, np.ndarray):
        return value.size > 1 and not any(
            value.shape == other.shape and np.array_equal(value, other, equal_nan=value.dtype.kind == "f")
            for other in seen
        )
    if isinstance(value, dict | list | tuple) and depth:
        return any(is_foreign(part, seen, depth - 1) for part in (value.values() if isinstance(value, dict) else value))
    return may_hide(value, depth)


def makes_arrays(codes: Iterable[CodeType]) -> bool:
    """Whether codes make arrays of their own: data that stands in the code itself cannot be changed."""
    return any(not MAKERS.isdisjoint(names_in(code)) for code in codes)


def calls_c(codes: Mapping[CodeType, Mapping[str, Any]]) -> bool:
    """Whether codes can see functions of C that were loaded by hand."""
    return any(
        (value.__name__ if isinstance(value, ModuleType) else type(value).__module__).partition(".")[0] in FOREIGN
        for _, _, value, _ in visible(codes)
    )


def may_hide(value: Any, depth: int) -> bool:
    """Whether a value holds more than numbers, arrays of them, texts and functions."""
    if isinstance(value, list | tuple | dict) and depth:
        return any(may_hide(part, depth - 1) for part in (value.values() if isinstance(value, dict) else value))
    if isinstance(value, np.ndarray):
        return value.dtype.kind not in "fiub"
    plain = str | bytes | bool | int | float | np.generic | ModuleType | type | np.random.Generator
    if value is None or isinstance(value, plain) or callable(value):
        return False
    return not isinstance(getattr(value, "__dict__", None), dict) or not vars(value)
