"""Problems around others: what they add, and that they change nothing else."""

from __future__ import annotations

import time
from array import array

import numpy as np
import pytest

from gradcheck_cli.errors import InputError
from gradcheck_cli.numeric.budget import BudgetedProblem, BudgetSpentError
from gradcheck_cli.numeric.journal import Journal, JournaledProblem, fingerprint
from gradcheck_cli.numeric.sampled import SampledProblem
from gradcheck_cli.parameters import Parameters
from gradcheck_cli.problems.cases import built_in_case
from gradcheck_cli.problems.directions import Direction
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.problems.user_function import FunctionProblem
from gradcheck_cli.problems.wrapped import WrappedProblem

ENTRIES, STEPS = np.array([2, 0]), np.array([0.5, -0.25])
MOVES = [(Direction(1, 1, 0, 3), 0.1), (Direction(1, 2, 1, 2), -0.2)]


class Cubes:
    """Counts the calls of a sum of cubes."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, p: Parameters) -> float:
        self.calls += 1
        return float((p["x"] ** 3).sum())


def cubes() -> tuple[FunctionProblem, Cubes]:
    loss, x = Cubes(), np.array([1.0, 2.0, 3.0])
    return FunctionProblem({"x": x}, loss, {"x": 3 * x**2}), loss


def wrappers(problem: Problem) -> list[WrappedProblem]:
    return [
        BudgetedProblem(problem),
        BudgetedProblem(problem, 100, 100.0),
        JournaledProblem(problem, Journal()),
        BudgetedProblem(JournaledProblem(problem, Journal())),
    ]


@pytest.mark.parametrize("k", range(4))
def test_the_numbers_are_those_of_the_problem(k: int) -> None:
    problem, _ = cubes()
    wrapped = wrappers(problem)[k]
    assert wrapped.loss(wrapped.parameters) == 36
    np.testing.assert_array_equal(wrapped.loss_changes("x", ENTRIES, STEPS), problem.loss_changes("x", ENTRIES, STEPS))
    np.testing.assert_array_equal(wrapped.losses_along(MOVES), problem.losses_along(MOVES))
    assert (wrapped.name, wrapped.base, wrapped.sizes) == (problem.name, problem, problem.sizes)


def test_a_problem_without_directions_is_moved_all_the_same() -> None:
    network = built_in_case("default")
    count = sum(values.size for values in network.parameters.values())
    (moved,) = BudgetedProblem(network).losses_along([(Direction(0, 0, 0, count), 1e-3)])
    assert 0 < abs(moved - network.loss(network.parameters)) < 0.1


def test_a_budget_of_evaluations_is_never_overdrawn() -> None:
    problem, loss = cubes()
    budget = BudgetedProblem(problem, most=3)
    budget.loss_changes("x", ENTRIES, STEPS)
    assert (loss.calls, budget.left) == (1 + 2, 1)  # the loss at the point is taken once, by the way
    with pytest.raises(BudgetSpentError):
        budget.loss_changes("x", ENTRIES, STEPS)
    assert loss.calls == 3


def test_evaluations_that_take_their_time_are_told_of_one_after_another() -> None:
    problem, _ = cubes()
    told: list[int] = []
    budget = BudgetedProblem(problem, fewest=1, tick=told.append)
    budget.busy = 1e9  # as slow as can be
    whole = budget.loss_changes("x", np.array([0, 1, 2]), np.full(3, 0.5))
    np.testing.assert_array_equal(whole, problem.loss_changes("x", np.array([0, 1, 2]), np.full(3, 0.5)))
    assert told == [1, 1, 1]


def test_a_budget_of_time_ends_within_a_slice() -> None:
    def slow(p: Parameters) -> float:
        time.sleep(0.01)
        return float(p["x"].sum())

    problem = FunctionProblem({"x": np.zeros(1000)}, slow, {"x": np.ones(1000)})
    budget = BudgetedProblem(problem, seconds=0.3, fewest=16)
    started = time.monotonic()
    with pytest.raises(BudgetSpentError):
        budget.loss_changes("x", np.arange(1000), np.full(1000, 0.1))
    assert time.monotonic() - started < 3  # all would take ten seconds
    assert budget.words == "0.3 s"


def test_a_journal_answers_what_it_knows_and_asks_for_the_rest() -> None:
    problem, loss = cubes()
    journal = Journal(seed=1, mode="full")
    first = JournaledProblem(problem, journal)
    before = [first.loss(problem.parameters), *first.loss_changes("x", ENTRIES, STEPS)]
    calls = loss.calls
    kept = Journal(1, "full", digest=journal.digest, losses=array("d", journal.losses))
    again = JournaledProblem(problem, kept)
    assert [again.loss(problem.parameters), *again.loss_changes("x", ENTRIES, STEPS)] == before
    assert loss.calls == calls + 2  # each change takes one call, and all of so short a record are made again
    np.testing.assert_array_equal(again.losses_along(MOVES), problem.losses_along(MOVES))
    assert len(kept.losses) == 5


def test_a_journal_cut_inside_a_question_asks_for_the_missing_answers_only() -> None:
    problem, loss = cubes()
    whole = JournaledProblem(problem, Journal(mode="full")).loss_changes("x", ENTRIES, STEPS)
    cut = Journal(mode="full", losses=array("d", whole[:1]))
    loss.calls = 0
    np.testing.assert_array_equal(JournaledProblem(problem, cut).loss_changes("x", ENTRIES, STEPS), whole)
    assert loss.calls == 2


def test_a_loss_that_is_not_what_it_was_is_found_by_what_is_made_again() -> None:
    problem, _ = cubes()
    journal = Journal(mode="full")
    JournaledProblem(problem, journal).loss_changes("x", ENTRIES, STEPS)
    journal.losses[-1] *= 1.01
    with pytest.raises(InputError, match=r"evaluation 2 was .* and is "):
        JournaledProblem(problem, journal).loss_changes("x", ENTRIES, STEPS)


def test_a_journal_of_other_questions_is_refused() -> None:
    problem, _ = cubes()
    journal = Journal(mode="full")
    JournaledProblem(problem, journal).loss_changes("x", ENTRIES, STEPS)
    with pytest.raises(InputError, match="other losses"):
        JournaledProblem(problem, journal).loss_changes("x", ENTRIES, 2 * STEPS)


def test_a_fingerprint_tells_points_and_settings_apart() -> None:
    x = {"x": np.array([1.0, 2.0])}
    others = [{"x": np.array([1.0, 2.5])}, {"y": x["x"]}]
    prints = [fingerprint([x]), fingerprint([x], 1), *(fingerprint([other]) for other in others)]
    assert len(set(prints)) == 4
    assert fingerprint([x], 1) == fingerprint([{"x": x["x"].copy()}], 1)


def test_a_sample_is_a_problem_of_its_entries() -> None:
    problem, _ = cubes()
    sample = SampledProblem(problem, {"x": np.array([0, 2])})
    np.testing.assert_array_equal(sample.parameters["x"], [1, 3])
    np.testing.assert_array_equal(sample.gradient(sample.parameters)["x"], [3, 27])
    assert sample.loss({"x": np.array([0.0, 1.0])}) == 9
    changes = sample.loss_changes("x", np.array([1]), np.array([1.0]))
    assert changes == pytest.approx([4**3 - 3**3])
    np.testing.assert_array_equal(problem.parameters["x"], [1, 2, 3])
