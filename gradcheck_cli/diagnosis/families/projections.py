"""Right on the set that the parameter lies on: the claim and the right gradient differ by a normal of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.mistake import EXACT, FITTED, RELATED, Guess, Mistake, TensorCase
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["TENSOR"]

ON_IT = 1e-9  # how near the parameter must be to the set


def on_the_sphere(case: TensorCase) -> Iterator[Guess]:
    """Guess an error that is a multiple of a unit vector, for each unit vector along an axis or for all of it."""
    W, error = case.parameter, case.claim - case.expected
    for axis, of in directions(W):
        if np.all(np.abs(np.sum(W**2, axis=axis) - 1) <= ON_IT):
            multiple = np.asarray(np.sum(error * W, axis=axis, keepdims=True))
            what = f"{{it}} differs from the right gradient along {case.name} alone, {of} of norm 1: {TANGENT}"
            yield Guess(case.expected + multiple * W, f"{what} unit sphere", fitted=multiple.size, rank=rank(multiple))


def on_the_simplex(case: TensorCase) -> Iterator[Guess]:
    """Guess an error that is constant where the entries of the parameter are shares that sum to one."""
    W, error = case.parameter, case.claim - case.expected
    for axis, of in directions(W):
        if np.all(W >= 0) and np.all(np.abs(np.sum(W, axis=axis) - 1) <= ON_IT):
            mean = np.asarray(np.mean(error, axis=axis, keepdims=True))
            what = f"{{it}} is off by the same number at all shares of {case.name}, {of} that sums to 1: {TANGENT}"
            yield Guess(case.expected + mean, f"{what} simplex", fitted=mean.size, rank=rank(mean))


def symmetric(case: TensorCase) -> Iterator[Guess]:
    """Guess an error that is antisymmetric where the parameter is symmetric."""
    W, error = case.parameter, case.claim - case.expected
    if W.ndim == 2 and W.shape[0] == W.shape[1] > 1 and np.all(np.abs(W - W.T) <= ON_IT * np.max(np.abs(W))):
        what = "{it} and the right gradient have the same symmetric part"
        value, numbers = case.expected + (error - error.T) / 2, len(W) * (len(W) - 1) // 2
        yield Guess(value, f"{what}, and {case.name} is symmetric: {SYMMETRIC}", fitted=numbers)


def rank(numbers: Array) -> int:
    """Return how special an error is of which so many numbers are fitted."""
    return FITTED if numbers.size == 1 else RELATED


def directions(W: Array) -> Iterator[tuple[int | None, str]]:
    """Yield the ways in which an array may be made of vectors."""
    if W.size > 2:
        yield None, "an array"
    if W.ndim == 2:
        yield from ((axis, f"each {word}") for axis, word in ((1, "row"), (0, "column")) if W.shape[axis] > 2)


TANGENT = "it is right for steps that stay on the"
SYMMETRIC = "it is right for steps that keep it so"
_LOOK = "is the loss a function of every entry, or only of points on that set?"
TENSOR = (
    Mistake("right-on-a-set", EXACT, on_the_sphere, _LOOK),  # a length of 1 is no chance
    Mistake("right-on-a-set", FITTED, on_the_simplex, _LOOK),
    Mistake("right-on-a-set", RELATED, symmetric, _LOOK),
)
