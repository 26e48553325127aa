"""A problem whose losses may only be evaluated so often, or for so long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.numeric.wrapped import WrappedProblem
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.directions import Move

__all__ = ["BudgetSpentError", "BudgetedProblem"]

SLICE = 0.5  # seconds after which the clock is looked at
FEWEST = 16  # evaluations at once, for several processes may share them


class BudgetSpentError(Exception):
    """The budget does not allow the evaluations that were asked for."""


@dataclass
class BudgetedProblem(WrappedProblem):
    """Another problem with a limit on evaluations of its loss, on seconds, or on both."""

    most: int | None = None
    """Evaluations."""
    seconds: float | None = None
    """From the moment that this was made."""
    free: int = 0
    """Evaluations at the beginning that cost nothing, for their losses are known."""
    spent: int = 0
    """Evaluations so far, the free ones too."""
    started: float = field(default_factory=time.monotonic)
    busy: float = 0.0
    """Seconds that evaluations took."""

    @property
    def left(self) -> float:
        """How many evaluations are left, as far as can be told; infinite where there is no limit."""
        by_count = np.inf if self.most is None else self.most + self.free - self.spent
        by_time = np.inf if self.seconds is None else max(self.seconds - self.elapsed, 0.0) * self.rate
        return float(min(by_count, by_time))

    @property
    def rate(self) -> float:
        """Evaluations a second, so far; a few where nothing is known yet."""
        return max(self.spent - self.free, 1) / (self.busy or 1.0)

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
        return self.in_slices(len(entries), lambda part: ask(parameter, entries[part], steps[part]), extra=1)

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the problem's losses along directions."""
        ask = super().losses_along
        return self.in_slices(len(moves), lambda part: ask(moves[part]), extra=0)

    def in_slices(self, count: int, ask: Callable[[slice], Array], extra: int) -> Array:
        """Ask for a part at a time, each no longer than the clock may go unwatched."""
        answers = [self.timed(part.stop - part.start + extra, partial(ask, part)) for part in self.slices(count)]
        return np.concatenate([np.empty(0), *answers])

    def timed(self, evaluations: int, ask: Callable[[], Array]) -> Array:
        """Take evaluations from the budget and make them."""
        self.spend(evaluations)
        begun = time.monotonic()
        answer = ask()
        self.busy += time.monotonic() - begun
        return answer

    def slices(self, count: int) -> Iterator[slice]:
        """Cut so many evaluations into parts; without a limit on time there is one."""
        start = 0
        while start < count:
            size = count if self.seconds is None else max(FEWEST, int(SLICE * self.rate), self.free - self.spent)
            yield slice(start, min(start + size, count))
            start += size

    def spend(self, evaluations: int) -> None:
        """Take evaluations from the budget.

        Raises
        ------
        BudgetSpentError
            Where it does not have them.
        """
        over = self.seconds is not None and self.elapsed > self.seconds
        if over or (self.most is not None and self.spent + evaluations > self.most + self.free):
            raise BudgetSpentError
        self.spent += evaluations
