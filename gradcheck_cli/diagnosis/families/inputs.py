"""The two factors of dW_l = dZ_l A_{l-1}^T / m and the one of db_l: the wrong array in this line alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.evidence import projection
from gradcheck_cli.diagnosis.mistake import EXACT, LOOSE, Guess, Mistake, TensorCase
from gradcheck_cli.diagnosis.propagation import Propagation
from gradcheck_cli.problems.networks.activations import ACTIVATIONS
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["TENSOR"]


def wrong_input(case: TensorCase) -> Iterator[Guess]:
    """Guess another layer's A, or some Z, in the place of A_{l-1}."""
    p, l = case.propagation, case.l
    if p is None or not case.is_weight:
        return
    for V, name in other_inputs(p, l):
        if V.shape == p.A(l - 1).shape:
            yield Guess(p.weights_from(l, p.dZ[l], V), f"{{it}} is computed with {name} instead of A_{l - 1}")


def other_inputs(p: Propagation, l: int) -> Iterator[tuple[Array, str]]:
    """Yield what may stand where A_{l-1} is due."""
    for k in range(p.L + 1):
        if k != l - 1:
            yield p.A(k), f"A_{k}" if k else "X"
        if k:
            yield p.Z(k), f"Z_{k}"
    if l > 1:
        name, Z = p.network.activations[l - 2], p.Z(l - 1)
        if name != "softmax":
            yield ACTIVATIONS[name].derivative(Z), f"g'(Z_{l - 1})"
            yield ACTIVATIONS[name].value(Z), f"A_{l - 1} without its mask"
    if l - 1 in p.network.masks:
        D = p.network.masks[l - 1]
        yield p.A(l - 1) * D, f"A_{l - 1} with its mask twice"
        yield p.A(l - 1) / (D.max() or 1), f"A_{l - 1} without 1/keep"
    yield p.A(l - 1) ** 2, f"A_{l - 1} squared"
    yield np.abs(p.A(l - 1)), f"|A_{l - 1}|"
    yield np.sign(p.A(l - 1)), f"the sign of A_{l - 1}"
    yield np.ones_like(p.A(l - 1)), "ones"
    yield np.sqrt(np.abs(p.A(l - 1))), f"the square root of |A_{l - 1}|"
    yield np.tanh(p.A(l - 1)), f"tanh(A_{l - 1})"
    yield np.broadcast_to(p.A(l - 1).mean(axis=1, keepdims=True), p.A(l - 1).shape), f"the mean of A_{l - 1}"


def shifted_input(case: TensorCase) -> Iterator[Guess]:
    """Guess A_{l-1} centred, standardised or rescaled."""
    p, l = case.propagation, case.l
    if p is None or not case.is_weight:
        return
    for V, words in rescaled(p.A(l - 1)):
        if np.isfinite(V).all():
            yield Guess(p.weights_from(l, p.dZ[l], V), f"{{it}} is computed with A_{l - 1} {words}")


def rescaled(A: Array) -> Iterator[tuple[Array, str]]:
    """Yield the usual ways to normalise data."""
    for axis, words in ((1, "of each feature"), (0, "of each sample"), (None, "of all")):
        centred = A - A.mean(axis=axis, keepdims=True)
        spread = A.std(axis=axis, keepdims=True)
        low, high = A.min(axis=axis, keepdims=True), A.max(axis=axis, keepdims=True)
        length = np.sqrt((A**2).sum(axis=axis, keepdims=True))
        with np.errstate(all="ignore"):
            yield centred, f"minus the mean {words}"
            yield centred / spread, f"standardised by the mean and spread {words}"
            yield centred / (spread + 1e-8), f"standardised by the mean and spread {words}"
            yield A / spread, f"divided by the spread {words}"
            yield (A - low) / (high - low), f"scaled to 0 ... 1 by the range {words}"
            yield A - low, f"minus the smallest {words}"
            yield A / high, f"divided by the largest {words}"
            yield A / length, f"divided by the length {words}"


def shifted_by_any(case: TensorCase) -> Iterator[Guess]:
    """Guess A_{l-1} minus one constant a feature: what is left of dW_l is then db_l times a row."""
    p, l = case.propagation, case.l
    if not case.is_weight or case.expected.ndim != 2 or f"b{l}" not in case.evidence.reference:
        return
    u = case.evidence.reference[f"b{l}"] if p is None else p.bias_from(p.dZ[l])
    if u.shape != (len(case.expected), 1) or len(u) < 3:
        return
    row = u.T @ (case.claim - case.expected) / ((u**2).sum() or 1)
    yield Guess(case.expected + u @ row, f"{{it}} is computed with A_{l - 1} plus a constant for each of its features")


def scaled_by_any(case: TensorCase) -> Iterator[Guess]:
    """Guess A_{l-1} times one constant a feature."""
    p, l = case.propagation, case.l
    if p is None or not case.is_weight or case.expected.shape[0] < 3 or case.expected.shape[1] < 2:
        return
    regulariser = p.regulariser(l)
    claim, right = case.claim - regulariser, case.expected - regulariser
    scales = np.array([projection(claim[:, k], right[:, k]) for k in range(right.shape[1])])
    yield Guess(
        right * scales + regulariser, f"{{it}} is computed with A_{l - 1} times a constant for each of its features"
    )


def wrong_delta(case: TensorCase) -> Iterator[Guess]:
    """Guess dA_l, or another layer's dZ, in the place of dZ_l in this line alone."""
    p, l = case.propagation, case.l
    if p is None or not (case.is_weight or case.is_bias):
        return
    for V, words, code in other_deltas(p, l):
        if V.shape == p.dZ[l].shape:
            value = p.weights_from(l, V) if case.is_weight else p.bias_from(V)
            yield Guess(value, f"{{it}} is computed with {words} instead of dZ_{l}", code=code)


def other_deltas(p: Propagation, l: int) -> Iterator[tuple[Array, str, str]]:
    """Yield what may stand where dZ_l is due."""
    if l < p.L:
        yield p.dA[l], f"dA_{l}", "dA-for-dZ"
        if l in p.network.masks:
            yield p.dA[l] * p.network.masks[l], f"dA_{l}", "dA-for-dZ"
            yield p.network.hidden_delta(l, p.dA[l] / p.network.masks[l].max(), p.Z(l)), "an unscaled dZ", "wrong-delta"
    elif p.network.loss_name == "mse":
        yield p.A(l) - p.network.Y, f"dA_{l}", "dA-for-dZ"
    for k, dZ in p.dZ.items():
        if k != l:
            yield dZ, f"dZ_{k}", "wrong-delta"
    yield from ((V, name, "wrong-delta") for V, name in ((p.A(l), f"A_{l}"), (p.Z(l), f"Z_{l}")))


_LOOK = "look at what is multiplied in the line that computes {it}"
TENSOR = (
    Mistake("wrong-input", EXACT, wrong_input, _LOOK),
    Mistake("wrong-delta", EXACT, wrong_delta, "look at which dZ goes into the line that computes {it}"),
    Mistake("input-shifted", EXACT, shifted_input, _LOOK + ": the forward pass used A as it is"),
    Mistake("input-shifted", LOOSE, shifted_by_any, _LOOK + ": the forward pass used A as it is"),
    Mistake("input-shifted", LOOSE, scaled_by_any, _LOOK + ": the forward pass used A as it is"),
)
