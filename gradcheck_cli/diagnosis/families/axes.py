"""The right gradient times one number for every index of an axis: a scale, a count or a weight along that axis."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.evidence import fitted
from gradcheck_cli.diagnosis.families.ranks import is_nearly_outer
from gradcheck_cli.diagnosis.mistake import RELATED, Guess, Mistake, TensorCase
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["TENSOR"]

SHOWN = 6
MOST = 1000  # indices that are fitted one by one
CLOSE = 1e-6


def per_index(case: TensorCase) -> Iterator[Guess]:
    """Guess a factor for every index of an axis, the axis with the fewest first."""
    right, claim = case.expected, case.claim
    for axis in sorted(range(right.ndim), key=lambda k: right.shape[k]):
        rest = tuple(k for k in range(right.ndim) if k != axis)
        count = right.shape[axis]
        if not 1 < count <= right.size // 2:
            continue
        squares = np.sum(right**2, axis=rest, keepdims=True)
        factors = np.divide(
            np.sum(right * claim, axis=rest, keepdims=True), squares, out=np.ones_like(squares), where=squares > 0
        )
        off = int(np.sum(np.abs(factors - 1) > CLOSE))
        if 2 * off > count and np.isfinite(factors).all():  # fewer are single slices that are wrong
            flat = factors.reshape(-1)
            what = f"{{it}} is the right gradient times one number per index of axis {axis}: {listed(flat)}"
            if right.ndim == 2 and is_nearly_outer(right):
                line = ("column", "row")[axis]
                what += f"; it is one column times one row, as it should be, but the {line} is wrong"
            yield Guess(right * factors, what + origin(flat, case.evidence.parameters), fitted=count)


def beside_the_parameter(case: TensorCase) -> Iterator[Guess]:
    """Guess the same of the data's part where a penalty's part p W is right: a_k (right - p W) + p W."""
    right, claim, W = case.expected.T, case.claim.T, case.parameter.T
    if right.ndim != 2 or not 1 < right.shape[1] <= MOST or right.shape[0] < 3 or not W.any():
        return
    fits = np.array([fitted(claim[:, k], right[:, k], W[:, k]) for k in range(right.shape[1])])
    off = np.abs(fits[:, 0] - 1) > CLOSE
    if 2 * off.sum() > len(off) and np.ptp(fits[:, 0]) > CLOSE * np.max(np.abs(fits[:, 0])):
        penalty = float(np.median(fits[off, 1] / (1 - fits[off, 0])))
        a = fits[:, 0]
        value = (a * (right - penalty * W) + penalty * W).T
        words = f"{{it}} has its data term times one number per index of axis 0: {listed(a)}"
        yield Guess(value, f"{words}; the penalty term {penalty:.6g} {case.name} is right", fitted=len(a) + 1)


def listed(numbers: Array) -> str:
    """Write the first few of some numbers."""
    return ", ".join(f"{c:.6g}" for c in numbers[:SHOWN]) + (", ..." if len(numbers) > SHOWN else "")


def origin(factors: Array, parameters: Parameters) -> str:
    """Say of which parameter the factors are a power, but for a constant."""
    for name, values in parameters.items():
        if values.size == factors.size > 2 and values.all():
            for power, words in ((-1, f"1/{name}"), (1, name), (-2, f"1/{name}^2"), (2, f"{name}^2")):
                ratios = factors / values.reshape(-1) ** power
                if np.ptp(ratios) <= CLOSE * abs(ratios[0]):
                    constant = "" if abs(ratios[0] - 1) <= CLOSE else f"{ratios[0]:.6g} times "
                    return f"; that is {constant}{words}"
    return ""


_LOOK = "look for a scale, a count or a weight along this axis"
TENSOR = (
    Mistake("factor-along-axis", RELATED, per_index, _LOOK),
    Mistake("factor-along-axis", RELATED, beside_the_parameter, _LOOK),
)
