"""The course's figure of two gradients, also where they are too long to be held at once."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gradcheck_cli.vocabulary.parameters import PIECE, Array, norm

__all__ = ["Difference", "relative_difference"]


def relative_difference(analytic: Array, numeric: Array) -> float:
    """Return norm(analytic - numeric) / (norm(analytic) + norm(numeric)), the course's figure.

    Parameters
    ----------
    analytic, numeric : ndarray of shape (n,)
        The two gradients.

    Returns
    -------
    float
        Between 0 and 1; 0 where both are zero; NaN where one of them is not finite.
    """
    difference = Difference()
    difference.add(analytic, numeric)
    return difference.value


class _Norms(NamedTuple):
    """Of two vectors and of their difference, in units of the largest: nothing overflows or vanishes in squaring."""

    unit: float
    analytic: float = 0.0
    numeric: float = 0.0
    difference: float = 0.0

    @classmethod
    def of(cls, analytic: Array, numeric: Array) -> _Norms:
        largest = max(norm(analytic), norm(numeric))
        if largest == 0 or not math.isfinite(largest):
            return cls(largest)
        analytic, numeric = analytic / largest, numeric / largest
        return cls(largest, norm(analytic), norm(numeric), norm(analytic - numeric))


class Difference:
    """The figure of two vectors that come in parts; how they are cut does not change it."""

    def __init__(self) -> None:
        self._norms: list[_Norms] = []
        self._rest = np.empty((2, 0))
        """What does not fill a piece yet."""

    def add(self, analytic: Array, numeric: Array) -> None:
        """Take the next part of both."""
        start = 0
        while start < len(analytic):
            stop = start + PIECE - self._rest.shape[1]
            self._rest = np.concatenate([self._rest, [analytic[start:stop], numeric[start:stop]]], axis=1)
            if self._rest.shape[1] == PIECE:
                self._norms.append(_Norms.of(*self._rest))
                self._rest = np.empty((2, 0))
            start = stop

    @property
    def value(self) -> float:
        """The figure of all parts together."""
        norms = [*self._norms, _Norms.of(*self._rest)]
        largest = max(piece.unit for piece in norms)
        if not all(math.isfinite(piece.unit) for piece in norms):
            return math.nan
        if largest == 0:
            return 0.0
        scaled = np.array([np.multiply(piece[1:], piece.unit / largest) for piece in norms])
        analytic, numeric, difference = map(norm, scaled.T)
        return difference / (analytic + numeric)
