"""Errors as small as those of float32 are excused only where something says that they come from float32."""

from __future__ import annotations

import numpy as np
import pytest

from tests.promises.claims import FAIL, PASS, report, verdict, with_entry, words
from tests.zoo import SMOOTH, Array, Problem

each_problem = pytest.mark.parametrize("problem", SMOOTH, ids=lambda problem: problem.name)
WOOD = next(problem for problem in SMOOTH if problem.name == "wood")
SINES = Problem("sines", lambda x: np.sum(np.sin(x)), np.cos, np.linspace(0.1, 1.3, 9))


@pytest.mark.parametrize("off", [1e-6, 2e-6, 1e-5, 1e-3])
@pytest.mark.parametrize("problem", [WOOD, SINES], ids=lambda problem: problem.name)
def test_one_entry_that_is_off_by_more_than_the_threshold_fails(problem: Problem, off: float) -> None:
    k = int(np.argmax(np.abs(problem.claim)))
    assert verdict(problem.loss, with_entry(problem.claim, k, 1 + off), problem.point) is FAIL


@each_problem
def test_hardly_a_slip_is_small_enough_to_pass(problem: Problem) -> None:
    k = int(np.argmax(np.abs(problem.claim)))
    assert verdict(problem.loss, with_entry(problem.claim, k, 1 + 1e-4), problem.point) is not PASS


def small_errors_everywhere(problem: Problem) -> Array:
    return np.asarray(problem.claim * (1 + 1e-6 * np.cos(5.0 * np.arange(problem.point.size))))


@pytest.mark.parametrize("problem", [WOOD, SINES], ids=lambda problem: problem.name)
def test_a_pattern_of_small_errors_alone_is_never_a_pass(problem: Problem) -> None:
    claim = small_errors_everywhere(problem)
    assert verdict(problem.loss, claim, problem.point, precision="float64") is FAIL
    found = report(problem.loss, claim, problem.point)
    assert found.verdict is not PASS
    assert found.verdict is FAIL or "--precision float32" in words(found)


def test_small_errors_pass_where_float32_is_asked_for() -> None:
    claim = SINES.claim * (1 + 1e-7 * np.cos(5.0 * np.arange(9)))
    assert verdict(SINES.loss, claim, SINES.point, precision="float32") is PASS
    assert verdict(SINES.loss, with_entry(claim, 4, 1.01), SINES.point, precision="float32") is FAIL


def test_the_right_gradient_passes_whatever_precision_is_asked_for() -> None:
    for precision in ("auto", "float16", "bfloat16", "float32", "float64"):
        assert verdict(SINES.loss, SINES.claim, SINES.point, precision=precision) is PASS


def test_half_precision_is_judged_by_its_own_digits_where_it_is_asked_for() -> None:
    half = SINES.claim.astype(np.float16).astype(float)
    assert verdict(SINES.loss, half, SINES.point, precision="float64") is FAIL
    assert verdict(SINES.loss, half, SINES.point, precision="float16") is PASS
    assert verdict(SINES.loss, with_entry(half, 3, 1.05), SINES.point, precision="float16") is FAIL
    assert verdict(SINES.loss, -half, SINES.point, precision="float16") is FAIL


def test_a_slip_in_a_network_of_small_weights_is_not_called_float32() -> None:
    random = np.random.default_rng(3)
    X, Y = random.normal(size=(6, 12)), random.normal(size=(2, 12))
    point = {
        "W1": 0.03 * random.normal(size=(8, 6)), "W2": 0.03 * random.normal(size=(8, 8)),
        "W3": 0.03 * random.normal(size=(2, 8)),
    }  # fmt: skip
    a, b = np.sqrt(2 / np.pi), 0.044715

    def gelu(z: Array) -> Array:
        return np.asarray(z / 2 * (1 + np.tanh(a * (z + b * z**3))))

    def slope(z: Array, cube: float) -> Array:
        t = np.tanh(a * (z + b * z**3))
        return np.asarray((1 + t) / 2 + z / 2 * (1 - t**2) * a * (1 + cube * b * z**2))

    def loss(p: dict[str, Array]) -> float:
        return float(np.sum((p["W3"] @ gelu(p["W2"] @ gelu(p["W1"] @ X)) - Y) ** 2) / 24)

    def gradient(p: dict[str, Array], cube: float) -> dict[str, Array]:
        Z1 = p["W1"] @ X
        A1 = gelu(Z1)
        Z2 = p["W2"] @ A1
        A2 = gelu(Z2)
        d3 = (p["W3"] @ A2 - Y) / 12
        d2 = p["W3"].T @ d3 * slope(Z2, 3.0)
        d1 = p["W2"].T @ d2 * slope(Z1, cube)
        return {"W1": d1 @ X.T, "W2": d2 @ A1.T, "W3": d3 @ A2.T}

    right, slip = gradient(point, 3.0), gradient(point, 1.0)
    off = np.abs(slip["W1"] - right["W1"]).max() / np.abs(right["W1"]).max()
    assert 2e-6 < off < 1e-3
    assert verdict(loss, right, point) is PASS
    assert verdict(loss, slip, point) is not PASS
    assert verdict(loss, slip, point, precision="float64") is FAIL
