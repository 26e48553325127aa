"""The activations of the fixture format: their values, their derivatives, and what the reference needs of them.

The complex forms take Z + ih with h so small that the result is g(Z) + ih g'(Z) to the last digit (the complex step).
They go through complex arithmetic and not through the derivatives here, which they are to judge. The branch of a
piecewise function is given beside Z: 1 where Z is on the positive side, 0 on the negative, and at a kink a weight.

A new one is a new entry of `ACTIVATIONS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.parameters import Array, ComplexArray

__all__ = ["ACTIVATIONS", "Activation", "softmax", "softmax_backward", "softmax_complex", "softplus_complex"]

LEAKY_SLOPE = 0.01


@dataclass(frozen=True)
class Activation:
    """An elementwise function g and its derivative g'; Z and the results have one shape."""

    value: Callable[[Array], Array]
    """Z -> g(Z)."""
    derivative: Callable[[Array], Array]
    """Z -> g'(Z)."""
    curvature: Callable[[Array], Array]
    """Z -> |g''(Z)| away from kinks: how an error of Z shows in g'(Z)."""
    complex_value: Callable[[ComplexArray, Array], ComplexArray]
    """(Z, branch) -> g(Z) for Z with a tiny imaginary part."""
    has_kink: bool = False
    """Whether g' jumps at 0."""
    derivative_rounding: float = 0.1
    """Size of the terms from which g'(Z) is computed, beside g'(Z) itself; 1 - A^2 rounds like 1 wherever A is."""


def relu(Z: Array) -> Array:
    """max(0, Z)."""
    return np.maximum(0, Z)


def relu_derivative(Z: Array) -> Array:
    """1 where Z > 0, else 0: relu'(0) = 0."""
    return np.where(Z > 0, 1.0, 0.0)


def relu_complex(Z: ComplexArray, branch: Array) -> ComplexArray:
    """Z times its branch."""
    return relu(Z.real) + 1j * (Z.imag * branch)


def leaky_relu(Z: Array) -> Array:
    """Z where Z > 0, else 0.01 Z."""
    return np.where(Z > 0, Z, LEAKY_SLOPE * Z)


def leaky_relu_derivative(Z: Array) -> Array:
    """1 where Z > 0, else 0.01."""
    return np.where(Z > 0, 1.0, LEAKY_SLOPE)


def leaky_relu_complex(Z: ComplexArray, branch: Array) -> ComplexArray:
    """Z times 1 on the positive branch and 0.01 on the negative."""
    return leaky_relu(Z.real) + 1j * (Z.imag * (LEAKY_SLOPE + (1 - LEAKY_SLOPE) * branch))


def tanh_derivative(Z: Array) -> Array:
    """1 - tanh(Z)^2."""
    return 1 - np.tanh(Z) ** 2


def tanh_curvature(Z: Array) -> Array:
    """2 |A| (1 - A^2) with A = tanh(Z)."""
    A = np.tanh(Z)
    return np.asarray(2 * np.abs(A) * (1 - A**2))


def tanh_complex(Z: ComplexArray, branch: Array) -> ComplexArray:  # noqa: ARG001
    """Return tanh(Z), which numpy has for complex numbers."""
    return np.tanh(Z)


def sigmoid(Z: Array) -> Array:
    """1 / (1 + exp(-Z)), as the course writes it; exp may overflow to infinity, which gives 0, the right value."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-Z))


def sigmoid_derivative(Z: Array) -> Array:
    """A (1 - A) with A = sigmoid(Z)."""
    A = sigmoid(Z)
    return A * (1 - A)


def sigmoid_curvature(Z: Array) -> Array:
    """A (1 - A) |1 - 2 A| with A = sigmoid(Z)."""
    A = sigmoid(Z)
    return A * (1 - A) * np.abs(1 - 2 * A)


def sigmoid_complex(Z: ComplexArray, branch: Array | None = None) -> ComplexArray:  # noqa: ARG001
    """1 / (1 + exp(-Z)), or exp(Z) / (1 + exp(Z)) where Z < 0, so that exp does not overflow."""
    negative = Z.real < 0
    E = np.exp(np.where(negative, Z, -Z))
    return np.asarray(np.where(negative, E, 1) / (1 + E))


def softplus(Z: Array) -> Array:
    """log(1 + exp(Z)), written so that exp does not overflow."""
    return np.logaddexp(0, Z)


def softplus_complex(Z: ComplexArray, branch: Array | None = None) -> ComplexArray:  # noqa: ARG001
    """max(Z, 0) + log(1 + exp(-|Z|)), |Z| and max by the real part."""
    negative = Z.real < 0
    logarithm = np.log1p(np.exp(np.where(negative, Z, -Z)))
    # numpy's complex log1p loses small real parts
    return np.asarray(softplus(Z.real) + 1j * (np.where(negative, 0, Z.imag) + logarithm.imag))


def elu(Z: Array) -> Array:
    """Z where Z > 0, else exp(Z) - 1."""
    return np.where(Z > 0, Z, np.expm1(np.minimum(Z, 0)))


def elu_derivative(Z: Array) -> Array:
    """1 where Z > 0, else exp(Z)."""
    return np.exp(np.minimum(Z, 0))


def elu_curvature(Z: Array) -> Array:
    """0 where Z > 0, else exp(Z)."""
    return np.where(Z > 0, 0.0, elu_derivative(Z))


def elu_complex(Z: ComplexArray, branch: Array) -> ComplexArray:  # noqa: ARG001
    """Z where Z > 0, else exp(Z) - 1; elu has no kink, for both slopes are 1 at 0."""
    positive = Z.real > 0
    # not expm1: numpy's complex one loses small real parts
    return elu(Z.real) + 1j * np.where(positive, Z, np.exp(np.where(positive, 0, Z))).imag


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


def gelu_curvature(Z: Array) -> Array:
    """phi(Z) |2 - Z^2|."""
    return normal_density(Z) * np.abs(2 - Z**2)


def gelu_complex(Z: ComplexArray, branch: Array) -> ComplexArray:  # noqa: ARG001
    """Z Phi(Z); Phi(x + iy) = Phi(x) + iy phi(x) for small y, since Phi is defined as the integral of phi."""
    return Z * (normal_distribution(Z.real) + 1j * (Z.imag * normal_density(Z.real)))


def identity(Z: Array) -> Array:
    """Z itself."""
    return Z


def identity_complex(Z: ComplexArray, branch: Array) -> ComplexArray:  # noqa: ARG001
    """Z itself."""
    return Z


ACTIVATIONS = {
    "relu": Activation(relu, relu_derivative, np.zeros_like, relu_complex, has_kink=True, derivative_rounding=0),
    "leaky_relu": Activation(
        leaky_relu, leaky_relu_derivative, np.zeros_like, leaky_relu_complex, has_kink=True, derivative_rounding=0
    ),
    "tanh": Activation(np.tanh, tanh_derivative, tanh_curvature, tanh_complex, derivative_rounding=1),
    "sigmoid": Activation(sigmoid, sigmoid_derivative, sigmoid_curvature, sigmoid_complex, derivative_rounding=1),
    "softplus": Activation(softplus, sigmoid, sigmoid_derivative, softplus_complex),
    "elu": Activation(elu, elu_derivative, elu_curvature, elu_complex),
    "gelu": Activation(gelu, gelu_derivative, gelu_curvature, gelu_complex),
    "identity": Activation(identity, np.ones_like, np.zeros_like, identity_complex, derivative_rounding=0),
}
"""The elementwise activations by name. `softmax`, which mixes the units of a layer, stands apart."""


def softmax(Z: Array) -> Array:
    """exp(Z) / sum(exp(Z)) down each column, shifted by the column's largest value so that exp does not overflow."""
    shifted = np.exp(Z - Z.max(axis=0, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=0, keepdims=True))


def softmax_complex(Z: ComplexArray) -> ComplexArray:
    """`softmax` for Z with a tiny imaginary part, shifted by the largest real part."""
    E = np.exp(Z - Z.real.max(axis=0, keepdims=True))
    return np.asarray(E / E.sum(axis=0, keepdims=True))


def softmax_backward(dA: Array, Z: Array) -> Array:
    """Return dZ = A (dA - sum(A dA)) with A = softmax(Z), column by column."""
    A = softmax(Z)
    return np.asarray(A * (dA - (A * dA).sum(axis=0, keepdims=True)))
