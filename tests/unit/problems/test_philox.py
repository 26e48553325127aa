"""The counting generator in integer arithmetic gives what numpy's gives, wherever it is asked."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.problems.philox import PER_COUNT, Stream, bits_of_counts, counts_of, round_keys

WORDS = st.integers(0, 2**64 - 1)


@given(WORDS, WORDS, st.integers(0, 2**50), st.integers(1, 100))
def test_the_bits_are_those_of_numpy_s_generator(seed: int, number: int, start: int, length: int) -> None:
    first, last = counts_of(start, start + length)
    made = bits_of_counts(np.arange(first, last, dtype=np.int64), round_keys(seed, number), np.stack)
    skipped = start - PER_COUNT * first
    np.testing.assert_array_equal(made[skipped : skipped + length], Stream(seed, number).bits(start, start + length))


def test_the_bits_at_a_place_do_not_depend_on_where_the_piece_begins() -> None:
    whole, stream = Stream(7, 3).bits(0, 1000), Stream(7, 3)
    for start, stop in ((501, 1000), (0, 1), (15, 17), (16, 32)):
        np.testing.assert_array_equal(stream.bits(start, stop), whole[start:stop])
