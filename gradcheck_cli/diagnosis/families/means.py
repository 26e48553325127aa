"""The error is the same all along an axis: what comes back through a mean or a sum over that axis is missing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from gradcheck_cli.diagnosis.mistake import RELATED, Guess, Mistake, TensorCase
from gradcheck_cli.vocabulary.parameters import Array, norm

__all__ = ["TENSOR"]

ZERO = 1e-6  # of the length of a gradient: a mean that is smaller is none


def constant_error(case: TensorCase) -> Iterator[Guess]:
    """Guess an error that is constant along some axes; the fewest numbers first."""
    error, shape = case.claim - case.expected, case.expected.shape
    some = [axes for k in range(1, len(shape)) for axes in combinations(range(len(shape)), k)]
    for axes in sorted(some, key=lambda axes: -np.prod([shape[k] for k in axes])):
        if all(shape[k] > 1 for k in axes):
            mean = error.mean(axis=axes, keepdims=True)
            what = f"the error of {{it}} is the same at every index of {named(axes)}"
            yield Guess(case.expected + mean, what + centred(case, axes), fitted=mean.size)


def named(axes: tuple[int, ...]) -> str:
    """Name some axes."""
    return f"ax{'is' if len(axes) == 1 else 'es'} {' and '.join(map(str, axes))}"


def centred(case: TensorCase, axes: tuple[int, ...]) -> str:
    """Say that the right gradient is the claim less its mean, where it is."""
    if is_small(case.expected.mean(axis=axes, keepdims=True), case.expected):
        return f"; the right one is {{it}} minus its mean along {named(axes)}"
    if is_small(case.claim.mean(axis=axes, keepdims=True), case.claim):
        return f"; {{it}} is the right one minus its mean along {named(axes)}"
    return ""


def is_small(mean: Array, array: Array) -> bool:
    """Whether means are none but for rounding."""
    return norm(mean) <= ZERO * norm(array)


TENSOR = (
    Mistake("constant-along-axis", RELATED, constant_error, "look for a mean or a sum over this axis in the loss"),
)
