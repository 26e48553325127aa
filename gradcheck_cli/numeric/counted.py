"""A problem that counts how often its loss is evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.problem import Problem

__all__ = ["CountedProblem"]


@dataclass
class CountedProblem:
    """Another problem, and how many losses it was asked for; whoever wants to know the number wraps the problem."""

    problem: Problem
    evaluations: int = 0
    """Losses so far; a call of `loss_changes` counts one for each entry and one for the point itself."""

    @property
    def name(self) -> str:
        """The problem's."""
        return self.problem.name

    @property
    def parameters(self) -> Parameters:
        """The problem's."""
        return self.problem.parameters

    @property
    def notes(self) -> Sequence[str]:
        """The problem's."""
        return self.problem.notes

    def loss(self, parameters: Parameters) -> float:
        """Return the problem's loss, counted."""
        self.evaluations += 1
        return self.problem.loss(parameters)

    def gradient(self, parameters: Parameters) -> Parameters:
        """Return the problem's claim, which is no evaluation of the loss."""
        return self.problem.gradient(parameters)

    def entries_at_once(self, parameter: str) -> int:
        """Return what the problem wants."""
        return self.problem.entries_at_once(parameter)

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the problem's changes, counted."""
        self.evaluations += len(entries) + 1
        return self.problem.loss_changes(parameter, entries, steps)
