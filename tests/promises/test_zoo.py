"""The zoo's own gradients are right: the promises are tested against them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.zoo import SMOOTH, Problem


@pytest.mark.parametrize("problem", SMOOTH, ids=lambda p: p.name)
def test_every_gradient_of_the_zoo_agrees_with_a_complex_step(problem: Problem) -> None:
    found = []
    for k, value in enumerate(problem.point):
        moved = problem.point.astype(complex)
        moved[k] += 1e-30j * abs(value)
        found.append(problem.loss(moved).imag / (1e-30 * abs(value)))
    # against a gradient that loses digits where large terms cancel: 1e-10 of it is as near as both can come
    np.testing.assert_allclose(problem.claim, found, rtol=1e-10)


def test_no_entry_of_the_zoo_is_zero_and_no_derivative_of_it() -> None:
    for problem in SMOOTH:
        assert (problem.point != 0).all(), problem.name
        assert (problem.claim != 0).all(), problem.name


def test_the_zoo_has_each_name_once() -> None:
    assert len({problem.name for problem in SMOOTH}) == len(SMOOTH)
