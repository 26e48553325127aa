"""What the user's code prints during a check: the first lines are shown, the others are counted.

A loss is called hundreds of times, and what it prints is the same each time but for its numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO

__all__ = ["few_prints"]

MOST_LINES = 10


class FirstLines:
    """A stream that lets the first lines through to another one.

    Parameters
    ----------
    stream : file
        The other one.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.lines = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write what is of the first lines, and count the rest."""
        if self.lines < MOST_LINES:
            parts = text.splitlines(keepends=True)
            self.stream.write("".join(parts[: MOST_LINES - self.lines]))
        self.lines += text.count("\n")
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several pieces of text."""
        for line in lines:
            self.write(line)

    def close(self) -> None:
        """Do nothing: the other stream is not the user's to close."""


@contextmanager
def few_prints() -> Iterator[None]:
    """Send what is printed to stderr, a few lines of it, and say at the end how many more there were."""
    prints = FirstLines(sys.stderr)
    try:
        with redirect_stdout(prints):
            yield
    finally:
        if prints.lines > MOST_LINES:
            more = prints.lines - MOST_LINES
            prints.stream.write(f"({more:,} more line{'s' * (more > 1)} printed by the functions under check)\n")
