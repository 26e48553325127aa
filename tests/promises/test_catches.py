"""The stated `catches` is a promise: an error larger than it would have failed."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_gradient
from gradcheck_cli.vocabulary.results import Sensitivity, Verdict
from tests.promises.claims import BOTH_MODES, FAIL, INCONCLUSIVE, PASS, report, verdict, with_entry
from tests.zoo import FITS, SMOOTH, Array, Problem

each_problem = pytest.mark.parametrize("problem", SMOOTH, ids=lambda problem: problem.name)


@functools.cache
def stated_of(name: str, mode: str) -> Sensitivity | None:
    problem = next(problem for problem in SMOOTH if problem.name == name)
    found = report(problem.loss, problem.claim, problem.point, mode=mode)
    return found.parameters[0].sensitivity if found.passed else None


def stated(problem: Problem, mode: str) -> Sensitivity | None:
    """Return what a PASS of the right gradient states; None where it is none."""
    return stated_of(problem.name, mode)


def off_by(g: Array, k: int, error: float) -> Array:
    changed = g.copy()
    changed[k] += error
    return changed


@pytest.mark.parametrize("mode", BOTH_MODES)
@each_problem
def test_an_error_of_four_times_the_stated_figure_never_passes(problem: Problem, mode: str) -> None:
    figures = stated(problem, mode)
    if figures is None:
        return
    g = problem.claim
    for k in {int(np.argmax(np.abs(g))), int(np.argmin(np.abs(g)))}:
        wrong = off_by(g, k, 4 * (-1) ** k * figures.entry)
        assert verdict(problem.loss, wrong, problem.point, mode=mode) is not PASS, (k, figures)


@pytest.mark.parametrize("mode", BOTH_MODES)
@each_problem
def test_a_common_factor_of_four_times_the_stated_figure_never_passes(problem: Problem, mode: str) -> None:
    figures = stated(problem, mode)
    if figures is not None:
        wrong = (1 + 4 * figures.factor) * problem.claim
        assert verdict(problem.loss, wrong, problem.point, mode=mode) is not PASS, figures


@pytest.mark.parametrize("mode", BOTH_MODES)
def test_an_error_of_one_and_a_half_times_the_stated_figure_hardly_ever_passes(mode: str) -> None:
    passes, tried = [], 0
    for problem in SMOOTH:
        if (figures := stated(problem, mode)) is not None:
            wrong = off_by(problem.claim, int(np.argmax(np.abs(problem.claim))), 1.5 * figures.entry)
            tried += 1
            passes += [problem.name] if verdict(problem.loss, wrong, problem.point, mode=mode) is PASS else []
    assert len(passes) <= 0.02 * tried, passes


def test_an_error_far_below_the_threshold_still_passes() -> None:
    problem = next(problem for problem in SMOOTH if problem.name == "wood")
    assert verdict(problem.loss, (1 + 1e-9) * problem.claim, problem.point) is PASS


# --require-sensitivity


@pytest.mark.parametrize("problem", FITS, ids=lambda problem: problem.name)
def test_a_required_sensitivity_is_met_by_entries_of_unlike_sizes(problem: Problem) -> None:
    assert verdict(problem.loss, problem.claim, problem.point, require_sensitivity=1e-3) is PASS


@pytest.mark.parametrize("problem", FITS, ids=lambda problem: problem.name)
def test_a_required_sensitivity_holds_for_the_smallest_entry_too(problem: Problem) -> None:
    g = problem.claim
    for k in range(g.size):
        for factor in (0.0, 1 + 4e-3):
            assert verdict(problem.loss, with_entry(g, k, factor), problem.point, require_sensitivity=1e-3) is not PASS


def with_a_kink(x: Array) -> Any:
    return np.abs(x[0]) + np.sum(np.sin(x[1:]))


def test_one_entry_on_a_kink_leaves_a_required_sensitivity_within_reach() -> None:
    x = np.append(0.0, np.linspace(0.3, 1.2, 9))
    claim = np.append(0.3, np.cos(x[1:]))
    assert verdict(with_a_kink, claim, x, require_sensitivity=1e-4) is PASS
    assert verdict(with_a_kink, with_entry(claim, 4, 1.001), x, require_sensitivity=1e-4) is FAIL


@pytest.mark.parametrize(("rest", "expected"), [(1e12, INCONCLUSIVE), (1.0, PASS)])
def test_a_required_sensitivity_out_of_reach_is_a_doubt(rest: float, expected: object) -> None:
    x = np.array([0.3, 0.9])
    assert verdict(lambda x: rest + np.sum(np.sin(x)), np.cos(x), x, require_sensitivity=1e-5) is expected


@pytest.mark.parametrize(("place", "size", "unit"), [(0, 6e-5, 1.0), (5, 3e-6, 1e-6), (7, 1e-9, 1.0)])
@pytest.mark.parametrize("factor", [1.0, 1.001, 1.5, -1.0])
def test_a_screen_states_no_more_of_an_entry_that_is_tiny_than_it_sees(
    place: int, size: float, unit: float, factor: float
) -> None:
    point, units = np.random.default_rng(0).normal(size=2000) + 3, np.ones(2000)
    point[place], units[place] = size, unit

    def slopes(x: Array) -> Array:
        return np.asarray(np.cos(x / units) * np.where(np.arange(x.size) == place, factor, 1.0))

    found = check_gradient(lambda x: float(np.sum(np.sin(x / units) * units)), slopes, point, mode="screen", seed=0)
    error = abs(np.cos(size / unit) * (factor - 1))
    (row,) = found.parameters
    assert row.sensitivity is not None
    if factor == 1 or error > row.sensitivity.entry:
        assert found.verdict is (Verdict.PASS if factor == 1 else Verdict.FAIL)
    assert row.sensitivity.entry < (1 if size > 1e-8 else 100)  # 1e-9 moves the loss by hardly more than rounding
