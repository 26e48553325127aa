"""Trees of arrays: leaves by key path, and trees of the same form."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.problems.functions.pytrees import leaves_of, replaced, with_arrays

Pair = namedtuple("Pair", ["left", "right"])  # noqa: PYI024  (a user's own)


@pytest.mark.parametrize(
    ("tree", "names"),
    [
        (1, ["y"]),
        ((1, 2), ["y0", "y1"]),
        ({"a": 1, "b": {"c": 2, "d": [3, 4]}}, ["a", "b.c", "b.d.0", "b.d.1"]),
        ([{"w": 1}, {"w": 2}], ["y0.w", "y1.w"]),
        (Pair(1, [2, None]), ["left", "right.0"]),
        (None, []),
        ({}, []),
    ],
)
def test_leaves_have_key_paths(tree: Any, names: list[str]) -> None:
    assert [name for name, _ in leaves_of(tree, "y")] == names


@pytest.mark.parametrize("tree", [1, (1, [2]), {"a": {"b": (3, None)}}, Pair(1, 2), [Pair(1, {"c": 2})]])
def test_a_tree_is_rebuilt_in_its_form_and_in_the_order_of_its_leaves(tree: Any) -> None:
    leaves = iter([leaf for _, leaf in leaves_of(tree)])
    assert replaced(tree, lambda _: next(leaves)) == tree
    assert type(replaced(tree, lambda leaf: leaf)) is type(tree)


def test_lists_of_numbers_are_arrays_and_lists_of_arrays_are_none() -> None:
    array = np.ones(2)
    tree = with_arrays({"a": [[1, 2], [3, 4]], "b": [array, array], "c": [[1, 2], [3]], "d": (np.float64(1), 2)})
    assert tree["a"].shape == (2, 2)
    assert tree["b"][0] is array
    assert [part.shape for part in tree["c"]] == [(2,), (1,)]
    assert tree["d"].shape == (2,)
