"""What the user's code prints during a check: that of the first calls is shown, the rest is counted in lines.

A loss is called hundreds of times, and what it prints is the same each time but for its numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from gradcheck_cli.cli.progress import Progress

__all__ = ["few_prints"]

MOST_LINES = 10


class FirstLines:
    """A stream that lets the first lines through to another one.

    Parameters
    ----------
    stream : file
        The other one.
    progress : Progress
        Has a line there, and takes it away.
    most : int
        How many lines are let through.
    """

    def __init__(self, stream: TextIO, progress: Progress, most: float) -> None:
        self.stream, self.progress, self.most = stream, progress, most
        self.shown = 0
        self.hidden = 0
        self.is_open = False
        """Whether a line was begun that is shown to its end."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write what begins in one of the first lines, all of it, and count the rest."""
        if self.shown < self.most or self.is_open:
            self.progress.give_way(until_later=not text.endswith("\n"))
            self.stream.write(text)
            if self.progress.thread is not None:  # it writes past this stream's buffer
                self.stream.flush()
            self.shown += text.count("\n")
            self.is_open = not text.endswith("\n")
        else:
            self.hidden += text.count("\n")
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several pieces of text."""
        for line in lines:
            self.write(line)

    def close(self) -> None:
        """Do nothing: the other stream is not the user's to close."""


@contextmanager
def few_prints(progress: Progress, most: float = MOST_LINES) -> Iterator[None]:
    """Send what is printed to stderr, a few lines of it, and say at the end how many more there were.

    Parameters
    ----------
    progress : Progress
        What has a line there that says how far the check is.
    most : int, optional
        How many lines are shown.
    """
    prints = FirstLines(sys.stderr, progress, most)
    try:
        with redirect_stdout(prints):
            yield
    finally:
        progress.give_way(until_later=False)
        if prints.hidden:
            lines = f"{prints.hidden:,} more line{'s' * (prints.hidden > 1)}"
            prints.stream.write(f"({lines} printed by the functions under check)\n")
