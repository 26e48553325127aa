"""Text that is safe to print."""

from __future__ import annotations

__all__ = ["printable"]


def printable(text: str) -> str:
    r"""Return the text with its control characters written out, so that no name can steer a terminal.

    Examples
    --------
    >>> printable("W1\x1b[31m")
    'W1\\x1b[31m'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
