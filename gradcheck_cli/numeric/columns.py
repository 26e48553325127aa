"""Derivatives of many outputs at once along directions, by plain differences: which claims of them are right at sight.

Most derivatives of most functions are clear from three centred differences: two extrapolations of them agree with the
claim to the threshold, or the claim is 0 and the output does not move at all. Only what is not clear needs a reference
with its bars, which takes a check of its own for each output.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.judging.agreement import agrees
from gradcheck_cli.numeric.tolerances import DUST, EPS
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.settings import DEFAULT_THRESHOLD

__all__ = ["STEPS", "UNMOVED", "WIDE", "WIDEST", "Columns", "far_steps", "plain_columns"]

RATIO = 8.0
STEPS = (2.0**-7, 2.0**-7 / RATIO, 2.0**-7 / RATIO**2)  # of the sizes of what is moved
WIDE = 0.75  # of the sizes: an output that does not move so far has no derivative that would show
WIDEST = 1.0  # the largest component of a direction, in sizes: WIDE then leaves the signs of all entries as they are
UNMOVED = 4.0  # machine epsilons of an output: its own rounding


@dataclass(frozen=True)
class Columns:
    """What was measured of m outputs along K directions; each array has the shape (m, K)."""

    values: Array
    """The derivatives."""
    bars: Array
    """By how much two extrapolations differ; of an output that does not move, what rounding hides."""
    clear: NDArray[np.bool_]
    """Which claims are right at sight; nothing is said of the others."""


def plain_columns(
    along: Callable[[int, float], Array], here: Array, claims: Array, far: Array, threshold: float
) -> Columns:
    """Measure the derivatives of all outputs along directions, and compare them with what is claimed.

    Parameters
    ----------
    along : callable
        (k, t) -> outputs of shape (m,) at t times direction k from the point; NaN where there are none.
    here : ndarray of shape (m,)
        The outputs at the point.
    claims : ndarray of shape (m, K)
        What is claimed.
    far : ndarray of shape (K,)
        A step that has to leave an output with the claim 0 unmoved as well, from `far_steps`; 0 for none.
    threshold : float
        Relative error of a right claim. More than the usual one is not made use of.
    """
    threshold = min(threshold, DEFAULT_THRESHOLD)
    values, bars, clear = np.zeros(claims.shape), np.zeros(claims.shape), np.zeros(claims.shape, dtype=np.bool_)
    rounding, none = UNMOVED * EPS * np.abs(here), np.zeros(here.shape)
    with np.errstate(all="ignore"):
        for k, claim in enumerate(claims.T):
            ends = [(along(k, step), along(k, -step)) for step in STEPS]
            slopes = [(plus - minus) / (2 * step) for step, (plus, minus) in zip(STEPS, ends, strict=True)]
            first, second = ((RATIO**2 * fine - coarse) / (RATIO**2 - 1) for coarse, fine in pairwise(slopes))
            right = agrees(claim, first, first, none, threshold) & agrees(claim, second, second, none, threshold)
            ends += [(along(k, step), along(k, -step)) for step in (WIDE, far[k]) if step]
            still = np.all([np.abs(end - here) <= rounding for pair in ends for end in pair], axis=0)
            values[:, k] = np.where(still, 0.0, second)
            bars[:, k] = np.where(still, rounding / WIDE, np.abs(second - first))
            clear[:, k] = np.where(claim == 0, still, right)
    return Columns(values, bars, clear)


def far_steps(sizes: Array, largest: float) -> Array:
    """Return along which directions one has to go further, and how far.

    A size that is nothing beside others may be rounding of zero: what moves by it may stay the same for rounding alone.

    Parameters
    ----------
    sizes : ndarray of shape (K,)
        The largest size in each direction.
    largest : float
        The largest of all.
    """
    return np.where(sizes < DUST * largest, STEPS[0] * largest / sizes, 0.0)
