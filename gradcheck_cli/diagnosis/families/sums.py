"""Sums over the wrong axis, values broadcast, constants added."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.mistake import EXACT, FITTED, Guess, Mistake, TensorCase, WholeCase, WholeGuess

__all__ = ["TENSOR", "WHOLE"]


def wrong_axis(case: TensorCase) -> Iterator[Guess]:
    """Guess a bias gradient that is summed over something else than the samples."""
    if not case.is_bias or case.expected.size < 2:
        return
    shape, total = case.expected.shape, case.expected.sum()
    yield Guess(np.full(shape, total), "{it} has the sum over all units and samples at every entry")
    yield Guess(np.full(shape, total / case.expected.size), "{it} has the mean over all units at every entry")
    if case.propagation is not None:
        dZ = case.propagation.dZ[case.l]
        across = dZ.sum(axis=0) / case.propagation.divisor
        if across.size == case.expected.size:
            yield Guess(across.reshape(shape), "{it} sums dZ_l over the units, not over the samples")
            yield Guess(across.reshape(shape) * (across.size / shape[0]), "{it} is the mean of dZ_l over the units")
        for function, words in ((np.max, "largest"), (np.min, "smallest"), (np.median, "median")):
            value = np.asarray(function(dZ, axis=1)).reshape(shape)
            yield Guess(value, f"{{it}} is the {words} of dZ_l over the samples, not the mean")
            yield Guess(value / case.propagation.m, f"{{it}} is the {words} of dZ_l over the samples, divided by m")
        yield Guess(np.abs(dZ).mean(axis=1).reshape(shape), "{it} is the mean of |dZ_l|")
        yield Guess(dZ[:, :1] / 1.0, "{it} is the first sample's dZ_l, not the mean", code="one-sample")


def sums_of_weights(case: TensorCase) -> Iterator[Guess]:
    """Guess a bias gradient that is summed from dW_l."""
    weights = case.evidence.reference.get(f"W{case.l}")
    if not case.is_bias or weights is None or weights.ndim != 2:
        return
    for axis, words in ((1, "columns"), (0, "rows")):
        if weights.shape[1 - axis] == case.expected.size:
            value = weights.sum(axis=axis).reshape(case.expected.shape)
            yield Guess(value, f"{{it}} is the sum of dW{case.l} over its {words}")


def broadcast(case: TensorCase) -> Iterator[Guess]:
    """Guess one value at every entry."""
    value = float(case.claim.flat[0])
    if case.claim.size > 2 and value and np.ptp(case.expected):
        yield Guess(np.full_like(case.expected, value), f"{{it}} has one value at every entry, {value:.6g}")


def offset(case: TensorCase) -> Iterator[Guess]:
    """Guess a constant added to every entry."""
    constant = float(np.mean(case.claim - case.expected))
    if case.claim.size > 1:
        yield Guess(case.expected + constant, f"{{it}} is the right gradient plus {constant:.6g} at every entry")


def all_offset(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess one constant added to everything."""
    excess = np.concatenate([(case.evidence.analytic[n] - array).reshape(-1) for n, array in case.expected.items()])
    constant = float(np.mean(excess))
    if excess.size > 2 and len(case.expected) > 1:
        values = {name: array + constant for name, array in case.expected.items()}
        yield WholeGuess(values, f"every gradient is the right one plus {constant:.6g} at every entry")


TENSOR = (
    Mistake("wrong-axis", EXACT, wrong_axis, "look at the axis of the sum in the line that computes {it}"),
    Mistake("wrong-axis", EXACT, sums_of_weights, "look at what is summed in the line that computes {it}"),
    Mistake("broadcast", FITTED, broadcast, "look for a sum without axis or keepdims in the line that computes {it}"),
    Mistake("offset", FITTED, offset, "look for a constant added in the line that computes {it}"),
)
WHOLE = (Mistake("offset", FITTED, all_offset, "look for a constant added to all gradients"),)
