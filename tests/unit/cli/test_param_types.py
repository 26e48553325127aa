from __future__ import annotations

import contextlib
import math

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.cli.param_types import FINITE, NUMBER, POSITIVE, Number

NO_NUMBERS = ["", " ", "abc", "1_000", "1,5", "0x10", "1e", "e5", "--1", "1 2", "١", "\uff11", "nan()", "1j", "."]


@pytest.mark.parametrize("text", ["1", "-2.5", "+.5", "3.", "1e-7", "1E+3", " 2 ", "007"])
def test_a_number_is_read_as_python_reads_it(text: str) -> None:
    assert NUMBER.convert(text, None, None) == FINITE.convert(text, None, None) == float(text)


@pytest.mark.parametrize("text", NO_NUMBERS)
@pytest.mark.parametrize("kind", [NUMBER, FINITE, POSITIVE], ids=lambda kind: type(kind).__name__)
def test_what_is_no_number_is_refused_with_its_value(kind: Number, text: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        kind.convert(text, None, None)
    assert f"{text!r} is not a number" in caught.value.message


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-Infinity", "1e400"])
def test_only_a_plain_number_may_be_infinite_or_none(text: str) -> None:
    assert not math.isfinite(NUMBER.convert(text, None, None))
    for kind in (FINITE, POSITIVE):
        with pytest.raises(click.BadParameter, match="is not a finite number"):
            kind.convert(text, None, None)


@pytest.mark.parametrize("text", ["0", "-0", "-1e-7", "1e-400"])
def test_a_step_is_greater_than_0(text: str) -> None:
    with pytest.raises(click.BadParameter, match="greater than 0"):
        POSITIVE.convert(text, None, None)


@settings(max_examples=300, deadline=None)
@given(st.floats())
def test_every_float_is_read_back_from_its_digits(number: float) -> None:
    again = NUMBER.convert(repr(number), None, None)
    assert again == number or (math.isnan(again) and math.isnan(number))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=8))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    with contextlib.suppress(click.BadParameter):
        assert isinstance(NUMBER.convert(text, None, None), float)
