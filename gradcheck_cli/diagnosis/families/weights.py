"""The weights in dA_l = W_{l+1}^T dZ_{l+1}."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.evidence import projection
from gradcheck_cli.diagnosis.mistake import EXACT, FITTED, DeltaCase, Guess, Mistake
from gradcheck_cli.parameters import Array

__all__ = ["DELTA"]


def through(case: DeltaCase, W: Array) -> Array:
    """Return dZ_l with W in the place of W_{l+1}^T."""
    p, l = case.propagation, case.l
    return p.network.hidden_delta(l, np.dot(W, p.dZ[l + 1]), p.Z(l))


def untransposed(case: DeltaCase) -> Iterator[Guess]:
    """Guess W_{l+1} itself, where it is square."""
    p, l = case.propagation, case.l
    if l < p.L and p.W(l + 1).shape[0] == p.W(l + 1).shape[1] > 1:
        yield Guess(through(case, p.W(l + 1)), f"{{it}} goes through W{l + 1} where its transpose is due")


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
            yield Guess(through(case, W.T), f"{{it}} goes through {name} where W{l + 1} is due")
        if W.shape == due:
            yield Guess(through(case, W), f"{{it}} goes through {name}, not transposed, where W{l + 1} is due")


def updated(case: DeltaCase) -> Iterator[Guess]:
    """Guess W - c dW, c fitted to the claim: the weights after their update."""
    p, l = case.propagation, case.l
    if l == p.L:
        return
    claim = case.evidence.analytic[f"W{l}"] - p.weights_from(l, case.expected)
    for dW in (case.evidence.analytic[f"W{l + 1}"], p.weights_from(l + 1, p.dZ[l + 1])):
        change = through(case, -dW.T)
        rate = projection(claim, p.weights_from(l, change) - p.regulariser(l))
        if rate and case.evidence.analytic[f"W{l}"].size > 1:
            message = f"{{it}} goes through W{l + 1} - {rate:.6g} dW{l + 1}: W{l + 1} after its update"
            yield Guess(case.expected + rate * change, message)


DELTA = (
    Mistake("weights-not-transposed", EXACT, untransposed, "look at the transpose in the line of dA_l", scalable=True),
    Mistake(
        "wrong-weights", EXACT, wrong_weights, "look at which W stands in the line that computes {it}", scalable=True
    ),
    Mistake("updated-weights", FITTED, updated, "update the parameters only after the whole backward pass"),
)
