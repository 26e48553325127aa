from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli.numeric.centred import centred_gradient, require_step_taken
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.vocabulary.errors import ProblemError
from gradcheck_cli.vocabulary.parameters import Array


def cubic(p: dict[str, Array]) -> float:
    return float((p["w"] ** 3).sum() + 5 * p["c"].sum())


def problem(size: int = 3) -> FunctionProblem:
    return FunctionProblem({"w": np.arange(1.0, size + 1), "c": np.ones((1, 2))}, cubic, {})


def numeric_gradient(subject: Problem, epsilon: float) -> dict[str, Array]:
    return dict(centred_gradient(subject, subject.parameters, epsilon))


def test_is_the_centred_rule_of_the_course() -> None:
    # ((w + e)^3 - (w - e)^3) / 2e = 3 w^2 + e^2
    gradient = numeric_gradient(problem(), 0.5)
    np.testing.assert_allclose(gradient["w"], 3 * np.arange(1.0, 4.0) ** 2 + 0.25, rtol=1e-13)
    np.testing.assert_allclose(gradient["c"], [[5.0, 5.0]], rtol=1e-13)


def test_never_asks_for_the_gradient() -> None:
    def forbidden(_: dict[str, Array]) -> None:
        raise AssertionError("the numeric side must not look at the gradient")

    (numeric_gradient(FunctionProblem(problem().parameters, cubic, forbidden), 1e-5))


def test_matches_the_courses_loop_digit_by_digit_up_to_round_off() -> None:
    network = built_in_case("default")
    moved = {name: values.copy() for name, values in network.parameters.items()}
    numeric = numeric_gradient(network, 1e-7)
    for name, values in moved.items():
        for k in np.ndindex(values.shape):
            before = values[k]
            values[k] = before + 1e-7
            plus = network.loss(moved)
            values[k] = before - 1e-7
            minus = network.loss(moved)
            values[k] = before
            assert numeric[name][k] == pytest.approx((plus - minus) / 2e-7, abs=1e-8)


def test_tells_of_every_entry_once() -> None:
    done: list[int] = []
    subject = problem(150)
    dict(centred_gradient(subject, subject.parameters, 1e-5, done.append))
    assert sum(done) == 152


@pytest.mark.parametrize("value", [1e12, -1e12, 1e300])
def test_a_step_that_vanishes_is_refused_by_the_entrys_name(value: float) -> None:
    with pytest.raises(ProblemError, match=r"is too small for w\[1, 0\]") as caught:
        require_step_taken({"w": np.array([[1.0], [value]])}, 1e-7)
    assert caught.value.hint is not None


def test_a_step_that_counts_is_taken() -> None:
    require_step_taken({"w": np.array([0.0, 1e6, -1e6]), "none": np.empty(0)}, 1e-7)
