"""Sentences in another language: a catalogue of their forms, and how a sentence is found among these.

The msgids of the catalogue are the forms of English sentences as the source has them, ``{it} is {times}, at {wrong} of
{size} entries``; what stands at the names in a sentence is handed over into the translation. What stands there may be a
phrase that has a form of its own, and is translated first.
"""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from operator import ne
from pathlib import Path
from typing import NamedTuple

__all__ = ["NAME", "Sentences", "sentences_of"]

FOLDER = Path(__file__).parent.parent / "locale"
NAME = re.compile(r"\{(\w+)\}")
WORD = re.compile(r"(?<![^\s(\[\"':;,])[A-Za-z]?[a-z]+(?=[\s,.;:)\]?!\"']|$)")
"""A word of English: no name of a parameter, a file or an option."""
JOINTS = (("; ", ";"), (": ", ":"), (", ", ","), (" and ", "和"), (" or ", "或"))
"""What sentences and phrases are joined by, and by what it is done in Chinese."""
SENTENCES = {"; ", ": "}
MOST_TRIED = 12  # forms that fit a sentence
DEEPEST = 6  # phrases within phrases


class Form(NamedTuple):
    """The form of a sentence."""

    parts: tuple[str, ...]
    """What is the same in each such sentence."""
    names: tuple[str, ...]
    """What the places between them are called."""
    translation: str

    @property
    def letters(self) -> int:
        """How much of a sentence the form tells."""
        return sum(map(len, self.parts))

    def values(self, text: str) -> dict[str, str] | None:
        """Return what stands in a text at each name; None where the form is another."""
        if not all(part in text for part in self.parts):  # a quick look before the careful one
            return None
        match = pattern_of(self.parts).fullmatch(text)
        return dict(zip(self.names, match.groups(), strict=True)) if match else None


@cache
def pattern_of(parts: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds the places between the parts."""
    return re.compile("(.*?)".join(map(re.escape, parts)), re.DOTALL)


class Told(NamedTuple):
    """A translation, and how many words of it are still English."""

    text: str
    left: int


class Sentences:
    """All sentences of a catalogue.

    Parameters
    ----------
    catalogue : mapping of str to str
        The translation of each form.
    """

    def __init__(self, catalogue: Mapping[str, str]) -> None:
        self.whole = {msgid: text for msgid, text in catalogue.items() if not NAME.search(msgid)}
        forms = [form_of(msgid, text) for msgid, text in catalogue.items() if NAME.search(msgid)]
        self.forms = sorted(forms, key=lambda form: -form.letters)
        self.told = lru_cache(maxsize=2_000)(self._told)

    def said(self, text: str) -> str:
        """Return a sentence in the catalogue's language; as it is where no form fits."""
        return self.told(text, 0).text

    def _told(self, text: str, depth: int) -> Told:
        """Translate a text by what leaves the fewest words: itself, the forms that fit, or its parts."""
        known = self.whole.get(text) or self.whole.get(text.strip())
        if known is not None:
            return Told(known, 0)
        best = Told(text, len(WORD.findall(text)))
        if not best.left or depth == DEEPEST:
            return best
        for told in itertools.chain(self.by_form(text, depth), self.in_parts(text, depth)):
            best = min(best, told, key=lambda each: each.left)
            if not best.left:
                break
        return best

    def by_form(self, text: str, depth: int) -> Iterator[Told]:
        """Yield the translations by the forms that fit, that with the most letters first."""
        fitting = ((form, values) for form in self.forms if (values := form.values(text)) is not None)
        for form, values in itertools.islice(fitting, MOST_TRIED):
            told = {name: self.told(value, depth + 1) for name, value in values.items()}
            filled = NAME.sub(lambda name: told[name[1]].text if name[1] in told else name[0], form.translation)  # noqa: B023
            yield Told(filled, sum(value.left for value in told.values()))

    def in_parts(self, text: str, depth: int) -> Iterator[Told]:
        """Yield the translations of the sentences, or of the phrases, that a text is joined of; of phrases all or none."""
        for joint, translation in JOINTS:
            if joint in text:
                parts = text.split(joint)
                told = [self.told(part, depth + 1) for part in parts]
                left = sum(each.left for each in told)
                if not left or joint in SENTENCES and any(map(ne, parts, (each.text for each in told))):
                    yield Told(translation.join(each.text for each in told), left)


def form_of(msgid: str, translation: str) -> Form:
    """Take a msgid apart."""
    pieces = NAME.split(msgid)
    return Form(tuple(pieces[::2]), tuple(pieces[1::2]), translation)


@cache
def sentences_of(language: str) -> Sentences:
    """Read the catalogue of a language."""
    return Sentences(catalogue_in((FOLDER / language / "LC_MESSAGES" / "gradcheck.mo").read_bytes()))


def catalogue_in(data: bytes) -> dict[str, str]:
    """Return each msgid with its translation from the bytes of a .mo, which Python's gettext asks for one at a time."""
    count, msgids, translations = struct.unpack_from("<3I", data, 8)

    def texts(table: int) -> Iterator[str]:
        for length, start in struct.iter_unpack("<2I", data[table : table + 8 * count]):
            yield data[start : start + length].decode()

    return {msgid: text for msgid, text in zip(texts(msgids), texts(translations), strict=True) if msgid}
