"""The scalar model of the course: J = theta x, dtheta = x. In plain floats, so that it needs no numpy."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ScalarModel"]


class ScalarModel(NamedTuple):
    """J = theta x at one theta."""

    x: float
    theta: float
    dtheta: float | None = None
    """The gradient under test; None means the model's own, x."""
    name: str = "scalar"

    def loss(self, theta: float) -> float:
        """Return J = theta x; infinite where that overflows."""
        return theta * self.x

    def gradient(self) -> float:
        """Return dtheta = x, or the claimed value."""
        return self.x if self.dtheta is None else self.dtheta

    def complex_step_derivative(self) -> float:
        """Return Im((theta + ih) x) / h."""
        h = 1e-100
        return ((self.theta + 1j * h) * self.x).imag / h
