"""A progress bar on stderr for checks that take their time."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from gradcheck_cli.cli.output import is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

__all__ = ["Progress"]

_PATIENCE = 1.0  # seconds that a check may take without a bar
_TRIAL = 0.2  # seconds after which the rest is estimated


class Progress:
    """Count what is done; where the check will take more than a second and stderr is a terminal, show a bar."""

    def __init__(self, *, quiet: bool) -> None:
        self.total, self.what = 0, "entries"
        self.done = self.failures = 0
        self.started = time.perf_counter()
        self.wanted = is_terminal(sys.stderr) and not quiet
        self.bar: Bar | None = None

    def expect(self, total: int, what: str) -> None:
        """Take note of how many there will be."""
        self.total, self.what = total, what
        self.update()

    def wrong(self, count: int) -> None:
        """Take note of how many are wrong so far."""
        self.failures = count
        self.update()

    def __call__(self, count: int) -> None:
        """Count so many more as done."""
        self.done += count
        if self.bar is None and self.wanted and self.is_slow():
            self.show()
        self.update()

    def is_slow(self) -> bool:
        """Whether the whole check will take longer than a user waits without a sign."""
        elapsed = time.perf_counter() - self.started
        return elapsed > _TRIAL and elapsed / max(self.done, 1) * self.total > _PATIENCE

    def update(self) -> None:
        """Show what is known."""
        if self.bar is not None:
            failures = f", {self.failures} wrong" if self.failures else ""
            task = self.bar.task_ids[0]
            self.bar.update(task, completed=self.done, total=max(self.total, self.done), what=f"{self.what}{failures}")

    def show(self) -> None:
        """Start the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("checking"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[what]}"),
            TimeRemainingColumn(),
        )
        self.bar = Bar(*columns, console=Console(file=sys.stderr), transient=True)
        self.bar.add_task("checking", total=self.total, completed=self.done, what=self.what)
        self.bar.start()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()
