"""The sums along an axis are right, and the entries are not: what is there is shared out wrongly along that axis."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.mistake import LOOSE, Guess, Mistake, TensorCase

__all__ = ["TENSOR"]

CLEAR = 1e-3  # of the lengths of the lines that are summed: a sum that is smaller is zero for a reason of its own
FEWEST = 3  # sums
FAR = 1e3  # times what a right sum may be off by: the errors that cancel in it


def sums(case: TensorCase) -> Iterator[Guess]:
    """Describe sums along an axis that are right and not zero."""
    right, claim, floors = case.expected, case.claim, case.evidence.floors[case.name]
    wrong = case.evidence.wrong_entries(case.name, right)
    for axis in range(right.ndim if right.ndim > 1 else 0):
        lines = np.asarray(wrong.any(axis=axis))
        total, length = right.sum(axis=axis), np.sqrt((right**2).sum(axis=axis))
        error = np.abs(claim.sum(axis=axis) - total)
        allowed = floors.sum(axis=axis) + case.evidence.threshold * length
        far = np.abs(claim - right).sum(axis=axis) > FAR * allowed
        telling = lines & far & (np.abs(total) > CLEAR * length)
        if telling.sum() >= FEWEST and bool((error <= allowed)[lines].all()):
            yield Guess(claim, f"the sums of {{it}} along axis {axis} are right, but its entries are not")


TENSOR = (Mistake("sums-right", LOOSE, sums, "look at how {it} is distributed along this axis"),)
