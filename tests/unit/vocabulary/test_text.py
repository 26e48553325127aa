from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.vocabulary.text import printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W1[0, 1]", "W1[0, 1]"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\r\nb\t", r"a\r\nb\t"),
        ("梯度", "梯度"),
        ("\u202eabc", r"\u202eabc"),
        ("\udc80", r"\udc80"),
        ("", ""),
    ],
)
def test_control_characters_are_written_out(text: str, expected: str) -> None:
    assert printable(text) == expected


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_what_comes_out_is_printable(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(printable(text)) == printable(text)
