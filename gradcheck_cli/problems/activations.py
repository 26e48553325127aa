"""The activations of the fixture format: their values and their derivatives.

A new one is a new entry of `ACTIVATIONS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.parameters import Array

__all__ = ["ACTIVATIONS", "Activation", "softmax", "softmax_backward"]

LEAKY_SLOPE = 0.01


@dataclass(frozen=True)
class Activation:
    """An elementwise function g and its derivative g'; Z and the results have one shape."""

    value: Callable[[Array], Array]
    """Z -> g(Z)."""
    derivative: Callable[[Array], Array]
    """Z -> g'(Z)."""


def relu(Z: Array) -> Array:
    """max(0, Z)."""
    return np.maximum(0, Z)


def relu_derivative(Z: Array) -> Array:
    """1 where Z > 0, else 0: relu'(0) = 0."""
    return np.where(Z > 0, 1.0, 0.0)


def leaky_relu(Z: Array) -> Array:
    """Z where Z > 0, else 0.01 Z."""
    return np.where(Z > 0, Z, LEAKY_SLOPE * Z)


def leaky_relu_derivative(Z: Array) -> Array:
    """1 where Z > 0, else 0.01."""
    return np.where(Z > 0, 1.0, LEAKY_SLOPE)


def tanh_derivative(Z: Array) -> Array:
    """1 - tanh(Z)^2."""
    return 1 - np.tanh(Z) ** 2


def sigmoid(Z: Array) -> Array:
    """1 / (1 + exp(-Z)), as the course writes it; exp may overflow to infinity, which gives 0, the right value."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-Z))


def sigmoid_derivative(Z: Array) -> Array:
    """A (1 - A) with A = sigmoid(Z)."""
    A = sigmoid(Z)
    return A * (1 - A)


def softplus(Z: Array) -> Array:
    """log(1 + exp(Z)), written so that exp does not overflow."""
    return np.logaddexp(0, Z)


def elu(Z: Array) -> Array:
    """Z where Z > 0, else exp(Z) - 1."""
    return np.where(Z > 0, Z, np.expm1(np.minimum(Z, 0)))


def elu_derivative(Z: Array) -> Array:
    """1 where Z > 0, else exp(Z)."""
    return np.exp(np.minimum(Z, 0))


_erf = np.vectorize(math.erf, otypes=[np.float64])  # numpy has none


def normal_distribution(Z: Array) -> Array:
    """(1 + erf(Z / sqrt 2)) / 2, the standard normal distribution function."""
    return np.asarray((1 + _erf(Z / math.sqrt(2))) / 2)


def normal_density(Z: Array) -> Array:
    """exp(-Z^2 / 2) / sqrt(2 pi), the standard normal density."""
    return np.exp(-(Z**2) / 2) / math.sqrt(2 * math.pi)


def gelu(Z: Array) -> Array:
    """Z Phi(Z), the exact one; Phi is the standard normal distribution function."""
    return Z * normal_distribution(Z)


def gelu_derivative(Z: Array) -> Array:
    """Phi(Z) + Z phi(Z); phi is the standard normal density."""
    return normal_distribution(Z) + Z * normal_density(Z)


def identity(Z: Array) -> Array:
    """Z itself."""
    return Z


ACTIVATIONS = {
    "relu": Activation(relu, relu_derivative),
    "leaky_relu": Activation(leaky_relu, leaky_relu_derivative),
    "tanh": Activation(np.tanh, tanh_derivative),
    "sigmoid": Activation(sigmoid, sigmoid_derivative),
    "softplus": Activation(softplus, sigmoid),
    "elu": Activation(elu, elu_derivative),
    "gelu": Activation(gelu, gelu_derivative),
    "identity": Activation(identity, np.ones_like),
}
"""The elementwise activations by name. `softmax`, which mixes the units of a layer, stands apart."""


def softmax(Z: Array) -> Array:
    """exp(Z) / sum(exp(Z)) down each column, shifted by the column's largest value so that exp does not overflow."""
    shifted = np.exp(Z - Z.max(axis=0, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=0, keepdims=True))


def softmax_backward(dA: Array, Z: Array) -> Array:
    """Return dZ = A (dA - sum(A dA)) with A = softmax(Z), column by column."""
    A = softmax(Z)
    return np.asarray(A * (dA - (A * dA).sum(axis=0, keepdims=True)))
