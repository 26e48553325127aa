"""Sentences in another language, found in a catalogue by their forms.

What stands at the names of a form is handed over into the translation. It may be a phrase that has a form of its own,
and is translated first.
"""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from gradcheck_cli.vocabulary.forms import NAME, Form, form_of, joined, with_variants

__all__ = ["Sentences", "catalogue_in", "sentences_of"]

FOLDER = Path(__file__).parent.parent / "locale"
ALONE = "alone\x04"
"""The context, as gettext writes it, of what is only said alone."""
WIDE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
PROSE = re.compile(r"(?<!\S)\(?[A-Za-z]{2}\S*(?<![,;]) (?=\S)")
"""A word with something after it: the name of a parameter, a file or an option stands alone, or in a list."""
JOINING = {
    "a", "an", "and", "are", "as", "at", "be", "by", "each", "for", "from", "has", "have", "holds", "in", "is", "it",
    "its", "line", "look", "not", "of", "on", "or", "over", "that", "the", "their", "them", "this", "to", "was", "what",
    "where", "which", "with",
}  # fmt: skip
"""Words that nothing is called by."""
JOINTS = {"; ": "；", ": ": ": ", ", ": "，", " and ": "和", " or ": "或"}
"""What sentences and phrases are joined by, and by what it is done in Chinese."""
SENTENCES = {"; ", ": "}
LABELS = ("note: ", "help: ", "hint: ", "error: ")
LEAST = 2  # letters that are known of a sentence
LONG = 15  # letters of a form that is its own even where what stands in it has no translation
MOST_TRIED = 12  # forms that fit a sentence
MOST_PHRASES = 100  # that are looked at for one sentence
MOST_LETTERS = 1_000  # of a sentence: what is longer is of a file, and as long as that likes


class Told(NamedTuple):
    """A translation, and how good it is: what stands in forms is known, and prose that stands in none is English."""

    text: str
    left: int
    """How much of it is still English: two for a word with something after it, one for a word that stands alone."""
    letters: int = 0
    """Letters of the sentence that stand in forms."""
    is_sure: bool = False
    """Whether a form of many letters fits, so that no other one need be looked for."""

    @property
    def order(self) -> tuple[int, int]:
        """What decides between two translations; between two that are alike, the one that was made first."""
        return -self.left, self.letters


class Sentences:
    """All sentences of a catalogue.

    Parameters
    ----------
    catalogue : mapping of str to str
        The translation of each form; of what is only said alone, as the head of a column, under `ALONE` and the word.
    """

    def __init__(self, catalogue: Mapping[str, str]) -> None:
        self.alone = {msgid.removeprefix(ALONE): text for msgid, text in catalogue.items() if msgid.startswith(ALONE)}
        self.whole: dict[str, str] = {}
        self.forms: dict[str, list[Form]] = {}
        for msgid, text in itertools.chain.from_iterable(itertools.starmap(with_variants, catalogue.items())):
            if NAME.search(msgid):
                key = max(words_in(NAME.sub("_", msgid)), key=len, default="")
                self.forms.setdefault(key, []).append(form_of(msgid, text))
            else:
                self.whole.setdefault(msgid, text)
        self.phrases = 0
        self.told = lru_cache(maxsize=10_000)(self._told)

    def said(self, text: str) -> str:
        """Return a sentence in the catalogue's language, indented as it was; as it is where no form fits."""
        if len(text) > MOST_LETTERS:
            return text
        bare, self.phrases = text.strip(), 0
        return text[: len(text) - len(text.lstrip())] + (self.alone.get(bare) or self.told(bare).text)

    def _told(self, text: str) -> Told:
        """Translate a text by what leaves the least of English: the forms that fit, or its parts."""
        known = self.whole.get(text)
        if known is not None:
            return Told(known, 0, len(text))
        best = Told(text, 2 * len(PROSE.findall(text)) + (text.strip(".,;:()") in JOINING))
        self.phrases += 1
        if " " not in text or self.phrases > MOST_PHRASES:
            return best
        for told in itertools.chain(self.by_form(text), self.in_parts(text)):
            best = max(best, told, key=lambda each: each.order)
            if not best.left and best.is_sure:
                break
        return best

    def by_form(self, text: str) -> Iterator[Told]:
        """Yield the translations by the forms that fit, that with the most letters first."""
        near = [form for word in {"", *words_in(text)} for form in self.forms.get(word, ())]
        near.sort(key=lambda form: (-form.letters, form.parts))
        fitting = ((form, values) for form in near if form.letters > LEAST for values in form.values(text))
        loosest = ((form, values) for form in near if form.letters <= LEAST for values in form.values(text))
        for form, values in itertools.chain(itertools.islice(fitting, MOST_TRIED), loosest):
            if any("; " in values[name] for name in form.known):  # two sentences
                continue
            if not form.parts[0] and values[form.names[0]].startswith(LABELS):  # which is not of the sentence
                continue
            told = {name: self.told(value.strip()) for name, value in values.items()}
            left = sum(told[name].left for name in form.known)
            letters = sum(value.letters for value in told.values()) + form.letters * (form.letters > LEAST)
            if form.letters >= LONG or (letters > LEAST and left < 2):
                filled = form.filled({name: value.text for name, value in told.items()})
                yield Told(filled, left, letters, is_sure=form.letters >= LONG)

    def in_parts(self, text: str) -> Iterator[Told]:
        """Yield the translations of the sentences, or of the phrases, that a text is joined of."""
        for joint, translation in JOINTS.items():
            told = [self.told(part.strip()) for part in text.split(joint)] if joint in text else []
            letters = sum(each.letters for each in told)
            if letters and may_join(joint, told):
                between = translation if any(WIDE.search(each.text) for each in told) else joint
                pieces = itertools.chain.from_iterable((between, each.text) for each in told)
                is_list = joint == ", " and all(each.letters for each in told) and are_alike(text.split(joint))
                gained = len(joint) * (len(told) - 1) if joint in SENTENCES or is_list else 0
                left = sum(each.left for each in told)
                yield Told(joined(itertools.islice(pieces, 1, None)), left, letters + gained)


def may_join(joint: str, told: Sequence[Told]) -> bool:
    """Whether parts are what a joint joins: known sentences, an explanation whatever it is, phrases without English.

    A command that is told in a hint has such signs, too.
    """
    if joint == "; ":
        return all(each.letters for each in told)
    return joint == ": " or not any(each.left for each in told)


def are_alike(parts: Sequence[str]) -> bool:
    """Whether parts are a list of phrases of one kind, ``3 of W1`` and ``1 of b1``, and not one phrase with commas."""
    return len({tuple(words_in(part)[:1]) for part in parts}) == 1


def words_in(text: str) -> list[str]:
    """Return the words of a text that stand in its form, if they stand in it at all."""
    return re.findall(r"(?<![^\s(])[a-z]{2,}(?![^\s,;:.)])", text)


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
