from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from gradcheck_cli.problems.networks.activations import softmax
from gradcheck_cli.problems.networks.losses import LOSSES

Y = np.array([[0.25, 1.0], [0.75, 0.0]])
A = np.array([[0.5, 0.8], [0.5, 0.2]])

ORACLES: dict[str, Callable[[float, float], float]] = {
    "bce": lambda a, y: -y * math.log(a) - (1 - y) * math.log1p(-a),
    "softmax_ce": lambda a, y: -y * math.log(a),
    "mse": lambda a, y: float((Fraction(a) - Fraction(y)) ** 2 / 2),
}


def test_every_loss_has_an_oracle() -> None:
    assert ORACLES.keys() == LOSSES.keys()


@pytest.mark.parametrize("name", LOSSES)
def test_sums_the_closed_form_over_all_entries(name: str) -> None:
    expected = sum(ORACLES[name](a, y) for a, y in zip(A.flat, Y.flat, strict=True))
    assert LOSSES[name].plain(A, Y) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("name", LOSSES)
def test_the_stable_form_agrees_where_both_are_finite(name: str) -> None:
    Z = np.log(A) if name == "softmax_ce" else np.log(A / (1 - A))
    assert LOSSES[name].stable(Z, A, Y) == pytest.approx(LOSSES[name].plain(A, Y), rel=1e-13)


@pytest.mark.parametrize(("name", "expected"), [("bce", 0.75 * 800 + 0.75 * 800), ("softmax_ce", 0.75 * 1600)])
def test_the_stable_form_is_finite_beside_a_saturated_unit(name: str, expected: float) -> None:
    Z, y = np.array([[800.0], [-800.0]]), np.array([[0.25], [0.75]])
    assert LOSSES[name].stable(Z, softmax(Z), y) == pytest.approx(expected)


def test_bce_delta_is_the_derivative_by_z() -> None:
    delta = LOSSES["bce"].output_delta
    assert delta is not None
    # d/dz (y softplus(-z) + (1 - y) softplus(z)) = -y (1 - a) + (1 - y) a
    np.testing.assert_allclose(delta(A, Y), -Y * (1 - A) + (1 - Y) * A, rtol=1e-14)


def test_softmax_delta_holds_for_targets_that_do_not_sum_to_one() -> None:
    delta = LOSSES["softmax_ce"].output_delta
    assert delta is not None
    y = np.array([[2.0], [1.0]])
    # d/dz_i of sum_j -y_j log a_j = -sum_j y_j ([i = j] - a_i)
    np.testing.assert_allclose(delta(A[:, :1], y), [[-2 * 0.5 + 1 * 0.5], [2 * 0.5 - 1 * 0.5]], rtol=1e-14)
