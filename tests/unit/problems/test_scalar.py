from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli.checking import check
from gradcheck_cli.errors import ProblemError
from gradcheck_cli.problems.scalar import ScalarModel
from gradcheck_cli.results import Verdict


def test_the_courses_numbers() -> None:
    report = check(ScalarModel(2.0, 4.0))
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
    assert check(ScalarModel(x, 4.0, dtheta)).verdict is verdict


def test_both_gradients_zero_is_a_difference_of_zero() -> None:
    assert check(ScalarModel(0.0, 4.0)).difference == 0.0


def test_a_loss_that_overflows_cannot_be_checked() -> None:
    with pytest.raises(ProblemError, match="inf"):
        check(ScalarModel(1e200, 1e200), epsilon=1e190)


def test_theta_is_an_array_without_dimensions() -> None:
    model = ScalarModel(2.0, 4.0)
    assert model.parameters["theta"].shape == model.gradient(model.parameters)["theta"].shape == ()
    np.testing.assert_allclose(model.loss_changes("theta", np.array([0]), np.array([0.5])), [1.0])
