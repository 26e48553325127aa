"""Which mode `auto` is: what takes too many evaluations, or too long, is screened."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli.checks.mode import chosen_mode, evaluations_of_all
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.functions.make import function_problem
from gradcheck_cli.vocabulary.settings import FULL, SCREEN, Settings


def problem_of(entries: int) -> FunctionProblem:
    return function_problem(lambda x: 0.0, lambda x: x, np.ones(entries), data={})


AUTO = Settings(epsilon="auto")


@pytest.mark.parametrize(
    ("entries", "seconds", "jobs", "mode"),
    [
        (1000, 1e-6, 1, FULL),
        (100_000, 1e-6, 1, SCREEN),
        (1000, 0.01, 1, FULL),
        (1000, 0.1, 1, SCREEN),
        (1000, 0.1, 8, FULL),
        (200, 1.0, 1, SCREEN),
    ],
)
def test_what_takes_more_than_a_minute_is_screened(entries: int, seconds: float, jobs: int, mode: str) -> None:
    chosen, why = chosen_mode(problem_of(entries), AUTO, seconds, jobs)
    assert chosen == mode
    assert bool(why) == (mode == SCREEN)


def test_the_reason_names_the_time() -> None:
    _, why = chosen_mode(problem_of(1000), AUTO, 0.1)
    needed = evaluations_of_all(problem_of(1000), AUTO)
    assert why == (
        f"screened: checking every entry takes about {needed:,} evaluations, more than the 600 of 0.1 s that fit into"
        " 60 s; --mode full checks every entry all the same"
    )


def test_a_budget_stands_in_the_place_of_the_minute() -> None:
    assert chosen_mode(problem_of(1000), Settings(epsilon="auto", time_limit=3600.0), 0.1)[0] == FULL
    assert chosen_mode(problem_of(1000), Settings(epsilon="auto", max_evals=100_000), 0.1)[0] == FULL
    assert chosen_mode(problem_of(1000), Settings(epsilon="auto", time_limit=10.0), 0.1)[0] == SCREEN


def test_who_asks_for_every_entry_gets_it() -> None:
    assert chosen_mode(problem_of(1000), Settings(epsilon="auto", mode=FULL), 10.0) == (FULL, "")
    assert chosen_mode(problem_of(1000), Settings(classic=True), 10.0) == (FULL, "")
