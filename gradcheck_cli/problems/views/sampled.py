"""A problem of which only some entries are looked at: for all the others it is a problem with fewer of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.problem import Moved, changes_in_turn, losses_at
from gradcheck_cli.problems.views.view import View
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["Positions", "SampledProblem", "at_positions"]

Positions = Mapping[str, NDArray[np.intp]]
Number = TypeVar("Number", bound=np.generic)


@dataclass
class SampledProblem(View):
    """Another problem whose parameters are some entries of that one's; the others stay where they are."""

    positions: Positions
    """By parameter, the entries in it, counted row by row; a parameter without any is none of this problem's."""

    @cached_property
    def parameters(self) -> Parameters:
        """The entries, by parameter."""
        return at_positions(self.problem.parameters, self.positions)

    def loss(self, parameters: Parameters) -> float:
        """Return the loss with these entries, or with whole parameters, in the place of the problem's own."""
        return super().loss(self.whole(parameters))

    def whole(self, parameters: Parameters) -> Parameters:
        """Return all parameters, some entries of which are given, or some of which are given whole."""
        if parameters is self.parameters:
            return self.problem.parameters
        whole = dict(self.problem.parameters)
        for name, values in parameters.items():
            if name in self.positions and values.shape == self.positions[name].shape:
                whole[name] = whole[name].copy()
                whole[name].reshape(-1)[self.positions[name]] = values
            else:
                whole[name] = values
        return whole

    def losses_at(self, points: Iterable[Parameters]) -> Array:
        """Return the problem's losses with these entries moved."""
        return losses_at(self.problem, (self.whole(point) for point in points))

    def gradient(self, parameters: Parameters) -> Parameters:  # noqa: ARG002  (the point is the problem's own)
        """Return what the problem claims of these entries."""
        return at_positions(super().gradient(self.problem.parameters), self.positions)

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the problem's changes."""
        return super().loss_changes(parameter, self.positions[parameter][entries], steps)

    def changes_in_turn(self, asked: Iterable[Moved]) -> Iterator[Array]:
        """Yield the problem's changes."""
        return changes_in_turn(self.problem, ((name, self.positions[name][k], steps) for name, k, steps in asked))


def at_positions(arrays: Mapping[str, NDArray[Number]], positions: Positions) -> dict[str, NDArray[Number]]:
    """Return some entries of each array, of shape (k,)."""
    return {name: arrays[name].reshape(-1)[places] for name, places in positions.items()}
