import math

import numpy as np
import pytest

from gradcheck_cli.numeric.scales import entry_sizes, scale_of_motion, typical_size


def test_size_of_an_entry_is_its_own_whatever_stands_beside_it() -> None:
    np.testing.assert_array_equal(entry_sizes({"x": np.array([1e13, -0.5, 1e-300])})["x"], [1e13, 0.5, 1e-300])


def test_entry_of_zero_borrows_a_size_from_its_array_then_from_all_then_takes_one() -> None:
    sizes = entry_sizes({"x": np.array([0.0, 3.0, 4.0]), "b": np.zeros(2)})
    assert sizes["x"][0] == pytest.approx(np.sqrt(12.5))
    np.testing.assert_allclose(sizes["b"], np.sqrt(12.5))
    np.testing.assert_array_equal(entry_sizes({"b": np.zeros((2, 2))})["b"], np.ones((2, 2)))


def test_typical_size_does_not_overflow() -> None:
    assert typical_size(np.array([1e300, 1e300, 0.0])) == pytest.approx(1e300)


@pytest.mark.parametrize("size", [1.0, 1e-10, 1e-30, 1e-250])
def test_motion_is_found_however_small_the_entry(size: float) -> None:
    found = scale_of_motion(lambda t: float(np.tanh(1 + t * size)), 1e-16, 1 / size)
    assert found is not None
    assert 1e-14 <= found * size <= 1e-1 or found <= 1


def test_rounding_that_grows_with_the_step_is_no_motion() -> None:
    x = np.array([0.3, 0.7, -0.2, 1.1])
    found = scale_of_motion(lambda t: float(np.sum(x * (1 + t) - (x * (1 + t)).mean())), 1e-16, 1e6)
    assert found is None or math.isnan(found)
