"""The headline `difference` is the course's number, always; what the verdict says beyond it has a sentence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import CheckReport
from tests.promises.claims import FAIL, PASS, doubled, largest_doubled, negated, report, words, zero
from tests.zoo import SMOOTH, Array, Problem

ROUNDING = 1e-14  # of the formula itself, where two norms are added in another order


def of_the_course(found: CheckReport) -> float:
    """Return norm(a - n) / (norm(a) + norm(n)) of all entries, 0 where both are zero."""
    entries = [entry for parameter in found.parameters for entry in parameter.entries]
    analytic, numeric = (
        np.array([entry.analytic for entry in entries]),
        np.array([entry.numeric for entry in entries]),
    )
    unit = max(np.abs(analytic).max(), np.abs(numeric).max())  # squares of 1e-200 and 1e200 are no numbers
    if not unit:
        return 0.0
    analytic, numeric = analytic / unit, numeric / unit
    return float(np.linalg.norm(analytic - numeric) / (np.linalg.norm(analytic) + np.linalg.norm(numeric)))


CLAIMS: dict[str, Any] = {
    "right": lambda g: g,
    "1e-6 off": lambda g: (1 + 1e-6) * g,
    "doubled": doubled,
    "largest doubled": largest_doubled,
    "negated": negated,
    "zero": zero,
}


@pytest.mark.parametrize("epsilon", ["auto", 1e-7])
@pytest.mark.parametrize("problem", SMOOTH[::2], ids=lambda problem: problem.name)
def test_the_difference_is_the_formula_of_the_course(problem: Problem, epsilon: float | str) -> None:
    for name, change in CLAIMS.items():
        found = report(problem.loss, change(problem.claim), problem.point, epsilon=epsilon)
        assert math.isclose(found.difference, of_the_course(found), rel_tol=1e-6, abs_tol=ROUNDING), name


@pytest.mark.parametrize("threshold", [1e-12, 2e-7, 1e-3, 10.0])
@pytest.mark.parametrize("classic", [False, True])
def test_the_difference_does_not_depend_on_the_threshold_or_the_rule(threshold: float, classic: bool) -> None:
    x = np.array([0.3, 0.9, -0.4])
    for factor in (1.0, 1 + 1e-5, -1.0, 0.0):
        claim = factor * np.cos(x)
        found = report(lambda x: np.sum(np.sin(x)), claim, x, threshold=threshold, classic=classic, epsilon=1e-7)
        assert math.isclose(found.difference, of_the_course(found), rel_tol=1e-6, abs_tol=ROUNDING)


def test_a_gradient_of_half_and_of_twice_the_right_one_differ_by_a_third() -> None:
    x = np.array([0.3, 0.9, -0.4])
    for factor in (0.5, 2.0):
        assert math.isclose(report(lambda x: np.sum(np.sin(x)), factor * np.cos(x), x).difference, 1 / 3, rel_tol=1e-6)


def test_a_negated_and_a_zero_gradient_differ_by_one() -> None:
    x = np.array([1e5, 1e-3, 20.0])

    def loss(x: Array) -> Any:
        return np.sum((x / np.array([1e5, 1e-3, 20.0]) - 2) ** 2)

    claim = 2 * (x / x - 2) / x
    assert report(loss, -claim, x).difference >= 1 - 1e-6
    assert math.isclose(report(loss, 0 * claim, x).difference, 1.0, rel_tol=1e-9)


def test_two_gradients_of_zero_do_not_differ() -> None:
    found = report(lambda x: np.sum(x**2), np.zeros(3), np.zeros(3))
    assert found.difference == 0
    assert found.verdict is PASS


def test_a_gradient_that_is_no_number_has_a_difference_that_is_none_and_fails() -> None:
    for value in (np.nan, np.inf):
        found = report(lambda x: np.sum(np.sin(x)), np.array([value, math.cos(0.9)]), np.array([0.3, 0.9]))
        assert not found.difference <= found.threshold
        assert found.verdict is FAIL


def test_a_difference_above_the_threshold_passes_only_with_a_sentence() -> None:
    x = np.array([0.3, 0.9, -0.4])
    found = report(lambda x: 1e6 + np.sum(np.sin(x)), np.cos(x), x, epsilon=1e-7)
    assert found.difference > found.threshold  # round-off of the course's step, not of the gradient
    assert not found.passed or found.reasons


@pytest.mark.parametrize("epsilon", ["auto", 1e-7])
@pytest.mark.parametrize("problem", SMOOTH[::2], ids=lambda problem: problem.name)
def test_no_row_passes_above_the_threshold_without_its_reason(problem: Problem, epsilon: float | str) -> None:
    half = problem.point.size // 2
    point = {"first": problem.point[:half], "second": problem.point[half:]}
    claim = {"first": problem.claim[:half], "second": problem.claim[half:]}

    def loss(p: dict[str, Array]) -> Any:
        return problem.loss(np.concatenate([p["first"], p["second"]]))

    found = report(loss, claim, point, epsilon=epsilon)
    for row in found.parameters:
        if row.verdict is PASS and not row.difference <= found.threshold:
            hidden = found.difference <= found.threshold  # then the row's figure is shown with -v, and why beside it
            assert hidden or row.name in words(found) or "difference" in words(found)


def test_a_report_is_true_exactly_where_it_passed() -> None:
    x = np.array([0.3, 0.9])
    right, wrong = (report(lambda x: np.sum(np.sin(x)), f * np.cos(x), x) for f in (1.0, 2.0))
    doubtful = report(lambda x: 1e16 + 10 * np.sum(np.sin(x)), 10 * np.cos(x), x)
    assert [bool(r) for r in (right, wrong, doubtful)] == [True, False, False]
    for found in (right, wrong, doubtful):
        assert bool(found) is found.passed is (found.verdict is PASS)


def test_the_number_of_a_screen_is_not_called_difference() -> None:
    x = np.linspace(0.1, 1.2, 20)
    screened = str(report(lambda x: np.sum(np.sin(x)), 2 * np.cos(x), x, mode="screen"))
    assert screened.startswith("FAIL")
    assert "slope mismatch = " in screened
    assert "difference" not in screened
    assert "difference = " in str(report(lambda x: np.sum(np.sin(x)), 2 * np.cos(x), x))
