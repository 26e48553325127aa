"""The record of a reference: a numeric derivative of every entry with an error bar, the second opinion on a verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.numeric.tolerances import CATCHES, NORMAL
from gradcheck_cli.vocabulary.parameters import PIECE, Array
from gradcheck_cli.vocabulary.settings import MACHINE_EPSILON

__all__ = ["Reference", "RemadeReference"]


@dataclass(frozen=True)
class Reference:
    """The reference of one parameter; every array has the parameter's shape."""

    values: Array
    """The numeric derivatives."""
    bars: Array
    """What a right analytic value may be off by, whatever the threshold: the reference's own error and rounding."""
    single_bars: Array
    """The same for an analytic value that was computed in float32."""
    low: Array
    """Lower end of what is right: the smaller one-sided slope at a kink, `values` elsewhere."""
    high: Array
    """Upper end of what is right."""
    kinks: NDArray[np.bool_]
    """Entries whose one-sided slopes differ."""
    coarse: NDArray[np.bool_]
    """Entries whose bar is too wide to judge by."""
    small: NDArray[np.bool_] | None = field(default=None, kw_only=True)
    """Entries that can be judged although their bars are wide beside them, for they are nothing beside what is around:
    derivatives at a minimum, or of an entry that the loss does not feel. None for no such entry."""
    constant: bool = field(default=False, kw_only=True)
    """Whether the loss is constant by construction: the reference is 0 everywhere, and was not measured."""

    def parts(self) -> Iterator[tuple[slice, Reference]]:
        """Yield it in parts, with flat arrays, and where each is, counted row by row: this one is whole already."""
        yield slice(0, self.values.size), self.at(slice(None))

    def whole(self) -> Reference:
        """Return it in one."""
        return self

    def at(self, places: NDArray[np.intp] | slice) -> Reference:
        """Return the part of it at some places, counted row by row; its arrays have the shape (k,)."""
        arrays = {name: array.reshape(-1)[places] for name, array in self.arrays().items()}
        return Reference(**arrays, constant=self.constant)

    @classmethod
    def joined(cls, parts: Sequence[Reference], order: NDArray[np.intp], shape: tuple[int, ...]) -> Reference:
        """Return one reference made of the entries of several, brought into an order and a shape."""
        columns = [part.arrays() for part in parts]
        arrays = {
            name: np.concatenate([c[name].reshape(-1) for c in columns])[order].reshape(shape) for name in columns[0]
        }
        return cls(**arrays, constant=all(part.constant for part in parts))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return its arrays by their names; what numpy makes of one number is one, too."""
        values = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {name: np.asarray(value) for name, value in values if isinstance(value, np.ndarray | np.generic)}

    def floored(self) -> Reference:
        """Return the reference with no bar finer than float64's smallest normal number.

        Below that arithmetic has no relative precision. What it leaves no digits of is coarse: a claim of the other
        sign would agree as well.
        """
        size = np.maximum(np.abs(self.low), np.abs(self.high))
        lost = (self.bars < NORMAL) & (size > 0) & ~(CATCHES * size >= NORMAL)
        return replace(
            self,
            bars=np.maximum(self.bars, NORMAL),
            single_bars=np.maximum(self.single_bars, NORMAL),
            coarse=self.coarse | lost,
            small=None if self.small is None else self.small & ~lost,
        )

    def rounded_to(self, machine_epsilon: float) -> Reference:
        """Return the reference to judge a value by that was computed with a machine epsilon.

        What is lost by rounding is proportional to it: from `bars` at float64's to `single_bars` at float32's, and
        beyond. An infinite bar stays what it is.
        """
        known = np.isfinite(self.bars)
        lost = np.subtract(self.single_bars, self.bars, where=known, out=np.zeros(self.bars.shape))
        double, single = MACHINE_EPSILON["float64"], MACHINE_EPSILON["float32"]
        return replace(self, bars=self.bars + lost * ((machine_epsilon - double) / (single - double)))


@dataclass(frozen=True)
class RemadeReference:
    """The reference of one parameter, made some rows at a time whenever it is asked for.

    Six arrays as large as the parameter would be more than the problem itself takes.
    """

    shape: tuple[int, ...]
    rows: Callable[[slice], Reference]
    """Makes that of some rows, a slice of the first axis."""
    constant: bool = field(default=False, init=False)

    def parts(self) -> Iterator[tuple[slice, Reference]]:
        """Yield it in parts, with flat arrays, and where each is, counted row by row."""
        length = math.prod(self.shape[1:])
        at_once = max(1, PIECE // length)
        for start in range(0, self.shape[0], at_once):
            stop = min(start + at_once, self.shape[0])
            yield slice(start * length, stop * length), self.rows(slice(start, stop)).at(slice(None))

    def whole(self) -> Reference:
        """Return it in one."""
        return self.rows(slice(None))

    def rounded_to(self, machine_epsilon: float) -> RemadeReference:
        """Return the reference to judge a value by that was computed with a machine epsilon."""
        return replace(self, rows=lambda some: self.rows(some).rounded_to(machine_epsilon))
