"""A problem whose evaluations are counted, timed and told of, and may be limited in their number and their time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.alarm import GRACE, LateError, raised_after
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.directions import Move
from gradcheck_cli.problems.wrapped import WrappedProblem

__all__ = ["AT_ONCE", "BudgetSpentError", "BudgetedProblem"]

SLICE = 0.5  # seconds after which the clock is looked at
AT_ONCE = 4  # evaluations for each worker: each time the arrays of the user's loss are copied


class BudgetSpentError(Exception):
    """The budget does not allow the evaluations that were asked for."""


@dataclass
class BudgetedProblem(WrappedProblem):
    """Another problem, how often its loss was evaluated, and a limit on that, on seconds, on both or on neither."""

    most: int | None = None
    """Evaluations."""
    seconds: float | None = None
    """From `started` on; an evaluation that is under way then has `alarm.GRACE` more."""
    free: int = 0
    """Evaluations at the beginning that cost nothing, for their losses are known."""
    before: int = 0
    """Evaluations that were made before this was."""
    evaluations: int = 0
    """Asked for so far, the free ones too."""
    started: float = field(default_factory=time.monotonic)
    here: float | None = None
    """The loss at the point, where it was asked for."""
    busy: float = 0.0
    """Seconds that evaluations took."""
    fewest: int | None = None
    """Evaluations that are asked for at once, where each takes less than a second; None: whatever is wanted."""
    late: bool = False
    """Whether an evaluation was given up that did not return in time."""
    tick: Callable[[int], None] = lambda _: None
    """Called with the number of evaluations made since the last call."""

    @property
    def left(self) -> float:
        """How many evaluations are left, as far as can be told; infinite where there is no limit."""
        by_count = np.inf if self.most is None else self.most - self.made
        by_time = np.inf if self.seconds is None else max(self.seconds - self.elapsed, 0.0) * self.rate
        return float(min(by_count, by_time))

    @property
    def made(self) -> int:
        """Evaluations that the budget has paid for."""
        return self.before + max(self.evaluations - self.free, 0)

    @property
    def rate(self) -> float:
        """Evaluations a second, so far; one where nothing is known yet."""
        return self.made / self.busy if self.made and self.busy else 1.0

    @property
    def elapsed(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self.started

    @property
    def words(self) -> str:
        """What the limits are."""
        limits = [] if self.most is None else ["1 evaluation" if self.most == 1 else f"{self.most:,} evaluations"]
        return " and ".join([*limits, f"{self.seconds:g} s"] if self.seconds is not None else limits)

    def loss(self, parameters: Parameters) -> float:
        """Return the problem's loss, that at the point itself from memory if it was asked for before."""
        if parameters is self.parameters and self.here is not None:
            return self.here
        ask = super().loss
        loss = float(self.timed(1, lambda: np.array([ask(parameters)]))[0])
        if parameters is self.parameters:
            self.here = loss
        return loss

    def unkept_loss(self, parameters: Parameters) -> float:
        """Return the loss of the problem that all others are around: no journal knows of it."""
        self.require(1)
        self.before += 1
        return self.base.loss(parameters)

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the problem's changes."""
        ask = super().loss_changes
        return self.in_slices(len(entries), lambda part: ask(parameter, entries[part], steps[part]))

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the problem's losses along directions."""
        ask = super().losses_along
        return self.in_slices(len(moves), lambda part: ask(moves[part]))

    def in_slices(self, count: int, ask: Callable[[slice], Array]) -> Array:
        """Ask for a part at a time, each no longer than the clock may go unwatched."""
        answers = [self.timed(part.stop - part.start, partial(ask, part)) for part in self.slices(count)]
        return answers[0] if len(answers) == 1 else np.concatenate([np.empty(0), *answers])

    def timed(self, evaluations: int, ask: Callable[[], Array]) -> Array:
        """Make evaluations, where the budget has them."""
        known = self.evaluations < self.free
        if not known:
            self.require(evaluations)
        begun = time.monotonic()
        try:
            with raised_after(None if self.seconds is None else self.seconds + GRACE - self.elapsed):
                answer = ask()
        except LateError:
            self.late = True
            raise BudgetSpentError from None
        self.busy += 0.0 if known else time.monotonic() - begun
        self.evaluations += evaluations
        self.tick(evaluations)
        return answer

    def slices(self, count: int) -> Iterator[slice]:
        """Cut so many evaluations into parts."""
        start = 0
        while start < count:
            if self.evaluations < self.free:
                size = self.free - self.evaluations
            else:
                size = count if self.fewest is None else max(self.least(self.fewest), int(SLICE * self.rate))
            yield slice(start, min(start + size, count))
            start += size

    def least(self, fewest: int) -> int:
        """Return how many evaluations to ask for at once at least: of slow ones, one for each worker."""
        workers = max(1, fewest // AT_ONCE)
        return max(workers, min(fewest, int(fewest * self.rate)))

    def require(self, evaluations: int) -> None:
        """See that the budget allows so many more evaluations.

        Raises
        ------
        BudgetSpentError
            Where it does not have them.
        """
        over = self.seconds is not None and self.elapsed > self.seconds
        if over or (self.most is not None and self.made + evaluations > self.most):
            raise BudgetSpentError
