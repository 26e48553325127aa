"""What may be asked of a problem: some evaluations, which can be made in parts, here or by workers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.directions import Move
from gradcheck_cli.problems.functions.function import FunctionProblem, Losses
from gradcheck_cli.problems.problem import losses_at
from gradcheck_cli.problems.views.view import View
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["Along", "At", "Entries", "Question"]


class Question(ABC):
    """Some evaluations; it travels to workers."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How many evaluations it takes."""

    @abstractmethod
    def part(self, part: slice) -> Question:
        """Return the question for some of them."""

    @abstractmethod
    def answers(self, problem: View | FunctionProblem) -> Array:
        """Return a problem's answers, one for each evaluation."""

    def losses(self, problem: FunctionProblem) -> Array:
        """Return the losses that the answers are made of, all that a worker has to find: the answers themselves."""
        return self.answers(problem)

    def from_losses(self, losses: Array, here: Losses) -> Array:  # noqa: ARG002  (of use where answers are changes)
        """Return the answers, made of the losses and of that at the point."""
        return losses

    @abstractmethod
    def rows(self) -> Array:
        """Return a row for each evaluation, by which a journal knows it."""


@dataclass(frozen=True)
class Entries(Question):
    """By how much the loss changes with single entries moved."""

    parameter: str
    entries: NDArray[np.intp]
    steps: Array

    @property
    def size(self) -> int:
        """One for each entry."""
        return len(self.entries)

    def part(self, part: slice) -> Entries:
        """Return the question for some of the entries."""
        return Entries(self.parameter, self.entries[part], self.steps[part])

    def answers(self, problem: View | FunctionProblem) -> Array:
        """Return the problem's changes."""
        return problem.loss_changes(self.parameter, self.entries, self.steps)

    def losses(self, problem: FunctionProblem) -> Array:
        """Return the losses there."""
        return problem.moved_losses(self.parameter, self.entries, self.steps)

    def from_losses(self, losses: Array, here: Losses) -> Array:
        """Return what they differ by."""
        with np.errstate(invalid="ignore"):
            return np.asarray(losses - here)

    def rows(self) -> Array:
        """Return the entries and their steps."""
        return np.column_stack([self.entries, self.steps])


@dataclass(frozen=True)
class Along(Question):
    """The losses along directions."""

    moves: Sequence[Move]

    @property
    def size(self) -> int:
        """One for each move."""
        return len(self.moves)

    def part(self, part: slice) -> Along:
        """Return the question for some of the moves."""
        return Along(list(self.moves[part]))

    def answers(self, problem: View | FunctionProblem) -> Array:
        """Return the problem's losses."""
        return problem.losses_along(self.moves)

    def rows(self) -> Array:
        """Return the directions and how far they are followed."""
        return np.array([[*direction, step] for direction, step in self.moves])


@dataclass(frozen=True)
class At(Question):
    """The losses at other points."""

    points: Sequence[Parameters]

    @property
    def size(self) -> int:
        """One for each point."""
        return len(self.points)

    def part(self, part: slice) -> At:
        """Return the question for some of the points."""
        return At(self.points[part])

    def answers(self, problem: View | FunctionProblem) -> Array:
        """Return the problem's losses."""
        return losses_at(problem, self.points)

    def rows(self) -> Array:
        """Return nothing that tells the points apart: they follow from the seed."""
        return np.zeros((len(self.points), 1))
