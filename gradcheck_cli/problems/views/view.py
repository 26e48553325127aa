"""A view of a problem: asked for everything that the problem is asked for; what a view changes stands in its class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.directions import Direction, Move, along, losses_one_by_one, sizes_of
from gradcheck_cli.problems.problem import Directional, Problem
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["View"]


@dataclass
class View:
    """Another problem, seen as it is."""

    problem: Problem

    @property
    def name(self) -> str:
        """The problem's."""
        return self.problem.name

    @property
    def parameters(self) -> Parameters:
        """The problem's."""
        return self.problem.parameters

    @property
    def point(self) -> Parameters:
        """All parameters of the loss, those too that are not checked."""
        return getattr(self.problem, "point", self.problem.parameters)

    @property
    def notes(self) -> Sequence[str]:
        """The problem's."""
        return self.problem.notes

    @cached_property
    def sizes(self) -> dict[str, float]:
        """The sizes of the parameters."""
        return self.problem.sizes if isinstance(self.problem, Directional) else sizes_of(self.parameters)

    @property
    def scatter(self) -> float:
        """Standard deviation of the loss from call to call, where the problem knows of any."""
        return getattr(self.problem, "scatter", 0.0)

    def loss(self, parameters: Parameters) -> float:
        """Return the problem's loss."""
        return self.problem.loss(parameters)

    def gradient(self, parameters: Parameters) -> Parameters:
        """Return the problem's claim."""
        return self.problem.gradient(parameters)

    def entries_at_once(self, parameter: str) -> int:
        """Return what the problem wants."""
        return self.problem.entries_at_once(parameter)

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the problem's changes."""
        return self.problem.loss_changes(parameter, entries, steps)

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the problem's losses along directions; of one that offers none, one call each."""
        if isinstance(self.problem, Directional):
            return self.problem.losses_along(moves)
        return losses_one_by_one(self.problem.loss, self.parameters, moves)

    def along(self, direction: Direction, gradient: Parameters) -> tuple[float, float]:
        """Return the derivative along a direction that a gradient claims, and about how large it can be."""
        if isinstance(self.problem, Directional):
            return self.problem.along(direction, gradient)
        return along(direction, gradient, self.parameters, self.sizes)
