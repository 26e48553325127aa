"""A problem that counts how often its loss is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.numeric.wrapped import WrappedProblem
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.directions import Move

__all__ = ["CountedProblem"]


@dataclass
class CountedProblem(WrappedProblem):
    """Another problem, and how many losses it was asked for; whoever wants to know the number wraps the problem."""

    evaluations: int = 0
    """Losses so far; a call of `loss_changes` counts one for each entry and one for the point itself."""

    tick: Callable[[int], None] | None = None
    """Called with the number of losses along directions."""

    def loss(self, parameters: Parameters) -> float:
        """Return the problem's loss, counted."""
        loss = super().loss(parameters)
        self.evaluations += 1
        return loss

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the problem's changes, counted."""
        changes = super().loss_changes(parameter, entries, steps)
        self.evaluations += len(entries) + 1
        return changes

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the problem's losses along directions, counted."""
        losses = super().losses_along(moves)
        self.evaluations += len(moves)
        if self.tick is not None:
            self.tick(len(moves))
        return losses
