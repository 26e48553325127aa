"""What a check keeps to, from Python: budgets, states that are gone on with, and claims that are not finite."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_gradient
from gradcheck_cli.evaluating.journal import Journal
from gradcheck_cli.vocabulary.errors import InputError, SettingError
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.results import CheckReport, Verdict
from tests.black_box import BlackBox

BOX = BlackBox((12, 8, 1), 10)
RIGHT = BOX.right()
MODES = pytest.mark.parametrize("mode", ["full", "screen"])


def checked(claim: Any = None, loss: Callable[[Parameters], float] = BOX.loss, **settings: Any) -> CheckReport:
    return check_gradient(loss, RIGHT if claim is None else claim, BOX.parameters, **{"seed": 1, **settings})


@MODES
@pytest.mark.parametrize("most", [30, 45, 60, 80, 120, 200])
def test_the_loss_is_called_no_more_often_than_allowed(mode: str, most: int) -> None:
    claim, _ = BOX.spoiled(3, 2.0)
    BOX.calls = 0
    try:
        report = checked(claim, mode=mode, max_evals=most, sweep_steps=True)
    except SettingError as error:
        assert "is too small to reach a verdict" in error.message
    else:
        assert BOX.calls <= report.evaluations
    assert BOX.calls <= most


@pytest.mark.parametrize("most", range(50, 90, 4))
@pytest.mark.parametrize("digits", [7, 8])
def test_a_screen_whose_budget_is_spent_is_no_pass(most: int, digits: int) -> None:
    try:
        report = checked(loss=lambda p: round(BOX.loss(p), digits), mode="screen", max_evals=most)
    except SettingError:
        return
    spent = any("is spent" in reason for reason in report.reasons)
    assert not (spent and report.passed)


@MODES
def test_no_time_at_all_is_one_error(mode: str) -> None:
    with pytest.raises(SettingError, match="too small to reach a verdict"):
        checked(mode=mode, time_limit=1e-9)


@pytest.mark.parametrize("name", ["W1", "b2"])
@pytest.mark.parametrize("most", [130, 100_000])
def test_a_claim_that_is_not_finite_fails_whatever_was_sampled(name: str, most: int) -> None:
    claim = copy.deepcopy(RIGHT)
    claim[name].reshape(-1)[-1] = np.nan
    report = checked(claim, mode="full", max_evals=most)
    assert report.verdict is Verdict.FAIL
    assert {p.name for p in report.parameters if p.verdict is Verdict.FAIL} <= {name}
    assert "the analytic gradient is not finite: " in "".join(report.reasons)


def test_a_wrong_gradient_fails_on_a_small_budget_too() -> None:
    assert checked({name: 2 * g for name, g in RIGHT.items()}, mode="full", max_evals=170).verdict is Verdict.FAIL


# going on


def journal_of(mode: str) -> Journal:
    journal = Journal()
    checked(mode=mode, max_evals=150, journal=journal)
    return journal


@MODES
def test_a_state_of_another_loss_claim_or_point_is_refused_and_stays_as_it_is(mode: str) -> None:
    journal = journal_of(mode)
    before = copy.deepcopy(journal)
    others: list[tuple[Any, Callable[[Parameters], float], str]] = [
        (None, lambda p: 2 * BOX.loss(p), "a different check"),
        ({name: 2 * g for name, g in RIGHT.items()}, BOX.loss, "a different check"),
    ]
    for claim, loss, message in others:
        with pytest.raises(InputError, match=message):
            checked(claim, loss, mode=mode, seed=None, journal=journal)
        assert journal == before
    assert checked(mode=mode, seed=None, journal=journal).passed


@MODES
def test_another_mode_or_seed_is_refused(mode: str) -> None:
    other = {"full": "screen", "screen": "full"}[mode]
    for settings in ({"mode": other, "seed": None}, {"mode": mode, "seed": 77}):
        with pytest.raises(InputError, match=f"of mode {mode} and seed 1"):
            checked(journal=journal_of(mode), **settings)


@MODES
def test_interrupted_again_and_again_it_comes_to_the_same_end(mode: str) -> None:
    journal, calls = Journal(), 0
    whole = checked(mode=mode, journal=Journal())

    def loss(p: Parameters) -> float:
        nonlocal calls
        calls += 1
        if calls % 300 == 0:
            raise KeyboardInterrupt
        return BOX.loss(p)

    for _ in range(60):
        try:
            report = checked(loss=loss, mode=mode, seed=None if journal.mode else 1, journal=journal)
        except KeyboardInterrupt:
            continue
        break
    assert report.parameters == whole.parameters


def test_a_state_without_a_budget_and_with_one_is_the_same() -> None:
    journal = journal_of("full")
    assert checked(mode="full", seed=None, journal=journal).passed
    assert checked(mode="full", seed=None, journal=journal, max_evals=1).passed


# what proves nothing


@MODES
def test_a_loss_that_jumps_at_the_point_is_no_kink(mode: str) -> None:
    x = np.array([1.5, -2.0, 0.7])
    jumping = lambda p: float(np.sum(p**2)) + float(np.array_equal(p, x))  # noqa: E731
    assert check_gradient(jumping, -100 * x, x, mode=mode, seed=1).verdict is not Verdict.PASS


def test_an_entry_of_which_nothing_is_known_is_no_pass() -> None:
    w = np.arange(1.0, 101.0)

    def edged(p: Array) -> float:
        return float(np.sum(p**2)) if p[3] == w[3] else float("nan")

    claim = 2 * w
    claim[3] *= -1
    report = check_gradient(edged, claim, w)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "1 of 100 entries could not be resolved" in report.reasons[0]


@pytest.mark.parametrize(
    ("of_zeros", "of_others", "verdict"),
    [(1.0, 1.0, Verdict.PASS), (0.0, 1.0, Verdict.PASS), (1.0, 1.001, Verdict.FAIL), (2.0, 1.0, Verdict.INCONCLUSIVE)],
)
def test_zeros_that_lie_on_kinks_hide_nothing_of_the_other_entries(
    of_zeros: float, of_others: float, verdict: Verdict
) -> None:
    a = np.where(np.arange(40) % 2, 0.0, np.arange(1.0, 41.0))
    claim = np.where(a == 0, of_zeros, of_others)
    report = check_gradient(lambda p: float(np.maximum(p, 0).sum()), claim, a, mode="screen", seed=1)
    assert report.verdict is verdict


def test_slopes_that_all_lie_on_a_wide_kink_are_no_pass() -> None:
    a = np.repeat(np.arange(1.0, 21.0), 2)
    claim = np.tile([1.0, 0.0], 20)  # of the larger of two that are equal
    report = check_gradient(lambda p: float(p.reshape(-1, 2).max(axis=1).sum()), claim, a, mode="screen", seed=1)
    assert report.verdict is Verdict.INCONCLUSIVE


@MODES
@pytest.mark.parametrize("name", ["tiny", "huge", "mid"])
@pytest.mark.parametrize("factor", [1.0, 1.5, -1.0, 1.001])
def test_parameters_of_very_different_scales_are_judged_each_by_its_own(mode: str, name: str, factor: float) -> None:
    random = np.random.default_rng(0)
    point = {"tiny": random.normal(size=30) * 1e-8, "huge": random.normal(size=30) * 1e8, "mid": random.normal(size=30)}

    def loss(p: Parameters) -> float:
        return float(np.sum(np.sin(p["tiny"] * 1e8)) + np.sum(np.cos(p["huge"] / 1e8)) + np.sum(p["mid"] ** 2))

    claim = {
        "tiny": np.cos(point["tiny"] * 1e8) * 1e8,
        "huge": -np.sin(point["huge"] / 1e8) / 1e8,
        "mid": 2 * point["mid"],
    }
    claim[name] = factor * claim[name]
    report = check_gradient(loss, claim, point, mode=mode, seed=1)
    assert [p.name for p in report.parameters if p.verdict is not Verdict.PASS] == [name] * (factor != 1)


def test_a_screened_gradient_of_zeros_is_named() -> None:
    report = checked({**RIGHT, "W1": 0 * RIGHT["W1"]}, mode="screen")
    assert [(f.code, f.where) for f in report.findings] == [("zero", "dW1")]
    everything = checked({name: 0 * g for name, g in RIGHT.items()}, mode="screen")
    assert {(f.code, f.where) for f in everything.findings} == {("zero", f"d{name}") for name in RIGHT}
