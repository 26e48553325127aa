"""The form of a sentence: what is the same in each such sentence, the names of what is not, and its translation.

Forms are the msgids of a catalogue, as the source has them: ``{it} is {times}, at {wrong} of {size} entries``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

__all__ = ["COUNTS", "NAME", "Form", "form_of", "joined", "with_variants"]

NAME = re.compile(r"\{(\w+)\}")
COUNTS = {
    "a", "c", "exp", "factor", "get", "k", "m", "many", "mix", "n", "number", "numbers", "rate", "real", "short",
    "size", "sum",
}  # fmt: skip
"""The names at which nothing but a number stands."""
LAYER = re.compile(r"\b(d[AZ])_l\b")
NUMBER = re.compile(r"[-+\d.,eij/]+|-?inf|nan")
SIGN, LATIN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z0-9+-]")


class Form(NamedTuple):
    """The form of a sentence."""

    parts: tuple[str, ...]
    """What is the same in each such sentence."""
    names: tuple[str, ...]
    """What the places between them are called."""
    translation: str

    @property
    def known(self) -> tuple[str, ...]:
        """The names at which no English may stand: of ``note: {note}`` none, for it is clear what that is of."""
        is_open = len(self.parts) > 1 and self.parts[-2].endswith(": ") and not self.parts[-1]
        return self.names[:-1] if is_open else self.names

    @property
    def letters(self) -> int:
        """How much of a sentence the form tells."""
        return sum(map(len, self.parts))

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the translation with values at its names."""
        pieces = NAME.split(self.translation)
        return joined(values.get(piece, piece) if number % 2 else piece for number, piece in enumerate(pieces))

    def values(self, text: str) -> Iterator[dict[str, str]]:
        """Yield what may stand in a text at each name; nothing where the form is another."""
        between = self.between(text)
        if between is None:
            return
        for share in (all_to_first, a_word_to_first, all_to_last) if max(self.runs) > 1 else (all_to_first,):
            values = dict(zip(self.names, itertools.chain.from_iterable(map(share, between, self.runs)), strict=True))
            if all(NUMBER.fullmatch(text) for name, text in values.items() if name.rstrip("0123456789") in COUNTS):
                yield values

    @property
    def runs(self) -> list[int]:
        """How many names stand in each place: they may touch."""
        runs = [0]
        for part in self.parts[1:]:
            runs[-1] += 1
            if part:
                runs.append(0)
        return [count for count in runs if count]

    def between(self, text: str) -> list[str] | None:
        """Return what stands in each place, from left to right; None where the parts do not stand in this order."""
        first, *middle, last = self.parts
        if not (text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)):
            return None
        end, at, found = len(text) - len(last), len(first), list[str]()
        for part in filter(None, middle):
            place = text.find(part, at, end)
            if place < 0:
                return None
            found.append(text[at:place])
            at = place + len(part)
        return [*found, text[at:end]]


def all_to_first(text: str, count: int) -> list[str]:
    """Share out what stands at names that touch: the first has all of it."""
    return [text, *[""] * (count - 1)]


def a_word_to_first(text: str, count: int) -> list[str]:
    """Share it out: the first has a word."""
    if count == 1:
        return [text]
    end = min((text.find(sign) for sign in " ,;:(" if sign in text), default=len(text))
    return [text[:end], text[end:], *[""] * (count - 2)]


def all_to_last(text: str, count: int) -> list[str]:
    """Share it out: the last has all of it."""
    return [*[""] * (count - 1), text]


def form_of(msgid: str, translation: str) -> Form:
    """Take a msgid apart."""
    pieces = NAME.split(msgid)
    return Form(tuple(pieces[::2]), tuple(pieces[1::2]), translation)


def with_variants(msgid: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield a form as it is, and those that it takes in a sentence.

    That is without what joins it to another one, without its subject, of a certain layer, and with what was raised.
    """
    yield msgid, text
    if msgid.startswith((", ", "; ", ": ")):
        yield msgid[2:], text.lstrip("，；：: ")
    if msgid.startswith("{it} ") and NAME.sub("", msgid).strip() and text.startswith("{it}"):
        yield msgid.removeprefix("{it} "), text.removeprefix("{it}").lstrip()
    if msgid.endswith(";"):
        yield msgid.removesuffix(";"), text.rstrip("；")
    if LAYER.search(msgid):
        yield LAYER.sub(r"\1{layer}", msgid), LAYER.sub(r"\1{layer}", text)
    if msgid.endswith(" raised"):
        yield f"{msgid} {{error}}", f"{text}: {{error}}"
        yield f"{msgid} {{error}}: {{message}}", f"{text}: {{error}}: {{message}}"


def joined(pieces: Iterable[str]) -> str:
    """Put pieces together, with a blank between a Chinese sign and a letter or a number.

    Examples
    --------
    >>> joined(["dW2", "是正确梯度的", "2", "倍"])
    'dW2 是正确梯度的 2 倍'
    """
    text = ""
    for piece in pieces:
        text += f" {piece}" if text and piece and meet(text[-1], piece[0]) else piece
    return text


def meet(one: str, other: str) -> bool:
    """Whether a Chinese sign stands beside a letter or a number."""
    return bool((SIGN.match(one) and LATIN.match(other)) or (LATIN.match(one) and SIGN.match(other)))
