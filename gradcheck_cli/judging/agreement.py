"""The one rule "off by more than it may be": whether a claim agrees with what is right.

A claim agrees with the range [low, high] of what is right iff it is finite and

    max(low - claim, claim - high, 0) <= threshold * max(|claim|, |low|, |high|) + bar

The comparison is written so that NaN fails. This is plain arithmetic on arrays and knows no other part of the program,
so the numeric side, the judging and the diagnosis can all use it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["agrees", "allowance", "excess", "size_of"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def agrees(claim: Array, low: Array, high: Array, bar: Array, threshold: float) -> Mask:
    """Return which claims are off by no more than they may be.

    Parameters
    ----------
    claim : ndarray
        The values under test.
    low, high : ndarray of the same shape
        The range of what is right: both ends are the same number except at a kink.
    bar : ndarray of the same shape
        What a right claim may be off by, whatever the threshold, in the units of the claim.
    threshold : float
        Relative error that a right claim may have besides.

    Returns
    -------
    ndarray of bool, of the same shape
        False where a claim is not finite or anything is NaN.
    """
    with np.errstate(invalid="ignore"):
        near = excess(claim, low, high) <= allowance(claim, low, high, bar, threshold)
    return np.asarray(np.isfinite(claim) & near)


def allowance(claim: Array, low: Array, high: Array, bar: Array, threshold: float) -> Array:
    """Return how far a right claim may lie from the range of what is right."""
    return np.asarray(threshold * size_of(claim, low, high) + bar)


def excess(claim: Array, low: Array, high: Array) -> Array:
    """Return how far a claim lies outside the range of what is right; NaN where anything is NaN."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.maximum(np.maximum(low - claim, claim - high), 0))


def size_of(claim: Array, low: Array, high: Array) -> Array:
    """Return the largest magnitude among a claim and the two ends of what is right."""
    return np.asarray(np.maximum(np.abs(claim), np.maximum(np.abs(low), np.abs(high))))
