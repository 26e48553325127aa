"""A line on stderr that says how far a check is, where somebody looks and it takes its time.

A thread of its own writes it: a loss may take seconds, in which nobody else could.
"""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from gradcheck_cli.cli.output import can_show, columns_of, is_terminal

if TYPE_CHECKING:
    import threading

__all__ = ["Progress", "State"]

PATIENCE = 0.7  # seconds that a check may take without a word
LOOK = 0.2  # seconds after which the line is written again
ENTRIES = "entries"
ONE = {"evaluations": "evaluation", ENTRIES: "entry"}
LEAST_PACE = 2  # of what is done, for a pace
BAR = 24  # columns at most
LEAST_BAR = 8
ECHO = 3  # columns that are left for ^C


class State:
    """How far a check is, as it tells: a `Watch`."""

    def __init__(self) -> None:
        self.stage, self.what = "loading", ""
        self.done = self.total = self.failures = 0
        self.began = self.last = time.monotonic()
        self.mark = self.began, 0
        """When what there is to do was told, and what was done then: the pace before may have been another."""

    def begin(self) -> None:
        """A check begins."""
        State.__init__(self)
        self.stage, self.what = "first evaluations", "evaluations"

    def at(self, stage: str) -> None:
        """That is what it is at."""
        self.stage = stage

    def expect(self, total: int, what: str) -> None:
        """Take note of how many there will be."""
        self.total, self.what = total, what
        self.mark = time.monotonic(), self.done

    def wrong(self, count: int) -> None:
        """Take note of how many are wrong so far."""
        self.failures = count

    def __call__(self, count: int) -> None:
        """Count so many more as done."""
        self.done += count
        self.last = time.monotonic()

    # telling

    def seconds_left(self, now: float) -> float | None:
        """Return about how long the rest will take; None where nothing says so."""
        since, before = self.mark if self.done - self.mark[1] >= LEAST_PACE else (self.began, 0)
        if self.done == before or self.done >= self.total:
            return None
        pace = (self.last - since) / (self.done - before)
        return max(pace * (self.total - self.done) - (now - self.last), 0.0)

    def line(self, now: float, width: int, *, blocks: bool = True) -> str:
        """Return the line, no wider than the terminal; where more is done than was expected, without a total."""
        known = self.done < self.total
        stage = "closer look" if self.stage == ENTRIES and not known else self.stage
        what = ONE.get(self.what, self.what) if self.done == 1 and not known else self.what
        counted = f"{self.done:,} of some {self.total:,} {what}" if known else f"{self.done:,} {what}"
        parts = [counted] if self.done or known else []
        if self.failures:
            parts.append(f"{self.failures} wrong")
        left = self.seconds_left(now)
        parts.append(f"{clock(now - self.began)} so far" if left is None else f"about {clock(left)} left")
        text = ", ".join(parts)
        room = min(width - ECHO - len(stage) - len(text) - 3, BAR)
        if known and room >= LEAST_BAR:
            full = round(room * self.done / self.total)
            text = f"{('━' if blocks else '#') * full}{('─' if blocks else '-') * (room - full)} {text}"
        return f"{stage}: {text}"[: max(width - ECHO, 0)]


def clock(seconds: float) -> str:
    """Return a time as 1:02:03, or 2:03."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


class Progress(State):
    """Shows how far a check is, from the moment on that somebody could wonder to its end, on a terminal alone."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__()
        self.wanted = is_terminal(sys.stderr) and not quiet
        self.thread: threading.Thread | None = None
        self.shown = 0
        """Columns that are written on."""
        self.gives_way = False
        """Whether somebody has begun a line and not ended it."""

    def show(self) -> None:
        """Show it soon."""
        if not self.wanted or self.thread is not None:
            return
        import threading

        self.ended = threading.Event()
        self.stream, self.encoding = sys.stderr.fileno(), sys.stderr.encoding or "ascii"
        self.blocks = can_show(sys.stderr, "━─")
        self.thread = threading.Thread(target=self.keep_showing, daemon=True)
        self.thread.start()

    def begin(self) -> None:
        """A check begins."""
        super().begin()
        self.show()

    def keep_showing(self) -> None:
        """Write the line again and again."""
        if self.ended.wait(PATIENCE):
            return
        while not self.ended.wait(LOOK):
            if not self.gives_way:
                self.write(self.line(time.monotonic(), columns_of(sys.stderr), blocks=self.blocks))

    def write(self, line: str) -> None:
        """Write a line in the place of the one before, by no buffer and no lock: a process may be forked meanwhile."""
        before = " " * (self.shown + ECHO) if self.shown else ""
        os.write(self.stream, f"\r{before}\r{line}".encode(self.encoding, "replace"))
        self.shown = len(line)

    def give_way(self, *, until_later: bool) -> None:
        """Take the line away for something else that is written there; a line that is not ended is left alone."""
        self.gives_way = until_later
        if self.shown:
            self.write("")

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.thread is not None:
            self.ended.set()
            self.thread.join()
            self.give_way(until_later=False)
