"""Workers that do tasks, whoever runs them. What a dead worker was at is done again."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TypeAlias

from gradcheck_cli.evaluating.tasks import Task, run
from gradcheck_cli.vocabulary.alarm import LateError
from gradcheck_cli.vocabulary.errors import WorkerError
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["Crew"]

TRIES = 3  # of a task: the first, and twice more
LOOK = 0.5  # seconds after which it is looked whether there is still somebody to wait for
IN_FLIGHT = 4  # tasks for each worker
DEATHS = {"CommClosedError", "FutureCancelledError"}  # as dask names them
GIVEN_UP = "KilledWorker"  # as dask names a task at which one worker died after another

Answer: TypeAlias = "tuple[Array, float] | None"


@dataclass
class Crew:
    """An executor, and what to do where it breaks."""

    start: Callable[[], Executor]
    """Starts the executor, or another one in its place."""
    workers: int
    """How many there are, as far as is known."""
    pack: Callable[[], bytes]
    """Packs the problem, for a worker that does not know it."""
    stop: Callable[[], None] = lambda: None
    """Ends the workers at once, whatever they are at."""
    look: Callable[[], None] = lambda: None
    """Raises WorkerError where the workers are gone and nobody says so."""
    until: float = math.inf
    """When time is up, by the monotonic clock."""
    worth_starting: float = 0.0
    """Seconds of work below which it is not started."""
    executor: Executor | None = None
    """None where it was not needed yet."""
    parcel: bytes | None = None

    def answers(self, tasks: Iterator[Task]) -> Iterator[tuple[int, Task, Array, float]]:
        """Do tasks, and yield the number of each as it ends, the task, its losses and the seconds that each took.

        Tasks are taken as there is somebody to do them.

        Raises
        ------
        WorkerError
            Where workers died at the same task again and again, or are gone.
        LateError
            Where time is up.
        """
        running: dict[Future[Answer], tuple[int, Task, Executor]] = {}
        try:
            yield from self.answers_to(enumerate(tasks), running)
        except BaseException:
            if running:
                self.stop()
                self.executor = None
                running.clear()  # the pool itself ends them
            raise
        finally:
            for future in running:
                future.cancel()

    def answers_to(
        self, tasks: Iterator[tuple[int, Task]], running: dict[Future[Answer], tuple[int, Task, Executor]]
    ) -> Iterator[tuple[int, Task, Array, float]]:
        """Do tasks; what is under way is in `running`."""
        deaths: Counter[int] = Counter()
        again: list[tuple[int, Task]] = []
        while True:
            while len(running) < IN_FLIGHT * self.workers and (one := again.pop() if again else next(tasks, None)):
                future, executor = self.submit(one[1])
                running[future] = *one, executor
            if not running:
                return
            for future in self.ended(running):
                number, task, executor = running.pop(future)
                error = error_of(future)
                if error is not None:
                    deaths[number] += 1
                    self.bury(error, executor, deaths[number])
                    again.append((number, task))
                elif (answer := future.result()) is None:
                    again.append((number, task._replace(parcel=self.packed())))
                else:
                    yield number, task, *answer

    def ended(self, running: Collection[Future[Answer]]) -> Collection[Future[Answer]]:
        """Wait for tasks and return those that have ended."""
        while not (done := wait(running, LOOK, FIRST_COMPLETED).done):
            self.look()
            if time.monotonic() > self.until:
                raise LateError
        return done

    def submit(self, task: Task) -> tuple[Future[Answer], Executor]:
        """Hand a task over, to a new executor where the one that was there broke in the meantime."""
        if self.executor is None:
            self.executor = self.start()
        try:
            return self.executor.submit(run, task), self.executor
        except BrokenProcessPool as error:
            broken, self.executor = self.executor, self.start()
            if self.executor is broken:
                raise WorkerError("a worker died, and the executor does not continue without it") from error
            return self.executor.submit(run, task), self.executor
        except Exception as error:  # it was shut down, or raises what it likes
            raise WorkerError(f"the executor takes no more tasks: {error}") from error

    def bury(self, error: BaseException, executor: Executor, deaths: int) -> None:
        """Take note that a worker has died; raise what is no death, and what has happened too often."""
        kind = type(error).__name__
        died = isinstance(error, BrokenProcessPool | CancelledError) or kind in {*DEATHS, GIVEN_UP}
        if not died:
            raise error
        if deaths >= TRIES or kind == GIVEN_UP:
            raise WorkerError(
                f"one worker after another died at the same evaluations ({kind})",
                hint="is there enough memory? --jobs 1 evaluates the loss in this process, where you can see it end",
            ) from error
        if isinstance(error, BrokenProcessPool) and executor is self.executor:
            self.executor = self.start()

    def packed(self) -> bytes:
        """Return the parcel, packed once."""
        if self.parcel is None:
            self.parcel = self.pack()
        return self.parcel


def error_of(future: Future[Answer]) -> BaseException | None:
    """Return what a task raised; its being cancelled, too, is an end that it came to."""
    return CancelledError() if future.cancelled() else future.exception()
