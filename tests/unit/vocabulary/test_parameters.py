from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.vocabulary.parameters import Array, dictionary_to_vector, vector_to_dictionary

shapes = st.lists(st.integers(0, 4), max_size=3).map(tuple)


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(st.text(max_size=3), shapes, min_size=1, max_size=5))
def test_a_vector_becomes_the_dictionary_that_it_was(of_shape: dict[str, tuple[int, ...]]) -> None:
    generator = np.random.default_rng(0)
    arrays: dict[str, Array] = {name: generator.standard_normal(shape) for name, shape in of_shape.items()}
    again = vector_to_dictionary(dictionary_to_vector(arrays), arrays)
    assert list(again) == list(arrays)
    np.testing.assert_equal(again, arrays)


def test_a_vector_is_row_by_row_in_the_order_of_the_names() -> None:
    arrays = {"b": np.array([[1.0, 2.0], [3.0, 4.0]]), "a": np.array(5.0), "F": np.asfortranarray([[6.0, 7.0]])}
    np.testing.assert_array_equal(dictionary_to_vector(arrays), [1, 2, 3, 4, 5, 6, 7])


def test_a_vector_is_a_copy() -> None:
    arrays = {"a": np.zeros(2)}
    dictionary_to_vector(arrays)[0] = 1
    np.testing.assert_array_equal(arrays["a"], [0, 0])


def test_nothing_makes_an_empty_vector() -> None:
    assert dictionary_to_vector({}).shape == (0,)
