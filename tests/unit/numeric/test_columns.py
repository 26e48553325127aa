"""Plain differences of many outputs at once: what is clear at sight is right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gradcheck_cli.numeric.columns import Columns, far_steps, plain_columns
from gradcheck_cli.vocabulary.parameters import Array

NOTHING_FAR = np.zeros(1)


def measured(line: Callable[[float], object], claim: object, far: Array = NOTHING_FAR) -> Columns:
    def along(_: int, step: float) -> Array:
        return np.atleast_1d(np.asarray(line(step), dtype=float))

    return plain_columns(along, along(0, 0.0), np.atleast_1d(np.asarray(claim, dtype=float))[:, np.newaxis], far, 2e-7)


def test_right_claims_are_clear_and_wrong_ones_are_not() -> None:
    right = np.array([1.0, 3.0, 0.0, 1e-6])

    def line(t: float) -> list[float]:
        return [np.sin(t), 5 + 3 * t + t**3, 7.0, 1e-6 * np.expm1(t)]

    found = measured(line, right)
    assert found.clear.all()
    np.testing.assert_allclose(found.values[:, 0], right, rtol=1e-9)
    for k in range(4):
        wrong = right.copy()
        wrong[k] = wrong[k] * (1 + 1e-6) or 1e-9
        assert measured(line, wrong).clear[:, 0].tolist() == [j != k for j in range(4)]


@pytest.mark.parametrize(
    "line",
    [
        lambda t: t**2,  # its derivative is zero, but it moves
        lambda t: max(t - 0.1, 0.0),
        lambda t: 1e-9 * t,
        lambda t: np.nan if t else 0.0,
        lambda t: 1e3 + 1e-9 * t,
    ],
)
def test_zero_is_clear_only_of_what_does_not_move(line: Callable[[float], float]) -> None:
    assert not measured(line, 0.0).clear.any()


def test_what_a_small_size_does_not_move_is_moved_by_a_large_one() -> None:
    sizes = np.array([1e-17])
    assert measured(lambda t: 1 + 1e-17 * t, 0.0).clear.all()
    assert not measured(lambda t: 1 + 1e-17 * t, 0.0, far_steps(sizes, 1.0)).clear.any()
    assert far_steps(np.array([1.0, 1e-3]), 1.0).tolist() == [0, 0]


@pytest.mark.parametrize("claim", [np.nan, np.inf])
def test_what_is_no_number_is_never_clear(claim: float) -> None:
    assert not measured(lambda t: t, claim).clear.any()
    assert not measured(lambda t: claim * t, 1.0).clear.any()


def test_noise_is_not_clear() -> None:
    random = np.random.default_rng(0)
    assert not measured(lambda t: t + 1e-9 * random.normal(), 1.0).clear.any()
