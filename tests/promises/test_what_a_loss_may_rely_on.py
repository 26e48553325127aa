"""A loss gets what a user's code may rely on; caching, adding up, drifting and chance are told apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcheck_cli import GradcheckError, check_gradient
from tests.promises.claims import BOTH_MODES, FAIL, PASS, verdict
from tests.zoo import Array

X = np.array([0.3, -0.7, 1.9])


class ByReference:
    """Keeps its last argument by reference, to share work between the loss and the gradient."""

    def __init__(self) -> None:
        self.x: Array | None = None
        self.sines = self.cosines = np.zeros(0)

    def share(self, x: Array) -> None:
        if self.x is None or not self.is_last(x):
            self.x, self.sines, self.cosines = x, np.sin(x), np.cos(x)

    def is_last(self, x: Array) -> bool:
        return np.array_equal(self.x, x)  # type: ignore[arg-type]

    def loss(self, x: Array) -> Any:
        self.share(x)
        return np.sum(self.sines**2)

    def gradient(self, x: Array) -> Array:
        self.share(x)
        return np.asarray(2 * self.sines * self.cosines)

    def negated(self, x: Array) -> Array:
        return -self.gradient(x)


class ByIdentity(ByReference):
    """Takes the same array for the same values."""

    def is_last(self, x: Array) -> bool:
        return self.x is x


@pytest.mark.parametrize("mode", BOTH_MODES)
@pytest.mark.parametrize("kind", [ByReference, ByIdentity])
def test_a_loss_that_caches_its_argument_is_judged_like_any_other(kind: type[ByReference], mode: str) -> None:
    assert verdict(kind().loss, kind().gradient(X), X, mode=mode) is PASS
    shared = kind()
    assert verdict(shared.loss, shared.gradient, X, mode=mode) is PASS
    shared = kind()
    assert verdict(shared.loss, shared.negated, X, mode=mode) is FAIL


def hint_of(loss: Any, gradient: Any) -> str:
    with pytest.raises(GradcheckError) as caught:
        check_gradient(loss, gradient, X, mode="full", seed=0)
    return f"{caught.value} {getattr(caught.value, 'hint', '')}"


def test_a_gradient_that_adds_up_from_call_to_call_is_told_to_be_zeroed() -> None:
    total = np.zeros(3)

    def gradient(x: Array) -> Array:
        total[:] += np.cos(x)
        return total.copy()

    said = hint_of(lambda x: np.sum(np.sin(x)), gradient)
    assert "accumulate" in said
    assert "random" not in said


def test_a_loss_that_keeps_a_state_is_told_so() -> None:
    state = [0.0]

    def loss(x: Array) -> Any:
        state[0] += 0.25
        return np.sum(np.sin(x)) + state[0]

    assert "state" in hint_of(loss, np.cos)


def test_a_loss_of_chance_is_told_to_seed_it() -> None:
    random = np.random.default_rng(0)
    assert "random" in hint_of(lambda x: np.sum(np.sin(x)) + random.normal(), np.cos)
