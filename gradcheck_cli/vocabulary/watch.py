"""Who watches a check: how much is to be done, how much is done, and how much of it was wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

__all__ = ["InTurn", "Watch", "watch_of"]


@runtime_checkable
class Watch(Protocol):
    """What is told of a check under way."""

    def __call__(self, count: int) -> None:
        """So many more are done."""

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

    def expect(self, total: int, what: str) -> None:
        """Keep it."""

    def wrong(self, count: int) -> None:
        """Keep it."""


@dataclass
class InTurn:
    """Tells another watch of one check after another."""

    watch: Watch
    done: int = 0
    before: int = 0
    """What was done when this check began."""

    def begin(self) -> None:
        """Begin the next one."""
        self.before = self.done

    def __call__(self, count: int) -> None:
        """Tell it."""
        self.done += count
        self.watch(count)

    def expect(self, total: int, what: str) -> None:
        """Tell it, besides what was done before."""
        self.watch.expect(self.before + total, what)

    def wrong(self, count: int) -> None:
        """Tell it."""
        self.watch.wrong(count)


def watch_of(progress: Callable[[int], None]) -> Watch:
    """Return who is told more than a number, where `progress` can be."""
    return progress if isinstance(progress, Watch) else Counter(progress)
