"""Evaluations that several workers make: the same numbers to the last bit, whoever they come from."""

from __future__ import annotations

import math
import os
import uuid
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from gradcheck_cli.evaluating.crew import Crew
from gradcheck_cli.evaluating.nursery import make_ready
from gradcheck_cli.evaluating.parcels import packed
from gradcheck_cli.evaluating.pools import dask_executor, process_pools
from gradcheck_cli.evaluating.questions import Question
from gradcheck_cli.evaluating.tasks import Task, forget, know
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["Workers", "make_ready_for", "workers_of"]

TASK = 0.03  # seconds of a task: handing it over takes a thousandth
TICK = 1e-7  # seconds: no evaluation takes less, whatever the clock says
WORTH = 0.02  # seconds of work that running processes are handed


def make_ready_for(problem: Problem, jobs: int, executor: Executor | str | None) -> None:
    """Begin what fresh processes take, where some will be wanted, while the user's functions are called here."""
    if jobs > 1 and executor is None and isinstance(problem, FunctionProblem) and problem.recipe is not None:
        make_ready()


@contextmanager
def workers_of(
    problem: Problem,
    *,
    jobs: int = 1,
    executor: Executor | str | None = None,
    until: float | None = None,
    expected: int = 0,
) -> Iterator[Workers | None]:
    """Offer those who make the evaluations of a problem; None where it makes them itself.

    Parameters
    ----------
    problem : Problem
        Of the user's functions; any other has quicker ways.
    jobs : int, optional
        Processes of our own, where 1 means none; of an executor, how many workers it has.
    executor : concurrent.futures.Executor or str, optional
        Somebody else's workers in their place: any executor, or ``dask://HOST:PORT``.
    until : float, optional
        When nobody waits for them any more, by the monotonic clock; None for never.
    expected : int, optional
        How many evaluations are to come, as far as is known: that tells whether to start processes.

    Raises
    ------
    SettingError, ExtraError
        Where there is no such cluster.
    """
    if not isinstance(problem, FunctionProblem) or (jobs == 1 and executor is None):
        yield None
        return
    key = uuid.uuid4().hex
    know(key, problem)
    try:
        with crew_of(problem, jobs, executor) as crew:
            crew.until = math.inf if until is None else until
            pace = max(problem.calls.shortest, TICK)
            yield Workers(problem, crew, key, foreign=executor is not None, pace=pace, expected=expected)
    finally:
        forget(key)


@contextmanager
def crew_of(problem: FunctionProblem, jobs: int, executor: Executor | str | None) -> Iterator[Crew]:
    """Offer the workers."""
    if isinstance(executor, str):
        with dask_executor(executor) as cluster:
            yield Crew(
                lambda: cluster.executor, cluster.workers, partial(packed, problem, abroad=True), look=cluster.look
            )
    elif executor is not None:
        workers = jobs if jobs > 1 else os.cpu_count() or 1  # it may not say how many it has
        yield Crew(lambda: executor, workers, partial(packed, problem, abroad=True))
    else:
        with process_pools(jobs, fresh=problem.recipe is not None) as pools:
            pack = partial(packed, problem, abroad=False)
            yield Crew(pools.start, jobs, pack, stop=pools.stop, worth_starting=pools.worth_starting)


@dataclass
class Workers:
    """Makes evaluations of a user's problem by workers; the numbers are the same without them."""

    problem: FunctionProblem
    crew: Crew
    key: str
    foreign: bool
    """Whether the workers are not ours: then all is shared, however little it is."""
    pace: float
    """Seconds of an evaluation, as far as is known."""
    expected: int = 0
    """Evaluations that are to come, as far as is known."""

    def are_worth(self, count: int, worked: float) -> bool:
        """Whether they would have so many losses sooner, after so many seconds of evaluations."""
        work = count * self.pace
        if self.foreign:
            return count > 0
        starting = 0.0 if self.crew.executor is not None else self.crew.worth_starting
        return count > 1 and work >= WORTH and max(work + worked, self.expected * self.pace) >= starting

    def answers(self, questions: Iterable[Question]) -> Generator[Array, None, None]:
        """Yield the answers to questions in their order, some at a time; later questions may be taken by then."""
        early: dict[int, Array] = {}
        due = 0
        for number, task, losses, seconds in self.crew.answers(self.tasks(questions)):
            self.pace = seconds
            early[number] = task.question.from_losses(losses, self.problem.here)
            while due in early:
                yield early.pop(due)
                due += 1

    def tasks(self, questions: Iterable[Question]) -> Iterator[Task]:
        """Part questions into tasks, each of which takes about as long as `TASK`, and none much of a question."""
        for question in questions:
            evenly, done = -(-question.size // self.crew.workers), 0
            while done < question.size:
                size = max(1, min(int(TASK / self.pace), evenly))
                yield Task(self.key, question.part(slice(done, done + size)))
                done += size
