"""The activations of the fixture format: their values, derivatives and changes, and what the reference needs of them.

A new one is a new entry of `ACTIVATIONS`.

The change g(Z + dZ) - g(Z) is what the structured evaluation asks for. It is written by an addition theorem of g, so
that a dZ of 1e-7 loses none of its digits in the difference of two nearly equal values. Such a theorem holds for every
dZ; it is no derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np

from gradcheck_cli.problems.networks.elementary import erfc, expm1, log1p
from gradcheck_cli.vocabulary.parameters import Array, ComplexArray

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "Change",
    "softmax",
    "softmax_backward",
    "softmax_change",
    "softmax_complex",
    "softplus_complex",
]

LEAKY_SLOPE = 0.01

Change: TypeAlias = Callable[[Array, float], Array]
"""(dZ, bound) -> the change that dZ makes, where |dZ| <= bound."""


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
    change: Callable[[Array], Change]
    """Z -> the function of (dZ, bound) that is g(Z + dZ) - g(Z) without cancellation; Z is broadcast against dZ."""
    has_kink: bool = False
    """Whether g' jumps at 0."""
    piecewise: bool = False
    """Whether g is put together from two smooth pieces that meet at 0."""
    linear: bool = False
    """Whether those pieces, or the whole of g, are straight lines."""
    derivative_rounding: float = 0.1
    """Size of the terms from which g'(Z) is computed, beside g'(Z) itself; 1 - A^2 rounds like 1 wherever A is."""


def near(value: Callable[[Array], Array], change: Callable[[Array], Change]) -> Callable[[Array], Change]:
    """Return the change for every dZ of one for |dZ| <= 1: beyond it the plain difference does no harm."""

    def change_at(Z: Array) -> Change:
        near_Z = change(Z)

        def change_by(dZ: Array, bound: float) -> Array:
            if bound <= 1:
                return near_Z(dZ, bound)
            return np.where(np.abs(dZ) <= 1, near_Z(np.clip(dZ, -1, 1), 1.0), value(Z + dZ) - value(Z))

        return change_by

    return change_at


def relu(Z: Array) -> Array:
    """max(0, Z)."""
    return np.maximum(0, Z)


def relu_derivative(Z: Array) -> Array:
    """1 where Z > 0, else 0: relu'(0) = 0."""
    return np.where(Z > 0, 1.0, 0.0)


def relu_complex(Z: ComplexArray, branch: Array) -> ComplexArray:
    """Z times its branch."""
    return relu(Z.real) + 1j * (Z.imag * branch)


def relu_change(Z: Array) -> Change:
    """max(dZ, -Z) + min(Z, 0)."""
    low, rest = -Z, np.minimum(Z, 0)

    def change(dZ: Array, bound: float) -> Array:  # noqa: ARG001
        moved = np.maximum(dZ, low)
        moved += rest
        return moved

    return change


def leaky_relu(Z: Array) -> Array:
    """Z where Z > 0, else 0.01 Z."""
    return np.where(Z > 0, Z, LEAKY_SLOPE * Z)


def leaky_relu_derivative(Z: Array) -> Array:
    """1 where Z > 0, else 0.01."""
    return np.where(Z > 0, 1.0, LEAKY_SLOPE)


def leaky_relu_complex(Z: ComplexArray, branch: Array) -> ComplexArray:
    """Z times 1 on the positive branch and 0.01 on the negative."""
    return leaky_relu(Z.real) + 1j * (Z.imag * (LEAKY_SLOPE + (1 - LEAKY_SLOPE) * branch))


def leaky_relu_change(Z: Array) -> Change:
    """Leaky relu is 0.01 Z + 0.99 relu(Z)."""
    relu_part = relu_change(Z)
    return lambda dZ, bound: LEAKY_SLOPE * dZ + (1 - LEAKY_SLOPE) * relu_part(dZ, bound)


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


def tanh_change(Z: Array) -> Change:
    """tanh(Z) = 2 sigmoid(2 Z) - 1."""
    sigmoid_part = sigmoid_change(2 * Z)
    return lambda dZ, bound: 2 * sigmoid_part(2 * dZ, 2 * bound)


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


def sigmoid_change(Z: Array) -> Change:
    """Return p q e / (1 + p e) with p = sigmoid(Z), q = sigmoid(-Z), e = exp(dZ) - 1."""
    p = sigmoid(Z)
    pq = p * sigmoid(-Z)

    def change(dZ: Array, bound: float) -> Array:
        e = expm1(dZ, bound)
        below = p * e
        below += 1
        e *= pq
        e /= below
        return e

    return change


def softplus(Z: Array) -> Array:
    """log(1 + exp(Z)), written so that exp does not overflow."""
    return np.logaddexp(0, Z)


def softplus_complex(Z: ComplexArray, branch: Array | None = None) -> ComplexArray:  # noqa: ARG001
    """max(Z, 0) + log(1 + exp(-|Z|)), |Z| and max by the real part."""
    negative = Z.real < 0
    logarithm = np.log1p(np.exp(np.where(negative, Z, -Z)))
    # numpy's complex log1p loses small real parts
    return np.asarray(softplus(Z.real) + 1j * (np.where(negative, 0, Z.imag) + logarithm.imag))


def softplus_change(Z: Array) -> Change:
    """log(1 + p e) with p = sigmoid(Z), e = exp(dZ) - 1."""
    p = sigmoid(Z)
    return lambda dZ, bound: log1p(p * expm1(dZ, bound), math.expm1(bound))


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


def elu_change(Z: Array) -> Change:
    """Elu is relu(Z) + exp(N) - 1 with N = min(Z, 0), and dN = dZ - d relu(Z): exp(N) (exp(dN) - 1) is the change."""
    relu_part, exp_N = relu_change(Z), np.exp(np.minimum(Z, 0))

    def change(dZ: Array, bound: float) -> Array:
        moved = relu_part(dZ, bound)
        moved += exp_N * expm1(dZ - moved, bound)
        return moved

    return change


def normal_distribution(Z: Array) -> Array:
    """(1 + erf(Z / sqrt 2)) / 2, the standard normal distribution function."""
    return erfc(-Z / math.sqrt(2)) / 2


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


def gelu_change(Z: Array) -> Change:
    """Return dZ Phi(Z) + (Z + dZ) dPhi.

    dPhi is the integral of the density from Z to Z + dZ, by Gauss and Legendre's rule.
    """
    Phi = normal_distribution(Z)

    def change(dZ: Array, bound: float) -> Array:
        dPhi = sum(weight * normal_density(Z + place * dZ) for place, weight in _unit_quadrature(bound)) * dZ
        return dZ * Phi + (Z + dZ) * dPhi

    return change


@cache
def _quadrature(points: int) -> list[tuple[float, float]]:
    """Return places in [0, 1] and their weights: exact for polynomials of degree below 2 `points`."""
    places, weights = np.polynomial.legendre.leggauss(points)
    return [(float(place), float(weight)) for place, weight in zip((places + 1) / 2, weights / 2, strict=True)]


def _unit_quadrature(width: float) -> list[tuple[float, float]]:
    """Return a rule that integrates the normal density to double precision over any interval of that width, up to 1."""
    return _quadrature(2 if width <= 2**-13 else 12)


def identity(Z: Array) -> Array:
    """Z itself."""
    return Z


def identity_complex(Z: ComplexArray, branch: Array) -> ComplexArray:  # noqa: ARG001
    """Z itself."""
    return Z


def identity_change(Z: Array) -> Change:  # noqa: ARG001
    """Return dZ itself."""
    return lambda dZ, bound: dZ  # noqa: ARG005


ACTIVATIONS = {
    "relu": Activation(
        relu,
        relu_derivative,
        np.zeros_like,
        relu_complex,
        relu_change,
        has_kink=True,
        piecewise=True,
        linear=True,
        derivative_rounding=0,
    ),
    "leaky_relu": Activation(
        leaky_relu,
        leaky_relu_derivative,
        np.zeros_like,
        leaky_relu_complex,
        leaky_relu_change,
        has_kink=True,
        piecewise=True,
        linear=True,
        derivative_rounding=0,
    ),
    "tanh": Activation(
        np.tanh, tanh_derivative, tanh_curvature, tanh_complex, near(np.tanh, tanh_change), derivative_rounding=1
    ),
    "sigmoid": Activation(
        sigmoid,
        sigmoid_derivative,
        sigmoid_curvature,
        sigmoid_complex,
        near(sigmoid, sigmoid_change),
        derivative_rounding=1,
    ),
    "softplus": Activation(softplus, sigmoid, sigmoid_derivative, softplus_complex, near(softplus, softplus_change)),
    "elu": Activation(elu, elu_derivative, elu_curvature, elu_complex, near(elu, elu_change), piecewise=True),
    "gelu": Activation(gelu, gelu_derivative, gelu_curvature, gelu_complex, near(gelu, gelu_change)),
    "identity": Activation(
        identity, np.ones_like, np.zeros_like, identity_complex, identity_change, linear=True, derivative_rounding=0
    ),
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


def softmax_change(Z: Array) -> Change:
    """A (e - S) / (1 + S) with A = softmax(Z), e = exp(dZ) - 1, S = sum(A e).

    dZ is taken less that of the largest Z, which changes nothing and keeps 1 + S away from 0.
    """
    A, largest = softmax(Z), Z.argmax(axis=0, keepdims=True)

    def change(dZ: Array, bound: float) -> Array:
        if not bound <= 1:
            return softmax(Z + dZ) - A
        e = expm1(dZ - np.take_along_axis(dZ, largest, axis=0), 2 * bound)
        S = (A * e).sum(axis=0, keepdims=True)
        return np.asarray(A * (e - S) / (1 + S))

    return change
