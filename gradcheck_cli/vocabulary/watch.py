"""Who watches a check: what it is at, how much is to be done, how much is done, and how much of it was wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

__all__ = ["SILENT", "Stages", "Watch", "watch_of"]


@runtime_checkable
class Watch(Protocol):
    """What is told of a check under way."""

    def __call__(self, count: int) -> None:
        """So many more are done."""

    def begin(self) -> None:
        """A check begins, and nothing of it is done."""

    def at(self, stage: str) -> None:
        """That is what it is at."""

    def expect(self, total: int, what: str) -> None:
        """From the beginning on, about so many are to be done."""

    def wrong(self, count: int) -> None:
        """So many were found to be wrong so far."""


@dataclass(frozen=True)
class Counter:
    """Tells a function no more than how many more are done."""

    progress: Callable[[int], None]

    def __call__(self, count: int) -> None:
        """Tell it."""
        self.progress(count)

    def begin(self) -> None:
        """Keep it."""

    def at(self, stage: str) -> None:
        """Keep it."""

    def expect(self, total: int, what: str) -> None:
        """Keep it."""

    def wrong(self, count: int) -> None:
        """Keep it."""


SILENT = Counter(lambda _: None)


@dataclass(frozen=True)
class Stages(Counter):
    """Tells another watch what a check is at, and nothing else."""

    watch: Watch = SILENT

    def at(self, stage: str) -> None:
        """Tell it."""
        self.watch.at(stage)


def watch_of(progress: Callable[[int], None]) -> Watch:
    """Return who is told more than a number, where `progress` can be."""
    return progress if isinstance(progress, Watch) else Counter(progress)
