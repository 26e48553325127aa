"""The expressions of ``-k``: parts of names joined by and, or, not and parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable

import click

__all__ = ["matcher"]

_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")
MOST_TOKENS = 200  # Python itself does not go much deeper
_RESERVED = {"and", "or", "not", "(", ")"}


def matcher(expression: str) -> Callable[[str], bool]:
    """Return a function that tells whether a name is selected.

    Raises
    ------
    click.BadParameter
        Where the expression is none.

    Examples
    --------
    >>> selected = matcher("net and not (slow or gpu)")
    >>> [selected(name) for name in ("net small", "net slow", "scalar")]
    [True, False, False]
    """
    parser = _Parser(_TOKEN.findall(expression))
    if len(parser.tokens) > MOST_TOKENS:
        raise click.BadParameter(f"an expression of {len(parser.tokens)} parts, expected at most {MOST_TOKENS}.")
    selected = parser.alternatives()
    if parser.tokens:
        parser.refuse()
    return selected


class _Parser:
    """Recursive descent: each method takes its part from the front of the tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def next_is(self, token: str) -> bool:
        if not self.tokens or self.tokens[0] != token:
            return False
        del self.tokens[0]
        return True

    def alternatives(self) -> Callable[[str], bool]:
        parts = [self.conjunction()]
        while self.next_is("or"):
            parts.append(self.conjunction())
        return lambda name: any(part(name) for part in parts)

    def conjunction(self) -> Callable[[str], bool]:
        parts = [self.term()]
        while self.next_is("and"):
            parts.append(self.term())
        return lambda name: all(part(name) for part in parts)

    def term(self) -> Callable[[str], bool]:
        if self.next_is("not"):
            denied = self.term()
            return lambda name: not denied(name)
        if self.next_is("("):
            inner = self.alternatives()
            if not self.next_is(")"):
                self.refuse()
            return inner
        if not self.tokens or self.tokens[0] in _RESERVED:
            self.refuse()
        word = self.tokens.pop(0).casefold()
        return lambda name: word in name.casefold()

    def refuse(self) -> None:
        where = f"at {self.tokens[0]!r}" if self.tokens else "at its end"
        raise click.BadParameter(f"not an expression {where}, expected names with and, or, not and parentheses.")
