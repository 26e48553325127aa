"""Mistakes in the line that computes one gradient: each is named, and a near miss is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.vocabulary.parameters import Array
from tests.unit.diagnosis.support import M, findings, first, network, right_gradient, with_tensor

NET = network()
L2 = network(l2=0.7)

PLANTED: list[tuple[Any, ...]] = [
    ("factor", "dW2", with_tensor(NET, "W2", lambda d: 2 * d)),
    ("factor", "db1", with_tensor(NET, "b1", lambda d: M * d)),
    ("small-relative-error", "dW1", with_tensor(NET, "W1", lambda d: 1.001 * d)),
    ("zero", "db2", with_tensor(NET, "b2", np.zeros_like)),
    ("transposed", "dW2", with_tensor(NET, "W2", lambda d: d.T)),
    ("permuted", "dW1", with_tensor(NET, "W1", lambda d: d.T.reshape(d.shape))),
    ("permuted", "dW1", with_tensor(NET, "W1", lambda d: np.roll(d, 1, axis=0))),
    ("permuted", "dW3", with_tensor(NET, "W3", lambda d: np.sort(d.ravel()).reshape(d.shape))),
    ("absolute-values", "dW1", with_tensor(NET, "W1", np.abs)),
    ("broadcast", "dW1", with_tensor(NET, "W1", lambda d: np.full_like(d, 0.3))),
    ("offset", "dW1", with_tensor(NET, "W1", lambda d: d + 0.1)),
    ("clipped-value", "dW1", with_tensor(NET, "W1", lambda d: np.clip(d, -0.05, 0.05))),
    ("rounded", "dW1", with_tensor(NET, "W1", lambda d: np.round(d, 3))),
    ("float16", "dW1", with_tensor(NET, "W1", lambda d: d.astype(np.float16).astype(float))),
    ("float32", "dW1", with_tensor(NET, "W1", lambda d: d.astype(np.float32).astype(float))),
    ("copied", "db1", with_tensor(NET, "b1", lambda d: right_gradient(NET)["b2"])),
    ("wrong-axis", "db2", with_tensor(NET, "b2", lambda d: np.full_like(d, d.sum()))),
    ("rows", "dW2", with_tensor(NET, "W2", lambda d: d * np.array([[1], [1], [0], [1], [1]]))),
    ("columns", "dW2", with_tensor(NET, "W2", lambda d: d * np.array([1, 1, 3, 1, 1]))),
    ("regulariser-wrong", "dW2", with_tensor(L2, "W2", lambda d: d + 0.7 / M * L2.parameters["W2"])),
    ("regulariser-missing", "dW2", with_tensor(L2, "W2", lambda d: d - 0.7 / M * L2.parameters["W2"])),
    ("regularised-bias", "db2", with_tensor(L2, "b2", lambda d: d + 0.7 / M * L2.parameters["b2"])),
]


@pytest.mark.parametrize(("code", "where", "claim"), PLANTED, ids=lambda value: value if isinstance(value, str) else "")
def test_a_mistake_in_one_gradient_is_named(code: str, where: str, claim: dict[str, Array]) -> None:
    problem = L2 if code.startswith("regular") else NET
    assert first(problem, claim) == (code, where)


@pytest.mark.parametrize(
    "spoil", [lambda d, noise: 2 * d, lambda d, noise: d.T, lambda d, noise: d + 0.1, lambda d, noise: np.abs(d)]
)
def test_a_near_miss_is_not_named(spoil: Callable[..., Array]) -> None:
    noise = 1 + 0.05 * np.random.default_rng(1).normal(size=(5, 5))
    claim = with_tensor(NET, "W2", lambda d: spoil(d, noise) * noise)
    assert first(NET, claim) == ("unknown", "dW2")


def test_one_wrong_entry_is_named_with_its_index() -> None:
    def spoil(d: Array) -> Array:
        d[1, 2] = 0
        return d

    finding = findings(NET, with_tensor(NET, "W1", spoil))[0]
    assert (finding.code, finding.indices) == ("single-entry", ("W1[1, 2]",))


@pytest.mark.parametrize(("factor", "how"), [(3.0, ": 3 times the right one"), (None, "")])
def test_a_few_wrong_entries_are_named_with_their_indices(factor: float | None, how: str) -> None:
    problem = network(sizes=(12, 8, 5, 3))
    places = ([0, 3, 7], [2, 11, 5])

    def spoil(d: Array) -> Array:
        d[places] = np.arange(3.0) if factor is None else factor * d[places]
        return d

    (finding,) = findings(problem, with_tensor(problem, "W1", spoil))
    assert (finding.code, finding.message) == ("few-entries", f"dW1 is wrong at 3 entries only{how}")
    assert finding.indices == ("W1[0, 2]", "W1[3, 11]", "W1[7, 5]")


def test_some_wrong_signs_are_named() -> None:
    turned = np.random.default_rng(0).choice([-1, 1], size=(5, 4))
    assert first(NET, with_tensor(NET, "W1", lambda d: d * turned)) == ("signs", "dW1")


@pytest.mark.parametrize("known", [True, False])
def test_swapped_gradients_are_named_as_a_pair(known: bool) -> None:
    right = right_gradient(NET)
    claim = {**right, "b1": right["b2"], "b2": right["b1"]}
    assert first(NET, claim, known=known) == ("swapped", "db1")
