"""Every evaluation of a problem on its way: looked up in the journal, allowed by the budget, made, kept and counted."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.evaluating.budget import Budget, BudgetSpentError
from gradcheck_cli.evaluating.journal import Journal, Record
from gradcheck_cli.evaluating.questions import Along, At, Entries, Question
from gradcheck_cli.evaluating.workers import Workers, workers_of
from gradcheck_cli.problems.directions import Move
from gradcheck_cli.problems.functions.function import FunctionProblem, Losses
from gradcheck_cli.problems.problem import Directional, Moved, Problem
from gradcheck_cli.problems.views.view import View
from gradcheck_cli.vocabulary.alarm import GRACE, LateError, raised_after
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["Evaluator", "evaluating"]

SLICE = 0.5  # seconds after which the clock is looked at
AT_ONCE = 4  # evaluations: each time the arrays of the user's loss are copied
MOST_SENT = 2**22  # bytes of a point that is sent to workers


@contextmanager
def evaluating(
    problem: Problem,
    budget: Budget,
    journal: Journal | None,
    jobs: int,
    executor: Executor | str | None,
    expected: int,
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
    jobs, executor, expected
        Who makes them, and about how many: see `workers_of`.
    tick : callable
        Told of single evaluations, where they are the user's and may take any time.
    """
    until = None if budget.seconds is None else budget.started + budget.seconds + GRACE
    with workers_of(problem, jobs=jobs, executor=executor, until=until, expected=expected) as workers:
        evaluator = Evaluator(problem, budget, workers=workers)
        if isinstance(problem, FunctionProblem):
            evaluator.before = max(problem.calls.count - 1, 0)  # that at the point counts when it is asked for
            budget.pay(evaluator.before, problem.calls.seconds)
        if isinstance(problem, Directional):
            evaluator.fewest = AT_ONCE
            evaluator.tick = tick
        if journal is not None:
            evaluator.record = Record(journal, evaluator.outputs, evaluator.scatter)
        yield evaluator


@dataclass
class Evaluator(View):
    """A problem whose evaluations are counted, kept, bounded and shared out."""

    budget: Budget = field(default_factory=Budget)
    record: Record | None = None
    """Of a journal, where one is kept."""
    workers: Workers | None = None
    """Who makes evaluations where there are many; None where all are made here."""
    fewest: int | None = None
    """Evaluations that are made here at once, where each takes less than a second; None: whatever is wanted."""
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
        (loss,) = self.answered_here(At([parameters]))
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

    def losses_at(self, points: Iterable[Parameters]) -> Array:
        """Return the problem's losses at some points."""
        long = sum(values.nbytes for values in self.point.values()) > MOST_SENT
        if self.workers is None or long:
            return np.array([self.loss(point) for point in points])
        (losses,) = self.answers([At(list(points))])
        return losses

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the problem's changes."""
        (changes,) = self.answers([Entries(parameter, entries, steps)])
        return changes

    def changes_in_turn(self, asked: Iterable[Moved]) -> Iterator[Array]:
        """Yield the problem's changes, for one question after another."""
        return self.answers(Entries(*moved) for moved in asked)

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the problem's losses along directions."""
        (losses,) = self.answers([Along(moves)])
        return losses

    # how questions are answered

    def answers(self, questions: Iterable[Question]) -> Iterator[Array]:
        """Yield the answers to one question after another: by workers from where that is of use.

        Raises
        ------
        BudgetSpentError
            Where the budget does not have them.
        """
        questions = iter(questions)
        for question in questions:
            replaying = self.record is not None and self.record.left > 0
            if replaying or self.workers is None or not self.workers.are_worth(question.size, self.budget.busy):
                yield self.answered_here(question)
            else:
                yield from self.answered_by(self.workers, chain([question], questions))

    def answered_here(self, question: Question) -> Array:
        """Return what the journal has of the answers to a question; the others are found here, a slice at a time."""
        found = [np.empty((0, *self.outputs))]
        problem, done = View(self.problem), 0
        if self.record is not None and self.record.left:
            with self.in_time():
                found.append(self.record.answers(question.rows(), lambda part: question.part(part).answers(problem)))
            done = len(found[-1])
            self.tell(done)
        while done < question.size:
            part = question.part(slice(done, min(done + self.at_once(question.size), question.size)))
            self.budget.require(part.size)
            begun = time.monotonic()
            with self.in_time():
                found.append(part.answers(problem))
            self.note(part, found[-1], begun)
            done += part.size
        return found[1] if len(found) == 2 else np.concatenate(found)

    def answered_by(self, workers: Workers, questions: Iterable[Question]) -> Iterator[Array]:
        """Yield the answers of workers to one question after another; they are at later ones by then."""
        asked: deque[Question] = deque()
        found: list[Array] = []
        done = 0
        self.budget.require(0)
        with closing(workers.answers(self.affordable(questions, asked))) as answers:
            while True:
                begun = time.monotonic()
                with self.in_time():
                    some = next(answers, None)
                if some is not None:
                    self.note(asked[0].part(slice(done, done + len(some))), some, begun)
                    found.append(some)
                    done += len(some)
                while asked and done == asked[0].size:
                    whole = np.concatenate([np.empty((0, *self.outputs)), *found])
                    asked.popleft()
                    found, done = [], 0
                    yield whole
                if asked:
                    self.budget.require(0 if some is not None else asked[0].size)
                elif some is None:
                    return

    def affordable(self, questions: Iterable[Question], asked: deque[Question]) -> Iterator[Question]:
        """Yield questions, and what the budget has of the first that it has not; all are noted in `asked`."""
        left = math.inf if self.budget.most is None else self.budget.most - self.budget.made
        for question in questions:
            asked.append(question)
            if question.size > left:
                yield question.part(slice(0, int(left)))
                return
            left -= question.size
            yield question

    def note(self, question: Question, answers: Array, begun: float) -> None:
        """Pay for answers, keep them and tell of them."""
        self.budget.pay(len(answers), time.monotonic() - begun)
        if self.record is not None:
            self.record.keep(question.rows(), answers)
        self.tell(len(answers))

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
        """Return how many evaluations to make at once: so many that the clock does not go unwatched for long."""
        if self.fewest is None:
            return wanted
        rate = self.budget.rate
        return max(1, min(self.fewest, int(self.fewest * rate)), int(SLICE * rate))
