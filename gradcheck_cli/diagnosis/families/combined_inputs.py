"""dW_l as a sum of a few products dZ_l B^T with numbers that are fitted: samples with weights, a function of A."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradcheck_cli.diagnosis.evidence import fitted, largest_rows
from gradcheck_cli.diagnosis.mistake import ENOUGH, RELATED, Guess, Mistake, TensorCase
from gradcheck_cli.diagnosis.naming import summed
from gradcheck_cli.diagnosis.propagation import Propagation
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["TENSOR"]

FEW_SAMPLES = 64


def combined(case: TensorCase, p: Propagation, inputs: Sequence[Array]) -> tuple[Array, Array]:
    """Return the sum of c_k dZ B_k^T that is nearest to the data's part of the claim, and the c."""
    dZ, rest = p.dZ[case.l] / p.divisor, p.regulariser(case.l) if case.is_weight else 0.0
    rows = largest_rows(dZ)
    numbers = fitted((case.claim - rest)[rows], *(dZ[rows] @ B.T for B in inputs))
    summed = sum((c * B for c, B in zip(numbers, inputs, strict=True)), np.zeros_like(inputs[0]))
    return np.asarray(dZ @ summed.T + rest), numbers


def function_of_input(case: TensorCase) -> Iterator[Guess]:
    """Guess a polynomial of A_{l-1} in its place."""
    p, l = case.propagation, case.l
    if p is None or not case.is_weight or told_of(case, p) < 3 + ENOUGH:
        return
    A = p.A(l - 1)
    for powers in ((0, 1), (1, 2), (0, 2), (0, 1, 2), (3,), (1, 3)):
        value, numbers = combined(case, p, [A**k for k in powers])
        words = summed(numbers, [term(l - 1, k) for k in powers])
        yield Guess(value, f"{{it}} is computed with {words} instead of A_{l - 1}", fitted=len(powers))


def term(l: int, power: int) -> str:
    """Write a power of A_l."""
    return {0: "", 1: f"A_{l}"}.get(power, f"A_{l}^{power}")


def told_of(case: TensorCase, p: Propagation) -> int:
    """Return how many numbers a gradient can tell of the dZ_l, and of the samples, that it is made of."""
    units, inputs = p.W(case.l).shape
    return int(units * min(p.m, inputs if case.is_weight else 1))


def weights_of_samples(case: TensorCase) -> Iterator[Guess]:
    """Guess a weight for every sample in this gradient alone."""
    p, l = case.propagation, case.l
    if p is None or not (case.is_weight or case.is_bias) or not 1 < p.m <= FEW_SAMPLES:
        return
    if told_of(case, p) - p.m < ENOUGH:
        return
    A = p.A(l - 1) if case.is_weight else np.ones((1, p.m))
    value, weights = combined(case, p, [A * (np.arange(p.m) == s) for s in range(p.m)])
    listed = ", ".join(f"{w:.4g}" for w in weights[:6]) + (", ..." if p.m > 6 else "")
    yield Guess(value, f"{{it}} has one weight per sample: {listed}", fitted=p.m)


_LOOK = "look at what is multiplied in the line that computes {it}"
TENSOR = (
    Mistake("input-shifted", RELATED, function_of_input, _LOOK + ": the forward pass used A as it is"),
    Mistake(
        "sample-weights", RELATED, weights_of_samples, "look for weights of samples in the line that computes {it}"
    ),
)
