from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from gradcheck_cli.problems.networks.activations import ACTIVATIONS, softmax, softmax_backward


def logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def phi(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def Phi(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


ORACLES: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "relu": (lambda z: max(0.0, z), lambda z: float(z > 0)),
    "leaky_relu": (lambda z: z if z > 0 else 0.01 * z, lambda z: 1.0 if z > 0 else 0.01),
    "tanh": (lambda z: 1 - 2 / (math.exp(2 * z) + 1), lambda z: 1 / math.cosh(z) ** 2),
    "sigmoid": (logistic, lambda z: 1 / (2 + math.exp(z) + math.exp(-z))),
    "softplus": (lambda z: math.log1p(math.exp(z)), logistic),
    "elu": (lambda z: z if z > 0 else math.expm1(z), lambda z: 1.0 if z > 0 else math.exp(z)),
    "gelu": (lambda z: z * Phi(z), lambda z: Phi(z) + z * phi(z)),
    "identity": (lambda z: z, lambda z: 1.0),
}
"""Closed forms of g and g', one number at a time and without numpy."""
POINTS = [-5.0, -2.5, -1.0, -0.3, -1e-8, 1e-8, 0.2, 1.0, 3.0, 5.0]


def test_every_activation_has_an_oracle() -> None:
    assert ORACLES.keys() == ACTIVATIONS.keys()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_value_is_the_closed_form(name: str) -> None:
    expected = [ORACLES[name][0](z) for z in POINTS]
    np.testing.assert_allclose(ACTIVATIONS[name].value(np.array(POINTS)), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivative_is_the_closed_form(name: str) -> None:
    expected = [ORACLES[name][1](z) for z in POINTS]
    np.testing.assert_allclose(ACTIVATIONS[name].derivative(np.array(POINTS)), expected, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_keeps_the_shape_and_stays_finite_far_out(name: str) -> None:
    Z = np.array([[-800.0, 0.0, 800.0]])
    for function in (ACTIVATIONS[name].value, ACTIVATIONS[name].derivative):
        assert function(Z).shape == Z.shape
        assert np.isfinite(function(Z)).all()


@pytest.mark.parametrize(("name", "slope"), [("relu", 0.0), ("leaky_relu", 0.01), ("elu", 1.0), ("gelu", 0.5)])
def test_derivative_at_zero(name: str, slope: float) -> None:
    assert ACTIVATIONS[name].derivative(np.zeros(1))[0] == slope


def test_softmax_is_the_closed_form_and_does_not_overflow() -> None:
    Z = np.array([[1.0, 1000.0], [2.0, 1001.0]])
    first = 1 / (1 + math.e)
    np.testing.assert_allclose(softmax(Z), [[first, first], [1 - first, 1 - first]], rtol=1e-14)


def test_softmax_backward_multiplies_by_the_jacobian() -> None:
    Z, dA = np.array([[0.3], [-1.2], [0.8]]), np.array([[1.0], [-2.0], [0.5]])
    A = [math.exp(z) / sum(math.exp(y) for y in Z[:, 0]) for z in Z[:, 0]]
    expected = [sum(dA[j, 0] * A[j] * (float(i == j) - A[i]) for j in range(3)) for i in range(3)]
    np.testing.assert_allclose(softmax_backward(dA, Z)[:, 0], expected, rtol=1e-13)
