"""Nested dicts, lists and tuples of arrays: their leaves by key path, as ``layers.0.w``, and the same with others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

__all__ = ["leaves_of", "of_kind", "replaced", "with_arrays"]

LISTS = (list, tuple)  # and not named tuples, which are no rows of an array
NUMBERS = (int, float, np.number)


def leaves_of(tree: Any, root: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a tree with their key paths, in order; None is no leaf.

    Parameters
    ----------
    tree : object
        Mappings, lists and tuples, one in another; anything else is a leaf.
    root : str, optional
        The name of the tree itself: of a leaf that stands alone, and before the number of a list's element.

    Examples
    --------
    >>> list(leaves_of({"a": 1, "b": [2, {"c": 3}]}))
    [('a', 1), ('b.0', 2), ('b.1.c', 3)]
    >>> list(leaves_of((1, {"c": 3}), "y"))
    [('y0', 1), ('y1.c', 3)]
    """
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _below(value, str(key))
    elif isinstance(tree, list | tuple):
        names = getattr(tree, "_fields", None) or [f"{root}{k}" for k in range(len(tree))]
        for name, value in zip(names, tree, strict=True):
            yield from _below(value, name)
    elif tree is not None:
        yield root, tree


def _below(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping | list | tuple):
        yield from ((f"{name}.{path}", leaf) for path, leaf in leaves_of(value))
    elif value is not None:
        yield name, value


def replaced(tree: Any, leaf_for: Callable[[Any], Any]) -> Any:
    """Return a tree of the same form, with what `leaf_for` makes of each leaf in its place; they are asked in order.

    Examples
    --------
    >>> replaced({"a": 1, "b": [2, None]}, lambda leaf: 10 * leaf)
    {'a': 10, 'b': [20, None]}
    """
    if isinstance(tree, Mapping):
        return {key: replaced(value, leaf_for) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return of_kind(tree, [replaced(value, leaf_for) for value in tree])
    return None if tree is None else leaf_for(tree)


def of_kind(like: Any, items: list[Any]) -> Any:
    """Return items in a list, a tuple or a named tuple, whichever another one is."""
    if hasattr(like, "_fields"):
        return type(like)(*items)
    return tuple(items) if isinstance(like, tuple) else items


def with_arrays(tree: Any) -> Any:
    """Return a tree in which lists and tuples of nothing but numbers are arrays.

    Examples
    --------
    >>> with_arrays({"a": [[1, 2], [3, 4]], "b": [5.0, {}]})
    {'a': array([[1, 2],
           [3, 4]]), 'b': [5.0, {}]}
    """
    if isinstance(tree, Mapping):
        return {key: with_arrays(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        if tree and _are_numbers(tree):
            return np.array(tree)
        return of_kind(tree, [with_arrays(value) for value in tree])
    return tree


def _are_numbers(values: Any) -> bool:
    """Whether values are numbers, or lists of numbers of one shape."""
    each = [np.shape(value) if _are_numbers(value) else None for value in values] if type(values) in LISTS else []
    return isinstance(values, NUMBERS) or (bool(each) and None not in each and len(set(each)) == 1)
