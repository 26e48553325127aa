"""The losses of the fixture format. A new one is a new entry of `LOSSES`.

Each has the form in which the course writes it, from the activations A of the last layer, and where that form can
overflow a stable one, from the last Z. All sum over the samples; the network divides by their number m.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.parameters import Array, ComplexArray
from gradcheck_cli.problems.activations import softplus_complex

__all__ = ["LOSSES", "Loss"]


@dataclass(frozen=True)
class Loss:
    """A loss between the last layer and the targets Y; A, Z and Y have the shape (n_L, m)."""

    last_activation: str | None
    """The activation that the last layer must have; None for any."""
    labels_are_probabilities: bool
    """Whether every entry of Y must lie in [0, 1]."""
    plain: Callable[[Array, Array], float]
    """(A, Y) -> m J, as it is written on paper; not finite where its logarithms overflow."""
    stable: Callable[[Array, Array, Array], float]
    """(Z, A, Y) -> m J, finite for every finite Z."""
    complex_terms: Callable[[ComplexArray, ComplexArray, Array], ComplexArray]
    """(Z, A, Y) -> the loss of each sample, shape (m,), for Z and A with a tiny imaginary part (the complex step)."""
    output_delta: Callable[[Array, Array], Array] | None
    """(A, Y) -> m dZ_L where the last activation is fixed and the two derivatives collapse; None elsewhere."""


def bce(A: Array, Y: Array) -> float:
    """Sum of -Y log(A) - (1 - Y) log(1 - A), the course's arithmetic as it stands."""
    logprobs = np.multiply(-np.log(A), Y) + np.multiply(-np.log(1 - A), 1 - Y)
    return float(np.sum(logprobs))


def bce_stable(Z: Array, A: Array, Y: Array) -> float:  # noqa: ARG001
    """Sum of Y softplus(-Z) + (1 - Y) softplus(Z), the same by log sigmoid(Z) = -softplus(-Z)."""
    return float(np.sum(Y * np.logaddexp(0, -Z) + (1 - Y) * np.logaddexp(0, Z)))


def bce_complex(Z: ComplexArray, A: ComplexArray, Y: Array) -> ComplexArray:  # noqa: ARG001
    """`bce_stable` by sample."""
    return np.asarray((Y * softplus_complex(-Z) + (1 - Y) * softplus_complex(Z)).sum(axis=0))


def softmax_ce(A: Array, Y: Array) -> float:
    """Sum of -Y log(A)."""
    return float(np.sum(np.multiply(-np.log(A), Y)))


def softmax_ce_stable(Z: Array, A: Array, Y: Array) -> float:  # noqa: ARG001
    """Sum of Y (log(sum(exp(Z))) - Z), the logarithm shifted by the column's largest Z."""
    largest = Z.max(axis=0, keepdims=True)
    log_sum = largest + np.log(np.exp(Z - largest).sum(axis=0, keepdims=True))
    return float(np.sum(Y * (log_sum - Z)))


def softmax_ce_complex(Z: ComplexArray, A: ComplexArray, Y: Array) -> ComplexArray:  # noqa: ARG001
    """`softmax_ce_stable` by sample."""
    largest = Z.real.max(axis=0, keepdims=True)
    log_sum = largest + np.log(np.exp(Z - largest).sum(axis=0, keepdims=True))
    return np.asarray((Y * (log_sum - Z)).sum(axis=0))


def mse(A: Array, Y: Array) -> float:
    """Sum of (A - Y)^2 / 2."""
    return float(np.sum((A - Y) ** 2) / 2)


def mse_stable(Z: Array, A: Array, Y: Array) -> float:  # noqa: ARG001
    """`mse` itself: there is nothing in it to overflow before the result does."""
    return mse(A, Y)


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
    "bce": Loss("sigmoid", True, bce, bce_stable, bce_complex, sigmoid_delta),
    "softmax_ce": Loss("softmax", False, softmax_ce, softmax_ce_stable, softmax_ce_complex, softmax_delta),
    "mse": Loss(None, False, mse, mse_stable, mse_complex, None),
}
