"""What is asked of a place where a framework keeps its arrays."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["Device", "Mirror", "in_order", "remade"]


class Device(Protocol):
    """A framework's arrays in one place; those of this protocol have no graph unless it says so."""

    framework: str
    name: str | None
    """As the framework calls it: ``cpu``, ``cuda:0``; None for where it keeps arrays by itself."""
    arithmetic: str
    """In which gradients are computed, ``"float32"`` say; all else is float64."""
    on_cpu: bool
    """Whether its memory is numpy's as well."""
    moves: bool
    """Whether arrays are moved there; else numpy moves them, and they are put there anew."""
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

    def rounded(self, array: Array) -> Array:
        """Return numbers as the device's arithmetic has them."""

    def value(self, loss: Callable[..., Any], point: Any, /, **data: Any) -> Any:
        """Call a loss of the framework's arrays in float64; what it returns as numpy can take it."""

    def gradient(self, loss: Callable[..., Any], point: Any, /, **data: Any) -> Any:
        """Return the framework's own gradient of a loss in the device's arithmetic, in the form of the point.

        Parameters
        ----------
        loss : callable
            (point, **data) -> scalar.
        point : dict of str to array, or array
            Those that `own` made.
        **data : object
            What the loss gets by keyword.
        """


def remade(kind: Callable[..., Device], framework: str, name: str | None, arithmetic: str) -> Device:
    """Make a device again in another process."""
    return kind(importlib.import_module(framework), name, arithmetic)


def in_order(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array as frameworks take it, row by row in the machine's order of bytes; floats are float64."""
    wide = {"f": np.dtype(np.float64), "c": np.dtype(np.complex128)}.get(array.dtype.kind, array.dtype)
    return np.asarray(array, dtype=wide.newbyteorder("="), order="C")


@dataclass
class Mirror:
    """Arrays of numpy's that lie on a device as well; none of them is changed."""

    device: Device
    kept: dict[int, tuple[NDArray[Any], Any]] = field(default_factory=dict)
    """By the id of an array, itself and what it is there."""

    def __call__(self, array: NDArray[Any]) -> Any:
        """Return an array as it is there: what is not kept is put there for once."""
        return self.kept[id(array)][1] if id(array) in self.kept else self.device.put(np.asarray(array))

    def keep(self, array: NDArray[Any]) -> Any:
        """Return an array as it is there, and stays from now on."""
        if id(array) not in self.kept:
            self.kept[id(array)] = array, self.device.put(array)
        return self.kept[id(array)][1]

    def __reduce__(self) -> tuple[type[Mirror], tuple[Device]]:
        return Mirror, (self.device,)
