"""What is asked of a place where a framework keeps its arrays."""

from __future__ import annotations

import importlib
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Device", "Mirror", "in_order", "remade"]


class Device(Protocol):
    """A framework's arrays in one place; those of this protocol have no graph unless it says so."""

    framework: str
    name: str
    """As the framework calls it: ``cpu``, ``cuda:0``."""
    on_cpu: bool
    """Whether its memory is numpy's as well."""
    piece: int
    """How many entries are worked on at once."""
    xp: Any
    """The framework's functions: ``where``, ``copysign`` and ``stack``, as numpy has them."""
    least: Any
    """The number `directions.LEAST` there."""

    def put(self, array: NDArray[Any]) -> Any:
        """Return a copy of an array of numpy's there: floats in float64, complex numbers in complex128."""

    def own(self, array: Any, *, watched: bool) -> Any:
        """Return an array for the user's function to have and to write to; a watched one may be the root of a graph."""

    def written(self, array: Any, start: int, values: Any) -> Any:
        """Return an `own` array whose entries from `start` on, row by row, are others: the same one where that can be.

        Parameters
        ----------
        array : array
            One that `own` made.
        start : int
            The first entry, counted row by row.
        values : array, or a number
            What stands there then.
        """

    def bits(self, seed: int, number: int, start: int, stop: int) -> Any:
        """Return the numbers of `philox.Stream` as float64, made there."""

    def places(self, start: int, stop: int) -> Any:
        """Return the whole numbers from `start` to `stop` as float64."""

    def same(self, array: Any, other: Any) -> bool:
        """Whether two arrays hold the same numbers; NaN is the same as NaN."""

    def value(self, loss: Callable[..., Any], point: Any, /, **data: Any) -> Any:
        """Call a loss of the framework's arrays in float64; what it returns as numpy can take it."""

    def gradient(self, loss: Callable[..., Any], point: Any, data: dict[str, Any], arithmetic: str) -> Any:
        """Return the framework's own gradient of a loss, in the form of the point.

        Parameters
        ----------
        loss : callable
            (point, **data) -> scalar.
        point : dict of str to array, or array
            Those that `own` made.
        data : dict
            What the loss gets by keyword.
        arithmetic : str
            In which it is computed, ``"float32"`` say; what is returned is float64.
        """

    def rounded(self, array: NDArray[Any], arithmetic: str) -> NDArray[np.float64]:
        """Return numbers as an arithmetic has them."""


def remade(kind: Callable[[ModuleType, str], Device], framework: str, name: str) -> Device:
    """Make a device again in another process."""
    return kind(importlib.import_module(framework), name)


def in_order(array: NDArray[Any]) -> NDArray[Any]:
    """Return a copy as frameworks take it, row by row in the machine's order of bytes; floats are float64."""
    wide = {"f": np.dtype(np.float64), "c": np.dtype(np.complex128)}.get(array.dtype.kind, array.dtype)
    return np.array(array, dtype=wide.newbyteorder("="), order="C")


@dataclass
class Mirror:
    """Arrays of numpy's that lie on a device as well, each for as long as it is kept here; none of them is changed."""

    device: Device
    kept: dict[int, tuple[weakref.ref[NDArray[Any]], Any]] = field(default_factory=dict)

    def __call__(self, array: NDArray[Any]) -> Any:
        """Return an array as it is there; it is put there once, but for a number that numpy made of an array."""
        if not isinstance(array, np.ndarray):
            return self.device.put(np.asarray(array))
        key = id(array)
        if key not in self.kept:
            self.kept[key] = weakref.ref(array, lambda _: self.kept.pop(key)), self.device.put(array)
        return self.kept[key][1]

    def __reduce__(self) -> tuple[type[Mirror], tuple[Device]]:
        return Mirror, (self.device,)
