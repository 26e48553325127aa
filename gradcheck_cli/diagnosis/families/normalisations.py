"""What a slip in the derivative of a normalisation makes: for a column, a number plus a multiple of the parameter."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.evidence import fitted
from gradcheck_cli.diagnosis.mistake import RELATED, Guess, Mistake, TensorCase
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["TENSOR"]

FEWEST = 5  # entries of a column, for three numbers are fitted to them
MOST = 1000  # columns that are fitted one by one


def normalised(case: TensorCase) -> Iterator[Guess]:
    """Guess an error that is affine in the parameter along an axis, on top of the right gradient or of a multiple."""
    if case.expected.ndim != 2:
        return
    wrong = case.evidence.wrong_entries(case.name, case.expected)
    for axis in (0, 1):
        claim, right, x = (array if axis == 0 else array.T for array in (case.claim, case.expected, case.parameter))
        length, count = claim.shape
        if length < FEWEST or not 1 < count <= MOST or 2 * wrong.any(axis=axis).sum() <= count:
            continue
        where = f"for every index of axis {1 - axis}, a number plus a multiple of {case.name}"
        reading = f"as if {case.name} were normalised along axis {axis}"
        for scaled, words in (
            (False, f"the error of {{it}} is, {where}: {reading}"),
            (True, f"{{it}} is, {where} plus a multiple of the right gradient: {reading}"),
        ):
            columns = [column(claim[:, k], right[:, k], x[:, k], scaled=scaled) for k in range(count)]
            value = np.stack(columns, axis=1 - axis)
            yield Guess(value, words, fitted=(2 + scaled) * count)


def column(claim: Array, right: Array, x: Array, *, scaled: bool) -> Array:
    """Return what is nearest to a column: the right one, or a multiple of it, plus a number plus a multiple of x."""
    bases = [np.ones(len(x)), x, *([right] if scaled else [])]
    rest = np.zeros(len(x)) if scaled else right
    return np.asarray(rest + np.stack(bases, axis=1) @ fitted(claim - rest, *bases))


TENSOR = (
    Mistake("normalisation", RELATED, normalised, "look at what comes back through the mean and through the spread"),
)
