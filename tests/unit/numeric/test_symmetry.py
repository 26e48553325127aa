"""Whether a claimed gradient is the gradient of anything."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gradcheck_cli.numeric.symmetry import CALLS, symmetry
from gradcheck_cli.problems.directions import sizes_of
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from tests.unit.diagnosis.user_functions import FUNCTIONS

SEEDS = range(5)


def asked(gradient: Callable[[Parameters], Parameters], point: Parameters, seed: int = 0) -> tuple[bool, ...] | None:
    found = symmetry(gradient, point, sizes_of(point), seed)
    return None if found is None else (found.is_symmetric, *found.blocks.values())


def as_arrays(gradient: Parameters) -> dict[str, Array]:
    return {name: np.asarray(values, dtype=float) for name, values in gradient.items()}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_right_gradient_is_one(name: str, seed: int) -> None:
    _, gradient, point = FUNCTIONS[name]
    assert asked(lambda p: as_arrays(gradient(p, "")), point, seed) in ((True,), None)


R = np.random.default_rng(5)
A, B = R.normal(size=(2, 6, 6))
X, T = R.normal(size=(20, 6)), R.normal(size=20)
POINT = {"x": R.normal(size=6), "y": R.normal(size=6)}


def coupled(p: Parameters) -> dict[str, Array]:
    """Return the gradient of sin(x).A.y + tanh(y).(B + B^T).y / 2."""
    return {"x": np.cos(p["x"]) * (A @ p["y"]), "y": A.T @ np.sin(p["x"]) + own(p["y"], B + B.T)}


def own(y: Array, S: Array) -> Array:
    return np.asarray((S @ y) / np.cosh(y) ** 2 + S.T @ np.tanh(y))


def changed(name: str, change: Callable[[Array, Parameters], Array]) -> Callable[[Parameters], Parameters]:
    return lambda p: {**coupled(p), name: change(coupled(p)[name], p)}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_comes_from_another_loss_is_a_gradient_all_the_same(seed: int) -> None:
    assert asked(coupled, POINT, seed) == (True,)
    assert asked(lambda p: {name: -2 * g for name, g in coupled(p).items()}, POINT, seed) == (True,)
    assert asked(changed("y", lambda g, p: g + 0.3 * p["y"]), POINT, seed) == (True,)
    assert asked(changed("x", lambda g, _: g + 7), POINT, seed) == (True,)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_error_in_the_derivation_is_of_no_loss_and_its_parameter_is_told(seed: int) -> None:
    assert asked(changed("y", lambda g, p: g + B @ p["y"]), POINT, seed) == (False, False)  # x's own part is diagonal
    assert asked(changed("y", lambda g, _: 2 * g), POINT, seed) == (False, True)
    assert asked(changed("x", lambda g, _: g[::-1]), POINT, seed) == (False, False, True)


def test_what_cannot_be_told_is_not() -> None:
    one = {"x": POINT["x"]}
    assert asked(lambda p: {"x": np.cos(p["x"])}, one) is None  # no entry knows of another
    assert asked(lambda p: {"x": 0 * p["x"] + 3}, one) is None  # constant
    assert asked(lambda p: {"x": np.sign(A @ p["x"])}, one) is None
    assert asked(lambda p: {"x": p["x"] * np.nan}, one) is None
    rough = {"x": np.zeros(6)}  # on the kink of every |x|
    assert asked(lambda p: {"x": A @ np.abs(p["x"])}, rough) is None


def test_a_gradient_that_is_right_for_symmetric_matrices_alone_is_asked_there() -> None:
    S = {"S": A @ A.T + 9 * np.eye(6)}
    right = X[:6] @ X[:6].T

    def gradient(p: Parameters) -> Parameters:
        P = np.linalg.inv(p["S"])
        return {"S": np.asarray(-P @ right @ P, dtype=float)}

    assert asked(gradient, S) == (True,)


def test_eight_calls_are_enough() -> None:
    calls = []

    def gradient(p: Parameters) -> Parameters:
        calls.append(p)
        return coupled(p)

    assert asked(gradient, POINT) == (True,)
    assert len(calls) == CALLS
