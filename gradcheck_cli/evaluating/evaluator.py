"""Every evaluation of a problem on its way: looked up in the journal, allowed by the budget, made, kept and counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.evaluating.budget import Budget, BudgetSpentError
from gradcheck_cli.evaluating.journal import Journal, Record
from gradcheck_cli.evaluating.workers import workers_of
from gradcheck_cli.problems.directions import Move
from gradcheck_cli.problems.functions.function import FunctionProblem, Losses
from gradcheck_cli.problems.problem import Directional, Problem
from gradcheck_cli.problems.views.view import View
from gradcheck_cli.vocabulary.alarm import GRACE, LateError, raised_after
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["Evaluator", "evaluating"]

SLICE = 0.5  # seconds after which the clock is looked at
AT_ONCE = 4  # evaluations for each worker: each time the arrays of the user's loss are copied

Ask = Callable[[slice], Array]


@contextmanager
def evaluating(
    problem: Problem,
    budget: Budget,
    journal: Journal | None,
    jobs: int,
    executor: Executor | str | None,
    tick: Callable[[int], None],
) -> Iterator[Evaluator]:
    """Offer what evaluates a problem, the calls paid for that came before.

    Parameters
    ----------
    problem : Problem
        What is evaluated.
    budget : Budget
        What that may cost.
    journal : Journal or None
        Where evaluations are kept, and looked up.
    jobs, executor
        Who makes them: see `workers_of`.
    tick : callable
        Told of single evaluations, where they are the user's and may take any time.
    """
    until = None if budget.seconds is None else budget.started + budget.seconds + GRACE
    with workers_of(problem, jobs=jobs, executor=executor, until=until) as workers:
        evaluator = Evaluator(problem, budget, maker=workers)
        if isinstance(problem, FunctionProblem):
            evaluator.before = max(problem.calls.count - 1, 0)  # that at the point counts when it is asked for
            budget.pay(evaluator.before, problem.calls.seconds)
        if isinstance(problem, Directional):
            evaluator.fewest = AT_ONCE * (1 if workers is None else workers.crew.workers)
            evaluator.tick = tick
        if journal is not None:
            evaluator.record = Record(journal, evaluator.outputs, evaluator.scatter)
        yield evaluator


class Maker(Protocol):
    """Makes evaluations: the problem itself, or the workers."""

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the changes of the loss with single entries moved."""

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the losses along directions."""


@dataclass
class Evaluator(View):
    """A problem whose evaluations are counted, kept, bounded and shared out."""

    budget: Budget = field(default_factory=Budget)
    record: Record | None = None
    """Of a journal, where one is kept."""
    maker: Maker | None = None
    """Who makes many evaluations; None for the problem itself."""
    fewest: int | None = None
    """Evaluations that are asked for at once, where each takes less than a second; None: whatever is wanted."""
    tick: Callable[[int], None] = lambda _: None
    """Called with the number of evaluations made since the last call."""
    before: int = 0
    """Evaluations that were made before this was, or are none of the check's."""
    asked: int = 0
    """Evaluations that were asked for, those too that the journal knows."""
    late: bool = False
    """Whether an evaluation was given up that did not return in time."""
    here: Losses = None
    """The loss at the point, where it was asked for."""

    @property
    def outputs(self) -> tuple[int, ...]:
        """The shape of what one evaluation gives: () of a loss, (m,) of m of them."""
        return getattr(self.problem, "outputs", ())

    @property
    def evaluations(self) -> int:
        """How often the loss was called, those calls included that the journal remembers."""
        return self.before + self.asked

    def loss(self, parameters: Parameters) -> Losses:
        """Return the problem's loss, that at the point itself from memory if it was asked for before."""
        if parameters is self.parameters and self.here is not None:
            return self.here
        ask = super().loss
        (loss,) = self.answers(1, lambda _: np.array([ask(parameters)]), lambda: np.zeros((1, 1)))
        loss = loss if self.outputs else float(loss)
        if parameters is self.parameters:
            self.here = loss
        return loss

    def unkept_loss(self, parameters: Parameters) -> Losses:
        """Return the problem's loss; no journal knows of it."""
        self.budget.require(1)
        self.budget.pay(1)
        self.before += 1
        loss = self.problem.loss(parameters)
        self.tick(1)
        return loss

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the problem's changes."""
        ask = super().loss_changes if self.maker is None else self.maker.loss_changes
        return self.answers(
            len(entries),
            lambda part: ask(parameter, entries[part], steps[part]),
            lambda: np.column_stack([entries, steps]),
        )

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the problem's losses along directions."""
        ask = super().losses_along if self.maker is None else self.maker.losses_along
        return self.answers(
            len(moves),
            lambda part: ask(moves[part]),
            lambda: np.array([[*direction, step] for direction, step in moves]),
        )

    def answers(self, count: int, ask: Ask, described: Callable[[], Array]) -> Array:
        """Return the answers to so many questions: what the journal has, then what is asked, a slice at a time.

        Parameters
        ----------
        count : int
            Of the questions.
        ask : callable
            Makes some of the evaluations.
        described : callable
            Returns a row for each question, by which a journal knows it.

        Raises
        ------
        BudgetSpentError
            Where the budget does not have them.
        """
        rows = np.empty((count, 0)) if self.record is None else described()
        found = []
        done = 0
        if self.record is not None and self.record.left:
            with self.in_time():
                found.append(self.record.answers(rows, ask))
            done = len(found[0])
            self.tell(done)
        while done < count:
            part = slice(done, min(done + self.at_once(count), count))
            found.append(self.made(part, ask))
            if self.record is not None:
                self.record.keep(rows[part], found[-1])
            done = part.stop
        return found[0] if len(found) == 1 else np.concatenate([np.empty((0, *self.outputs)), *found])

    def made(self, part: slice, ask: Ask) -> Array:
        """Make evaluations, if the budget has them."""
        count = part.stop - part.start
        self.budget.require(count)
        begun = time.monotonic()
        with self.in_time():
            answers = ask(part)
        self.budget.pay(count, time.monotonic() - begun)
        self.tell(count)
        return answers

    @contextmanager
    def in_time(self) -> Iterator[None]:
        """Give up what does not return in time."""
        budget = self.budget
        try:
            with raised_after(None if budget.seconds is None else budget.seconds + GRACE - budget.elapsed):
                yield
        except LateError:
            self.late = True
            raise BudgetSpentError from None

    def tell(self, count: int) -> None:
        """Count evaluations, and tell of them."""
        self.asked += count
        self.tick(count)

    def at_once(self, wanted: int) -> int:
        """Return how many evaluations to ask for at once: so many that the clock does not go unwatched for long.

        Of slow ones it is one for each worker.
        """
        if self.fewest is None:
            return wanted
        workers, rate = max(1, self.fewest // AT_ONCE), self.budget.rate
        return max(workers, min(self.fewest, int(self.fewest * rate)), int(SLICE * rate))
