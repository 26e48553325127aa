from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.checks.check import check
from gradcheck_cli.problems.saved_gradients import saved_gradients
from gradcheck_cli.vocabulary.errors import ProblemError
from gradcheck_cli.vocabulary.results import CheckReport, Verdict

RIGHT = {"W": np.array([[1.0, -2.0], [3e-3, 0.0]]), "b": np.array([1e-9, 2e-9])}


def compared(mine: dict[str, Any], reference: dict[str, Any]) -> CheckReport:
    return check(saved_gradients(mine, reference, "mine against reference"), epsilon="auto")


def test_a_gradient_agrees_with_itself() -> None:
    report = compared(RIGHT, RIGHT)
    assert report.passed
    assert report.loss is None
    assert report.evaluations == 0


@given(st.sampled_from(["W", "b"]), st.integers(0, 1), st.floats(1e-6, 10.0), st.sampled_from([-1.0, 1.0]))
def test_one_wrong_entry_fails_and_is_named(name: str, position: int, share: float, sign: float) -> None:
    wrong = {key: array.copy() for key, array in RIGHT.items()}
    wrong[name].reshape(-1)[position] *= 1 + sign * share
    report = compared(wrong, RIGHT)
    assert [p.name for p in report.parameters if p.verdict is Verdict.FAIL] == [name]


def test_rounding_passes() -> None:
    random = np.random.default_rng(0)
    off = {
        key: array + 1e-15 * np.abs(array).max() * random.standard_normal(array.shape) for key, array in RIGHT.items()
    }
    assert compared(off, RIGHT).passed


def test_error_bars_are_what_a_right_entry_may_be_off_by() -> None:
    off = {**RIGHT, "W": RIGHT["W"] + 1e-3}
    assert not compared(off, RIGHT).passed
    assert compared(off, {**RIGHT, "W__error": np.full((2, 2), 2e-3)}).passed
    assert not compared(off, {**RIGHT, "W__error": np.full((2, 2), 1e-4)}).passed


def test_a_reference_in_float32_is_taken_for_no_better() -> None:
    report = compared(RIGHT, {key: array.astype(np.float32) for key, array in RIGHT.items()})
    assert report.passed
    assert "the reference is in float32" in report.notes[0]


def test_a_gradient_that_is_not_finite_fails() -> None:
    assert compared({**RIGHT, "b": np.array([np.nan, 0])}, RIGHT).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("mine", "reference", "message"),
    [
        ({"W": RIGHT["W"]}, RIGHT, "there is no b in the first file"),
        (RIGHT, {"W": RIGHT["W"]}, "there is no b in the reference"),
        (RIGHT, {**RIGHT, "b": RIGHT["b"][:, None]}, r"b of the reference has shape \(2, 1\), expected \(2,\)"),
        (RIGHT, {**RIGHT, "b__error": np.array(1.0)}, r"b__error of the reference has shape \(\)"),
        (RIGHT, {**RIGHT, "b__error": np.array([1.0, -1.0])}, "b__error holds -1, expected error bars of 0 or more"),
        (RIGHT, {**RIGHT, "b": np.array([np.inf, 0])}, "b of the reference contains infinity"),
        (RIGHT, {**RIGHT, "b__error": np.array([np.nan, 0])}, "b__error holds NaN where b is a number"),
        (RIGHT, {key: array * np.nan for key, array in RIGHT.items()}, "no entry has a reference"),
        (RIGHT, {**RIGHT, "V__error": np.array(1.0)}, "V__error has error bars for V"),
        ({**RIGHT, "b": np.array(["x", "y"])}, RIGHT, "b has dtype <U1"),
        ({}, {}, "no parameters"),
    ],
)
def test_files_that_do_not_fit_are_refused(mine: Any, reference: Any, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        compared(mine, reference)


@pytest.mark.parametrize("settings", [{"epsilon": 1e-7}, {"classic": True}])
def test_without_a_loss_there_are_no_steps(settings: dict[str, Any]) -> None:
    with pytest.raises(ProblemError, match="no step to take"):
        check(saved_gradients(RIGHT, RIGHT, "two"), **settings)
