"""Mistakes in one gradient that only the network can tell: the wrong array, the wrong samples, the wrong moment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcheck_cli.diagnosis.propagation import Propagation
from gradcheck_cli.vocabulary.parameters import Array
from tests.unit.diagnosis.support import M, first, network, right_gradient, with_tensor

NET = network()
PASS = Propagation.of(NET)


def weights(dZ: Array, A: Array) -> Array:
    return np.asarray(dZ @ A.T / M)


def bias(dZ: Array) -> Array:
    return np.asarray(dZ.sum(axis=1, keepdims=True) / M)


KEPT = np.arange(M) != 2
SHIFTED = NET.X - NET.X.mean(axis=1, keepdims=True)

PLANTED: list[tuple[Any, ...]] = [
    ("wrong-input", "W2", weights(PASS.dZ[2], PASS.Z(1))),
    ("wrong-input", "W2", weights(PASS.dZ[2], PASS.A(2))),
    ("wrong-delta", "W1", weights(PASS.dZ[2], NET.X)),
    ("dA-for-dZ", "b1", bias(PASS.dA[1])),
    ("dA-for-dZ", "W2", weights(PASS.dA[2], PASS.A(1))),
    ("input-shifted", "W1", weights(PASS.dZ[1], SHIFTED)),
    ("sample-missing", "W2", weights(PASS.dZ[2][:, KEPT], PASS.A(1)[:, KEPT])),
    ("sample-doubled", "b1", bias(PASS.dZ[1]) + PASS.dZ[1][:, 2:3] / M),
    ("one-sample", "W2", M * weights(PASS.dZ[2][:, 2:3], PASS.A(1)[:, 2:3])),
    ("sample-weights", "W2", weights(PASS.dZ[2] * np.where(KEPT, 1, 1.7), PASS.A(1))),
    ("sample-order", "W2", weights(np.roll(PASS.dZ[2], 1, axis=1), PASS.A(1))),
]


@pytest.mark.parametrize(("code", "name", "value"), PLANTED)
def test_a_mistake_in_one_line_is_named(code: str, name: str, value: Array) -> None:
    assert first(NET, with_tensor(NET, name, lambda d: value)) == (code, f"d{name}")


@pytest.mark.parametrize(("code", "name", "value"), PLANTED)
def test_noise_on_top_hides_the_name_and_not_the_place(code: str, name: str, value: Array) -> None:
    noise = 1 + 0.1 * np.random.default_rng(2).normal(size=value.shape)
    assert first(NET, with_tensor(NET, name, lambda d: value * noise)) == ("unknown", f"d{name}")


def moved(rate: float) -> dict[str, Array]:
    right = right_gradient(NET)
    theta = {name: values - rate * right[name] for name, values in NET.parameters.items()}
    return NET.backward_propagation(NET.forward_propagation(theta), theta)


@pytest.mark.parametrize("rate", [0.1, 0.137])
def test_a_stale_gradient_is_named(rate: float) -> None:
    assert first(NET, moved(rate)) == ("stale", "all")
    assert first(NET, with_tensor(NET, "W2", lambda d: moved(rate)["W2"])) == ("stale", "dW2")


def test_a_momentum_is_named() -> None:
    right, old = right_gradient(NET), moved(0.1)
    claim = {name: 0.1 * right[name] + 0.9 * old[name] for name in right}
    assert first(NET, claim) == ("momentum", "all")
