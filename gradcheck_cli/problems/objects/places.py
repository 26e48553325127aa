"""Where numbers are in an object: in its attributes, and in dicts, lists and other objects there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

__all__ = ["Place", "is_numbers", "may_be_numbers", "places_in"]

DEEPEST = 12
MOST = 100_000  # objects that are looked at
OPAQUE = (FunctionType, MethodType, BuiltinFunctionType, ModuleType, type, str, bytes, int, complex, np.dtype)


@dataclass(frozen=True)
class Place:
    """An attribute of an object, or an item of a dict or a list."""

    holder: Any
    key: Any
    is_item: bool

    def get(self) -> Any:
        """Return what is there."""
        return self.holder[self.key] if self.is_item else getattr(self.holder, self.key)

    def put(self, value: Any) -> None:
        """Put something else there."""
        if self.is_item:
            self.holder[self.key] = value
        else:
            setattr(self.holder, self.key, value)

    def write(self, values: Any) -> None:
        """Write numbers into the array that is there; where there is none that can be written to, put a new one."""
        there = self.get()
        if isinstance(there, np.ndarray) and there.flags.writeable and there.shape == np.shape(values):
            there[...] = values
        else:
            kind = np.array if isinstance(there, np.ndarray) else float if isinstance(there, int) else type(there)
            self.put(kind(values))


def is_numbers(value: Any) -> bool:
    """Whether a value is an array of floats, or one float."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f" and value.size > 0
    return isinstance(value, float | np.floating)


def may_be_numbers(value: Any) -> bool:
    """Whether a value is numbers, whole ones among them, as those are that a parameter may begin with."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiu" and value.size > 0
    return is_numbers(value) or type(value) is int


def places_in(root: Any, name: str = "") -> dict[str, Place]:
    """Return the places of all numbers in an object, by names such as ``layers[0].W``.

    Parameters
    ----------
    root : object
        A model, a dict or a list of such, or a module.
    name : str, optional
        What the object is called.
    """
    if isinstance(root, ModuleType):
        root = vars(root)
    found: dict[str, Place] = {}
    seen = {id(root)}
    waiting = [(root, name, 0)]
    while waiting and len(seen) < MOST:
        holder, prefix, depth = waiting.pop(0)
        for key, is_item, value in children(holder):
            step = f"[{key}]" if is_item and not isinstance(key, str) else f".{key}" if prefix else str(key)
            if may_be_numbers(value):
                found[prefix + step] = Place(holder, key, is_item)
            elif depth < DEEPEST and not isinstance(value, OPAQUE) and id(value) not in seen:
                seen.add(id(value))
                waiting.append((value, prefix + step, depth + 1))
    return found


def children(holder: Any) -> Iterator[tuple[Any, bool, Any]]:
    """Yield the keys and the values of what an object holds, and whether they are items."""
    if isinstance(holder, Mapping):
        keys = (key for key in list(holder) if isinstance(key, int) or (isinstance(key, str) and key[:2] != "__"))
        yield from ((key, True, holder[key]) for key in keys)
    elif isinstance(holder, list):
        yield from ((key, True, value) for key, value in enumerate(holder))
    elif isinstance(holder, tuple):  # what it holds cannot be replaced, but what that holds
        yield from ((key, True, value) for key, value in enumerate(holder) if not isinstance(value, float))
    elif not isinstance(holder, np.ndarray):
        names = [*getattr(holder, "__dict__", ()), *slots_of(holder)]
        yield from ((key, False, getattr(holder, key)) for key in names if not key.startswith("__"))


def slots_of(holder: Any) -> Iterator[str]:
    """Yield the attributes that an object has room for without a dict, and has."""
    for kind in type(holder).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        yield from (name for name in ([slots] if isinstance(slots, str) else slots) if hasattr(holder, name))
