"""Evaluations on their way: counted, kept, bounded, told of; and the numbers are those of the problem."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.evaluating.budget import Budget, BudgetSpentError
from gradcheck_cli.evaluating.evaluator import Evaluator
from gradcheck_cli.evaluating.journal import Journal, Record, fingerprint
from gradcheck_cli.problems.directions import Direction
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.functions.outputs import Weighing
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.vocabulary.errors import InputError
from gradcheck_cli.vocabulary.parameters import Array, Parameters

ENTRIES, STEPS = np.array([2, 0]), np.array([0.5, -0.25])
MOVES = [(Direction(1, 1, 0, 3), 0.1), (Direction(1, 2, 1, 2), -0.2)]
X = np.array([1.0, 2.0, 3.0])


class Counted:
    """Counts the calls of a function."""

    def __init__(self, function: Callable[[Array], Any]) -> None:
        self.function, self.calls = function, 0

    def __call__(self, p: Parameters) -> Any:
        self.calls += 1
        return self.function(p["x"])


def cubes() -> tuple[FunctionProblem, Counted]:
    loss = Counted(lambda x: float((x**3).sum()))
    return FunctionProblem({"x": X}, loss, {"x": 3 * X**2}), loss


def powers() -> tuple[FunctionProblem, Counted]:
    function = Counted(lambda x: np.array([x.sum(), (x**2).sum(), (x**3).sum()]))
    return FunctionProblem({"x": X}, function, None, weighing=Weighing("powers", 3)), function


def recorded(problem: FunctionProblem, journal: Journal) -> Evaluator:
    return Evaluator(problem, record=Record(journal, problem.outputs, problem.scatter))


def evaluators(problem: FunctionProblem) -> list[Evaluator]:
    return [
        Evaluator(problem),
        Evaluator(problem, Budget(100, 100.0)),
        Evaluator(problem, fewest=1),
        recorded(problem, Journal()),
    ]


@pytest.mark.parametrize("make", [cubes, powers])
@pytest.mark.parametrize("k", range(4))
def test_the_numbers_are_those_of_the_problem(k: int, make: Callable[[], tuple[FunctionProblem, Counted]]) -> None:
    problem, _ = make()
    evaluator = evaluators(problem)[k]
    np.testing.assert_array_equal(evaluator.loss(evaluator.parameters), problem.here)
    changes = evaluator.loss_changes("x", ENTRIES, STEPS)
    np.testing.assert_array_equal(changes, problem.loss_changes("x", ENTRIES, STEPS))
    np.testing.assert_array_equal(evaluator.losses_along(MOVES), problem.losses_along(MOVES))
    assert changes.shape == (2, *problem.outputs)
    assert evaluator.evaluations == 1 + 2 + 2
    assert (evaluator.name, evaluator.problem, evaluator.sizes) == (problem.name, problem, problem.sizes)


def test_a_problem_without_directions_is_moved_all_the_same() -> None:
    network: Problem = built_in_case("default")
    count = sum(values.size for values in network.parameters.values())
    (moved,) = Evaluator(network).losses_along([(Direction(0, 0, 0, count), 1e-3)])
    assert 0 < abs(moved - network.loss(network.parameters)) < 0.1


def test_a_budget_of_evaluations_is_never_overdrawn() -> None:
    problem, loss = cubes()
    evaluator = Evaluator(problem, Budget(most=3))
    evaluator.loss_changes("x", ENTRIES, STEPS)
    assert (loss.calls, evaluator.budget.left) == (1 + 2, 1)  # the loss at the point is taken once, by the way
    with pytest.raises(BudgetSpentError):
        evaluator.loss_changes("x", ENTRIES, STEPS)
    assert loss.calls == 3


def test_a_budget_that_is_closed_allows_nothing_more() -> None:
    problem, loss = cubes()
    evaluator = Evaluator(problem)
    evaluator.loss(evaluator.parameters)
    evaluator.budget.closed = True
    assert evaluator.loss(evaluator.parameters) == 36
    with pytest.raises(BudgetSpentError):
        evaluator.losses_along(MOVES)
    assert loss.calls == 1


def test_evaluations_that_take_their_time_are_told_of_one_after_another() -> None:
    problem, _ = cubes()
    told: list[int] = []
    evaluator = Evaluator(problem, Budget(busy=1e9), fewest=1, tick=told.append)  # as slow as can be
    whole = evaluator.loss_changes("x", np.array([0, 1, 2]), np.full(3, 0.5))
    np.testing.assert_array_equal(whole, problem.loss_changes("x", np.array([0, 1, 2]), np.full(3, 0.5)))
    assert told == [1, 1, 1]


def test_a_budget_of_time_ends_within_a_slice() -> None:
    def slow(p: Parameters) -> float:
        time.sleep(0.01)
        return float(p["x"].sum())

    problem = FunctionProblem({"x": np.zeros(1000)}, slow, {"x": np.ones(1000)})
    evaluator = Evaluator(problem, Budget(seconds=0.3), fewest=16)
    started = time.monotonic()
    with pytest.raises(BudgetSpentError):
        evaluator.loss_changes("x", np.arange(1000), np.full(1000, 0.1))
    assert time.monotonic() - started < 3  # all would take ten seconds
    assert evaluator.budget.words == "0.3 s"


@pytest.mark.parametrize("make", [cubes, powers])
def test_a_journal_answers_what_it_knows_and_asks_for_the_rest(
    make: Callable[[], tuple[FunctionProblem, Counted]],
) -> None:
    problem, function = make()
    journal = Journal(seed=1, mode="full")
    first = recorded(problem, journal)
    before = [first.loss(problem.parameters), *first.loss_changes("x", ENTRIES, STEPS)]
    calls = function.calls
    kept = Journal(1, "full", digest=journal.digest, losses=array("d", journal.losses))
    again = recorded(problem, kept)
    after = [again.loss(problem.parameters), *again.loss_changes("x", ENTRIES, STEPS)]
    np.testing.assert_array_equal(after, before)
    assert function.calls == calls + 2  # each change takes one call, and all of so short a record are made again
    np.testing.assert_array_equal(again.losses_along(MOVES), problem.losses_along(MOVES))
    assert len(kept.losses) == 5 * np.prod(problem.outputs, dtype=int)
    assert again.budget.made == 2  # what is replayed costs nothing


def test_a_journal_cut_inside_a_question_asks_for_the_missing_answers_only() -> None:
    problem, loss = cubes()
    whole = recorded(problem, Journal(mode="full")).loss_changes("x", ENTRIES, STEPS)
    cut = Journal(mode="full", losses=array("d", whole[:1]))
    loss.calls = 0
    np.testing.assert_array_equal(recorded(problem, cut).loss_changes("x", ENTRIES, STEPS), whole)
    assert loss.calls == 2


def test_a_journal_that_ends_inside_an_evaluation_is_refused() -> None:
    problem, _ = powers()
    with pytest.raises(InputError, match="damaged"):
        recorded(problem, Journal(mode="full", losses=array("d", [1.0, 2.0])))


@pytest.mark.parametrize("make", [cubes, powers])
def test_a_loss_that_is_not_what_it_was_is_found_by_what_is_made_again(
    make: Callable[[], tuple[FunctionProblem, Counted]],
) -> None:
    problem, _ = make()
    journal = Journal(mode="full")
    recorded(problem, journal).loss_changes("x", ENTRIES, STEPS)
    journal.losses[-1] *= 1.01
    with pytest.raises(InputError, match=r"evaluation 2 was .* and is "):
        recorded(problem, journal).loss_changes("x", ENTRIES, STEPS)


def test_a_journal_of_other_questions_is_refused() -> None:
    problem, _ = cubes()
    journal = Journal(mode="full")
    recorded(problem, journal).loss_changes("x", ENTRIES, STEPS)
    with pytest.raises(InputError, match="other evaluations"):
        recorded(problem, journal).loss_changes("x", ENTRIES, 2 * STEPS)


def test_a_fingerprint_tells_points_and_settings_apart() -> None:
    x = {"x": np.array([1.0, 2.0])}
    others = [{"x": np.array([1.0, 2.5])}, {"y": x["x"]}]
    prints = [fingerprint([x]), fingerprint([x], 1), *(fingerprint([other]) for other in others)]
    assert len(set(prints)) == 4
    assert fingerprint([x], 1) == fingerprint([{"x": x["x"].copy()}], 1)
