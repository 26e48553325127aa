"""Evaluations that several workers make: the same numbers to the last bit, whoever they come from."""

from __future__ import annotations

import math
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.evaluating.crew import Crew
from gradcheck_cli.evaluating.parcels import packed
from gradcheck_cli.evaluating.pools import dask_executor, process_pools
from gradcheck_cli.evaluating.tasks import Task, forget, know, run
from gradcheck_cli.problems.directions import Move
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["Workers", "workers_of"]

TASK = 0.03  # seconds of a task: handing it over takes a thousandth
FIRST = 3  # evaluations that are timed here before any are shared
WORTH = 0.02  # seconds of work that running processes are handed

Part = Callable[[slice], tuple[Any, ...]]


@contextmanager
def workers_of(
    problem: Problem, *, jobs: int = 1, executor: Executor | str | None = None, until: float | None = None
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
            yield Workers(problem, crew, key, foreign=executor is not None)
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
    """Makes evaluations of a user's problem by workers, but for single ones; the numbers are the same without them."""

    problem: FunctionProblem
    crew: Crew
    key: str
    foreign: bool
    """Whether the workers are not ours: then all is shared, however little it is."""
    pace: float = 0.0
    """Seconds of an evaluation, as far as is known."""
    worked: float = field(default=0.0, init=False)
    """Seconds of work that was done here."""

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the problem's changes."""
        losses = self.losses("entries", len(entries), lambda part: (parameter, entries[part], steps[part]))
        with np.errstate(invalid="ignore"):
            return np.asarray(losses - self.problem.here)

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the problem's losses along directions."""
        return self.losses("along", len(moves), lambda part: (list(moves[part]),))

    # sharing

    def losses(self, kind: str, count: int, arguments: Part) -> Array:
        """Return so many losses, each evaluated once: here or by the workers."""
        losses = np.empty((count, *self.problem.outputs))
        done = 0
        if not self.pace:
            done = min(FIRST, count)
            losses[:done] = self.alone(kind, arguments(slice(0, done)))
        if self.worth_sharing(count - done):
            self.share(kind, arguments, done, losses)
        elif done < count:
            losses[done:] = self.alone(kind, arguments(slice(done, count)))
        return losses

    def worth_sharing(self, count: int) -> bool:
        """Whether workers would have the losses sooner."""
        work = count * self.pace
        if self.foreign:
            return count > 0
        if self.crew.executor is not None:
            return count > 1 and work >= WORTH
        return work + self.worked >= self.crew.worth_starting and work >= WORTH

    def alone(self, kind: str, arguments: tuple[Any, ...]) -> Array:
        """Evaluate losses in this process."""
        started = time.perf_counter()
        answer = run(Task(self.key, kind, arguments))
        losses, self.pace = answer if answer is not None else (np.empty(0), self.pace)
        self.worked += time.perf_counter() - started
        return losses

    def share(self, kind: str, arguments: Part, start: int, losses: Array) -> None:
        """Have the workers evaluate the losses from `start` on; each task takes about as long as `TASK`."""
        evenly = -(-(len(losses) - start) // self.crew.workers)
        size = max(1, min(round(TASK / self.pace), evenly))
        parts = [slice(k, min(k + size, len(losses))) for k in range(start, len(losses), size)]
        tasks = [Task(self.key, kind, arguments(part)) for part in parts]
        for number, found, seconds in self.crew.answers(tasks):
            losses[parts[number]], self.pace = found, seconds
