"""The network's own backward propagation against complex steps, dual-free closed forms and the course's figures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.checks.check import check
from gradcheck_cli.problems.networks.activations import ACTIVATIONS
from gradcheck_cli.problems.networks.course import course_cache
from gradcheck_cli.problems.networks.network import Network
from tests.support import small_network

COMPLEX: dict[str, Any] = {
    "tanh": np.tanh,
    "sigmoid": lambda Z: 1 / (1 + np.exp(-Z)),
    "softplus": lambda Z: np.log(1 + np.exp(Z)),
    "relu": lambda Z: np.where(Z.real > 0, Z, 0),
    "leaky_relu": lambda Z: np.where(Z.real > 0, Z, 0.01 * Z),
    "elu": lambda Z: np.where(Z.real > 0, Z, np.exp(Z) - 1),
    "identity": lambda Z: Z,
    "softmax": lambda Z: np.exp(Z) / np.exp(Z).sum(axis=0),
}
COST: dict[str, Any] = {
    "bce": lambda A, Y: (-Y * np.log(A) - (1 - Y) * np.log(1 - A)).sum(),
    "softmax_ce": lambda A, Y: (-Y * np.log(A)).sum(),
    "mse": lambda A, Y: ((A - Y) ** 2).sum() / 2,
}


def complex_cost(network: Network, parameters: dict[str, Any]) -> complex:
    """Return J of complex parameters, written apart from the package."""
    A = network.X.astype(complex)
    layers = range(1, network.layer_count + 1)
    for l in layers:
        A = COMPLEX[network.activations[l - 1]](parameters[f"W{l}"] @ A + parameters[f"b{l}"])
        A = A * network.masks.get(l, 1.0)
    penalty = sum((parameters[f"W{l}"] ** 2).sum() for l in layers)
    return complex((COST[network.loss_name](A, network.Y) + network.l2 / 2 * penalty) / network.X.shape[1])


def complex_step(network: Network, name: str, k: int) -> float:
    """Return dJ by one entry to full precision: Im J(theta + ih) / h has no cancellation."""
    moved = {key: values.astype(complex) for key, values in network.parameters.items()}
    moved[name].reshape(-1)[k] += 1e-30j
    return complex_cost(network, moved).imag / 1e-30


NETWORKS = {
    "one layer": small_network([3, 1], ["sigmoid"], "bce"),
    "course": small_network([4, 5, 3, 1], ["relu", "relu", "sigmoid"], "bce"),
    "two sigmoids": small_network([2, 4, 2], ["tanh", "sigmoid"], "bce"),
    "softmax": small_network([3, 4, 3], ["tanh", "softmax"], "softmax_ce"),
    "softmax one layer": small_network([3, 4], ["softmax"], "softmax_ce"),
    "mse after softmax": small_network([3, 4, 3], ["elu", "softmax"], "mse"),
    "deep and mixed": small_network([3, 4, 3, 4, 2, 2], ["relu", "tanh", "softplus", "leaky_relu", "sigmoid"], "bce"),
    "l2": small_network([3, 4, 2], ["tanh", "identity"], "mse", l2=0.7),
    "l2 and bce": small_network([3, 4, 1], ["elu", "sigmoid"], "bce", l2=1.3),
    "mask": small_network([3, 6, 1], ["tanh", "sigmoid"], "bce", masked=[1]),
    "masks and l2": small_network([3, 6, 5, 3], ["relu", "softplus", "softmax"], "softmax_ce", l2=0.1, masked=[1, 2]),
    "one sample": small_network([3, 2, 1], ["tanh", "sigmoid"], "bce", samples=1),
    **{
        f"mse after {name}": small_network([3, 4, 2], ["tanh", name], "mse", seed=k)
        for k, name in enumerate(ACTIVATIONS)
        if name in COMPLEX
    },
}
each_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=list(NETWORKS))


@each_network
def test_loss_is_the_formula_of_the_format(network: Network) -> None:
    parameters = {key: values.astype(complex) for key, values in network.parameters.items()}
    assert network.loss(network.parameters) == pytest.approx(complex_cost(network, parameters).real, rel=1e-13)


@each_network
def test_backward_propagation_is_the_complex_step_derivative(network: Network) -> None:
    for name, gradient in network.gradient(network.parameters).items():
        expected = [complex_step(network, name, k) for k in range(gradient.size)]
        np.testing.assert_allclose(gradient.reshape(-1), expected, rtol=1e-10, atol=1e-14, err_msg=name)


@each_network
def test_gradient_has_the_names_order_and_shapes_of_the_parameters(network: Network) -> None:
    gradient = network.gradient(network.parameters)
    assert list(gradient) == list(network.parameters)
    assert [g.shape for g in gradient.values()] == [p.shape for p in network.parameters.values()]


@pytest.mark.parametrize("last", [False, True])
def test_gelu_passes_a_coarse_check(last: bool) -> None:
    activations = ["tanh", "gelu"] if last else ["gelu", "identity"]
    assert check(small_network([3, 4, 2], activations, "mse"), epsilon=1e-5, threshold=1e-7).passed


def test_a_bias_is_not_penalised() -> None:
    network = small_network([2, 1], ["identity"], "mse", l2=3.0)
    free = small_network([2, 1], ["identity"], "mse")
    np.testing.assert_array_equal(network.gradient(network.parameters)["b1"], free.gradient(free.parameters)["b1"])


@pytest.mark.parametrize("bias", [800.0, -800.0])
def test_a_saturated_sigmoid_takes_the_stable_loss(bias: float) -> None:
    network = small_network([1, 1], ["sigmoid"], "bce")
    at = {"W1": np.zeros((1, 1)), "b1": np.array([[bias]])}
    label = np.mean(network.Y)
    assert network.loss(at) == pytest.approx(800 * (1 - label if bias > 0 else label))


def test_an_overflow_of_the_network_itself_is_not_finite_and_warns_nobody() -> None:
    network = small_network([1, 1], ["identity"], "mse")
    assert not math.isfinite(network.loss({"W1": np.array([[1e308]]), "b1": np.array([[1e308]])}))


def test_course_cache_has_the_courses_order() -> None:
    network = NETWORKS["course"]
    layers = network.forward_propagation(network.parameters)
    cache = course_cache(layers, network.parameters)
    assert len(cache) == 12
    assert [id(part) for part in cache[:4]] == [
        id(layers[0].Z), id(layers[0].A), id(network.parameters["W1"]), id(network.parameters["b1"])
    ]  # fmt: skip
    assert cache[9] is layers[2].A


def test_loss_changes_leaves_the_parameters_alone() -> None:
    network = NETWORKS["course"]
    before = {name: values.copy() for name, values in network.parameters.items()}
    changes = network.loss_changes("W1", np.array([0, 1]), np.array([0.5, 0.0]))
    assert changes[1] == 0.0
    for name, values in network.parameters.items():
        np.testing.assert_array_equal(values, before[name])
