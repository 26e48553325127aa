from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.judging.difference import relative_difference

numbers = st.floats(-1e300, 1e300)


def difference(analytic: list[float], numeric: list[float]) -> float:
    return relative_difference(np.array(analytic, dtype=float), np.array(numeric, dtype=float))


@pytest.mark.parametrize(
    ("analytic", "numeric", "expected"),
    [
        ([0.0], [0.0], 0.0),
        ([], [], 0.0),
        ([2.0], [2.0], 0.0),
        ([2.0], [1.0], 1 / 3),
        ([1.0], [-1.0], 1.0),
        ([0.0], [1e-300], 1.0),
        ([3.0, 4.0], [3.0, 4.5], 0.5 / (5 + math.hypot(3, 4.5))),
        ([1e300, 1e300], [1e300, 0.0], 1 / (math.sqrt(2) + 1)),
        ([1e-200, 1e-200], [1e-200, 0.0], 1 / (math.sqrt(2) + 1)),
        ([5e-324], [0.0], 1.0),
    ],
)
def test_is_the_courses_figure(analytic: list[float], numeric: list[float], expected: float) -> None:
    assert difference(analytic, numeric) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("other", [0.0, 1.0, math.nan, math.inf])
def test_is_no_number_where_an_entry_is_not_finite(bad: float, other: float) -> None:
    assert math.isnan(difference([bad, 1.0], [other, 1.0]))
    assert math.isnan(difference([other, 1.0], [bad, 1.0]))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5))
def test_lies_between_0_and_1_and_has_no_sides(pairs: list[tuple[float, float]]) -> None:
    analytic, numeric = ([pair[side] for pair in pairs] for side in (0, 1))
    assert 0 <= difference(analytic, numeric) <= 1 + 1e-12
    assert difference(analytic, numeric) == pytest.approx(difference(numeric, analytic), rel=1e-12)
    assert difference(analytic, analytic) == 0
