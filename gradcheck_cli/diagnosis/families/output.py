"""The first step back, dZ_L: the derivative of the loss through the last activation; and the labels in it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.mistake import EXACT, DeltaCase, Guess, Mistake
from gradcheck_cli.problems.networks.activations import ACTIVATIONS, sigmoid, softmax, softmax_backward
from gradcheck_cli.problems.networks.course import Layer
from gradcheck_cli.problems.networks.losses import LOSSES
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["DELTA"]


def labels(case: DeltaCase) -> Iterator[Guess]:
    """Guess labels that are shifted, in another order, turned round, or not subtracted."""
    p, l = case.propagation, case.l
    if l != p.L:
        return
    Y = p.network.Y
    changed = [(np.zeros_like(Y), "does not subtract the labels"), (1 - Y, "has 1 - Y instead of Y")]
    changed += [(np.roll(Y, by, axis=1), f"has the labels shifted by {by} samples") for by in (1, -1, 2, -2)]
    changed += [(Y[:, ::-1], "has the labels in reverse order"), (-Y, "adds the labels")]
    changed += [(np.roll(Y, by, axis=0), f"has the rows of the labels shifted by {by}") for by in (1, -1)]
    changed += [(Y[::-1], "has the rows of the labels in reverse order"), (2 * Y, "subtracts the labels twice")]
    for other, words in changed:
        yield Guess(delta_for(case, other), f"{{it}} {words}")


def delta_for(case: DeltaCase, Y: Array) -> Array:
    """Return dZ_L for other labels, by the network's own rule."""
    network, last = case.propagation.network, case.propagation.layers[-1]
    dA = last.A - Y
    if LOSSES[network.loss_name].output_delta is not None:
        return np.asarray(dA)
    if network.activations[-1] == "softmax":
        return softmax_backward(dA, last.Z)
    return np.asarray(dA * ACTIVATIONS[network.activations[-1]].derivative(last.Z))


def output_delta(case: DeltaCase) -> Iterator[Guess]:
    """Guess a derivative of the loss through the last activation that is not the right one."""
    p, l = case.propagation, case.l
    if l != p.L:
        return
    last, Y = p.layers[-1], p.network.Y
    yield from (Guess(dZ, f"{{it}} {words}") for dZ, words in common_forms(last, Y, p.network.activations[-1]))
    if p.network.loss_name != "mse":
        with np.errstate(all="ignore"):
            forms = [(dZ, words) for dZ, words in entropy_forms(last, Y) if np.isfinite(dZ).all()]
        yield from (Guess(dZ, f"{{it}} {words}") for dZ, words in forms)


DIAGONAL = "has A (1 - A) of every output alone; of a softmax the whole Jacobian is A * (dA - sum(dA * A))"


def common_forms(last: Layer, Y: Array, name: str) -> Iterator[tuple[Array, str]]:
    """Yield wrong dZ_L of any loss."""
    Z, A = last.Z, last.A
    E = A - Y
    derivative = A * (1 - A) if name == "softmax" else ACTIVATIONS[name].derivative(Z)
    yield E, "is A - Y"
    yield E * derivative, "has an extra derivative of the last activation" if name != "softmax" else DIAGONAL
    yield E * derivative**2, "has the derivative of the last activation twice"
    yield softmax_backward(E, Z), "goes through the softmax once too often"
    yield Z - Y, "has Z instead of A"
    yield (Z - Y) * derivative, "has Z instead of A"
    yield np.sign(E), "has only the sign of A - Y"
    yield np.sign(E) * derivative, "has only the sign of A - Y"
    yield np.abs(E), "has |A - Y| instead of A - Y"
    yield np.abs(E) * derivative, "has |A - Y| instead of A - Y"
    yield E**2, "has (A - Y)^2 instead of A - Y"
    yield E**2 * derivative, "has (A - Y)^2 instead of A - Y"
    yield E * A * (1 - A), "has an extra factor A (1 - A)"
    yield E * (1 - A**2), "has an extra factor 1 - A^2"
    yield np.broadcast_to(derivative, E.shape), "has the last activation's derivative only"
    yield sigmoid(Z) - Y, "uses the sigmoid instead of the last activation"
    yield softmax(Z) - Y, "uses the softmax instead of the last activation"
    yield softmax(Z.T).T - Y, "uses a softmax over the samples"
    yield np.round(A) - Y, "uses rounded predictions instead of A"
    yield A * 0 + E.mean(axis=0), "has the mean over the outputs at every output"


def entropy_forms(last: Layer, Y: Array) -> Iterator[tuple[Array, str]]:
    """Yield wrong dZ_L of the two cross-entropies; not finite where A is 0 or 1."""
    A = last.A
    slope = A * (1 - A)
    ones, zeros = Y / A, (1 - Y) / (1 - A)
    for dA, words in (
        (zeros - ones, ""),
        (-ones - zeros, " with a wrong sign in one term"),
        (-ones, " of one term only"),
    ):
        yield dA, f"is dJ/dA{words}: the last activation's derivative is missing"
        if words:
            yield dA * slope, f"is made from dJ/dA{words}"
    yield zeros * slope, "has only the term of the zeros"
    yield -np.log(A) - Y, "has -log(A) instead of A"
    yield Y * (A - Y), "has only the outputs whose label is 1"


DELTA = (
    Mistake("output-delta", EXACT, output_delta, "compare {it} with the derivative of the loss", scalable=True),
    Mistake("labels", EXACT, labels, "look at how Y is used in the line that computes {it}", scalable=True),
)
