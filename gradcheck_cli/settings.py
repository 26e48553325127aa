"""The settings of a check, their defaults and their ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gradcheck_cli.errors import SettingError

__all__ = ["DEFAULT_EPSILON", "DEFAULT_THRESHOLD", "Settings"]

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

    epsilon: float = DEFAULT_EPSILON
    """Step of the centred difference, in the units of the parameters."""
    threshold: float = DEFAULT_THRESHOLD
    """What the difference may not exceed."""

    def __post_init__(self) -> None:
        for name in ("epsilon", "threshold"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise SettingError(f"{name} is {value:g}, expected a finite number greater than 0")
