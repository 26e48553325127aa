"""The errors at many steps tell whether the gradient or the step is to blame."""

from __future__ import annotations

import pytest

from gradcheck_cli import check, load_fixture
from gradcheck_cli.checks.scalar import check_scalar
from gradcheck_cli.numeric.step_sweep import STEPS
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.scalar import ScalarModel
from gradcheck_cli.vocabulary.results import StepSweep
from tests.make_fixtures import FIXTURES


def only_sweep(epsilon: float) -> StepSweep:
    (sweep,) = check(built_in_case("default"), epsilon=epsilon, sweep_steps=True).sweeps
    return sweep


def test_the_steps_go_from_a_tenth_to_a_billionth_of_a_thousandth() -> None:
    assert (STEPS[0], STEPS[-1]) == (0.1, 1e-12)


def test_a_wrong_gradient_stays_wrong_at_every_step() -> None:
    report = check(built_in_case("planted-bugs"), sweep_steps=True)
    assert [sweep.entry for sweep in report.sweeps] == [
        p.worst.name for p in report.parameters if p.verdict.value == "FAIL"
    ]
    assert all("for every step: the gradient is wrong, not the step" in sweep.meaning for sweep in report.sweeps)
    assert all(sweep.slope is None for sweep in report.sweeps)


def test_too_large_a_step_is_truncation_and_falls_with_the_square() -> None:
    sweep = only_sweep(1e-2)
    assert sweep.slope == pytest.approx(2, abs=0.05)
    assert "the gradient is right, and epsilon 0.01 is too large, its error is truncation" in sweep.meaning


def test_too_small_a_step_is_round_off() -> None:
    sweep = only_sweep(1e-10)
    assert "the gradient is right, and epsilon 1e-10 is too small, its error is round-off" in sweep.meaning
    assert sweep.errors[-1] < 100 * sweep.floor(STEPS[-1])


def test_a_kink_is_not_called_wrong() -> None:
    (sweep,) = check(load_fixture(FIXTURES / "relu_kink.npz"), sweep_steps=True).sweeps
    assert sweep.meaning.endswith("the entry is on a kink, where any slope between the two sides is right")


def test_the_scalar_model_is_swept_too() -> None:
    (sweep,) = check_scalar(ScalarModel(2, 4, 2.1), sweep_steps=True).sweeps
    assert sweep.meaning == "stays at 1.0e-01 for every step: the gradient is wrong, not the step"
    (sweep,) = check_scalar(ScalarModel(2, 4), epsilon=1e-14, sweep_steps=True).sweeps
    assert "the gradient is right, and epsilon 1e-14 is too small" in sweep.meaning


def test_a_claim_that_is_not_finite_is_said() -> None:
    (sweep,) = check_scalar(ScalarModel(2, 4, float("nan")), sweep_steps=True).sweeps
    assert sweep.meaning == "is not finite at any step, for the analytic value is not"


def test_a_sweep_counts_no_evaluation_and_is_made_only_when_asked_for() -> None:
    plain, swept = (check(built_in_case("planted-bugs"), sweep_steps=wanted) for wanted in (False, True))
    assert plain.sweeps == ()
    assert plain.evaluations == swept.evaluations
    assert check(built_in_case("default"), sweep_steps=True).sweeps == ()
