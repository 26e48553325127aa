"""The settings of a check, their defaults and their ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real

from gradcheck_cli.vocabulary.errors import SettingError

__all__ = [
    "AUTO",
    "DEFAULT_EPSILON",
    "DEFAULT_LOCATE",
    "DEFAULT_REPEAT",
    "DEFAULT_THRESHOLD",
    "FULL",
    "MACHINE_EPSILON",
    "MODES",
    "PRECISIONS",
    "SCREEN",
    "Settings",
    "require_whole",
]

AUTO = "auto"
MACHINE_EPSILON = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
"""By arithmetic, the distance from 1 to the next number."""
PRECISIONS = (AUTO, *MACHINE_EPSILON)
FULL = "full"
SCREEN = "screen"
MODES = (AUTO, FULL, SCREEN)
UNLIMITED = ("require_sensitivity", "time_limit")  # None for any
DEFAULT_LOCATE = 10  # wrong entries: more than that is seldom read
DEFAULT_REPEAT = 2  # calls: fewer cannot be compared
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
    """Arithmetic the analytic gradient may come from: one of `MACHINE_EPSILON`, or ``auto`` to tell by its values."""
    classic: bool = False
    """Whether the course's rule alone decides."""
    require_sensitivity: float | None = None
    """Relative error of an entry that a PASS must be able to see; None for any."""
    seed: int = 0
    """Of the random directions, and of the order in which entries are sampled."""
    mode: str = AUTO
    """Whether every entry is checked, ``full``, or slopes along random directions, ``screen``."""
    max_evals: int | None = None
    """How often the loss may be evaluated; None for any."""
    time_limit: float | None = None
    """Seconds that the check may take; None for any."""
    locate: int = DEFAULT_LOCATE
    """How many wrong entries a screen looks for."""
    repeat: int = DEFAULT_REPEAT
    """How often the user's functions are called at the point and compared."""
    points: int = 0
    """At how many further points the gradient is checked as well."""

    def __post_init__(self) -> None:
        self.require_ranges()
        self.require_possible()

    def require_ranges(self) -> None:
        """Raise SettingError for the first value that is out of its range."""
        for name in ("epsilon", "threshold", "require_sensitivity", "time_limit"):
            value = getattr(self, name)
            if not ((value is None and name in UNLIMITED) or (name == "epsilon" and value == AUTO)):
                require_positive(name, value)
        for name, least in (("max_evals", 1), ("locate", 1), ("repeat", DEFAULT_REPEAT), ("points", 0), ("seed", 0)):
            if not (name == "max_evals" and self.max_evals is None):
                require_whole(name, getattr(self, name), least)
        if not isinstance(self.classic, bool):
            raise SettingError(f"classic is {self.classic!r}, expected True or False")
        if self.precision not in PRECISIONS:
            raise SettingError(f"precision is {self.precision!r}, expected one of {', '.join(PRECISIONS)}")
        if self.mode not in MODES:
            raise SettingError(f"mode is {self.mode!r}, expected one of {', '.join(MODES)}")

    def require_possible(self) -> None:
        """Raise SettingError for values that exclude each other."""
        if self.classic and self.mode == SCREEN:
            raise SettingError("the classic rule looks at every entry, a screen does not", hint="leave one of them out")
        if self.classic and self.limited:
            raise SettingError("the classic rule looks at every entry, whatever it takes", hint="leave the budget out")
        if self.classic and self.epsilon == AUTO:
            raise SettingError("the classic rule needs a step, not epsilon auto", hint="--classic --epsilon 1e-7")

    @property
    def limited(self) -> bool:
        """Whether there is a budget."""
        return self.max_evals is not None or self.time_limit is not None

    @property
    def step(self) -> float | None:
        """The step of the centred difference; None where the reference takes its place."""
        return None if isinstance(self.epsilon, str) else self.epsilon


def require_positive(name: str, value: object) -> None:
    """Raise SettingError where a value is not a finite number greater than 0; True and False are no numbers."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise SettingError(f"{name} is {value!r}, expected a finite number greater than 0")
    if not (math.isfinite(value) and float(value) > 0):
        raise SettingError(f"{name} is {float(value):g}, expected a finite number greater than 0")


def require_whole(name: str, value: object, least: int) -> None:
    """Raise SettingError where a value is not a whole number of at least so many; True and False are none."""
    if not (isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least):
        raise SettingError(f"{name} is {value!r}, expected a whole number of at least {least}")
