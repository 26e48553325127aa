"""A dZ_l, or a dW_l, that is a sum of known arrays with numbers of its own: each is named, and its twin is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.diagnosis.propagation import Propagation
from gradcheck_cli.vocabulary.parameters import Array
from tests.unit.diagnosis.support import findings, network, with_delta, with_tensor

NET = network(m=12)
RELU = network(("relu", "relu", "sigmoid"), "bce", m=12)
WIDE = network(sizes=(6, 5, 4, 3), m=12)
ORDER = np.array([0, 1, 7, 3, 4, 5, 6, 2, 8, 9, 10, 11])
UNITS = np.array([[2.0], [1.0], [-0.3], [0.7], [1.1]])
WEIGHTS = np.linspace(0.2, 2, 12)
Change = Callable[[Propagation], Array]


def through_another(p: Propagation) -> Array:
    """Return dZ_2 through a W_3 of which one entry is wrong."""
    V = p.W(3).T.copy()
    V[1, 2] += 0.3
    return p.network.hidden_delta(2, V @ p.dZ[3], p.Z(2))


DELTAS: list[tuple[str, str, Any, int, Change]] = [
    ("labels", "0.9 Y + 0.05", NET, 3, lambda p: p.A(3) - 0.9 * p.network.Y - 0.05),
    ("labels", "2 Y - 1", RELU, 3, lambda p: p.A(3) - 2 * p.network.Y + 1),
    ("wrong-activation-derivative", "0.7 where Z_2 > 0 and 0.123", RELU, 2,
     lambda p: p.dA[2] * np.where(p.Z(2) > 0, 0.7, 0.123)),
    ("wrong-activation-derivative", "1 - 0.5 A_1^2", NET, 1, lambda p: p.dA[1] * (1 - 0.5 * p.A(1) ** 2)),
    ("wrong-activation-derivative", "the square root of tanh'", NET, 1, lambda p: p.dA[1] * np.sqrt(1 - p.A(1) ** 2)),
    ("wrong-activation-derivative", "3.21 times exp(Z_1)", NET, 1, lambda p: 3.21 * p.dA[1] * np.exp(p.Z(1))),
    ("wrong-delta", "the right one +0.25 times A_2", NET, 2, lambda p: p.dZ[2] + 0.25 * p.A(2)),
    ("delta-factor", "2, 1, -0.3, 0.7, 1.1", NET, 2, lambda p: p.dZ[2] * UNITS),
    ("clipped-value", "clipped at 0.05", NET, 2, lambda p: np.clip(p.dZ[2], -0.05, 0.05)),
    ("sample-order", "samples 2 and 7", NET, 2, lambda p: p.dZ[2][:, ORDER]),
    ("wrong-weights", "a matrix other than W3 transposed", WIDE, 2, through_another),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "says", "problem", "l", "change"), DELTAS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_sum_in_a_delta_is_named(code: str, says: str, problem: Any, l: int, change: Change) -> None:
    finding = findings(problem, with_delta(problem, l, change))[0]
    assert (finding.code, finding.where) == (code, f"dZ{l}")
    assert says in finding.message
    assert "nearly" not in finding.note


@pytest.mark.parametrize(
    ("code", "says", "problem", "l", "change"), DELTAS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_its_twin_is_not(code: str, says: str, problem: Any, l: int, change: Change) -> None:
    noise = 1 + 0.01 * np.random.default_rng(0).normal(size=(9, 12))
    claim = with_delta(problem, l, lambda p: change(p) * noise[: len(p.dZ[l])])
    assert findings(problem, claim)[0].code == "unknown"


TENSORS: list[tuple[str, str, Change]] = [
    ("input-shifted", "A_1 - 0.3 A_1^2", lambda p: p.weights_from(2, p.dZ[2], p.A(1) - 0.3 * p.A(1) ** 2)),
    ("sample-weights", "one weight per sample: 0.2", lambda p: p.weights_from(2, p.dZ[2] * WEIGHTS)),
]


@pytest.mark.parametrize(("code", "says", "change"), TENSORS)
def test_a_sum_in_one_gradient_is_named(code: str, says: str, change: Change) -> None:
    p = Propagation.of(NET)
    finding = findings(NET, with_tensor(NET, "W2", lambda d: change(p)))[0]
    assert (finding.code, finding.where) == (code, "dW2")
    assert says in finding.message
    noise = 1 + 0.01 * np.random.default_rng(0).normal(size=(5, 5))
    assert findings(NET, with_tensor(NET, "W2", lambda d: change(p) * noise))[0].code == "unknown"
