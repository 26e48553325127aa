"""What evaluations may cost, in number and in seconds, and what they have cost so far."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Budget", "BudgetSpentError"]


class BudgetSpentError(Exception):
    """The budget does not allow the evaluations that were asked for."""


@dataclass
class Budget:
    """A limit on evaluations, on seconds, on both or on neither; and what is spent of it."""

    most: int | None = None
    """Evaluations."""
    seconds: float | None = None
    """From `started` on."""
    started: float = field(default_factory=time.monotonic)
    """By the monotonic clock."""
    made: int = 0
    """Evaluations that were paid for."""
    busy: float = 0.0
    """Seconds that they took."""
    closed: bool = False
    """Whether there are to be no more, whatever the limits are."""

    @property
    def left(self) -> float:
        """How many evaluations are left, as far as can be told; infinite where there is no limit."""
        by_count = np.inf if self.most is None else self.most - self.made
        by_time = np.inf if self.seconds is None else max(self.seconds - self.elapsed, 0.0) * self.rate
        return float(min(by_count, by_time))

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

    def require(self, evaluations: int) -> None:
        """See that so many more evaluations are allowed.

        Raises
        ------
        BudgetSpentError
            Where they are not.
        """
        over = self.seconds is not None and self.elapsed > self.seconds
        if self.closed or over or (self.most is not None and self.made + evaluations > self.most):
            raise BudgetSpentError

    def pay(self, evaluations: int, seconds: float = 0.0) -> None:
        """Take note of evaluations that were made."""
        self.made += evaluations
        self.busy += seconds
