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
    """Count entries; where the check will take more than a second and stderr is a terminal, show a bar."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self.total = total
        self.done = 0
        self.started = time.perf_counter()
        self.wanted = is_terminal(sys.stderr) and not quiet
        self.bar: Bar | None = None

    def __call__(self, entries: int) -> None:
        """Count `entries` more as done."""
        self.done += entries
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=self.done)
        elif self.wanted and self.is_slow():
            self.show()

    def is_slow(self) -> bool:
        """Whether the whole check will take longer than a user waits without a sign."""
        elapsed = time.perf_counter() - self.started
        return elapsed > _TRIAL and elapsed / self.done * self.total > _PATIENCE

    def show(self) -> None:
        """Start the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("checking"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("entries"),
            TimeRemainingColumn(),
        )
        self.bar = Bar(*columns, console=Console(file=sys.stderr), transient=True)
        self.bar.add_task("entries", total=self.total, completed=self.done)
        self.bar.start()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()
