"""Sentences broken into lines, in any script: a terminal gives a Chinese sign two columns and may break after it."""

from __future__ import annotations

import re
from itertools import pairwise

__all__ = ["breaks", "cells", "wrapped"]

_WIDE = "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
_OPENING, _CLOSING = "(（「『“‘《[", ")）」』”’》],，。;；:：!！?？、…%"
_WORD = rf"(?:[^\s\[{_WIDE}]|\[[-\d:, ]+\]|\[)+"  # an index is a part of its word: W1[0, 1]
_PIECE = rf"[{re.escape(_OPENING)}]*(?:[{_WIDE}]|{_WORD})[{re.escape(_CLOSING)}]*"
"""What is not broken: a word, or a wide sign, with the marks that belong to it. Compiling it takes its time, so that is
done for the first line that is too long."""


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    Examples
    --------
    >>> cells("dW2"), cells("梯度")
    (3, 4)
    """
    if text.isascii():
        return len(text)
    import unicodedata  # which few texts need

    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in {"W", "F"} else 1 for c in text
    )


def breaks(text: str, width: int, indent: int = 0) -> list[int]:
    """Return where a sentence is broken so that it fits a width, all lines but the first with an indent before them."""
    if cells(text) <= width:
        return []
    places: list[int] = []
    used = end = 0
    first = max(indent, len(text) - len(text.lstrip()))  # before what stands first there is no break
    for piece in re.finditer(_PIECE, text):
        used += cells(text[end : piece.start()])
        if used + cells(piece[0]) > width and used > first:
            places.append(piece.start())
            used = first = indent
        used += cells(piece[0])
        end = piece.end()
    return places


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Break a sentence into lines of so many columns, all but the first indented; no word is broken.

    Examples
    --------
    >>> wrapped("dW2 是正确梯度的 2 倍", 16, "  ")
    ['dW2 是正确梯度的', '  2 倍']
    """
    places = [0, *breaks(text, width, len(indent)), len(text)]
    first, *others = [text[start:end].rstrip() for start, end in pairwise(places)]
    return [first, *(indent + line for line in others)]
