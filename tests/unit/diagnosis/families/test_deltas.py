"""Mistakes in the line that computes dZ_l: each is named with its layer, and a near miss is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest

from gradcheck_cli.problems.networks.activations import softmax_backward
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.parameters import Array
from tests.unit.diagnosis.support import first, network, with_delta

NET = network()
RELU = network(("relu", "leaky_relu", "softmax"))
DROPOUT = network(keep=0.7)
MSE = network(("tanh", "elu", "sigmoid"), "mse")
WEIGHTS = np.array([1.5, 0.5, 2.0])

Change: TypeAlias = Callable[..., Array]
PLANTED: list[tuple[Any, ...]] = [
    (NET, 1, "delta-factor", lambda p: -p.dZ[1]),
    (NET, 2, "delta-factor", lambda p: 2 * p.dZ[2]),
    (NET, 2, "zero", lambda p: 0 * p.dZ[2]),
    (NET, 1, "missing-activation-derivative", lambda p: p.dA[1]),
    (NET, 1, "missing-activation-derivative", lambda p: 2 * p.dA[1]),
    (RELU, 2, "missing-activation-derivative", lambda p: p.dA[2]),
    (NET, 1, "wrong-activation-derivative", lambda p: p.dA[1] * (p.Z(1) > 0)),
    (NET, 1, "derivative-of-wrong-variable", lambda p: p.dA[1] * (1 - p.Z(1) ** 2)),
    (NET, 1, "wrong-cache", lambda p: p.dA[1] * (1 - p.A(2) ** 2)),
    (NET, 1, "weights-not-transposed", lambda p: p.W(2) @ p.dZ[2] * (1 - p.A(1) ** 2)),
    (NET, 1, "wrong-weights", lambda p: p.gradient("W2").T @ p.dZ[2] * (1 - p.A(1) ** 2)),
    (NET, 1, "updated-weights", lambda p: (p.W(2) - 0.37 * p.gradient("W2")).T @ p.dZ[2] * (1 - p.A(1) ** 2)),
    (DROPOUT, 1, "dropout-mask-missing", lambda p: p.dA[1] * (1 - np.tanh(p.Z(1)) ** 2)),
    (DROPOUT, 2, "dropout-scale-missing", lambda p: 0.7 * p.dZ[2]),
    (DROPOUT, 1, "dropout-mask-wrong", lambda p: p.dZ[1] * p.network.masks[1]),
    (NET, 3, "output-delta", lambda p: softmax_backward(p.dZ[3], p.Z(3))),
    (NET, 3, "output-delta", lambda p: p.Z(3) - p.network.Y),
    (MSE, 3, "output-delta", lambda p: p.A(3) - p.network.Y),
    (NET, 3, "labels", lambda p: p.A(3) - np.roll(p.network.Y, 1, axis=1)),
    (NET, 3, "labels", lambda p: p.A(3)),
    (NET, 2, "sample-missing", lambda p: p.dZ[2] * (np.arange(p.m) != 3)),
    (NET, 2, "sample-doubled", lambda p: p.dZ[2] * np.where(np.arange(p.m) == 3, 2, 1)),
    (NET, 3, "sample-weights", lambda p: p.dZ[3] * (WEIGHTS @ p.network.Y)),
    (NET, 2, "wrong-delta", lambda p: p.dZ[2] - p.dZ[2].mean(axis=1, keepdims=True)),
    (NET, 2, "float16", lambda p: p.dZ[2].astype(np.float16).astype(float)),
]


@pytest.mark.parametrize(("problem", "l", "code", "change"), PLANTED)
def test_a_mistake_in_a_delta_is_named_with_its_layer(problem: Network, l: int, code: str, change: Change) -> None:
    assert first(problem, with_delta(problem, l, change)) == (code, f"dZ{l}")


@pytest.mark.parametrize(("problem", "l", "code", "change"), [case for case in PLANTED if case[2] != "zero"])
def test_noise_on_top_hides_the_name_and_not_the_place(problem: Network, l: int, code: str, change: Change) -> None:
    random = np.random.default_rng(5)
    claim = with_delta(problem, l, lambda p: change(p) * (1 + 0.3 * random.normal(size=p.dZ[l].shape)))
    assert first(problem, claim) == ("unknown", f"dZ{l}")


@pytest.mark.parametrize("l", [1, 2])
def test_without_the_network_a_factor_on_a_delta_is_named_still(l: int) -> None:
    problem = network(l2=0.3)
    assert first(problem, with_delta(problem, l, lambda p: 4 * p.dZ[l]), known=False) == ("delta-factor", f"dZ{l}")


def test_without_the_network_the_place_of_any_other_mistake_is_right() -> None:
    assert first(NET, with_delta(NET, 2, lambda p: p.dA[2]), known=False) == ("unknown", "dZ2")
