"""A verdict does not depend on units: of an entry, of the loss, nor on how the entries are packed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gradcheck_cli import check_gradient, check_jacobian
from gradcheck_cli.vocabulary.results import Verdict
from tests.promises.claims import (
    BOTH_MODES,
    FAIL,
    PASS,
    WRONG,
    doubled,
    largest_doubled,
    negated,
    smallest_forgotten,
    verdict,
    with_entry,
    zero,
)
from tests.zoo import FITS, SMOOTH, Array, Problem

Change = Callable[[Array], Array]


def right(g: Array) -> Array:
    return g


CLAIMS: tuple[Change, ...] = (right, negated, largest_doubled, smallest_forgotten)
few = settings(max_examples=50, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
problems = st.sampled_from(SMOOTH)
changes = st.sampled_from(CLAIMS)
powers = st.integers(-9, 9)


def in_units(problem: Problem, units: Array) -> Problem:
    """Return the same loss of the same quantities in other units: loss(units * x), with the gradient units * g."""
    return Problem(
        problem.name,
        lambda x: problem.loss(units * x),
        lambda x: units * problem.gradient(units * x),
        problem.point / units,
    )


def judged(problem: Problem, change: Change, units: Array, mode: str) -> Verdict:
    """Return the verdict on a claim that is changed in the problem's own units."""
    moved = in_units(problem, units)
    claim = units * change(problem.gradient(units * moved.point))
    return verdict(moved.loss, claim, moved.point, mode=mode)


def one_unit(problem: Problem, place: int, power: int) -> Array:
    units = np.ones(problem.point.size)
    units[place % units.size] = 10.0**power
    return units


@given(problems, changes, st.integers(0, 10), powers)
@few
def test_the_unit_of_an_entry_changes_no_verdict(problem: Problem, change: Change, place: int, power: int) -> None:
    before = judged(problem, change, np.ones(problem.point.size), "full")
    assert judged(problem, change, one_unit(problem, place, power), "full") is before


@given(problems, changes, st.integers(0, 10), powers)
@few
def test_the_unit_of_an_entry_changes_no_verdict_of_a_screen(
    problem: Problem, change: Change, place: int, power: int
) -> None:
    before = judged(problem, change, np.ones(problem.point.size), "screen")
    assert judged(problem, change, one_unit(problem, place, power), "screen") is before


@given(problems, changes, st.lists(powers, min_size=11, max_size=11), st.sampled_from(BOTH_MODES))
@few
def test_units_of_all_entries_at_once_change_no_verdict(
    problem: Problem, change: Change, ten_to: list[int], mode: str
) -> None:
    units = 10.0 ** np.array(ten_to[: problem.point.size])
    assert judged(problem, change, units, mode) is judged(problem, change, np.ones(units.size), mode)


@given(problems, changes, st.integers(-30, 30), st.sampled_from(BOTH_MODES))
@few
def test_the_unit_of_the_loss_changes_no_verdict(problem: Problem, change: Change, power: int, mode: str) -> None:
    unit, claim = 10.0**power, change(problem.claim)
    before = verdict(problem.loss, claim, problem.point, mode=mode)
    assert verdict(lambda x: unit * problem.loss(x), unit * claim, problem.point, mode=mode) is before


@pytest.mark.parametrize("mode", BOTH_MODES)
@pytest.mark.parametrize("wrong", [negated, doubled, zero])
@pytest.mark.parametrize("size", [1e-300, 1e-37, 1e-23, 1e-16, 1.0, 1e16, 1e200])
def test_a_wrong_gradient_of_a_loss_of_any_size_fails(size: float, wrong: Change, mode: str) -> None:
    x = np.array([0.7, -1.3, 2.1])
    assert verdict(lambda x: size * np.sum(np.sin(x) ** 2), wrong(size * np.sin(2 * x)), x, mode=mode) is FAIL


@pytest.mark.parametrize("mode", BOTH_MODES)
@pytest.mark.parametrize("size", [1e-300, 1e-37, 1e-23, 1e-16, 1.0, 1e16, 1e200])
def test_the_right_gradient_of_a_loss_of_any_size_passes(size: float, mode: str) -> None:
    x = np.array([0.7, -1.3, 2.1])
    assert verdict(lambda x: size * np.sum(np.sin(x) ** 2), size * np.sin(2 * x), x, mode=mode) is PASS


@pytest.mark.parametrize("mode", BOTH_MODES)
@pytest.mark.parametrize("size", [1e-150, 1e-30, 1e-9, 1.0, 1e9, 1e30, 1e150])
def test_a_parameter_of_any_size_is_judged_like_any_other(size: float, mode: str) -> None:
    x = size * np.array([0.7, -1.3, 2.1])

    def loss(x: Array) -> Any:
        return np.sum(np.sin(x / size))

    claim = np.cos(x / size) / size
    assert verdict(loss, claim, x, mode=mode) is PASS
    assert verdict(loss, with_entry(claim, 1, 2.0), x, mode=mode) is FAIL


def test_entries_of_sizes_far_apart_share_one_array_in_a_screen() -> None:
    s = np.array([1e4, 1.0, 1e-4])
    x = np.array([1e-4, 0.7, -1.3e4])
    for seed in range(12):
        settings = {"mode": "screen", "seed": seed}
        assert verdict(lambda x: np.sum(np.sin(s * x)), s * np.cos(s * x), x, **settings) is PASS
        assert verdict(lambda x: np.sum(np.sin(s * x)), -s * np.cos(s * x), x, **settings) is FAIL


def test_a_place_far_from_zero_with_features_much_smaller_than_it_never_fails() -> None:
    x = 1e6 + np.array([0.01, 0.03, -0.02, 0.05])
    for seed in range(12):
        settings = {"mode": "screen", "seed": seed}
        claim = 50 * np.cos((x - 1e6) * 50)
        assert verdict(lambda x: np.sum(np.sin((x - 1e6) * 50)), claim, x, **settings) is not FAIL
        assert verdict(lambda x: np.sum(np.sin((x - 1e6) * 50)), -claim, x, **settings) is not PASS
    assert verdict(lambda x: np.sum(np.sin((x - 1e6) * 50)), claim, x) is PASS


@pytest.mark.parametrize("change", [right, *WRONG], ids=lambda change: change.__name__)
@pytest.mark.parametrize("problem", FITS, ids=lambda problem: problem.name)
def test_an_entry_of_an_array_is_judged_as_a_parameter_of_its_own(problem: Problem, change: Change) -> None:
    names = [f"p{k}" for k in range(problem.point.size)]
    claim = change(problem.claim)
    apart = verdict(
        lambda p: problem.loss(np.array([p[name] for name in names])),
        dict(zip(names, claim, strict=True)),
        dict(zip(names, problem.point, strict=True)),
    )
    assert verdict(problem.loss, claim, problem.point) is apart


@given(problems, changes, st.randoms(use_true_random=False))
@few
def test_the_order_of_the_entries_changes_no_verdict(problem: Problem, change: Change, random: Any) -> None:
    order = list(range(problem.point.size))
    random.shuffle(order)
    back = np.argsort(order)
    claim = change(problem.claim)
    before = verdict(problem.loss, claim, problem.point)
    assert verdict(lambda x: problem.loss(x[back]), claim[order], problem.point[order]) is before


@given(problems, changes, st.randoms(use_true_random=False))
@few
def test_the_order_of_the_parameters_changes_no_verdict(problem: Problem, change: Change, random: Any) -> None:
    names = [f"p{k}" for k in range(problem.point.size)]
    point = dict(zip(names, problem.point, strict=True))
    claim = dict(zip(names, change(problem.claim), strict=True))

    def loss(p: dict[str, Any]) -> Any:
        return problem.loss(np.array([p[name] for name in names]))

    order = list(names)
    random.shuffle(order)
    before = verdict(loss, claim, point)
    assert verdict(loss, {name: claim[name] for name in order}, {name: point[name] for name in order}) is before


@pytest.mark.parametrize("power", [-9, -3, 0, 3, 9])
def test_the_unit_of_an_entry_that_is_zero_makes_no_verdict_wrong(power: int) -> None:
    # nothing tells how large an entry is that is 0: here a doubt is allowed, a wrong verdict is not
    unit = np.array([10.0**power, 1.0])

    def loss(x: Array) -> Any:
        return np.sum(np.exp(0.5 * unit * x) + np.sin(unit * x))

    x = np.array([0.0, 0.8])
    claim = unit * (0.5 * np.exp(0.5 * unit * x) + np.cos(unit * x))
    assert verdict(loss, claim, x) is not FAIL
    for wrong in (0.0, -1.0, 2.0):
        assert verdict(loss, with_entry(claim, 0, wrong), x) is not PASS


@pytest.mark.parametrize("others", [1.0, 1e3, 1e6, 1e9, 1e12])
def test_a_zero_beside_large_entries_is_judged_where_the_loss_is_not_saturated(others: float) -> None:
    point = np.array([0.0, others])

    def outputs(x: Array) -> Array:
        return np.array([x[0] * np.exp(-(x[0] ** 2)), (x[1] / others) ** 2])

    for claim, expected in ((1.0, Verdict.PASS), (0.0, Verdict.FAIL), (2.0, Verdict.FAIL)):
        slopes = np.array([claim, 2 / others])
        assert check_gradient(lambda x: float(outputs(x).sum()), slopes, point).verdict is expected
        assert check_jacobian(outputs, np.diag(slopes), point).verdict is expected


def test_zeros_that_the_loss_does_not_feel_cost_a_few_evaluations_together() -> None:
    point = np.concatenate([np.zeros(50), np.linspace(1.0, 2.0, 50)])
    report = check_gradient(lambda x: float((x[50:] ** 2).sum()), np.concatenate([np.zeros(50), 2 * point[50:]]), point)
    assert report.verdict is Verdict.PASS
    assert report.evaluations <= 2 * 100 + 35


@pytest.mark.parametrize("width", [1e-10, 1e-11, 1e-12])
def test_a_zero_that_turns_within_a_small_part_of_what_it_borrows_is_judged_there(width: float) -> None:
    def loss(x: Array) -> float:
        return float(np.sin(x[0] / width) + (x[0] / width) ** 2 + x[1] ** 2)

    point = np.array([0.0, 1.0])
    assert check_gradient(loss, np.array([1 / width, 2.0]), point).verdict is Verdict.PASS
    assert check_gradient(loss, np.array([0.0, 2.0]), point).verdict is Verdict.FAIL


def test_a_zero_at_a_kink_is_felt_on_whichever_side_it_is() -> None:
    def one_sided(z: float) -> float:
        return float(max(z, 0.0) * np.exp(-max(z, 0.0)))

    for seed in range(8):
        report = check_gradient(
            lambda x: float(one_sided(x[0]) + (x[1] / 1e9) ** 2),
            np.array([1.0, 2e-9]),
            np.array([0.0, 1e9]),
            seed=seed,
        )
        assert report.verdict is not Verdict.FAIL
