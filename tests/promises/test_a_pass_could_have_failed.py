"""A PASS says something: a gradient that is grossly wrong cannot have one, and what was not seen is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.promises.claims import BOTH_MODES, FAIL, INCONCLUSIVE, PASS, WRONG, report, verdict, with_entry
from tests.zoo import SMOOTH, Array, Problem

each_problem = pytest.mark.parametrize("problem", SMOOTH, ids=lambda problem: problem.name)


@each_problem
def test_a_right_gradient_passes(problem: Problem) -> None:
    assert verdict(problem.loss, problem.claim, problem.point) is PASS


@each_problem
def test_a_grossly_wrong_gradient_fails(problem: Problem) -> None:
    for wrong in WRONG:
        assert verdict(problem.loss, wrong(problem.claim), problem.point) is FAIL, wrong.__name__


@each_problem
def test_a_right_gradient_never_fails_a_screen(problem: Problem) -> None:
    for seed in range(3):
        assert verdict(problem.loss, problem.claim, problem.point, mode="screen", seed=seed) is not FAIL


@each_problem
def test_a_grossly_wrong_gradient_never_passes_a_screen(problem: Problem) -> None:
    # a screen sees slopes: an entry that hardly moves the loss is one that it may say it did not see
    for wrong in WRONG:
        assert verdict(problem.loss, wrong(problem.claim), problem.point, mode="screen") is not PASS, wrong.__name__


def test_hardly_any_right_gradient_is_doubted_by_a_screen() -> None:
    doubted = [p.name for p in SMOOTH if verdict(p.loss, p.claim, p.point, mode="screen") is INCONCLUSIVE]
    assert len(doubted) <= 0.04 * len(SMOOTH), doubted


@each_problem
def test_a_pass_states_that_it_sees_errors_of_a_tenth_and_less(problem: Problem) -> None:
    found = report(problem.loss, problem.claim, problem.point)
    if found.passed:
        for parameter in found.parameters:
            assert parameter.sensitivity is not None
            assert parameter.sensitivity.factor <= 0.1
            assert parameter.sensitivity.relative <= 0.1


# What is hardly there: a bias that is zero but for rounding, or initialised with a tiny number.

W = np.array([[0.3, -0.4], [0.8, 0.2], [-0.5, 0.6]])
X = np.sin(np.arange(18.0)).reshape(2, 9)
TINY = {
    "1e-300": 1e-300,
    "1e-30": 1e-30,
    "1e-20": 1e-20,
    "sin(pi)": float(np.sin(np.pi)),
    "0.1 + 0.2 - 0.3": 0.1 + 0.2 - 0.3,
    "1e-12": 1e-12,
    "0": 0.0,
    "0.1": 0.1,
}


def layer(p: dict[str, Array]) -> Any:
    return np.sum(np.tanh(p["W"] @ X + p["b"][:, None]) ** 2)


def layer_gradient(p: dict[str, Array]) -> dict[str, Array]:
    A = np.tanh(p["W"] @ X + p["b"][:, None])
    d = 2 * A * (1 - A**2)
    return {"W": d @ X.T, "b": d.sum(axis=1)}


@pytest.mark.parametrize("mode", BOTH_MODES)
@pytest.mark.parametrize("size", TINY.values(), ids=TINY)
def test_a_right_gradient_of_a_tiny_parameter_passes(size: float, mode: str) -> None:
    point = {"W": W, "b": np.full(3, size)}
    assert verdict(layer, layer_gradient(point), point, mode=mode) is PASS


@pytest.mark.parametrize("mode", BOTH_MODES)
@pytest.mark.parametrize("factor", [0.0, -1.0, 2.0, 1.01])
@pytest.mark.parametrize("size", TINY.values(), ids=TINY)
def test_a_wrong_gradient_of_a_tiny_parameter_fails(size: float, factor: float, mode: str) -> None:
    point = {"W": W, "b": np.full(3, size)}
    claim = layer_gradient(point)
    assert verdict(layer, {**claim, "b": factor * claim["b"]}, point, mode=mode) is FAIL


@pytest.mark.parametrize("factor", [0.0, -1.0, 2.0])
def test_a_tiny_entry_beside_large_ones_in_one_array_is_seen(factor: float) -> None:
    x = np.array([0.7, float(np.sin(np.pi)), -1.3])
    claim = np.exp(x) + np.cos(3 * x)
    assert verdict(lambda x: np.sum(np.exp(x) + np.sin(3 * x) / 3), claim, x) is PASS
    assert verdict(lambda x: np.sum(np.exp(x) + np.sin(3 * x) / 3), with_entry(claim, 1, factor), x) is FAIL


# The edge of a domain, and jumps.


def beyond_an_edge(x: Array) -> float:
    if x[0] < 0:
        raise ValueError("a concentration is never negative")
    return float(3 * x[0] + np.sum(np.sin(x[1:])))


@pytest.mark.parametrize("claimed", [0.0, 2.0, 6.0, -3.0])
def test_a_wrong_derivative_at_the_edge_of_the_domain_never_passes(claimed: float) -> None:
    x = np.array([0.0, 0.5, 1.2, 0.3, 0.9])
    assert verdict(beyond_an_edge, np.append(claimed, np.cos(x[1:])), x) is not PASS


def test_a_right_derivative_at_the_edge_of_the_domain_never_fails() -> None:
    x = np.array([0.0, 0.5, 1.2, 0.3, 0.9])
    assert verdict(beyond_an_edge, np.append(3.0, np.cos(x[1:])), x) is not FAIL


@pytest.mark.parametrize(("claimed", "expected"), [(3.0, PASS), (0.0, FAIL), (6.0, FAIL)])
def test_inside_the_domain_the_same_loss_has_a_verdict(claimed: float, expected: object) -> None:
    x = np.array([0.4, 0.5, 1.2, 0.3, 0.9])
    assert verdict(beyond_an_edge, np.append(claimed, np.cos(x[1:])), x) is expected


def with_a_step(x: Array) -> float:
    return float((x >= 0).sum() + np.sum(x**2))


@pytest.mark.parametrize("more", [5.0, -5.0, 1.0])
def test_at_a_jump_no_claim_of_a_slope_passes(more: float) -> None:
    x = np.array([0.0, 1.0])
    assert verdict(with_a_step, 2 * x + [more, 0], x) is not PASS


def test_away_from_the_jump_the_same_loss_has_a_verdict() -> None:
    x = np.array([0.5, 1.0])
    assert verdict(with_a_step, 2 * x, x) is PASS
    assert verdict(with_a_step, 2 * x + [5.0, 0], x) is FAIL


# An entry that hardly shows: it moves the loss by no more than a few of its last digits, at any step.

SHARE = 3e-4


def hidden(p: dict[str, Array], rest: float) -> Any:
    return rest + np.sum(1e3 * np.sin(p["loud"])) + SHARE * np.sum(np.sin(p["quiet"]))


POINT = {"loud": np.array([0.3, 0.9]), "quiet": np.array([0.4, 1.1, -0.6])}
CLAIM = {"loud": 1e3 * np.cos(POINT["loud"]), "quiet": SHARE * np.cos(POINT["quiet"])}


def test_what_the_numeric_side_cannot_resolve_is_inconclusive_and_named() -> None:
    for seed in range(4):
        found = report(lambda p: hidden(p, 1e12), CLAIM, POINT, seed=seed)
        assert found.verdict is INCONCLUSIVE
        assert "quiet" in "\n".join(found.reasons)


@pytest.mark.parametrize("factor", [2.0, -1.0, 3.0])
def test_a_wrong_claim_of_what_cannot_be_resolved_never_passes(factor: float) -> None:
    for seed in range(4):
        claim = {**CLAIM, "quiet": factor * CLAIM["quiet"]}
        assert verdict(lambda p: hidden(p, 1e12), claim, POINT, seed=seed) is not PASS


def test_one_entry_of_many_that_cannot_be_resolved_is_enough_for_a_doubt() -> None:
    size = np.array([1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 3e-7])
    x = np.linspace(0.2, 0.9, 8)
    for seed in range(4):
        assert verdict(lambda x: 1e9 + size @ np.sin(x), size * np.cos(x), x, seed=seed) is INCONCLUSIVE
    assert verdict(lambda x: 1e9 + size[:7] @ np.sin(x), size[:7] * np.cos(x[:7]), x[:7]) is PASS


@pytest.mark.parametrize(("factor", "expected"), [(1.0, PASS), (2.0, FAIL), (-1.0, FAIL), (0.0, FAIL)])
def test_without_what_hides_it_the_same_entry_has_a_verdict(factor: float, expected: object) -> None:
    claim = {"quiet": factor * CLAIM["quiet"]}
    assert verdict(lambda p: SHARE * np.sum(np.sin(p["quiet"])), claim, {"quiet": POINT["quiet"]}) is expected


def test_a_wrong_claim_far_outside_what_was_seen_still_fails_where_others_cannot_be_resolved() -> None:
    assert verdict(lambda p: hidden(p, 1e12), {**CLAIM, "loud": -CLAIM["loud"]}, POINT) is FAIL


@pytest.mark.parametrize("factor", [2.0, -1.0])
def test_a_derivative_lost_in_a_loss_of_1e12_never_passes_wrong(factor: float) -> None:
    def loss(x: Array) -> Any:  # the usual start of Brown's badly scaled function
        return (x[0] - 1e6) ** 2 + (x[1] - 2e-6) ** 2 + (x[0] * x[1] - 2) ** 2

    x, claim = np.array([1.0, 1.0]), np.array([-2e6, -4e-6])  # by x[1]: 2 (1 - 2e-6) - 2
    assert verdict(loss, claim, x) is not FAIL
    assert verdict(loss, with_entry(claim, 1, factor), x) is not PASS


def test_saturated_losses_do_not_hide_a_wrong_gradient() -> None:
    x = np.array([0.3, 1.4])
    claim = -np.exp(-40 - x) / (1 + np.exp(-40 - x))
    for mode in BOTH_MODES:
        assert verdict(lambda x: np.sum(np.log1p(np.exp(-40 - x))), claim, x, mode=mode) is PASS
        for factor in (0.0, -1.0, 2.0):
            assert verdict(lambda x: np.sum(np.log1p(np.exp(-40 - x))), factor * claim, x, mode=mode) is FAIL


@pytest.mark.parametrize("mode", BOTH_MODES)
@pytest.mark.parametrize("size", [1e-310, 1e-308, 1e-305, 1e-300])
def test_what_float64_has_no_digits_for_is_told_from_nothing(size: float, mode: str) -> None:
    slopes, x = size * np.array([3.0, 5.0]), np.array([2.0, 0.7])
    for seed in range(3):
        right, wrong = (report(lambda x: float(slopes @ x), f * slopes, x, mode=mode, seed=seed) for f in (1, -1))
        assert right.verdict is not FAIL
        assert wrong.verdict is (INCONCLUSIVE if size < 1e-308 else FAIL)
