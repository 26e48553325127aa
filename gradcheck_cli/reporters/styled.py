"""Text in colours, as a terminal takes it: all that a PASS needs. Tables are made by Rich, which takes long to load."""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Styled"]

CODES = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
"""What a terminal calls the words of a style."""


class Styled:
    """Text of which each character has a style.

    Parameters
    ----------
    plain : str, optional
        The text.
    style : str, optional
        Words of `CODES`, as ``bold red``; none for a text in no colour.
    """

    def __init__(self, plain: str = "", style: str = "") -> None:
        self.plain = plain
        self.styles = [style] * len(plain)

    def __add__(self, other: Styled) -> Styled:
        both = Styled(self.plain + other.plain)
        both.styles = self.styles + other.styles
        return both

    def __getitem__(self, part: slice) -> Styled:
        some = Styled(self.plain[part])
        some.styles = self.styles[part]
        return some

    def __rich__(self) -> Text:
        """Return it for a cell of a table."""
        from rich.text import Text

        return Text.assemble(*self.pieces())

    def highlight(self, pattern: str, style: str) -> None:
        """Give a style to what matches a pattern and has none."""
        for match in re.finditer(pattern, self.plain):
            place = slice(*match.span())
            self.styles[place] = [earlier or style for earlier in self.styles[place]]

    def pieces(self) -> list[tuple[str, str]]:
        """Return the pieces in one style, each with the style."""
        groups = groupby(zip(self.styles, self.plain, strict=True), itemgetter(0))
        return [("".join(character for _, character in group), style) for style, group in groups]

    def ansi(self) -> str:
        """Return the text with the codes that colour it in a terminal."""
        return "".join(
            f"\x1b[{';'.join(CODES[word] for word in style.split())}m{text}\x1b[0m" if style else text
            for text, style in self.pieces()
        )
