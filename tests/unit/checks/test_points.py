"""A PASS says for how many points it is, and a mistake of a branch that the given point does not take is found."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import CheckReport, check, check_gradient, load_fixture
from gradcheck_cli.checks.points import moved
from gradcheck_cli.evaluating.journal import Journal
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.networks.course_functions import with_own_functions
from gradcheck_cli.problems.saved_gradients import saved_gradients
from gradcheck_cli.vocabulary.errors import CheckInterrupted, SettingError
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import Verdict

X = np.random.default_rng(3).normal(size=(20, 4))
Y = np.random.default_rng(4).normal(size=20)
Z = np.abs(X)
AHEAD = np.array([0.5, 0.3, 0.8, 0.2])  # Z @ AHEAD is positive in every row


def leaky(w: Array) -> float:
    z = Z @ w
    return float(np.sum(np.where(z > 0, z, 0.01 * z) ** 2))


def leaky_gradient(w: Array, slope: float = 0.01) -> Array:
    z = Z @ w
    return np.asarray(Z.T @ (2 * np.where(z > 0, z, 0.01 * z) * np.where(z > 0, 1, slope)))


def clipped(w: Array) -> float:
    return float(np.sum(np.clip(w, -2, 2) ** 2))


def penalised(w: Array) -> float:
    return float(np.sum((X @ w - Y) ** 2) + 0.3 * w @ w)


def fit_alone(w: Array) -> Array:
    return np.asarray(2 * X.T @ (X @ w - Y))


def product(w: Array) -> float:
    return float(np.sum(w**2) + np.prod(w))


BRANCHES: dict[str, tuple[Callable[[Array], float], Callable[[Array], Array], Callable[[Array], Array], Array]] = {
    "leaky slope": (leaky, leaky_gradient, lambda w: leaky_gradient(w, 0.1), AHEAD),
    "clip": (clipped, lambda w: 2 * np.clip(w, -2, 2) * (np.abs(w) < 2), lambda w: 2 * np.clip(w, -2, 2), AHEAD),
    "l2 at zero": (penalised, lambda w: fit_alone(w) + 0.6 * w, fit_alone, np.zeros(4)),
    "product at ones": (product, lambda w: 2 * w + np.prod(w) / w, lambda w: 2 * w + w, np.ones(4)),
}
every_branch = pytest.mark.parametrize("name", BRANCHES)


@every_branch
@pytest.mark.parametrize("seed", range(3))
def test_a_mistake_of_another_branch_fails_at_a_further_point_and_not_at_the_given_one(name: str, seed: int) -> None:
    loss, _, wrong, point = BRANCHES[name]
    assert check_gradient(loss, wrong, point).passed
    report = check_gradient(loss, wrong, point, points=5, seed=seed)
    assert report.verdict is Verdict.FAIL
    assert report.points is not None
    assert report.points.given is Verdict.PASS
    assert report.points.found[-1].number == report.points.worst


@every_branch
@pytest.mark.parametrize("mode", ["full", "screen"])
def test_the_right_gradient_passes_and_says_for_how_many_points(name: str, mode: str) -> None:
    loss, right, _, point = BRANCHES[name]
    report = check_gradient(loss, right, point, points=5, mode=mode, seed=1)
    assert report.passed
    assert "right here and at 5 further points (seed 1)" in str(report)
    assert report.settings["points"] == 5


def wrong_elsewhere(**settings: Any) -> CheckReport:
    return check_gradient(leaky, lambda w: leaky_gradient(w, 0.1), AHEAD, points=5, **settings)


def test_the_point_where_it_is_wrong_is_in_the_report_and_fails_alone() -> None:
    report = wrong_elsewhere()
    assert report.point is not None
    there = report.point["x"]
    assert "wrong at further point" in str(report)
    assert f"there x = {there.tolist()}" in str(report)
    alone = check_gradient(leaky, lambda w: leaky_gradient(w, 0.1), there)
    assert alone.verdict is Verdict.FAIL
    assert alone.difference == report.difference


def test_the_same_seed_gives_the_same_points() -> None:
    assert wrong_elsewhere().parameters == wrong_elsewhere(seed=0).parameters
    assert wrong_elsewhere(seed=1).parameters != wrong_elsewhere(seed=2).parameters


def test_what_is_wrong_at_the_given_point_is_not_looked_at_elsewhere() -> None:
    calls = 0

    def loss(w: Array) -> float:
        nonlocal calls
        calls += 1
        return clipped(w)

    report = check_gradient(loss, lambda w: -w, AHEAD, points=5)
    assert report.verdict is Verdict.FAIL
    assert "wrong here; 5 not looked at" in str(report)
    assert calls <= report.evaluations


def test_every_evaluation_at_every_point_is_counted() -> None:
    calls = 0

    def loss(w: Array) -> float:
        nonlocal calls
        calls += 1
        return penalised(w)

    report = check_gradient(loss, lambda w: fit_alone(w) + 0.6 * w, AHEAD, points=5)
    assert calls <= report.evaluations < 1.1 * calls


def test_points_without_a_value_are_drawn_again_and_the_signs_then_stay() -> None:
    report = check_gradient(lambda x: float(np.sum(np.log(x))), lambda x: 1 / x, [1.5, 20.0], points=4)
    assert report.passed
    assert report.points is not None
    assert report.points.checked == 4


def test_points_without_a_value_are_counted() -> None:
    def bounded(x: Array) -> float:
        if np.max(np.abs(x - 1)) > 0.6:
            raise ValueError("out of bounds")
        return float(np.sum(x**3))

    report = check_gradient(bounded, lambda x: 3 * x**2, [1.0, 1.0], points=3)
    assert report.passed
    assert "right here and at 2 further points (seed 0); at 1 of 3 the loss has no value" in str(report)


def test_a_gradient_that_could_be_checked_at_none_of_the_points_is_no_pass() -> None:
    def alone(x: Array) -> float:
        return float(np.sum(x**2)) if np.max(np.abs(x - 1)) < 0.04 else math.nan

    report = check_gradient(alone, lambda x: 2 * x, [1.0, 1.0], points=2)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "no further point was found at which the gradient could be checked" in report.reasons


def test_a_budget_is_for_all_points_together_and_its_end_is_no_pass() -> None:
    calls = 0

    def loss(w: Array) -> float:
        nonlocal calls
        calls += 1
        return penalised(w)

    for most in (90, 150, 400):
        calls = 0
        report = check_gradient(
            loss, lambda w: fit_alone(w) + 0.6 * w, AHEAD, points=50, max_evals=most, mode="screen", seed=1
        )
        assert calls <= most
        assert report.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("call", range(45, 150, 7))
def test_interrupted_on_the_way_it_is_no_pass(call: int) -> None:
    calls = 0

    def loss(w: Array) -> float:
        nonlocal calls
        calls += 1
        if calls == call:
            raise KeyboardInterrupt
        return penalised(w)

    with pytest.raises(CheckInterrupted) as caught:
        check_gradient(loss, lambda w: fit_alone(w) + 0.6 * w, AHEAD, points=8)
    report = caught.value.report
    assert report is not None
    assert report.verdict is not Verdict.PASS
    assert any(reason.startswith("interrupted: ") for reason in report.reasons)


def test_saved_numbers_are_of_one_point() -> None:
    with pytest.raises(SettingError, match="saved numbers, which belong to one point") as caught:
        check_gradient(penalised, fit_alone(AHEAD), AHEAD, points=1)
    assert "function" in str(caught.value.hint)
    with pytest.raises(SettingError, match="saved numbers"):
        check(load_fixture("fixtures/claimed_right.npz"), points=1)
    with pytest.raises(SettingError, match="saved numbers"):
        check(saved_gradients({"w": np.ones(2)}, {"w": np.ones(2)}, "two"), epsilon="auto", points=1)
    with pytest.raises(SettingError, match="a saved state belongs to one point"):
        check_gradient(penalised, fit_alone, AHEAD, points=1, journal=Journal())
    with pytest.raises(SettingError, match="points is -1, expected a whole number of at least 0"):
        check_gradient(penalised, fit_alone, AHEAD, points=-1)


def test_a_network_is_checked_at_other_points_too() -> None:
    report = check(load_fixture("fixtures/tanh_softmax.npz"), points=3)
    assert report.passed
    assert "right here and at 3 further points" in str(report)


def test_the_users_backward_propagation_is_called_again_at_each_point() -> None:
    network = built_in_case("default")

    def backward(X: Any, Y: Any, cache: Any) -> dict[str, Array]:
        Z1, A1, _, _, Z2, A2, W2, _, _, A3, W3, _ = cache
        m = X.shape[1]
        dZ3 = A3 - Y
        dZ2 = W3.T @ dZ3 * (Z2 > 0)
        dZ1 = W2.T @ dZ2 * (Z1 > 0)
        found: dict[str, Array] = {}
        for l, (dZ, A) in enumerate([(dZ1, X), (dZ2, A1), (dZ3, A2)], start=1):
            found |= {f"dW{l}": dZ @ A.T / m, f"db{l}": dZ.sum(axis=1, keepdims=True) / m}
        return found

    assert check(with_own_functions(network, None, backward), points=2).passed


def test_parameters_that_are_not_checked_stay_where_they_are() -> None:
    from gradcheck_cli.problems.functions.make import function_problem

    problem = function_problem(
        lambda p: float(np.sum(p["w"] ** 2) * p["c"]),
        lambda p: {"w": 2 * p["w"] * p["c"], "c": 7.0},
        {"w": [1.0, -2.0], "c": 3.0},
        data={},
        only=("w",),
    )
    there = problem.at({"w": np.array([4.0, 5.0])})
    assert there.point["c"] == 3.0
    assert there.parameters.keys() == {"w"}
    report = check(problem, epsilon="auto", points=2)
    assert report.passed
    assert report.point is not None
    assert report.point["c"] == 3.0


@pytest.mark.parametrize("signs", [True, False])
def test_every_entry_is_moved_by_its_own_size(signs: bool) -> None:
    values = {"x": np.array([1e5, -1e-3, 20.0, 0.0]), "c": np.array(2.0)}
    for size in (0.1, 10.0):
        point = moved(values, size, np.random.default_rng(0), signs=signs)
        assert point["c"].shape == ()
        steps = np.abs(point["x"] - values["x"])
        assert np.all(steps > 0)
        assert np.all(steps[:3] <= 1.5 * size * np.abs(values["x"][:3]))
        if not signs:
            np.testing.assert_array_equal(np.sign(point["x"][:3]), np.sign(values["x"][:3]))


def test_a_point_at_zero_is_left() -> None:
    assert np.all(moved({"x": np.zeros(3)}, 0.1, np.random.default_rng(0), signs=True)["x"] != 0)
