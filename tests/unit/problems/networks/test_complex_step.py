"""The complex step gives the derivative of the forward propagation to the last digits, and not by the backward one."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.problems.networks.activations import ACTIVATIONS
from gradcheck_cli.problems.networks.complex_step import complex_step_deltas, gradient_rows
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.problems.networks.rounding import magnitudes, units_at_kinks
from tests.networks import random_network

ALL = slice(None)


def high_precision_difference(network: Network, name: str, position: int) -> float:
    """A centred difference in extended precision, Richardson-extrapolated: an oracle that shares no formula."""

    def loss(step: float) -> Any:
        extended: Any = dataclasses.replace(network, X=network.X.astype(np.longdouble))
        parameters: Any = {key: values.astype(np.longdouble) for key, values in network.parameters.items()}
        parameters[name].reshape(-1)[position] += np.longdouble(step)
        A = extended.forward_propagation(parameters)[-1].A
        return ((A - network.Y) ** 2).sum() / 2 / network.sample_count

    coarse, fine = ((loss(h) - loss(-h)) / (2 * np.longdouble(h)) for h in (2e-4, 1e-4))
    return float(fine + (fine - coarse) / 3)


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "gelu"])
def test_every_activation_against_extended_precision(activation: str) -> None:
    random = np.random.default_rng(5)
    parameters = {
        "W1": random.standard_normal((3, 2)), "b1": random.standard_normal((3, 1)),
        "W2": random.standard_normal((2, 3)), "b2": random.standard_normal((2, 1)),
    }  # fmt: skip
    network = Network(
        "oracle",
        random.standard_normal((2, 4)),
        random.standard_normal((2, 4)),
        parameters,
        (activation, "tanh"),
        "mse",
    )
    for name in parameters:
        (values,) = network.complex_step_gradients(name, ALL)
        for k in range(values.size):
            assert values.ravel()[k] == pytest.approx(high_precision_difference(network, name, k), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("seed", range(30))
def test_it_agrees_with_the_backward_propagation_to_rounding(seed: int) -> None:
    network = random_network(seed)
    for name, values in network.gradient(network.parameters).items():
        gradient, floor = network.complex_step_gradients(name, ALL)[0], network.rounding_floor(name, ALL, 2.0**-52)
        assert (np.abs(values - gradient) <= floor).all()


def test_the_backward_propagation_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Network, "backward_propagation", None)
    monkeypatch.setattr(Network, "gradient", None)
    assert random_network(1).complex_step_gradients("W1", ALL)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_complex_form_has_the_real_value_and_stays_finite_far_out(name: str) -> None:
    Z = np.array([[-800.0, -30.0, -1e-12, 0.0, 1e-12, 0.5, 30.0, 800.0]])
    result = ACTIVATIONS[name].complex_value(Z + 1e-100j, np.where(Z > 0, 1.0, 0.0))
    np.testing.assert_allclose(result.real, ACTIVATIONS[name].value(Z), rtol=1e-15, atol=1e-190)
    np.testing.assert_allclose(result.imag / 1e-100, ACTIVATIONS[name].derivative(Z), rtol=1e-13, atol=1e-13)


def test_blocks_of_units_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    network = random_network(7)
    whole = {name: network.complex_step_gradients(name, ALL) for name in network.parameters}
    monkeypatch.setattr("gradcheck_cli.problems.networks.complex_step.BLOCK_NUMBERS", 1)
    again = dataclasses.replace(network)
    for name, values in whole.items():
        np.testing.assert_allclose(again.complex_step_gradients(name, ALL), values, rtol=1e-13)


def test_at_a_kink_the_weight_chooses_the_side() -> None:
    network = Network("kink", np.array([[2.0]]), np.array([[-1.0]]), {"W1": np.zeros((1, 1)), "b1": np.zeros((1, 1))},
                      ("relu",), "mse")  # fmt: skip
    layers = network.forward_propagation(network.parameters)
    kinks = units_at_kinks(network, layers, magnitudes(network, layers)[1])
    deltas = [complex_step_deltas(network, layers, kinks, weight) for weight in (0.0, 0.5, 1.0)]
    slopes = [gradient_rows(network, "W1", ALL, some).item() for some in deltas]
    assert slopes == [0.0, 1.0, 2.0]
