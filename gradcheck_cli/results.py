"""The vocabulary of results: frozen records of plain numbers, for every reporter and for programs."""

from __future__ import annotations

import enum
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import overload

__all__ = ["CheckReport", "Entries", "Entry", "ParameterResult", "Verdict", "WayTiming", "entry_name"]


class Verdict(enum.Enum):
    """What a check comes to."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


def entry_name(parameter: str, shape: tuple[int, ...], position: int) -> str:
    """Name an entry by its place, as ``W1[0, 1]``; `position` counts row by row. A number has no index.

    Examples
    --------
    >>> entry_name("W1", (5, 4), 6)
    'W1[1, 2]'
    """
    index: list[int] = []
    for length in reversed(shape):
        position, i = divmod(position, length)
        index.insert(0, i)
    return f"{parameter}{index}" if index else parameter


@dataclass(frozen=True)
class Entry:
    """One number of a parameter and both its derivatives."""

    name: str
    """Its place, as ``W1[0, 1]``."""
    analytic: float
    numeric: float

    @property
    def error(self) -> float:
        """|analytic - numeric|; not a number where one of them is not finite."""
        return abs(self.analytic - self.numeric)


@dataclass(frozen=True)
class Entries(Sequence[Entry]):
    """All entries of a parameter, row by row: held as two plain arrays, made into records when looked at."""

    parameter: str
    shape: tuple[int, ...]
    analytic: array[float]
    numeric: array[float]

    def __len__(self) -> int:
        return len(self.analytic)

    @overload
    def __getitem__(self, position: int) -> Entry: ...
    @overload
    def __getitem__(self, position: slice) -> list[Entry]: ...
    def __getitem__(self, position: int | slice) -> Entry | list[Entry]:
        if isinstance(position, slice):
            return [self[k] for k in range(*position.indices(len(self)))]
        name = entry_name(self.parameter, self.shape, range(len(self))[position])
        return Entry(name, self.analytic[position], self.numeric[position])


@dataclass(frozen=True)
class ParameterResult:
    """What the check found of one parameter."""

    name: str
    shape: tuple[int, ...]
    verdict: Verdict
    difference: float
    """norm(analytic - numeric) / (norm(analytic) + norm(numeric)) of this parameter alone."""
    analytic_norm: float
    numeric_norm: float
    worst: Entry
    """The entry with the largest error."""
    entries: Entries = field(repr=False)


@dataclass(frozen=True)
class CheckReport:
    """What a check found."""

    name: str
    """The problem's."""
    verdict: Verdict
    difference: float
    """norm(analytic - numeric) / (norm(analytic) + norm(numeric)) of all parameters together; 0 where both are zero."""
    threshold: float
    epsilon: float
    loss: float
    """J at the point."""
    evaluations: int
    """How often the loss was asked for."""
    seconds: float
    parameters: tuple[ParameterResult, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the verdict is PASS."""
        return self.verdict is Verdict.PASS

    @property
    def entry_count(self) -> int:
        """n, the number of entries that were checked."""
        return sum(len(parameter.entries) for parameter in self.parameters)


@dataclass(frozen=True)
class WayTiming:
    """How long one way to check every entry of a network takes."""

    name: str
    seconds: float
    ratio: float
    """How many times as fast as the course's loop in the same rounds."""
    sample: int | None
    """The number of entries it was timed on, where not on all."""
    note: str
