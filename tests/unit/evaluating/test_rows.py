"""Outputs as losses of their own: the same numbers, and each evaluation is made once for all of them."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli.evaluating import rows
from gradcheck_cli.evaluating.evaluator import Evaluator
from gradcheck_cli.evaluating.rows import rows_of
from gradcheck_cli.problems.directions import Direction
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.functions.outputs import Weighing
from gradcheck_cli.vocabulary.parameters import Array, Parameters

X = np.array([1.0, 2.0, 3.0])
ENTRIES, STEPS = np.array([2, 0, 1]), np.array([0.5, -0.25, 1.0])
MOVES = [(Direction(1, 1, 0, 3), 0.1), (Direction(1, 2, 1, 2), -0.2)]


def powers(p: Parameters) -> Array:
    return np.array([p["x"].sum(), (p["x"] ** 2).sum()])


def evaluator() -> Evaluator:
    return Evaluator(FunctionProblem({"x": X}, powers, None, weighing=Weighing("powers", 2)))


def test_each_row_has_the_numbers_of_its_output() -> None:
    together = evaluator()
    for number, row in enumerate(rows_of(together)):
        assert row.loss(row.parameters) == powers({"x": X})[number]
        assert row.loss({"x": 2 * X}) == powers({"x": 2 * X})[number]
        changes = row.loss_changes("x", ENTRIES, STEPS)
        np.testing.assert_array_equal(changes, together.problem.loss_changes("x", ENTRIES, STEPS)[:, number])
        along = row.losses_along(MOVES)
        np.testing.assert_array_equal(along, evaluator().losses_along(MOVES)[:, number])


def test_what_one_row_has_asked_is_known_to_the_others_and_the_rest_is_asked_for() -> None:
    together = evaluator()
    first, second = rows_of(together)
    first.loss_changes("x", ENTRIES[:2], STEPS[:2])
    first.loss({"x": 2 * X})
    asked = together.evaluations
    second.loss({"x": 2 * X})
    second.loss_changes("x", ENTRIES, STEPS)
    assert together.evaluations == asked + 1


def test_a_function_that_is_not_always_the_same_is_asked_as_often_as_a_row_asks() -> None:
    random = np.random.default_rng(0)

    def noisy(p: Parameters) -> Array:
        return powers(p) + 1e-9 * random.standard_normal(2)

    problem = FunctionProblem({"x": X}, noisy, None, weighing=Weighing("noisy", 2), scatter=np.array([1e-9, 1e-9]))
    first, second = rows_of(Evaluator(problem))
    seen = [first.loss({"x": 2 * X}) for _ in range(3)]
    assert len(set(seen)) == 3
    of_second = [second.loss({"x": 2 * X}) for _ in range(3)]
    assert len(set(of_second)) == 3
    assert first.problem.evaluations == 3


def test_where_there_is_no_room_the_same_numbers_are_evaluated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST_KEPT", 3)
    together = evaluator()
    first, second = rows_of(together)
    expected = together.problem.loss_changes("x", ENTRIES, STEPS)
    for _ in range(2):
        np.testing.assert_array_equal(first.loss_changes("x", ENTRIES, STEPS), expected[:, 0])
        np.testing.assert_array_equal(second.loss_changes("x", ENTRIES, STEPS), expected[:, 1])
