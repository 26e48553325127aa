"""Errors of float32 are told from wrong formulas."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.judging.precision import are_scattered, are_single_numbers, are_small, are_spread, is_factor

RIGHT = np.random.default_rng(0).standard_normal(40)
ROUNDED = RIGHT.astype(np.float32).astype(np.float64)


def test_float32_numbers_are_known_as_such() -> None:
    assert are_single_numbers({"w": ROUNDED})
    assert not are_single_numbers({"w": RIGHT})
    assert not are_single_numbers({"w": np.array([np.nan, 1.0])})


def test_round_numbers_tell_nothing_of_where_they_came_from() -> None:
    assert not are_single_numbers({"w": np.array([1.0, -2.0, 0.5])})


def test_rounding_is_small_spread_and_scattered() -> None:
    pairs = [(ROUNDED, RIGHT)]
    assert are_small(pairs)
    assert are_spread(pairs)
    assert are_scattered(pairs)


def test_one_wrong_entry_is_not_spread() -> None:
    wrong = RIGHT.copy()
    wrong[3] *= 1 + 1e-6
    assert not are_spread([(wrong, RIGHT)])


def test_a_common_factor_is_not_scattered() -> None:
    assert is_factor(RIGHT * (1 + 1e-6), RIGHT)
    assert not are_scattered([(RIGHT * (1 + 1e-6), RIGHT)])


def test_an_error_of_1e_5_is_not_small() -> None:
    assert not are_small([(RIGHT * (1 + 1e-5 * np.sign(ROUNDED - RIGHT)), RIGHT)])
