"""The rounding floor: what a right formula may be off by, and no more than that."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli.problems.networks.network import Network
from tests.networks import random_network

EPS = float(np.finfo(float).eps)
ALL = slice(None)


@pytest.mark.parametrize("seed", range(40))
def test_a_right_gradient_stays_within_a_quarter_of_its_floor(seed: int) -> None:
    network = random_network(seed)
    for name, values in network.gradient(network.parameters).items():
        reference, floor = network.complex_step_gradients(name, ALL)[0], network.rounding_floor(name, ALL, EPS)
        assert (np.abs(values - reference) <= floor / 4).all()


def test_the_floor_grows_with_the_machine_epsilon() -> None:
    network = random_network(3)
    for name in network.parameters:
        double, single = (network.rounding_floor(name, ALL, eps) for eps in (EPS, EPS * 2**29))
        np.testing.assert_allclose(single, double * 2**29)


def test_an_entry_that_is_small_by_cancellation_has_the_floor_of_its_terms() -> None:
    X, Y = np.array([[1.0, 1.0]]), np.array([[-1.0, 1.0]])  # the two samples' errors cancel in dW1
    network = Network("cancel", X, Y, {"W1": np.array([[1e-9]]), "b1": np.zeros((1, 1))}, ("identity",), "mse")
    floor = network.rounding_floor("W1", ALL, EPS).item()
    assert abs(network.gradient(network.parameters)["W1"].item()) < 1e-8
    assert 1e-16 < floor < 1e-14
