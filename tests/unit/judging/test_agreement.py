from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.judging.agreement import agrees

NAN, INF = math.nan, math.inf
numbers = st.floats(-1e100, 1e100)


def agree(claim: float, low: float, high: float, bar: float, threshold: float = 0.1) -> bool:
    return bool(agrees(np.array(claim), np.array(low), np.array(high), np.array(bar), threshold))


@pytest.mark.parametrize(
    ("claim", "low", "high", "bar", "expected"),
    [
        (1.0, 1.0, 1.0, 0.0, True),
        (0.9, 1.0, 1.0, 0.0, True),
        (0.89, 1.0, 1.0, 0.0, False),
        (0.89, 1.0, 1.0, 0.01, True),
        (-1.0, 1.0, 1.0, 0.0, False),
        (0.3, 0.0, 1.0, 0.0, True),
        (1.1, 0.0, 1.0, 0.0, True),
        (1.2, 0.0, 1.0, 0.0, False),
        (-0.05, 0.0, 1.0, 0.0, True),
        (-0.2, 0.0, 1.0, 0.0, False),
        (0.0, 0.0, 0.0, 0.0, True),
        (1e-300, 0.0, 0.0, 0.0, False),
        (5.0, 0.0, 0.0, INF, True),
        (NAN, 0.0, 0.0, INF, False),
        (INF, 0.0, 0.0, INF, False),
        (INF, INF, INF, INF, False),
        (1.0, NAN, 1.0, INF, False),
        (1.0, 1.0, NAN, INF, False),
        (1.0, 1.0, 1.0, NAN, False),
    ],
)
def test_a_claim_agrees_where_it_is_off_by_no_more_than_it_may_be(
    claim: float, low: float, high: float, bar: float, expected: bool
) -> None:
    assert agree(claim, low, high, bar) is expected


@given(numbers, numbers, st.floats(0, 1e100), st.floats(1e-12, 1))
def test_one_number_is_a_range_from_it_to_itself(claim: float, right: float, bar: float, threshold: float) -> None:
    expected = abs(claim - right) <= threshold * max(abs(claim), abs(right)) + bar
    assert agree(claim, right, right, bar, threshold) is expected


@given(numbers, numbers, numbers, st.floats(0, 1e100))
def test_the_sign_of_the_units_makes_no_difference(claim: float, low: float, width: float, bar: float) -> None:
    high = low + abs(width)
    assert agree(claim, low, high, bar) is agree(-claim, -high, -low, bar)
