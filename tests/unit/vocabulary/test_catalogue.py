"""The Chinese catalogue: that it has everything that is said, and that every sentence is found in it."""

from __future__ import annotations

import io
import re

import pytest
from babel.messages.pofile import read_po

from gradcheck_cli.vocabulary.sentences import COUNTS, NAME, catalogue_in, sentences_of
from tests.make_catalogue import MO, PO, messages, mo_of, po_of, updated

UP_TO_DATE = "python -m tests.make_catalogue brings the catalogue up to date, and prints what needs a translation"


def test_everything_that_is_said_has_a_translation_and_nothing_else_has() -> None:
    catalogue, missing = updated()
    assert not missing, UP_TO_DATE
    assert po_of(catalogue) == PO.read_bytes(), UP_TO_DATE


def test_the_compiled_catalogue_is_that_of_the_readable_one() -> None:
    assert mo_of(read_po(io.BytesIO(PO.read_bytes()), "zh")) == MO.read_bytes(), UP_TO_DATE


def test_a_translation_has_the_places_of_its_sentence() -> None:
    for msgid, text in catalogue_in(MO.read_bytes()).items():
        assert set(NAME.findall(text)) == set(NAME.findall(msgid)), msgid


def sample(msgid: str) -> str:
    """Return a sentence of a form: a number where one is counted, a name elsewhere."""
    names = iter(range(1, 100))
    return NAME.sub(lambda name: f"{next(names)}" if name[1].rstrip("0123456789") in COUNTS else f"W{next(names)}", msgid)


def test_every_sentence_is_found_by_its_own_form() -> None:
    zh = sentences_of("zh")
    lost = [text for text, context in messages() if context is None and re.search("[A-Za-z]{3,} [a-z]{3,}", zh.said(sample(text)))]
    assert not lost
