"""Functions with many outputs have what losses have: screens, budgets, workers, states, and each evaluation once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import CheckReport, Journal, check_hessian, check_jacobian, check_layer
from gradcheck_cli.vocabulary.errors import CheckInterrupted, InputError, ProblemError, SettingError
from gradcheck_cli.vocabulary.results import Verdict
from tests.zoo import Array

_random = np.random.default_rng(0)
A, X = _random.normal(size=(30, 50)), _random.normal(size=50)
W = _random.normal(size=(40, 20))


def outputs(x: Array) -> Array:
    return np.asarray(np.sin(A @ x) + A @ x**2)


def jacobian(x: Array) -> Array:
    return np.cos(A @ x)[:, None] * A + 2 * A * x


def with_error(factor: float, row: int = 3, column: int = 7) -> Array:
    claim = jacobian(X)
    claim[row, column] *= factor
    return claim


class Counted:
    """Counts the calls of the function, and ends some of them as Ctrl-C does."""

    def __init__(self, interrupted_at: int = 0) -> None:
        self.calls, self.interrupted_at = 0, interrupted_at

    def __call__(self, x: Array) -> Array:
        self.calls += 1
        if self.calls == self.interrupted_at:
            raise KeyboardInterrupt
        return outputs(x)


def forward(x: Array, w: Array) -> tuple[Array, Any]:
    return np.tanh(x @ w), (x, w)


def backward(d: Array, cache: Any) -> tuple[Array, Array]:
    x, w = cache
    d = d * (1 - np.tanh(x @ w) ** 2)
    return d @ w.T, x.T @ d


def wrong(d: Array, cache: Any) -> tuple[Array, Array]:
    dx, dw = backward(d, cache)
    dw[2, 1] *= 1.1
    return dx, dw


LAYER = {"x": _random.normal(size=(30, 40)), "w": W}


def figures(report: CheckReport) -> tuple[Any, ...]:
    rows = tuple((p.name, p.verdict, p.entries.reference, p.entries.bars) for p in report.parameters)
    return report.verdict, report.difference, rows, report.evaluations


# every evaluation once


def test_an_evaluation_serves_every_row_of_a_jacobian() -> None:
    function = Counted()
    report = check_jacobian(function, jacobian(X), X)
    assert report.verdict is Verdict.PASS
    assert function.calls <= 2 * X.size + 30
    assert report.evaluations <= function.calls


# screens


@pytest.mark.parametrize("seed", range(5))
def test_a_right_jacobian_is_screened_with_far_fewer_evaluations_than_it_has_columns(seed: int) -> None:
    report = check_jacobian(outputs, jacobian(X), X, mode="screen", seed=seed)
    assert report.verdict is Verdict.PASS
    assert report.screen is not None
    assert report.evaluations <= 70


@pytest.mark.parametrize("factor", [2.0, 1.01, 0.0, -1.0])
def test_a_screen_finds_the_one_wrong_entry_of_a_jacobian(factor: float) -> None:
    report = check_jacobian(outputs, with_error(factor), X, mode="screen", seed=1)
    assert report.verdict is Verdict.FAIL
    (finding,) = report.findings
    assert finding.indices == ("d y[3] / d x[7]",)
    assert f"{factor:.6g}"[:4] in finding.message
    assert report.evaluations <= 90


@pytest.mark.parametrize("rows", [[2], [4, 17]])
def test_a_screen_names_the_rows_that_are_wrong(rows: list[int]) -> None:
    claim = jacobian(X)
    claim[rows, ::2] *= -1
    report = check_jacobian(outputs, claim, X, mode="screen", seed=1)
    assert report.verdict is Verdict.FAIL
    assert all(f"y[{row}]" in report.findings[0].message for row in rows)


@pytest.mark.parametrize("claim", [backward, wrong])
def test_a_layer_is_screened(claim: Any) -> None:
    report = check_layer(forward, claim, LAYER, mode="screen", seed=1)
    assert report.verdict is (Verdict.PASS if claim is backward else Verdict.FAIL)
    assert report.evaluations <= 70
    assert report.passed or report.findings[0].indices == ("w[2, 1]",)


# budgets


@pytest.mark.parametrize("most", [60, 80, 100])
def test_a_small_budget_passes_nothing_that_it_has_not_seen(most: int) -> None:
    right = check_jacobian(outputs, jacobian(X), X, mode="full", max_evals=most)
    assert right.verdict is Verdict.INCONCLUSIVE
    assert right.evaluations <= most
    assert 0 < right.entry_count < right.size
    claim = jacobian(X)
    claim[3] *= 2
    assert check_jacobian(outputs, claim, X, mode="full", max_evals=most).verdict is Verdict.FAIL


def test_a_budget_that_is_enough_changes_no_number() -> None:
    plain, limited = (check_jacobian(outputs, jacobian(X), X, max_evals=most, mode="full") for most in (None, 1000))
    assert limited.verdict is Verdict.PASS
    assert limited.entry_count == plain.size


@pytest.mark.parametrize("slow", ["forward", "backward"])
def test_a_pass_that_does_not_return_ends_in_time(slow: str) -> None:
    def pausing(function: Any) -> Any:
        def paused(*arguments: Any) -> Any:
            time.sleep(60)
            return function(*arguments)

        return paused

    passes: dict[str, Any] = {"forward": lambda x: (x**2, x), "backward": lambda d, x: 2 * d * x}
    passes[slow] = pausing(passes[slow])
    started = time.monotonic()
    with pytest.raises(ProblemError, match="did not return"):
        check_layer(passes["forward"], passes["backward"], X, time_limit=0.2)
    assert time.monotonic() - started < 10


# workers


@pytest.mark.parametrize("how", [{"jobs": 2}, {"executor": "threads", "jobs": 2}])
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_workers_give_the_same_numbers(how: dict[str, Any], factor: float) -> None:
    alone = check_jacobian(outputs, with_error(factor), X)
    if "executor" in how:
        with ThreadPoolExecutor(2) as executor:
            shared = check_jacobian(outputs, with_error(factor), X, **{**how, "executor": executor})
    else:
        shared = check_jacobian(outputs, with_error(factor), X, **how)
    assert figures(shared) == figures(alone)


# states, and Ctrl-C


@pytest.mark.parametrize("mode", ["full", "screen"])
def test_what_was_interrupted_is_gone_on_with_and_comes_to_the_same(mode: str) -> None:
    whole = check_jacobian(outputs, with_error(1.5), X, mode=mode, seed=3, journal=Journal())
    journal = Journal()
    with pytest.raises(CheckInterrupted):
        check_jacobian(Counted(40), with_error(1.5), X, mode=mode, seed=3, journal=journal)
    rest = Counted()
    report = check_jacobian(rest, with_error(1.5), X, mode=mode, seed=3, journal=journal)
    assert figures(report) == figures(whole)
    assert rest.calls < whole.evaluations


def test_a_layer_goes_on_with_its_own_cotangents() -> None:
    journal = Journal()
    first = check_layer(forward, backward, LAYER, journal=journal)
    again = check_layer(forward, backward, LAYER, journal=journal)
    assert figures(again) == figures(first)


def test_a_state_of_another_jacobian_is_refused() -> None:
    journal = Journal()
    check_jacobian(outputs, jacobian(X), X, journal=journal)
    with pytest.raises(InputError, match="a different check"):
        check_jacobian(outputs, with_error(2.0), X, journal=journal)
    with pytest.raises(InputError, match="a different check"):
        check_jacobian(lambda x: 1.001 * outputs(x), jacobian(X), X, journal=journal)


@pytest.mark.parametrize(("factor", "at", "verdict"), [(1.0, 300, Verdict.INCONCLUSIVE), (3.0, 450, Verdict.FAIL)])
def test_ctrl_c_leaves_what_was_found_of_all_rows(factor: float, at: int, verdict: Verdict) -> None:
    x = np.linspace(1, 2, 200)
    claim = np.tile(2 * x, (6, 1))
    claim[0] *= factor
    calls = 0

    def squares(x: Array) -> Array:
        nonlocal calls
        calls += 1
        if calls == at:
            raise KeyboardInterrupt
        return np.full(6, (x**2).sum())

    with pytest.raises(CheckInterrupted) as caught:
        check_jacobian(squares, claim, x, mode="full", max_evals=2000)
    report = caught.value.report
    assert report is not None
    assert report.verdict is verdict
    assert 0 < report.entry_count < report.size
    assert factor == 1 or "y[0]" in report.findings[0].message


def test_where_nothing_was_found_by_then_there_is_no_report() -> None:
    with pytest.raises(CheckInterrupted) as caught:
        check_jacobian(Counted(20), jacobian(X), X)
    assert caught.value.report is None


# Hessians


def test_a_hessian_has_workers_and_a_budget_but_no_state() -> None:
    def loss(x: Array) -> float:
        return float((x**4).sum())

    x = np.array([1.0, 2.0, 3.0])
    claims: tuple[Any, ...] = (loss, lambda x: 4 * x**3, lambda x: np.diag(12 * x**2), x)
    assert check_hessian(*claims, jobs=2, max_evals=100).verdict is Verdict.PASS
    with pytest.raises(SettingError, match="journal"):
        check_hessian(*claims, journal=Journal())
