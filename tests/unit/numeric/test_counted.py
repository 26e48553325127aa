import numpy as np

from gradcheck_cli.numeric.counted import CountedProblem
from gradcheck_cli.problems.cases import built_in_case


def test_every_loss_counts_and_the_answers_are_the_problems() -> None:
    problem = built_in_case("default")
    counted = CountedProblem(problem)
    entries, steps = np.array([0, 1, 2]), np.array([0.1, 0.2, 0.3])
    assert counted.loss(problem.parameters) == problem.loss(problem.parameters)
    np.testing.assert_array_equal(
        counted.loss_changes("W1", entries, steps), problem.loss_changes("W1", entries, steps)
    )
    counted.gradient(problem.parameters)
    assert counted.evaluations == 1 + 3 + 1
    assert (counted.name, counted.parameters, counted.notes) == (problem.name, problem.parameters, problem.notes)
