"""dZ_l as a sum of a few known arrays with numbers that are fitted: labels that were scaled, a slope of two sides.

dW_l and db_l are linear in dZ_l, so least squares on both of them gives the numbers; the relation has to hold exactly,
and in more equations than there are numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradcheck_cli.diagnosis.evidence import fitted, largest_rows
from gradcheck_cli.diagnosis.families.activations import before_activation
from gradcheck_cli.diagnosis.mistake import RELATED, DeltaCase, Guess, Mistake
from gradcheck_cli.diagnosis.naming import summed
from gradcheck_cli.problems.networks.activations import ACTIVATIONS
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["DELTA"]


def combined(case: DeltaCase, bases: Sequence[Array], rest: Array | float = 0.0) -> tuple[Array, Array]:
    """Return rest + the sum of c_k times the k-th array that is nearest to the claim, and the c."""
    p, l = case.propagation, case.l
    rows = largest_rows(case.expected)
    inputs = np.vstack([p.A(l - 1), np.ones((1, p.m))]).T / p.divisor

    def seen(dZ: Array) -> Array:
        return np.asarray(dZ[rows] @ inputs)

    claim = np.hstack([case.evidence.analytic[f"W{l}"] - p.regulariser(l), case.evidence.analytic[f"b{l}"]])[rows]
    start = np.zeros_like(case.expected) + rest
    numbers = fitted(claim - seen(start), *(seen(base) for base in bases))
    return sum((c * base for c, base in zip(numbers, bases, strict=True)), start), numbers


def labels(case: DeltaCase) -> Iterator[Guess]:
    """Guess other numbers in the place of the labels: c_1 Y + c_0, as of smoothed labels or labels -1 and 1."""
    p, l = case.propagation, case.l
    if l != p.L or np.ptp(p.network.Y) == 0:
        return
    slope = slope_of_the_loss(case)
    if slope is None:
        return
    Y = p.network.Y
    value, (one, zero) = combined(case, [-Y * slope, -np.ones_like(Y) * slope], p.A(l) * slope)
    words = summed([one, zero], ["Y", ""])
    yield Guess(value, f"{{it}} has {words} instead of the labels Y", code="labels", fitted=2)


def slope_of_the_loss(case: DeltaCase) -> Array | None:
    """Return what A - Y is multiplied by in dZ_L; None where it is a matrix for every sample."""
    p = case.propagation
    if p.network.loss_name != "mse":
        return np.ones_like(p.network.Y)
    name = p.network.activations[-1]
    return None if name == "softmax" else ACTIVATIONS[name].derivative(p.Z(p.L))


def slopes(case: DeltaCase) -> Iterator[Guess]:
    """Guess other derivatives of the activation: one number on each side of 0, or a polynomial in A or Z."""
    p, l, dA = case.propagation, case.l, before_activation(case)
    if dA is None:
        return
    A, Z, g = p.A(l), p.Z(l), p.network.activations[l - 1]
    if (Z > 0).any() and (Z <= 0).any():
        value, (above, below) = combined(case, [dA * (Z > 0), dA * (Z <= 0)])
        sides = f"{above:.6g} where Z_{l} > 0 and {below:.6g} elsewhere"
        yield Guess(value, f"{{it}} has {sides} instead of {g}'", fitted=2)
    for V, name in ((A, f"A_{l}"), (Z, f"Z_{l}")):
        for powers in ((3,), (0, 1), (0, 2), (1, 2), (1, 3), (0, 1, 2)):
            value, numbers = combined(case, [dA * V**k for k in powers])
            words = summed(numbers, [term(name, k) for k in powers])
            yield Guess(value, f"{{it}} has {words} instead of {g}'", fitted=len(powers))


def term(name: str, power: int) -> str:
    """Write a power."""
    return {0: "", 1: name}.get(power, f"{name}^{power}")


def functions(case: DeltaCase) -> Iterator[Guess]:
    """Guess a multiple of some other function of Z or of g' in the place of the activation's derivative."""
    p, l, dA = case.propagation, case.l, before_activation(case)
    if dA is None:
        return
    Z, g = p.Z(l), p.network.activations[l - 1]
    right = ACTIVATIONS[g].derivative(Z)
    with np.errstate(all="ignore"):
        forms = [
            (np.exp(Z), f"exp(Z_{l})"), (np.exp(-Z), f"exp(-Z_{l})"), (Z, f"Z_{l}"), (np.abs(Z), f"|Z_{l}|"),
            (np.sqrt(np.abs(right)), f"the square root of {g}'"), (right**2, f"the square of {g}'"),
            (right**3, f"the cube of {g}'"), (np.exp(-(Z**2)), f"exp(-Z_{l}^2)"), (1 - right, f"1 - {g}'"),
            (1 / right, f"1/{g}'"), (right * p.A(l), f"{g}' A_{l}"), (right * Z, f"{g}' Z_{l}"),
            (np.tanh(Z), f"tanh(Z_{l})"), (np.cos(Z), f"cos(Z_{l})"), (1 / (1 + Z**2), f"1/(1 + Z_{l}^2)"),
        ]  # fmt: skip
    for form, words in forms:
        if np.isfinite(form).all():
            value, (c,) = combined(case, [dA * form])
            factor = "" if abs(c - 1) <= SAME else f"{c:.6g} times "
            yield Guess(value, f"{{it}} has {factor}{words} instead of {g}'", fitted=1)


def mixed(case: DeltaCase) -> Iterator[Guess]:
    """Guess a times the right dZ_l plus c times another array of its shape."""
    p, l = case.propagation, case.l
    others = [(p.A(l), f"A_{l}"), (p.Z(l), f"Z_{l}"), (np.ones_like(case.expected), "1")]
    others += [(np.sign(V), f"the sign of {name}") for V, name in ((p.A(l), f"A_{l}"), (p.Z(l), f"Z_{l}"))]
    others += [(np.roll(case.expected, by, axis=1), f"itself shifted by {by:+d} sample") for by in (1, -1)]
    others += [(p.dA[l], f"dA_{l}")] if l in p.dA else []
    others += [(dZ, f"dZ_{k}") for k, dZ in p.dZ.items() if k != l and dZ.shape == case.expected.shape]
    for other, words in others:
        value, (a, c) = combined(case, [case.expected, other])
        times = "the right one" if abs(a - 1) <= SAME else f"{a:.6g} times the right one"
        told = f"{{it}} is {times} {c:+.6g} times {words}{'' if words.startswith('dZ') else units(case)}"
        yield Guess(value, told, code="wrong-delta", fitted=2)


def per_unit(case: DeltaCase) -> Iterator[Guess]:
    """Guess a factor for every unit: that of its row of dW_l and of db_l."""
    p, l = case.propagation, case.l
    right = np.hstack([p.weights_from(l, case.expected) - p.regulariser(l), p.bias_from(case.expected)])
    claim = np.hstack([case.evidence.analytic[f"W{l}"] - p.regulariser(l), case.evidence.analytic[f"b{l}"]])
    squares = np.sum(right**2, axis=1)
    numbers = np.divide(np.sum(right * claim, axis=1), squares, out=np.ones_like(squares), where=squares > 0)
    if len(numbers) > 1:
        shown = np.where(np.abs(numbers) < ZERO, 0.0, numbers)
        listed = ", ".join(f"{c:.6g}" for c in shown[:6]) + (", ..." if len(numbers) > 6 else "")
        message = f"{{it}} is the right one times one number per unit: {listed}"
        yield Guess(case.expected * numbers[:, np.newaxis], message, code="delta-factor", fitted=len(numbers))


def clipped(case: DeltaCase) -> Iterator[Guess]:
    """Guess entries of dZ_l cut off at a number, which those that are cut tell together."""
    right = case.expected
    sizes = np.sort(np.abs(right), axis=None)[::-1]
    for k in range(1, min(len(sizes) - 1, MOST_CLIPPED) + 1):
        cut = np.abs(right) >= sizes[k - 1]
        value, (limit,) = combined(case, [np.sign(right) * cut], np.where(cut, 0.0, right))
        if sizes[k] <= limit <= sizes[k - 1]:
            said = f"{{it}} has {k} of its {right.size} entries clipped at {limit:.6g}{units(case)}"
            yield Guess(value, said, fitted=1)


def units(case: DeltaCase) -> str:
    """Say of a user's own loss, whose dZ may hold the 1/m already, in which units a number is."""
    divisor = case.propagation.divisor
    return f" (where {{it}} is {divisor:g} times dJ/dZ_l)" if case.evidence.is_guess and divisor != 1 else ""


def exchanged(case: DeltaCase) -> Iterator[Guess]:
    """Guess two samples of dZ_l in each other's place."""
    m = case.propagation.m
    for s in range(m if m <= FEW_SAMPLES else 0):
        for t in range(s):
            order = np.arange(m)
            order[[s, t]] = t, s
            yield Guess(case.expected[:, order], f"{{it}} has samples {t} and {s} swapped", fitted=0)


FEW_SAMPLES = 16
MOST_CLIPPED = 200  # entries
ZERO = 1e-12  # a number that is smaller is zero but for rounding
SAME = 1e-6  # relative: how near two numbers must be to be one
_LOOK = "look at the derivative of the activation in the line that computes {it}"
DELTA = (
    Mistake("labels", RELATED, labels, "look at how Y is used in the line that computes {it}"),
    Mistake("wrong-activation-derivative", RELATED, functions, _LOOK),
    Mistake("wrong-activation-derivative", RELATED, slopes, _LOOK),
    Mistake("wrong-delta", RELATED, mixed, "look at what is added in the line that computes {it}"),
    Mistake("delta-factor", RELATED, per_unit, "look for a factor per unit in the line that computes {it}"),
    Mistake("clipped-value", RELATED, clipped, "look for a clip in the line that computes {it}"),
    Mistake("sample-order", RELATED, exchanged, "look at the order of the samples in the line that computes {it}"),
)
