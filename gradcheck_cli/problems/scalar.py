"""The scalar model of the course: J = theta x, dtheta = x."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.problem import ENTRIES_AT_ONCE, changes_one_by_one

__all__ = ["ScalarModel"]


@dataclass(frozen=True)
class ScalarModel:
    """J = theta x at one theta."""

    x: float
    theta: float
    dtheta: float | None = None
    """The gradient under test; None means the model's own, x."""
    name: str = "scalar"
    notes: Sequence[str] = ()

    @property
    def parameters(self) -> Parameters:
        """Theta, as an array without dimensions."""
        return {"theta": np.array(self.theta)}

    def loss(self, parameters: Parameters) -> float:
        """Return J = theta x; infinite where that overflows."""
        return float(parameters["theta"]) * self.x

    def gradient(self, parameters: Parameters) -> Parameters:  # noqa: ARG002
        """Return dtheta = x, or the claimed value."""
        return {"theta": np.array(self.x if self.dtheta is None else self.dtheta)}

    def entries_at_once(self, parameter: str) -> int:  # noqa: ARG002
        """Return any number: there is one entry."""
        return ENTRIES_AT_ONCE

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the change of J for each step."""
        return changes_one_by_one(self, parameter, entries, steps)
