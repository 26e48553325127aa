"""Some entries of a problem, as a problem with fewer of them."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.views.sampled import SampledProblem

X = np.array([1.0, 2.0, 3.0])


def test_a_sample_is_a_problem_of_its_entries() -> None:
    problem = FunctionProblem({"x": X}, lambda p: float((p["x"] ** 3).sum()), {"x": 3 * X**2})
    sample = SampledProblem(problem, {"x": np.array([0, 2])})
    np.testing.assert_array_equal(sample.parameters["x"], [1, 3])
    np.testing.assert_array_equal(sample.gradient(sample.parameters)["x"], [3, 27])
    assert sample.loss({"x": np.array([0.0, 1.0])}) == 9
    changes = sample.loss_changes("x", np.array([1]), np.array([1.0]))
    assert changes == pytest.approx([4**3 - 3**3])
    np.testing.assert_array_equal(problem.parameters["x"], [1, 2, 3])
