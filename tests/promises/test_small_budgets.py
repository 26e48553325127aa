"""A budget that ends early never makes a right gradient a wrong one, however little is known by then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_gradient
from gradcheck_cli.vocabulary.errors import SettingError
from tests.promises.claims import FAIL
from tests.zoo import SMOOTH, Array, Problem

FAR = 1e6 + np.array([0.03, 0.01, -0.02])


def waves(rate: float) -> Problem:
    x = np.array([0.3, 0.7, 1.1])
    return Problem(f"waves {rate:g}", lambda x: np.sum(np.sin(rate * x)) + 3, lambda x: rate * np.cos(rate * x), x)


def kink_beside(distance: float) -> Problem:
    corner = 1 + distance
    return Problem(
        f"kink {distance:g}",
        lambda x: np.sum(np.maximum(x - corner, 0)) + np.sum(x**2),
        lambda x: (x > corner) + 2 * x,
        np.array([1.0, 1.0, 2.0]),
    )


def jump_beside(distance: float) -> Problem:
    edge = 1 + distance
    return Problem(
        f"jump {distance:g}", lambda x: np.sum(x > edge) + np.sum(x**2), lambda x: 2 * x, np.array([1.0, 1.0, 2.0])
    )


def bump(width: float) -> Problem:
    def slope(x: Array) -> Array:
        return np.asarray(1 - 2 * (x - 1) / width * np.exp(-(((x - 1) / width) ** 2)))

    return Problem(
        f"bump {width:g}",
        lambda x: np.sum(x) + width * np.sum(np.exp(-(((x - 1) / width) ** 2))),
        slope,
        np.array([1 + 0.3 * width, 1 - 0.5 * width, 2.0]),
    )


def rounded(digits: int) -> Problem:
    return Problem(
        f"rounded {digits}",
        lambda x: round(float(np.sum(np.sin(x) * x)), digits),
        lambda x: np.sin(x) + x * np.cos(x),
        np.array([0.3, 0.7, 1.1, 2.2]),
    )


def at_a_joint_kink(x: Array) -> Any:
    """Return a loss that is smooth along each entry, and bends between them; relu'(0) = 0 makes its slopes 0."""
    return np.maximum(x[0] + x[1] - 2, 0) - np.maximum(x[1] - x[0], 0) + x[2] ** 2


BESIDE = (1e-4, 1e-5, 1e-6, 3e-7, 1e-8, 1e-10, -1e-5, -1e-6, -1e-8)
HARD = (
    *SMOOTH,
    *(waves(10.0**k) for k in range(2, 9)),
    Problem("far", lambda x: np.sum(np.sin(50 * (x - 1e6))), lambda x: 50 * np.cos(50 * (x - 1e6)), FAR),
    Problem("far valley", lambda x: np.sum((x - 1e6) ** 2), lambda x: 2 * (x - 1e6), FAR),
    *(make(distance) for make in (kink_beside, jump_beside) for distance in BESIDE),
    *(bump(10.0**-k) for k in range(4, 11)),
    *(rounded(digits) for digits in (3, 5, 6, 9, 12)),
    Problem("joint kink", at_a_joint_kink, lambda x: np.array([0.0, 0.0, 2 * x[2]]), np.ones(3)),
)
BUDGETS: tuple[Callable[[int], int], ...] = (
    lambda n: 2 * n + 12,
    lambda n: 2 * n + 16,
    lambda n: 2 * n + 25,
    lambda n: 3 * n + 40,
    lambda n: 5 * n + 60,
)


@pytest.mark.parametrize("problem", HARD, ids=lambda p: p.name)
def test_a_right_gradient_never_fails_for_a_small_budget(problem: Problem) -> None:
    for budget in BUDGETS:
        most, calls = budget(problem.point.size), 0

        def loss(x: Array) -> Any:
            nonlocal calls
            calls += 1
            return problem.loss(x)

        try:
            report = check_gradient(loss, problem.claim, problem.point, mode="full", max_evals=most, seed=0)
        except SettingError as error:
            assert "is too small to reach a verdict" in error.message
        else:
            assert report.verdict is not FAIL
        assert calls <= most


def test_what_a_small_budget_leaves_open_is_counted_as_not_checked() -> None:
    x = np.linspace(0.1, 1.3, 5)
    report = check_gradient(lambda x: np.sum(np.sin(x)), -np.cos(x), x, mode="full", max_evals=2 * x.size + 12)
    assert report.verdict is FAIL
    assert "the budget of 22 evaluations is spent; checked: 1 of 5 of x" in report.reasons
