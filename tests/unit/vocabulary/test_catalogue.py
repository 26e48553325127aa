"""The Chinese catalogue has everything that is said, and every sentence is found in it."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

import pytest
from babel.messages.pofile import read_po

from gradcheck_cli.vocabulary.forms import COUNTS, NAME
from gradcheck_cli.vocabulary.sentences import catalogue_in, sentences_of
from tests.make_catalogue import MO, PO, mo_of, po_of, updated
from tests.sentences import Msgid, messages, texts_in_source

UP_TO_DATE = "`python -m tests.make_catalogue` brings the catalogue up to date, and prints what needs a translation"


@pytest.fixture(scope="module")
def msgids() -> Mapping[Msgid, str]:
    return messages()


def test_everything_that_is_said_has_a_translation_and_nothing_else_has(msgids: Mapping[Msgid, str]) -> None:
    catalogue, missing = updated(msgids)
    assert not missing, UP_TO_DATE
    assert po_of(catalogue) == PO.read_bytes(), UP_TO_DATE
    assert mo_of(read_po(io.BytesIO(PO.read_bytes()), "zh")) == MO.read_bytes(), UP_TO_DATE


def test_a_translation_has_the_places_of_its_sentence() -> None:
    for msgid, text in catalogue_in(MO.read_bytes()).items():
        assert set(NAME.findall(text)) == set(NAME.findall(msgid)), msgid


def sample(msgid: str) -> str:
    """Return a sentence of a form: a number where one is counted, a name elsewhere."""
    names = list(dict.fromkeys(NAME.findall(msgid)))
    values = {
        name: f"{'' if name.rstrip('0123456789') in COUNTS else 'W'}{number}" for number, name in enumerate(names, 21)
    }
    return NAME.sub(lambda name: values[name[1]], msgid)


def test_every_sentence_comes_out_in_chinese_with_its_values(msgids: Mapping[Msgid, str]) -> None:
    chinese = sentences_of("zh")
    for msgid, context in msgids:
        if context is None:
            said, given = chinese.said(sample(msgid)), NAME.findall(msgid)
            values = re.findall(r"2\d", sample(msgid))
            assert not re.search(r"\b[a-z]{3,} (the|is|of) ", said), msgid
            assert not given or sorted(set(re.findall(r"2\d", said))) == sorted(set(values)), msgid


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("raise InputError(f'{path} is no file')", ["{path} is no file"]),
        ('f\'{n} entr{"y" if n == 1 else "ies"} of W\'', ["{n} entry of W", "{n} entries of W"]),
        ("'the line: ' + note", ["the line: {note}"]),
        ("f'at {a.name} and {b.name}'", ["at {name} and {name2}"]),
        ("x = 'np.sum(x)'; y['one two'] == 'three four'", []),
    ],
)
def test_what_is_said_is_found_in_the_source(source: str, found: list[str]) -> None:
    assert list(texts_in_source(source)) == found
