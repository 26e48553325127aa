"""Sentences broken into lines, in any script: a terminal gives a Chinese sign two columns and may break after it."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["cells", "wrapped"]

_WIDE = "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
_OPENING, _CLOSING = "(（「『“‘《[", ")）」』”’》],，。;；:：!！?？、…%"
_PIECE = re.compile(rf"[{re.escape(_OPENING)}]*(?:[{_WIDE}]|[^\s{_WIDE}]+)[{re.escape(_CLOSING)}]*")
"""What is not broken: a word, or a wide sign, with the marks that belong to it."""


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    Examples
    --------
    >>> cells("dW2"), cells("梯度")
    (3, 4)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in {"W", "F"} else 1 for c in text
    )


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Break a sentence into lines of so many columns, all but the first indented; no word is broken.

    Examples
    --------
    >>> wrapped("dW2 是正确梯度的 2 倍", 16, "  ")
    ['dW2 是正确梯度的', '  2 倍']
    """
    lines, line, end = [], "", 0
    for piece in _PIECE.finditer(text):
        between = text[end : piece.start()]
        if line.strip() and cells(line) + cells(between) + cells(piece[0]) > width:
            lines.append(line)
            line = indent + piece[0]
        else:
            line += between + piece[0]
        end = piece.end()
    return [*lines, line]
