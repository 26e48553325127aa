"""What a message of the child may hold."""

from __future__ import annotations

import os
import pickle
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.cli.apart import Begun, unpacked
from tests.records import OUTCOMES


@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES)
def test_every_outcome_comes_through(outcome: Any) -> None:
    assert repr(unpacked(pickle.dumps(("outcome", outcome)))[1]) == repr(outcome)
    assert unpacked(pickle.dumps(("begun", Begun(1.5)))) == ("begun", Begun(1.5))


def test_a_point_comes_through() -> None:
    point = {"x": np.arange(3.0), "k": np.float64(2.0)}
    found = unpacked(pickle.dumps(("point", point)))[1]
    np.testing.assert_array_equal(found["x"], point["x"])
    assert found["k"] == 2.0


class Rude:
    """Would end the process that unpacks it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (0,)


@pytest.mark.parametrize("message", [b"", b"\0" * 64, pickle.dumps(Rude()), pickle.dumps(("outcome", eval))])
def test_nothing_else_is_made_of_one(message: bytes) -> None:
    with pytest.raises((pickle.UnpicklingError, EOFError)):
        unpacked(message)
