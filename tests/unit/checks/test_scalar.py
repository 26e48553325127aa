from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gradcheck_cli.checks.check import check
from gradcheck_cli.checks.scalar import check_scalar
from gradcheck_cli.problems.problem import changes_one_by_one
from gradcheck_cli.problems.scalar import ScalarModel
from gradcheck_cli.vocabulary.errors import ProblemError
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.results import Verdict


def test_the_courses_numbers() -> None:
    report = check_scalar(ScalarModel(2.0, 4.0))
    assert (report.loss, report.parameters[0].worst.analytic, report.verdict) == (8.0, 2.0, Verdict.PASS)


@pytest.mark.parametrize(
    ("x", "dtheta", "verdict"),
    [
        (0.0, None, Verdict.PASS),
        (-3.0, None, Verdict.PASS),
        (2.0, 2.0, Verdict.PASS),
        (2.0, 2.1, Verdict.FAIL),
        (2.0, -2.0, Verdict.FAIL),
        (2.0, 0.0, Verdict.FAIL),
        (0.0, 1.0, Verdict.FAIL),
        (2.0, float("nan"), Verdict.FAIL),
        (2.0, float("inf"), Verdict.FAIL),
    ],
)
def test_verdict_on_a_claimed_gradient(x: float, dtheta: float | None, verdict: Verdict) -> None:
    assert check_scalar(ScalarModel(x, 4.0, dtheta)).verdict is verdict


def test_both_gradients_zero_is_a_difference_of_zero() -> None:
    assert check_scalar(ScalarModel(0.0, 4.0)).difference == 0.0


def test_a_loss_that_overflows_cannot_be_checked() -> None:
    with pytest.raises(ProblemError, match="inf"):
        check_scalar(ScalarModel(1e200, 1e200), epsilon=1e190)


@dataclasses.dataclass(frozen=True)
class AsArrays:
    """The scalar model in the form of every other problem."""

    model: ScalarModel
    name: str = "scalar"
    notes: tuple[str, ...] = ()

    @property
    def parameters(self) -> Parameters:
        return {"theta": np.array([self.model.theta])}

    def loss(self, parameters: Parameters) -> float:
        return self.model.loss(parameters["theta"].item())

    def gradient(self, parameters: Parameters) -> Parameters:
        return {"theta": np.array([self.model.gradient()])}

    def entries_at_once(self, parameter: str) -> int:
        return 1

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        return changes_one_by_one(self, self.loss(self.parameters), parameter, entries, steps)

    def complex_step_gradients(self, parameter: str, rows: slice) -> list[Array]:
        return [np.array([self.model.complex_step_derivative()])]

    def rounding_floor(self, parameter: str, rows: slice, machine_epsilon: float) -> Array:
        return np.array([machine_epsilon * abs(self.model.x)])


NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, NUMBERS, st.none() | NUMBERS, st.sampled_from([1e-7, 1e-3, "auto"]), st.booleans())
@settings(max_examples=300, deadline=None)
def test_it_follows_the_rules_of_arrays(
    x: float, theta: float, dtheta: float | None, epsilon: float | str, classic: bool
) -> None:
    assume(not (classic and epsilon == "auto") and (x == 0 or abs(x) > 1e-6))
    model = ScalarModel(x, theta, dtheta)
    plain = check_scalar(model, epsilon=epsilon, classic=classic)
    arrays = check(AsArrays(model), epsilon=epsilon, classic=classic)
    assert plain.verdict is arrays.verdict
    assert plain.difference == pytest.approx(arrays.difference, rel=1e-6, abs=1e-15)
    assert plain.parameters[0].worst.verdict is arrays.parameters[0].worst.verdict
