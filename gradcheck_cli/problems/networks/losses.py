"""The losses of the fixture format. A new one is a new entry of `LOSSES`.

Each has the form in which the course writes it, from the activations A of the last layer, and where that form can
overflow a stable one, from the last Z. All sum over the samples; the network divides by their number m.

The third form is the change of the loss, which the structured evaluation asks for: as with the activations, written by
addition theorems and without cancellation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from gradcheck_cli.problems.networks.activations import softplus_complex
from gradcheck_cli.problems.networks.elementary import expm1, log1p
from gradcheck_cli.vocabulary.parameters import Array, ComplexArray

__all__ = ["LOSSES", "Loss", "LossChange"]

LossChange: TypeAlias = Callable[[Array, float], Array]
"""(d, bound) -> the changes that d of shape (n_L, m, columns) makes of each sample's loss; |d| <= bound."""


@dataclass(frozen=True)
class Loss:
    """A loss between the last layer and the targets Y; A, Z and Y have the shape (n_L, m)."""

    last_activation: str | None
    """The activation that the last layer must have; None for any."""
    labels_are_probabilities: bool
    """Whether every entry of Y must lie in [0, 1]."""
    plain: Callable[[Array, Array], float]
    """(A, Y) -> m J, as it is written on paper; not finite where its logarithms overflow."""
    terms: Callable[[Array, Array, Array], Array]
    """(Z, A, Y) -> what each output of each sample adds to m J, finite for every finite Z."""
    complex_terms: Callable[[ComplexArray, ComplexArray, Array], ComplexArray]
    """(Z, A, Y) -> the loss of each sample, shape (m,), for Z and A with a tiny imaginary part (the complex step)."""
    output_delta: Callable[[Array, Array], Array] | None
    """(A, Y) -> m dZ_L where the last activation is fixed and the two derivatives collapse; None elsewhere."""
    change: Callable[[Array, Array, Array], LossChange]
    """(Z, A, Y) -> the changes by those of the last Z where the last activation is fixed, else by those of A."""

    def stable(self, Z: Array, A: Array, Y: Array) -> float:
        """Return m J, finite for every finite Z."""
        return float(np.sum(self.terms(Z, A, Y)))


def bce(A: Array, Y: Array) -> float:
    """Sum of -Y log(A) - (1 - Y) log(1 - A), the course's arithmetic as it stands."""
    logprobs = np.multiply(-np.log(A), Y) + np.multiply(-np.log(1 - A), 1 - Y)
    return float(np.sum(logprobs))


def bce_terms(Z: Array, A: Array, Y: Array) -> Array:  # noqa: ARG001
    """Y softplus(-Z) + (1 - Y) softplus(Z), the same by log sigmoid(Z) = -softplus(-Z)."""
    return np.asarray(Y * np.logaddexp(0, -Z) + (1 - Y) * np.logaddexp(0, Z))


def bce_change(Z: Array, A: Array, Y: Array) -> LossChange:  # noqa: ARG001
    """Sum of log(1 + p (exp(d) - 1)) - Y d with p = sigmoid(Z).

    Where Z > 0 the same of its mirror image -Z, 1 - Y, -d: so p is at most 1/2, and a loss near 0 keeps its digits.
    """
    side = np.where(Z > 0, -1.0, 1.0)
    p = np.exp(-np.abs(Z))
    p /= 1 + p
    labels = np.where(Z > 0, 1 - Y, Y)

    def change(d: Array, bound: float) -> Array:
        d = side * d
        if bound <= 1:
            grown = expm1(d, bound)
            grown *= p
            grown = log1p(grown, math.expm1(bound) / 2)
        else:
            grown = np.logaddexp(0, d - np.abs(Z)) - np.logaddexp(0, -np.abs(Z))
        d *= labels
        grown -= d
        return np.asarray(grown.sum(axis=0))

    return change


def bce_complex(Z: ComplexArray, A: ComplexArray, Y: Array) -> ComplexArray:  # noqa: ARG001
    """`bce_terms` by sample."""
    return np.asarray((Y * softplus_complex(-Z) + (1 - Y) * softplus_complex(Z)).sum(axis=0))


def softmax_ce(A: Array, Y: Array) -> float:
    """Sum of -Y log(A)."""
    return float(np.sum(np.multiply(-np.log(A), Y)))


def softmax_ce_terms(Z: Array, A: Array, Y: Array) -> Array:  # noqa: ARG001
    """Y (log(sum(exp(Z))) - Z), the logarithm shifted by the column's largest Z."""
    return np.asarray(Y * (log_sum_exp(Z) - Z))


def log_sum_exp(Z: Array) -> Array:
    """log(sum(exp(Z))) down each column, shifted by the column's largest Z so that exp does not overflow."""
    largest = Z.max(axis=0)
    return np.asarray(largest + np.log(np.exp(Z - largest).sum(axis=0)))


def softmax_ce_change(Z: Array, A: Array, Y: Array) -> LossChange:
    """Sum of sum(Y) log(1 + sum(A (exp(d) - 1))) - sum(Y d), d less that of the largest Z as in `softmax_change`."""
    largest, labels = Z.argmax(axis=0, keepdims=True), Y.sum(axis=0)

    def change(d: Array, bound: float) -> Array:
        d = d - np.take_along_axis(d, largest, axis=0)
        if bound <= 1:
            grown = log1p((A * expm1(d, 2 * bound)).sum(axis=0), math.expm1(2 * bound))
        else:
            grown = log_sum_exp(Z + d) - log_sum_exp(Z)
        return np.asarray(labels * grown - (Y * d).sum(axis=0))

    return change


def softmax_ce_complex(Z: ComplexArray, A: ComplexArray, Y: Array) -> ComplexArray:  # noqa: ARG001
    """`softmax_ce_terms` by sample."""
    largest = Z.real.max(axis=0, keepdims=True)
    log_sum = largest + np.log(np.exp(Z - largest).sum(axis=0, keepdims=True))
    return np.asarray((Y * (log_sum - Z)).sum(axis=0))


def mse(A: Array, Y: Array) -> float:
    """Sum of (A - Y)^2 / 2."""
    return float(np.sum((A - Y) ** 2) / 2)


def mse_terms(Z: Array, A: Array, Y: Array) -> Array:  # noqa: ARG001
    """(A - Y)^2 / 2: there is nothing in it to overflow before the result does."""
    return np.asarray((A - Y) ** 2 / 2)


def mse_change(Z: Array, A: Array, Y: Array) -> LossChange:  # noqa: ARG001
    """Sum of (A - Y + d / 2) d."""
    error = A - Y
    return lambda d, bound: np.asarray(((error + d / 2) * d).sum(axis=0))  # noqa: ARG005


def mse_complex(Z: ComplexArray, A: ComplexArray, Y: Array) -> ComplexArray:  # noqa: ARG001
    """`mse` by sample."""
    return np.asarray(((A - Y) ** 2).sum(axis=0) / 2)


def sigmoid_delta(A: Array, Y: Array) -> Array:
    """A - Y: the derivative of `bce` times that of the sigmoid."""
    return A - Y


def softmax_delta(A: Array, Y: Array) -> Array:
    """A sum(Y) - Y: the derivative of `softmax_ce` through the softmax; A - Y where a column of Y sums to 1."""
    return np.asarray(A * Y.sum(axis=0, keepdims=True) - Y)


LOSSES = {
    "bce": Loss("sigmoid", True, bce, bce_terms, bce_complex, sigmoid_delta, bce_change),
    "softmax_ce": Loss(
        "softmax", False, softmax_ce, softmax_ce_terms, softmax_ce_complex, softmax_delta, softmax_ce_change
    ),
    "mse": Loss(None, False, mse, mse_terms, mse_complex, None, mse_change),
}
