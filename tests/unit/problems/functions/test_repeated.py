"""What calls that differ look like: a sum, a state, a race, chance."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_gradient
from gradcheck_cli.problems.functions.repeated import Cause, cause_of
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError
from gradcheck_cli.vocabulary.parameters import Array

RANDOM = np.random.default_rng(0)
GRADIENT = RANDOM.normal(size=5)
MEAN = 0.9 ** np.arange(10)


@pytest.mark.parametrize(
    ("calls", "cause"),
    [
        ([k * GRADIENT for k in range(1, 11)], Cause.ADDS_UP),
        ([np.float32(k) * GRADIENT.astype(np.float32) + 7 for k in range(1, 11)], Cause.ADDS_UP),
        ([m * GRADIENT for m in MEAN], Cause.STATE),
        ([GRADIENT + (-0.5) ** k for k in range(10)], Cause.STATE),
        ([GRADIENT * (k % 3) for k in range(10)], Cause.STATE),
        ([GRADIENT, *[2 * GRADIENT] * 9], Cause.STATE),
        ([GRADIENT, GRADIENT, 1.1 * GRADIENT, *[GRADIENT] * 7], Cause.SELDOM),
        ([GRADIENT, 1.1 * GRADIENT, *[GRADIENT] * 8], Cause.SELDOM),
        (RANDOM.normal(size=(10, 5)), Cause.CHANCE),
        (RANDOM.normal(size=(8, 1)), Cause.CHANCE),
    ],
)
def test_the_cause_is_told_by_the_calls(calls: Any, cause: Cause) -> None:
    assert cause_of(np.array(calls, dtype=np.float64)) is cause


def test_chance_seldom_looks_like_anything_else() -> None:
    found = [cause_of(np.random.default_rng(seed).normal(size=(8, 1))) for seed in range(2000)]
    assert sum(cause is not Cause.CHANCE for cause in found) < 20


def test_what_is_not_finite_is_chance() -> None:
    assert cause_of(np.full((8, 2), np.nan) * np.arange(8)[:, None]) is Cause.CHANCE


def loss(w: Array) -> float:
    return float(np.sum(w**2))


def hint_for(loss: Any, gradient: Any, **settings: Any) -> str:
    with pytest.raises(ProblemError, match="differs") as caught:
        check_gradient(loss, gradient, [1.0, 2.0], **settings)
    return str(caught.value.hint)


@pytest.mark.parametrize("in_place", [True, False])
def test_a_gradient_that_adds_up_is_told_of_as_such(in_place: bool) -> None:
    total = np.zeros(2)

    def adding(w: Array) -> Array:
        nonlocal total
        if in_place:
            total += 2 * w
        else:
            total = total + 2 * w
        return total

    assert hint_for(loss, adding).startswith("the second call returns twice the first: the gradient accumulates")


def test_a_hidden_state_is_told_of_as_such() -> None:
    state = np.zeros(2)

    def recurrent(w: Array) -> float:
        nonlocal state
        state = np.tanh(0.6 * state + w)
        return float(state @ state)

    assert "keep a state from call to call" in hint_for(recurrent, lambda w: w)


def test_chance_is_told_to_be_seeded() -> None:
    random = np.random.default_rng(0)
    assert "default_rng(0)" in hint_for(lambda w: loss(w) + random.normal(), lambda w: 2 * w)
    assert "default_rng(0)" in hint_for(loss, lambda w: 2 * w * random.normal())


def test_a_gradient_that_is_wrong_once_in_ten_calls_is_found_by_more_of_them() -> None:
    for late in (0, 5, 19):
        count = itertools.count()
        racy = lambda w: 2 * w * (1.1 if next(count) == late else 1)  # noqa: B023, E731
        assert "threads" in hint_for(loss, racy, repeat=20) or late == 0
    assert check_gradient(loss, lambda w: 2 * w, [1.0, 2.0], repeat=20).passed


def test_a_loss_that_is_wrong_once_in_ten_calls_is_found_by_more_of_them() -> None:
    count = itertools.count()
    assert hint_for(lambda w: loss(w) + (next(count) == 9), lambda w: 2 * w, repeat=20)


@pytest.mark.parametrize("repeat", [1, 0, 2.5])
def test_fewer_than_two_calls_cannot_be_compared(repeat: Any) -> None:
    with pytest.raises(SettingError, match="expected a whole number of at least 2"):
        check_gradient(loss, lambda w: 2 * w, [1.0, 2.0], repeat=repeat)
