"""The arrays that a function can see, found without running anything of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.problems.functions.visible import visible_arrays
from gradcheck_cli.vocabulary.parameters import Array

FAR = np.arange(6.0).reshape(2, 3)


def helper(w: Array) -> Array:
    return FAR @ w


def of_globals(w: Array) -> float:
    return float(sum(v for v in helper(w)))


def takes_anything(thing: Any) -> Any:
    return thing


def of_defaults(w: Array, X: Array = FAR, *, scale: Array = FAR[0]) -> float:
    return float(np.sum(scale * (X @ w)[0]))


class Model:
    __slots__ = ("__dict__",)

    def __init__(self) -> None:
        self.X = FAR
        self.more = {"masks": [FAR > 1]}

    @property
    def explosive(self) -> Array:
        raise AssertionError("nothing of the user's is run")

    def loss(self, w: Array) -> float:
        return float(np.sum(self.X @ w))


def of_closure() -> Any:
    X = FAR
    return lambda w: float(np.sum(X @ w))


def found(function: Any, **data: Any) -> dict[str, Array]:
    return visible_arrays(function, data)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (of_globals, "FAR"),
        (of_closure(), "X"),
        (of_defaults, "X"),
        (Model().loss, "X"),
        (partial(of_closure(), w=FAR[0]), "X"),
        (partial(of_globals), "FAR"),
    ],
)
def test_data_are_found_where_they_lie(function: Any, name: str) -> None:
    assert found(function)[name] is FAR


def test_what_is_handed_over_comes_first() -> None:
    assert next(iter(found(of_globals, X=FAR[:1]))) == "X"


def test_masks_in_a_container_of_an_object_are_found() -> None:
    masks = [array for array in found(Model().loss).values() if array.dtype == bool]
    assert len(masks) == 1


def test_text_deep_arrays_and_modules_are_left_alone() -> None:
    assert found(len) == {}
    assert found(of_globals, T=np.zeros((2, 2, 2)), words=np.array(["a"]), none=np.zeros(0)) == {"FAR": FAR}


def test_what_refers_to_itself_comes_to_an_end() -> None:
    ring: list[Any] = [FAR]
    ring.append(ring)
    assert next(iter(found(partial(takes_anything, ring)).values())) is FAR
