"""What a verdict costs at most, in evaluations of the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import CheckReport, check_gradient
from tests.promises.claims import FAIL, PASS, with_entry
from tests.zoo import Array, Problem


def sines(n: int) -> Problem:
    return Problem("sines", lambda x: np.sum(np.sin(x)), np.cos, np.linspace(0.1, 1.3, n))


def valley(n: int) -> Problem:
    def loss(x: Array) -> Any:
        return np.sum(10 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def gradient(x: Array) -> Array:
        g, away = np.zeros(n), x[1:] - x[:-1] ** 2
        g[1:] += 20 * away
        g[:-1] += -40 * x[:-1] * away - 2 * (1 - x[:-1])
        return g

    return Problem("valley", loss, gradient, np.linspace(-1.1, 1.4, n))


def regression(n: int) -> Problem:
    design = np.sin(np.arange(1.0, 2 * n * n + 1)).reshape(2 * n, n)
    labels = np.arange(2 * n) % 3 == 0

    def loss(w: Array) -> Any:
        z = design @ w
        return np.mean(np.logaddexp(0, z) - labels * z)

    def gradient(w: Array) -> Array:
        return np.asarray((1 / (1 + np.exp(-design @ w)) - labels) @ design / (2 * n))

    return Problem("regression", loss, gradient, np.cos(np.arange(1.0, n + 1)))


def scaled_squares(n: int) -> Problem:
    scale = np.geomspace(1e-4, 1e4, n)

    def loss(x: Array) -> Any:
        return np.sum(np.sqrt(1 + (x / scale - 2) ** 2))

    def gradient(x: Array) -> Array:
        r = x / scale - 2
        return np.asarray(r / np.sqrt(1 + r**2) / scale)

    return Problem("scaled_squares", loss, gradient, scale * np.linspace(0.5, 1.5, n))


def likelihood(n: int) -> Problem:
    data = 1 + np.arange(n) % 4

    def loss(x: Array) -> Any:
        return np.sum(np.exp(x) - data * x) + 0.1 * x @ x

    return Problem("likelihood", loss, lambda x: np.exp(x) - data + 0.2 * x, np.linspace(-0.5, 0.9, n))


FAMILIES = (sines, valley, regression, scaled_squares, likelihood)
each_problem = pytest.mark.parametrize(
    "problem", [make(n) for n in (3, 10, 100) for make in FAMILIES], ids=lambda p: f"{p.name}-{p.point.size}"
)


def counted(problem: Problem, claim: Array, **settings: Any) -> tuple[CheckReport, int]:
    """Return the report on a claim and how often the loss was called."""
    calls = 0

    def loss(x: Array) -> Any:
        nonlocal calls
        calls += 1
        return problem.loss(x)

    return check_gradient(loss, claim, problem.point, seed=0, **settings), calls


def places(problem: Problem) -> set[int]:
    return {0, problem.point.size // 2, problem.point.size - 1}


@each_problem
def test_a_right_gradient_of_a_smooth_loss_takes_two_evaluations_an_entry_and_sixteen(problem: Problem) -> None:
    found, calls = counted(problem, problem.claim)
    assert found.verdict is PASS
    assert calls <= 2 * problem.point.size + 16


@each_problem
def test_a_wrong_gradient_takes_five_evaluations_an_entry_and_sixty(problem: Problem) -> None:
    claims: list[Callable[[Array], Array]] = [lambda g: -g, lambda g: 2 * g, lambda g: 0 * g]
    claims += [lambda g, k=k: with_entry(g, k, -1.0) for k in places(problem)]  # type: ignore[misc]
    for change in claims:
        found, calls = counted(problem, change(problem.claim))
        assert found.verdict is FAIL
        assert calls <= 5 * problem.point.size + 60


@pytest.mark.parametrize("mode", ["auto", "full"])
@each_problem
def test_a_wrong_sign_fails_within_two_evaluations_an_entry_and_twelve(problem: Problem, mode: str) -> None:
    most = 2 * problem.point.size + 12
    for k in places(problem):
        found, calls = counted(problem, with_entry(problem.claim, k, -1.0), max_evals=most, mode=mode)
        assert found.verdict is FAIL
        assert calls <= most


@each_problem
def test_a_budget_is_kept_and_a_right_gradient_never_fails_for_it(problem: Problem) -> None:
    n = problem.point.size
    for most in (2 * n + 12, 2 * n + 16, 3 * n + 40):
        found, calls = counted(problem, problem.claim, max_evals=most)
        assert found.verdict is not FAIL
        assert calls <= most


@each_problem
def test_the_smallest_budget_that_a_pass_takes_is_enough_for_it(problem: Problem) -> None:
    found, _ = counted(problem, problem.claim, max_evals=2 * problem.point.size + 16)
    assert found.verdict is PASS


@each_problem
def test_a_report_hides_no_evaluation(problem: Problem) -> None:
    for factor in (1.0, -1.0):
        found, calls = counted(problem, factor * problem.claim)
        assert calls <= found.evaluations <= calls + 2  # two may have been answered from what was known
