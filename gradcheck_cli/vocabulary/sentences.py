"""Sentences in another language: a catalogue of their forms, and how a sentence is found among these.

The msgids of the catalogue are the forms of English sentences as the source has them, ``{it} is {times}, at {wrong} of
{size} entries``; what stands at the names in a sentence is handed over into the translation. What stands there may be a
phrase that has a form of its own, and is translated first.
"""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

__all__ = ["NAME", "Sentences", "sentences_of"]

FOLDER = Path(__file__).parent.parent / "locale"
ALONE = "alone\x04"
"""The context, as gettext writes it, of what is only said alone."""
NAME = re.compile(r"\{(\w+)\}")
PROSE = re.compile(r"[A-Za-z]{2,}[^\s,;]* (?=\S)")
"""A word with something after it: the name of a parameter, a file or an option stands alone, or in a list."""
JOINING = set(
    "a an and are as at be by each for from has have holds in is it its line look not of on or over that the their them"
    " this to was what where which with".split()
)
"""Words that nothing is called by."""
JOINTS = (("; ", ";"), (": ", ": "), (", ", ","), (" and ", "和"), (" or ", "或"))
"""What sentences and phrases are joined by, and by what it is done in Chinese."""
SENTENCES = {"; ", ": "}
WIDE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
SIGN, LATIN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z0-9+-]")
MOST_TRIED = 12  # forms that fit a sentence
COUNTS = {"number", "numbers", "real", "a", "c", "exp", "mix", "rate", "factor", "k", "n", "m", "get", "sum", "size", "short", "many"}
"""The names at which nothing but a number stands."""
NUMBER = re.compile(r"[-+\d.,eij/]+|-?inf|nan")
MOST_PHRASES = 300  # that are looked at for one sentence, which may be of a file and as long as it likes
LEAST = 2  # letters that are known of a sentence
LONG = 15  # letters of a form that is its own even where what stands in it has no translation


def joined(pieces: Iterable[str]) -> str:
    """Put pieces together, with a blank between a Chinese sign and a letter or a number."""
    text = ""
    for piece in pieces:
        meets = text and piece and (SIGN.match(text[-1]) and LATIN.match(piece) or LATIN.match(text[-1]) and SIGN.match(piece))
        text += f" {piece}" if meets else piece
    return text


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
        for divided in (split_first, split_word, split_last):
            values = dict(zip(self.names, itertools.chain.from_iterable(map(divided, between, self.runs)), strict=True))
            if all(NUMBER.fullmatch(text) for name, text in values.items() if name.rstrip("0123456789") in COUNTS):
                yield values
            if max(self.runs, default=1) == 1:
                return

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
        """Return what stands in each place, found from left to right; None where the parts do not stand in this order."""
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


def split_first(text: str, count: int) -> list[str]:
    """Divide what stands at names that touch: the first has all of it."""
    return [text, *[""] * (count - 1)]


def split_word(text: str, count: int) -> list[str]:
    """Divide it: the first has a word."""
    if count == 1:
        return [text]
    end = re.match(r"[^\s,;:(]*", text).end()  # type: ignore[union-attr]  (it may be empty)
    return [text[:end], text[end:], *[""] * (count - 2)]


def split_last(text: str, count: int) -> list[str]:
    """Divide it: the last has all of it."""
    return [*[""] * (count - 1), text]


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
            told = {name: self.told(value.strip()) for name, value in values.items()}
            left = sum(told[name].left for name in form.known)
            letters = form.letters + sum(value.letters for value in told.values())
            if form.letters >= LONG or letters > LEAST and left < 2:
                filled = form.filled({name: value.text for name, value in told.items()})
                yield Told(filled, left, letters, is_sure=form.letters >= LONG)

    def in_parts(self, text: str) -> Iterator[Told]:
        """Yield the translations of the sentences, or of the phrases, that a text is joined of; of phrases all or none."""
        for joint, translation in JOINTS:
            if joint in text:
                told = [self.told(part.strip()) for part in text.split(joint)]
                left, letters = sum(each.left for each in told), sum(each.letters for each in told)
                is_good = not left if joint not in SENTENCES else joint == ": " or all(each.letters for each in told)
                if letters and is_good:
                    in_chinese = any(WIDE.search(each.text) for each in told)
                    between = translation if in_chinese else joint  # a list of names stays one
                    pieces = itertools.chain.from_iterable((between, each.text) for each in told)
                    gained = len(joint) * (len(told) - 1) if joint in SENTENCES else 0
                    yield Told(joined(itertools.islice(pieces, 1, None)), left, letters + gained)


def with_variants(msgid: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield a form as it is, without what joins it to another one, without its subject, and with what was raised."""
    yield msgid, text
    if msgid.startswith((", ", "; ", ": ")):
        yield msgid[2:], text.lstrip(",;: ")
    if msgid.startswith("{it} ") and NAME.sub("", msgid).strip() and text.startswith("{it}"):
        yield msgid.removeprefix("{it} "), text.removeprefix("{it}").lstrip()
    if msgid.endswith(" raised"):
        yield f"{msgid} {{error}}", f"{text}: {{error}}"
        yield f"{msgid} {{error}}: {{message}}", f"{text}: {{error}}: {{message}}"


def words_in(text: str) -> list[str]:
    """Return the words of a text that stand in its form, if they stand in it at all."""
    return re.findall(r"(?<![^\s(])[a-z]{2,}(?![^\s,;:.)])", text)


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
