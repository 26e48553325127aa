"""What a command writes: where to, how wide, in colour or not."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO

from gradcheck_cli.vocabulary.errors import GradcheckError, UserFunctionError
from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.text import printable, printable_lines

__all__ = [
    "OutputError",
    "can_show",
    "columns_of",
    "discard",
    "is_terminal",
    "say",
    "show_error",
    "show_failure",
    "terminal_width",
    "wants_color",
    "write",
]


COLUMNS = 80
"""Of a terminal that does not say it."""


class OutputError(GradcheckError):
    """What a command has to say cannot be written."""


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at the stream."""
    try:
        return stream is not None and stream.isatty()
    except Exception:  # noqa: BLE001  (it was closed, or somebody has put something else in its place)
        return False


def wants_color(choice: str) -> bool:
    """Decide on colour: the option, then NO_COLOR, then FORCE_COLOR, then whether stdout is a terminal."""
    return colors_by_environment(sys.stdout) if choice == "auto" else choice == "always"


def colors_by_environment(stream: TextIO | None) -> bool:
    """Decide on colour for a stream: NO_COLOR, then FORCE_COLOR, then whether it is a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def terminal_width() -> int | None:
    """Return the columns of the terminal; None where stdout is none and nothing limits the width."""
    return columns_of(sys.stdout) if is_terminal(sys.stdout) else None


def columns_of(terminal: TextIO) -> int:
    """Return how many columns a terminal has: what COLUMNS says, else what it says of itself, else 80.

    `shutil` knows that of stdout alone, and takes longer to load than a small check.
    """
    with contextlib.suppress(ValueError):
        if (named := int(os.environ.get("COLUMNS", ""))) > 0:
            return named
    with contextlib.suppress(AttributeError, OSError, ValueError):  # it is closed, or of somebody else
        return os.get_terminal_size(terminal.fileno()).columns or COLUMNS
    return COLUMNS


def write(text: str, stream: TextIO | None) -> None:
    """Write text; what the stream's encoding lacks is written out in ASCII, and a closed pipe is no error.

    Raises
    ------
    OutputError
        Where the text could not be written though somebody waits for it: a full disk. Never for stderr, for nobody
        could be told.
    """
    if stream is None or not text:  # Python has no stdout where the shell closed it
        return
    encoding = stream.encoding or "ascii"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except (OSError, ValueError) as error:  # the latter of a stream that was closed
        discard(stream)
        if not isinstance(error, BrokenPipeError) and stream is not sys.stderr:
            reason = getattr(error, "strerror", None) or error
            raise OutputError(f"the output could not be written: {reason}") from error


def say(text: str, stream: TextIO | None) -> None:
    """Write lines in the language that is spoken."""
    write("".join(f"{said(line)}\n" for line in text.split("\n")), stream)


def discard(stream: TextIO | None) -> None:
    """Send what the stream still holds nowhere: Python would fail once more when it flushes on its way out."""
    if stream is None:
        return
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def can_show(stream: TextIO | None, signs: str) -> bool:
    """Whether the encoding of the stream has the signs."""
    try:
        signs.encode((stream and stream.encoding) or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def show_error(error: GradcheckError) -> None:
    """Write an error to stderr."""
    show_failure(error.message, error.hint, error.user_traceback if isinstance(error, UserFunctionError) else "")


def show_failure(message: str, hint: str | None, user_traceback: str = "") -> None:
    """Write to stderr what was wrong in one line, a hint, and the user's own traceback where there is one.

    On a terminal the line is broken between words, and in colour.
    """
    told = [
        f"{said('error:')} {printable(said(message))}",
        *([f"{said('hint:')} {printable(said(hint))}"] if hint else []),
    ]
    shown = "\n".join([*printable_lines(user_traceback), *told]) + "\n"
    if is_terminal(sys.stderr):
        from gradcheck_cli.reporters.sheet import Sheet

        out = Sheet(columns_of(sys.stderr), color=colors_by_environment(sys.stderr))
        for line in printable_lines(user_traceback):
            out.print(line)
        for line in told:
            out.print_wrapped(line, hang=len("hint: "))
        shown = out.text()
    write(shown, sys.stderr)
