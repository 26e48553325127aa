"""The weights in dA_l = W_{l+1}^T dZ_{l+1}."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.evidence import projection
from gradcheck_cli.diagnosis.mistake import EXACT, FITTED, RELATED, DeltaCase, Guess, Mistake
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["DELTA"]


def through(case: DeltaCase, W: Array) -> Array:
    """Return dZ_l with W in the place of W_{l+1}^T."""
    p, l = case.propagation, case.l
    return p.network.hidden_delta(l, np.dot(W, p.dZ[l + 1]), p.Z(l))


def untransposed(case: DeltaCase) -> Iterator[Guess]:
    """Guess W_{l+1} itself, where it is square."""
    p, l = case.propagation, case.l
    if l < p.L and p.W(l + 1).shape[0] == p.W(l + 1).shape[1] > 1:
        yield Guess(through(case, p.W(l + 1)), f"{{it}} goes through W{l + 1} instead of its transpose")


def wrong_weights(case: DeltaCase) -> Iterator[Guess]:
    """Guess another layer's weights, or a gradient in their place."""
    p, l = case.propagation, case.l
    if l == p.L:
        return
    due = p.W(l + 1).T.shape
    candidates = [(p.W(k), f"W{k}") for k in range(1, p.L + 1) if k != l + 1]
    candidates += [(case.evidence.analytic[f"W{k}"], f"dW{k}") for k in range(l + 1, p.L + 1)]
    candidates += [(np.abs(p.W(l + 1)), f"|W{l + 1}|")]
    for W, name in candidates:
        if W.T.shape == due:
            yield Guess(through(case, W.T), f"{{it}} goes through {name} instead of W{l + 1}")
        if W.shape == due:
            yield Guess(through(case, W), f"{{it}} goes through {name}, not transposed, instead of W{l + 1}")


def updated(case: DeltaCase) -> Iterator[Guess]:
    """Guess W - c dW, c fitted to the claim: the weights after their update."""
    p, l = case.propagation, case.l
    if l == p.L:
        return
    claim = case.evidence.analytic[f"W{l}"] - p.weights_from(l, case.expected)
    due = p.weights_from(l + 1, p.dZ[l + 1])
    for dW in (case.evidence.analytic[f"W{l + 1}"], due, due - p.regulariser(l + 1)):
        change = through(case, -dW.T)
        rate = projection(claim, p.weights_from(l, change) - p.regulariser(l))
        if rate and case.evidence.analytic[f"W{l}"].size > 1:
            message = f"{{it}} goes through W{l + 1} - {rate:.6g} dW{l + 1}: W{l + 1} after its update"
            yield Guess(case.expected + rate * change, message)


def any_matrix(case: DeltaCase) -> Iterator[Guess]:
    """Guess another matrix in the place of W_{l+1}^T: its i-th row is fitted to the i-th rows of dW_l and db_l."""
    p, l = case.propagation, case.l
    if l == p.L or p.m > MOST_SAMPLES or min(p.m, p.A(l - 1).shape[0] + 1) <= len(p.dZ[l + 1]):
        return
    inputs = np.vstack([p.A(l - 1), np.ones((1, p.m))])
    claim = np.hstack([case.evidence.analytic[f"W{l}"] - p.regulariser(l), case.evidence.analytic[f"b{l}"]]) * p.divisor
    slope = p.network.hidden_delta(l, np.ones_like(case.expected), p.Z(l))
    rows = [
        np.linalg.lstsq(inputs @ (p.dZ[l + 1] * slope[i]).T, claim[i], rcond=None)[0] for i in range(len(case.expected))
    ]
    V = np.array(rows)
    i, j = np.unravel_index(np.argmax(np.abs(V - p.W(l + 1).T)), V.shape)
    off = f"its [{i}, {j}] is {V[i, j]:.6g} instead of {p.W(l + 1)[j, i]:.6g}"
    yield Guess(through(case, V), f"{{it}} goes through a matrix other than W{l + 1} transposed: {off}", fitted=V.size)


MOST_SAMPLES = 1000
DELTA = (
    Mistake("weights-not-transposed", EXACT, untransposed, "look at the transpose in the line of dA_l", scalable=True),
    Mistake(
        "wrong-weights", EXACT, wrong_weights, "look at which W is used in the line that computes {it}", scalable=True
    ),
    Mistake("wrong-weights", RELATED, any_matrix, "look at what dA_l, and with it {it}, is computed from"),
    Mistake("updated-weights", FITTED, updated, "update the parameters only after the whole backward pass"),
)
