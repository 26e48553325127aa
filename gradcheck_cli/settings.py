"""The settings of a check, their defaults and their ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gradcheck_cli.errors import SettingError

__all__ = ["AUTO", "DEFAULT_EPSILON", "DEFAULT_THRESHOLD", "PRECISIONS", "Settings"]

AUTO = "auto"
PRECISIONS = ("auto", "float32", "float64")
DEFAULT_EPSILON = 1e-7  # the course's step
DEFAULT_THRESHOLD = 2e-7  # the course's limit for the difference


@dataclass(frozen=True)
class Settings:
    """How a check is to be made.

    Raises
    ------
    SettingError
        Where a value is not a finite number greater than 0.
    """

    epsilon: float | str = DEFAULT_EPSILON
    """Step of the centred difference, in the units of the parameters; ``"auto"`` takes the reference instead."""
    threshold: float = DEFAULT_THRESHOLD
    """What the difference may not exceed."""

    precision: str = "auto"
    """Arithmetic the analytic gradient may come from: ``float64``, ``float32``, or ``auto`` to tell by its errors."""
    classic: bool = False
    """Whether the course's rule alone decides."""
    require_sensitivity: float | None = None
    """Relative error of an entry that a PASS must be able to see; None for any."""
    seed: int = 0
    """Of the random directions in which noise is measured."""

    def __post_init__(self) -> None:
        for name in ("epsilon", "threshold", "require_sensitivity"):
            value = getattr(self, name)
            if value is None or (name == "epsilon" and value == AUTO):
                continue
            if not (isinstance(value, int | float) and math.isfinite(value) and value > 0):
                shown = value if isinstance(value, str) else f"{value:g}"
                raise SettingError(f"{name} is {shown}, expected a finite number greater than 0")
        if self.precision not in PRECISIONS:
            raise SettingError(f"precision is {self.precision!r}, expected one of {', '.join(PRECISIONS)}")
        if self.classic and self.epsilon == AUTO:
            raise SettingError("the classic rule needs a step, not epsilon auto", hint="--classic --epsilon 1e-7")

    @property
    def step(self) -> float | None:
        """The step of the centred difference; None where the reference takes its place."""
        return None if isinstance(self.epsilon, str) else self.epsilon
