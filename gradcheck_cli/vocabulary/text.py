"""Text that is safe to print, whoever wrote it and however long it is."""

from __future__ import annotations

__all__ = ["MOST_CHARACTERS", "MOST_LINES", "printable", "printable_lines"]

MOST_CHARACTERS = 2_000  # of a line
MOST_LINES = 40
FIRST_LINES = 10  # of a longer text; the others are the last


def printable(text: str) -> str:
    r"""Return the text with its control characters written out, so that no name can steer a terminal or a build's log.

    What a build's log would take for a command is broken: ``::error::`` at the beginning of a line, ``##[error]``
    anywhere. Of a text that is longer than `MOST_CHARACTERS` the middle is left out.

    Examples
    --------
    >>> printable("W1\x1b[31m")
    'W1\\x1b[31m'
    """
    shown = shortened(text, len(text))
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)
    shown = shown.replace("##[", r"#\x23[")
    if shown.lstrip().startswith("::"):
        shown = shown.replace(":", r"\x3a", 1)
    return shortened(shown, len(text))


def shortened(text: str, length: int) -> str:
    """Return a text without its middle where it is too long, for what is wrong often stands at the end."""
    if len(text) <= MOST_CHARACTERS:
        return text
    middle = f" ... {length:,} characters ... "
    half = (MOST_CHARACTERS - len(middle)) // 2
    return f"{text[:half]}{middle}{text[-half:]}"


def printable_lines(text: str) -> list[str]:
    """Return the lines of a text, each safe to print; of more than `MOST_LINES` the first and the last."""
    lines = text.split("\n") if text else []  # a line end of any other kind is a control character
    if len(lines) > MOST_LINES:
        last = MOST_LINES - FIRST_LINES - 1
        left_out = f"... ({len(lines) - FIRST_LINES - last:,} lines left out)"
        lines = [*lines[:FIRST_LINES], left_out, *lines[-last:]]
    return [printable(line) for line in lines]
