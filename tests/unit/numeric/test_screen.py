"""What a screen promises: right gradients pass, wrong ones are seen, and their entries found."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest

from gradcheck_cli.evaluating.evaluator import Evaluator
from gradcheck_cli.numeric.screen import WORST_SHAPE, Screen, evaluations_of
from gradcheck_cli.numeric.slopes import Slopes
from gradcheck_cli.problems.functions.make import function_problem
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.results import entry_name
from tests.black_box import SMALL, BlackBox

THRESHOLD = 2e-7


def screened(box: BlackBox, claim: Parameters, seed: int = 1) -> tuple[Screen, Evaluator]:
    problem = Evaluator(function_problem(box.loss, claim, box.parameters, data={}))
    screen = Screen(Slopes(problem, claim, THRESHOLD, seed, box.loss(box.parameters)))
    screen.run()
    return screen, problem


def names_of(screen: Screen) -> set[str]:
    parameters = screen.slopes.problem.parameters
    ends = list(itertools.accumulate(values.size for values in parameters.values()))
    names = set()
    for slope in screen.located.entries:
        k = next(k for k, end in enumerate(ends) if slope.direction.start < end)
        name = list(parameters)[k]
        names.add(entry_name(name, parameters[name].shape, slope.direction.start - ([0, *ends])[k]))
    return names


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("seed", range(10))
def test_a_right_gradient_has_no_wrong_slope(activation: str, seed: int) -> None:
    box = BlackBox(*SMALL, activation, seed)
    screen, problem = screened(box, box.right(), seed)
    assert not screen.wrong()
    assert problem.evaluations <= 2 * evaluations_of(box.parameters)


@pytest.mark.parametrize(("wrong", "most"), [(15, 10), (30, 3), (12, 10)])
def test_no_more_entries_are_located_than_wanted_in_however_many_ranges(wrong: int, most: int) -> None:
    box = BlackBox(*SMALL, seed=5)
    claim, names = box.spoiled(wrong, 2.0, seed=1)
    screen, _ = screened(box, claim)
    screen.search(screen.wrong(), most)
    assert len(names_of(screen)) == most
    assert names_of(screen) <= names


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize(("factor", "seed"), [(2.0, 0), (2.0, 1), (-1.0, 2), (0.0, 3), (1.01, 4)])
def test_one_wrong_entry_is_found_in_a_hundred_evaluations(activation: str, factor: float, seed: int) -> None:
    box = BlackBox(*SMALL, activation, seed)
    claim, names = box.spoiled(1, factor, seed)
    screen, problem = screened(box, claim)
    screen.search(screen.wrong(), 10)
    assert names_of(screen) == names
    assert not any(map(screen.unexplained, box.parameters))
    assert problem.evaluations <= 100


@pytest.mark.parametrize("seed", range(4))
def test_ten_wrong_entries_are_found_and_no_other(seed: int) -> None:
    box = BlackBox(*SMALL, "relu", seed)
    claim, names = box.spoiled(10, 2.0, seed)
    screen, problem = screened(box, claim)
    screen.search(screen.wrong(), 10)
    assert names_of(screen) == names
    assert problem.evaluations <= 400


def test_no_more_entries_are_looked_for_than_wanted() -> None:
    box = BlackBox(*SMALL)
    claim, _ = box.spoiled(40, 2.0)
    screen, _ = screened(box, claim)
    screen.search(screen.wrong(), 3)
    assert 3 <= len(screen.located.entries) <= 6  # those that were looked for side by side
    assert any(map(screen.unexplained, box.parameters))


def test_an_error_all_over_ends_the_search_soon() -> None:
    box = BlackBox(*SMALL)
    claim = {**box.right(), "W1": box.right()["W1"] + 0.01 * np.random.default_rng(0).normal(size=(32, 64))}
    screen, problem = screened(box, claim)
    screen.search(screen.wrong(), 10)
    assert not screen.located.entries
    assert [slope.direction.length for slope in screen.located.spread] == [32 * 64]
    assert problem.evaluations <= 150


def test_an_entry_on_a_kink_is_not_taken_for_wrong() -> None:
    random = np.random.default_rng(0)
    values = np.where(np.arange(200) < 2, 0.0, random.normal(size=200))
    problem = function_problem(lambda x: float(np.abs(x).sum()), np.sign(values), values, data={})
    screen = Screen(Slopes(problem, problem.gradient(problem.parameters), THRESHOLD, 3, float(np.abs(values).sum())))
    screen.run()
    screen.search(screen.wrong(), 10)
    assert not screen.located.entries


@pytest.mark.parametrize("shape", [[1, 1], [1, -1], [1, 1, 1], [2, 1], [1] * 4, [1] * 30, range(1, 8)])
def test_an_error_hides_from_a_direction_no_more_often_than_is_said(shape: Sequence[float]) -> None:
    random = np.random.default_rng(0)
    error = np.array(shape, dtype=float) / np.linalg.norm(shape)
    signs = random.choice([-1.0, 1.0], (200_000, len(error)))
    seen = np.abs((signs * random.uniform(0.5, 1.5, signs.shape)) @ error)
    for c in (5, 20, 100):
        assert np.mean(seen < 1 / c) <= WORST_SHAPE / c * 1.1


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_the_unit_of_the_loss_does_not_matter(scale: float) -> None:
    box = BlackBox(*SMALL)
    claim: dict[str, Array] = {name: g * scale for name, g in box.right().items()}
    loss = box.loss
    problem = function_problem(lambda p: scale * loss(p), claim, box.parameters, data={})
    screen = Screen(Slopes(problem, claim, THRESHOLD, 0, scale * loss(box.parameters)))
    screen.run()
    assert not screen.wrong()
    assert all(math.isfinite(slope.bar) for slope in screen.whole)
