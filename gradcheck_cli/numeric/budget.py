"""A problem whose evaluations are counted, timed and told of, and may be limited in their number and their time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.directions import Move
from gradcheck_cli.problems.wrapped import WrappedProblem

__all__ = ["BudgetSpentError", "BudgetedProblem"]

SLICE = 0.5  # seconds after which the clock is looked at


class BudgetSpentError(Exception):
    """The budget does not allow the evaluations that were asked for."""


@dataclass
class BudgetedProblem(WrappedProblem):
    """Another problem, how often its loss was evaluated, and a limit on that, on seconds, on both or on neither."""

    most: int | None = None
    """Evaluations."""
    seconds: float | None = None
    """From the moment that this was made."""
    free: int = 0
    """Evaluations at the beginning that cost nothing, for their losses are known."""
    evaluations: int = 0
    """Made so far, the free ones too."""
    started: float = field(default_factory=time.monotonic)
    busy: float = 0.0
    """Seconds that evaluations took."""
    fewest: int | None = None
    """Evaluations that are asked for at once at least, before the clock is looked at; None: whatever is wanted."""
    tick: Callable[[int], None] = lambda _: None
    """Called with the number of evaluations made since the last call."""

    @property
    def left(self) -> float:
        """How many evaluations are left, as far as can be told; infinite where there is no limit."""
        by_count = np.inf if self.most is None else self.most + self.free - self.evaluations
        by_time = np.inf if self.seconds is None else max(self.seconds - self.elapsed, 0.0) * self.rate
        return float(min(by_count, by_time))

    @property
    def rate(self) -> float:
        """Evaluations a second, so far; a few where nothing is known yet."""
        return max(self.evaluations - self.free, 1) / (self.busy or 1.0)

    @property
    def elapsed(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self.started

    @property
    def words(self) -> str:
        """What the limits are."""
        limits = [f"{self.most:,} evaluations"] if self.most is not None else []
        return " and ".join([*limits, f"{self.seconds:g} s"] if self.seconds is not None else limits)

    def loss(self, parameters: Parameters) -> float:
        """Return the problem's loss."""
        ask = super().loss
        return float(self.timed(1, lambda: np.array([ask(parameters)]))[0])

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
        self.require(evaluations)
        begun = time.monotonic()
        answer = ask()
        self.busy += time.monotonic() - begun
        self.evaluations += evaluations
        self.tick(evaluations)
        return answer

    def slices(self, count: int) -> Iterator[slice]:
        """Cut so many evaluations into parts."""
        start = 0
        while start < count:
            least = count if self.fewest is None else self.fewest
            size = max(least, int(SLICE * self.rate), self.free - self.evaluations)
            yield slice(start, min(start + size, count))
            start += size

    def require(self, evaluations: int) -> None:
        """See that the budget allows so many more evaluations.

        Raises
        ------
        BudgetSpentError
            Where it does not have them.
        """
        over = self.seconds is not None and self.elapsed > self.seconds
        if over or (self.most is not None and self.evaluations + evaluations > self.most + self.free):
            raise BudgetSpentError
