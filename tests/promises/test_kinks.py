"""On a kink every subgradient is right, and nothing else is: entries on it are judged together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_gradient, check_jacobian
from gradcheck_cli.vocabulary.results import Verdict
from tests.promises.claims import BOTH_MODES, FAIL, PASS, report, verdict, with_entry, words
from tests.zoo import Array

# Max pooling over pairs, of which two are tied.

POOLED = np.array([1.5, 1.5, -0.7, -0.7, 2.0, 1.0])


def pooling(x: Array) -> Any:
    return np.sum(x.reshape(-1, 2).max(axis=1) ** 2)


SUBGRADIENTS = {
    "to the first": [3.0, 0.0, -1.4, 0.0, 4.0, 0.0],
    "to the last": [0.0, 3.0, 0.0, -1.4, 4.0, 0.0],
    "to each a half": [1.5, 1.5, -0.7, -0.7, 4.0, 0.0],
    "to each a share": [0.9, 2.1, -1.0, -0.4, 4.0, 0.0],
}


@pytest.mark.parametrize("claim", SUBGRADIENTS.values(), ids=SUBGRADIENTS)
def test_a_tie_takes_any_share_of_the_gradient(claim: list[float]) -> None:
    for seed in range(6):
        assert verdict(pooling, claim, POOLED, seed=seed) is PASS


@pytest.mark.parametrize("claim", SUBGRADIENTS.values(), ids=SUBGRADIENTS)
def test_a_tie_takes_any_share_of_the_gradient_in_a_screen(claim: list[float]) -> None:
    for seed in range(6):
        assert verdict(pooling, claim, POOLED, seed=seed, mode="screen") is not FAIL


def test_a_mask_that_hands_the_whole_gradient_to_both_of_a_tie_fails() -> None:
    for seed in range(6):
        assert verdict(pooling, [3.0, 3.0, -1.4, -1.4, 4.0, 0.0], POOLED, seed=seed) is FAIL
        assert verdict(pooling, [3.0, 3.0, -1.4, 0.0, 4.0, 0.0], POOLED, seed=seed) is FAIL


def test_a_mask_that_hands_the_whole_gradient_to_both_of_a_tie_never_passes_a_screen() -> None:
    for seed in range(6):
        assert verdict(pooling, [3.0, 3.0, -1.4, -1.4, 4.0, 0.0], POOLED, seed=seed, mode="screen") is not PASS


def test_the_same_mask_is_right_where_nothing_is_tied() -> None:
    x = np.array([1.5, 1.4, -0.7, -0.9, 2.0, 1.0])
    assert verdict(pooling, [3.0, 0.0, -1.4, 0.0, 4.0, 0.0], x) is PASS
    assert verdict(pooling, [3.0, 3.0, -1.4, 0.0, 4.0, 0.0], x) is FAIL


def test_a_tie_that_gets_nothing_never_passes() -> None:
    for seed in range(6):
        assert verdict(pooling, [0.0, 0.0, -1.4, 0.0, 4.0, 0.0], POOLED, seed=seed) is not PASS


@pytest.mark.parametrize("claim", [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1 / 3, 1 / 3, 1 / 3], [0.2, 0.5, 0.3]])
def test_three_that_are_tied_share_the_gradient(claim: list[float]) -> None:
    assert verdict(lambda x: x.max(), claim, np.full(3, 0.8)) is PASS


@pytest.mark.parametrize("claim", [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
def test_three_that_are_tied_do_not_get_the_whole_gradient_each(claim: list[float]) -> None:
    for seed in range(6):
        assert verdict(lambda x: x.max(), claim, np.full(3, 0.8), seed=seed) is FAIL


def test_three_that_are_tied_do_not_get_less_than_the_gradient() -> None:
    for seed in range(6):
        assert verdict(lambda x: x.max(), [0.1, 0.1, 0.1], np.full(3, 0.8), seed=seed) is not PASS


def test_a_mask_over_rows_of_four_that_are_tied_fails() -> None:
    weights = np.array([1.0, -2.0])

    def loss(x: Array) -> Any:
        return x.reshape(2, 4).max(axis=1) @ weights

    x = np.array([0.5, 0.5, 0.5, 0.5, 0.1, 0.9, 0.3, 0.2])
    assert verdict(loss, [1.0, 0, 0, 0, 0, -2.0, 0, 0], x) is PASS
    assert verdict(loss, [1.0, 1.0, 1.0, 1.0, 0, -2.0, 0, 0], x) is FAIL


@pytest.mark.parametrize("claim", [[1.0, -1.0], [-1.0, 1.0], [0.0, 0.0], [0.4, -0.4]])
def test_a_distance_of_zero_takes_opposite_slopes(claim: list[float]) -> None:
    assert verdict(lambda x: np.abs(x[0] - x[1]), claim, [0.7, 0.7]) is PASS


@pytest.mark.parametrize("claim", [[1.0, 1.0], [-1.0, -1.0], [1.0, 0.0], [0.5, 0.5]])
def test_a_distance_of_zero_takes_no_slopes_that_are_not_opposite(claim: list[float]) -> None:
    for mode in BOTH_MODES:
        for seed in range(6):
            assert verdict(lambda x: np.abs(x[0] - x[1]), claim, [0.7, 0.7], seed=seed, mode=mode) is not PASS


def test_a_norm_at_zero_takes_what_is_no_longer_than_one() -> None:
    for claim in ([0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.0, -0.9, 0.0]):
        assert verdict(lambda x: np.sqrt(np.sum(x**2)), claim, np.zeros(3)) is PASS


def test_a_norm_at_zero_takes_nothing_that_is_longer_than_one() -> None:
    for seed in range(6):
        assert verdict(lambda x: np.sqrt(np.sum(x**2)), [0.9, 0.9, 0.9], np.zeros(3), seed=seed) is not PASS


# A single kink: relu and abs at zero.


def relu(x: Array) -> Any:
    return np.sum(np.maximum(x, 0)) + np.sum(x**2)


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_every_convention_for_the_slope_of_relu_at_zero_passes(slope: float) -> None:
    assert verdict(relu, [slope, 2.6, -1.0], [0.0, 0.8, -0.5]) is PASS


@pytest.mark.parametrize("slope", [-0.2, 1.2, -1.0, 2.0])
def test_a_slope_of_relu_at_zero_far_beyond_its_sides_fails(slope: float) -> None:
    assert verdict(relu, [slope, 2.6, -1.0], [0.0, 0.8, -0.5]) is FAIL


@pytest.mark.parametrize("slope", [-0.01, 1.01])
def test_a_slope_of_relu_at_zero_just_beyond_its_sides_never_passes(slope: float) -> None:
    assert verdict(relu, [slope, 2.6, -1.0], [0.0, 0.8, -0.5]) is not PASS


@pytest.mark.parametrize("slope", [-1.0, 0.0, 0.3, 1.0])
def test_every_slope_of_abs_at_zero_passes(slope: float) -> None:
    assert verdict(lambda x: np.sum(np.abs(x)), [slope, 1.0], [0.0, 0.8]) is PASS


@pytest.mark.parametrize("slope", [1.001, 1.04, -1.04, 3.0])
def test_a_slope_of_abs_at_zero_beyond_its_sides_never_passes(slope: float) -> None:
    assert verdict(lambda x: np.sum(np.abs(x)), [slope, 1.0], [0.0, 0.8]) is not PASS


def test_a_claim_that_a_convention_makes_outside_both_sides_never_passes() -> None:
    def loss(x: Array) -> Any:  # with relu'(0) = 0 its backward pass says 0 at 0; its sides are 1/2 and 1
        return np.sum(np.maximum(x, 0) - 0.5 * np.maximum(-x, 0))

    assert verdict(loss, [0.0, 1.0], [0.0, 0.8]) is not PASS
    assert verdict(loss, [0.5, 1.0], [0.0, 0.8]) is PASS
    assert verdict(loss, [1.0, 1.0], [0.0, 0.8]) is PASS


# What stands beside a kink.


@pytest.mark.parametrize("rest", [0.0, 1e3, 1e6])
@pytest.mark.parametrize("factor", [1.01, 0.99, 2.0, -1.0])
def test_another_parameter_that_is_wrong_fails_beside_a_kink(factor: float, rest: float) -> None:
    point = {"k": np.zeros(2), "w": np.array([0.3, 0.9, -0.4])}

    def loss(p: dict[str, Array]) -> Any:
        return rest + np.sum(np.abs(p["k"])) + np.sum(np.sin(p["w"]))

    claim = {"k": np.zeros(2), "w": np.cos(point["w"])}
    assert verdict(loss, claim, point) is PASS
    assert verdict(loss, {**claim, "w": with_entry(claim["w"], 1, factor)}, point) is FAIL


@pytest.mark.parametrize("rest", [0.0, 1e3, 1e6])
def test_another_entry_of_the_same_array_that_is_one_percent_off_fails_beside_a_kink(rest: float) -> None:
    x = np.array([0.0, 0.3, 0.9, -0.4])
    claim = np.append(0.0, np.cos(x[1:]))

    def loss(x: Array) -> Any:
        return rest + np.abs(x[0]) + np.sum(np.sin(x[1:]))

    assert verdict(loss, claim, x) is PASS
    assert verdict(loss, with_entry(claim, 2, 1.01), x) is FAIL
    assert verdict(lambda x: rest + np.sum(np.sin(x)), with_entry(claim, 2, 1.01)[1:], x[1:]) is FAIL


# Lasso at weights that are zero.

DESIGN = np.sin(np.arange(1.0, 161.0)).reshape(20, 8) * 2
WEIGHTS = np.array([0.8, 0.0, 0.0, -0.5, 0.0, 0.3, 0.0, 0.0])
TARGETS = DESIGN @ np.array([1.0, 0.1, 0.0, -0.7, 0.0, 0.2, -0.1, 0.0])


def lasso(w: Array) -> Any:
    return np.sum((DESIGN @ w - TARGETS) ** 2) / 2 + 3.0 * np.sum(np.abs(w))


LASSO = DESIGN.T @ (DESIGN @ WEIGHTS - TARGETS) + 3.0 * np.sign(WEIGHTS)


@pytest.mark.parametrize("mode", BOTH_MODES)
def test_lasso_at_weights_that_are_zero_passes(mode: str) -> None:
    for seed in range(12):
        assert verdict(lasso, LASSO, WEIGHTS, seed=seed, mode=mode) is PASS


def test_lasso_with_a_penalty_forgotten_or_of_the_wrong_sign_fails() -> None:
    for seed in range(6):
        assert verdict(lasso, LASSO - 3.0 * np.sign(WEIGHTS), WEIGHTS, seed=seed) is FAIL
        assert verdict(lasso, LASSO - 6.0 * np.sign(WEIGHTS), WEIGHTS, seed=seed) is FAIL


def test_lasso_with_a_penalty_forgotten_or_of_the_wrong_sign_never_passes_a_screen() -> None:
    for seed in range(6):
        assert verdict(lasso, LASSO - 3.0 * np.sign(WEIGHTS), WEIGHTS, seed=seed, mode="screen") is not PASS
        assert verdict(lasso, LASSO - 6.0 * np.sign(WEIGHTS), WEIGHTS, seed=seed, mode="screen") is not PASS


def test_lasso_with_a_weight_at_zero_far_outside_the_penalty_never_passes() -> None:
    for mode in BOTH_MODES:
        assert verdict(lasso, LASSO + 10.0 * (np.arange(8) == 1), WEIGHTS, mode=mode) is not PASS


# A kink beside which there is nothing else: on one side the loss stays what it is.


def hinge(x: Array) -> Any:
    return max(float(x[0]), 0.0)


@pytest.mark.parametrize("mode", BOTH_MODES)
@pytest.mark.parametrize("claim", [0.0, 0.5, 1.0])
def test_a_subgradient_of_a_lone_hinge_passes(claim: float, mode: str) -> None:
    for seed in range(8):
        assert verdict(hinge, [claim, 0.0], [0.0, 1.0], seed=seed, mode=mode) is PASS


@pytest.mark.parametrize("mode", BOTH_MODES)
@pytest.mark.parametrize("claim", [-0.4, 1.7])
def test_what_is_none_of_a_lone_hinge_fails(claim: float, mode: str) -> None:
    for seed in range(8):
        assert verdict(hinge, [claim, 0.0], [0.0, 1.0], seed=seed, mode=mode) is FAIL


# What only looks like a kink.


def test_a_smooth_loss_has_no_kink_near_the_edge_of_its_domain() -> None:
    x = np.array([3e-9, 1.0])
    for seed in range(6):
        found = report(lambda x: np.sum(np.log(x)), 1 / x, x, seed=seed)
        assert found.verdict is PASS
        assert "kink" not in words(found)
        assert verdict(lambda x: np.sum(np.log(x)), [0.0, 1.0], x, seed=seed) is FAIL


def test_curvature_is_no_kink_though_a_zero_beside_large_entries_is_moved_far() -> None:
    w = np.array([[1.0, 0, 0.1], [0, 0, 0], [-0.75, -1.2, 1.0], [-1.2, 0.55, -1.7]])
    point = {"x": np.array([-0.15, -0.5, -0.3]) * 1e6, "w": w, "b": np.zeros(4)}

    def scores(p: dict[str, Array]) -> Array:
        return np.asarray(p["w"] @ (p["x"] / 1e6) + p["b"] / 1e-3)

    def loss(p: dict[str, Array]) -> float:
        z = scores(p)
        return float(191 * (np.log(np.exp(z).sum()) - z[1]))

    def slopes(p: dict[str, Array], factor: float = 1.0) -> dict[str, Array]:
        e = np.exp(scores(p))
        d = 191 * (e / e.sum() - np.eye(4)[1])
        dw = np.outer(d, p["x"] / 1e6)
        dw[0, 0] *= factor
        return {"x": p["w"].T @ d / 1e6, "w": dw, "b": d / 1e-3}

    assert check_gradient(loss, slopes, point).verdict is Verdict.PASS
    assert check_gradient(loss, lambda p: slopes(p, 1.1), point).verdict is Verdict.FAIL


@pytest.mark.parametrize("point", [[2.0, 2, 2], [1.0, 2, 2, 2, 3]])
def test_a_median_of_ties_may_take_any_of_them(point: list[float]) -> None:
    # along each line the slopes of both sides are the same: only that slopes do not add up tells of the kink
    middle = len(point) // 2
    assert check_gradient(lambda x: float(np.median(x)), np.eye(len(point))[middle], point).verdict is not Verdict.FAIL
    wrong = 2 * np.eye(len(point))[middle]
    assert check_gradient(lambda x: float(np.median(x)), wrong, point).verdict is Verdict.FAIL


def test_sorted_ties_may_stand_in_any_order() -> None:
    weights = np.array([-0.32, -0.014, -0.35, 0.205])
    for seed in range(4):
        report = check_gradient(lambda x: float(np.sort(x) @ weights), weights, np.ones(4), seed=seed)
        assert report.verdict is not Verdict.FAIL
    order = np.eye(4)
    assert check_jacobian(np.sort, order, np.array([2.0, 2, 2, 3])).verdict is not Verdict.FAIL
    assert check_jacobian(np.sort, 2 * order, np.array([2.0, 2, 2, 3])).verdict is Verdict.FAIL
