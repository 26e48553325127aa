"""Each entry is a function of the right one, or the ratio to it a function of the parameter's entry.

Which function is not known; that there is one shows where the ratio to the right entry goes all one way with the other:
by chance n entries do so twice in n! times.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.evidence import fitted
from gradcheck_cli.diagnosis.mistake import LOOSE, RELATED, Guess, Mistake, TensorCase
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["TENSOR", "TENSOR_RELATED"]

FEWEST = 7  # entries
CLEAR = 1e3  # floors, above which an entry's ratio is known well enough
APART = 1e-6  # relative: how far two ratios must be apart to stand in an order


def power(case: TensorCase) -> Iterator[Guess]:
    """Guess a power of the magnitude of the right entry, with its sign, times a number."""
    right, claim = np.abs(case.expected), np.abs(case.claim)
    live = (right > 0) & (claim > 0)
    if live.sum() < FEWEST:
        return
    slope, offset = fitted(np.log(claim[live]), np.log(right[live]), np.ones(int(live.sum())))
    value = np.sign(case.expected) * np.exp(offset) * right**slope
    if np.isfinite(value).all() and abs(slope - 1) > APART:
        times = "" if abs(offset) <= APART else f"{np.exp(offset):.6g} times "
        what = f"{{it}} is {times}the right gradient to the power of {slope:.6g}, entry by entry"
        yield Guess(value, what + ", its signs kept", fitted=2)


def function_of_entry(case: TensorCase) -> Iterator[Guess]:
    """Describe a claim of which the ratio to the right gradient goes one way with its size, or with the parameter."""
    right, claim, W = (np.ravel(array) for array in (case.expected, case.claim, case.parameter))
    live = np.abs(right) > CLEAR * np.ravel(case.evidence.floors[case.name])
    if live.sum() < max(FEWEST, 0.9 * right.size):
        return
    ratio = claim[live] / right[live]
    for by, of in ((np.abs(right[live]), "the size of the right entry"), (W[live], f"the entry of {case.name}")):
        if goes_one_way(ratio, by):
            low, high = (int(np.flatnonzero(live)[k]) for k in (np.argmin(by), np.argmax(by)))
            ends = " and ".join(f"{claim[k]:.6g} instead of {right[k]:.6g}" for k in (low, high))
            what = f"the ratio of {{it}} to the right gradient is monotonic in {of}: {ends}"
            yield Guess(case.claim, f"{what}: it is a function of that", positions=(low, high))


def goes_one_way(ratio: Array, by: Array) -> bool:
    """Whether one array rises, or falls, all along with the other, by clear steps."""
    steps = np.diff(ratio[np.argsort(by, kind="stable")])
    clear = APART * np.max(np.abs(ratio))
    return bool((steps > clear).all() or (steps < -clear).all()) and bool((np.diff(np.sort(by)) > 0).all())


_LOOK = "look for a function applied to every entry: a power, a square root, tanh, the derivative of a link"
TENSOR_RELATED = (Mistake("elementwise", RELATED, power, _LOOK),)
TENSOR = (Mistake("elementwise", LOOSE, function_of_entry, _LOOK),)
