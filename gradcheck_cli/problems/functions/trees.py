"""Arrays in lists, tuples and dicts, one inside of another, as parameters are given: their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradcheck_cli.problems.functions.pytrees import of_kind
from gradcheck_cli.vocabulary.errors import ProblemError

__all__ = ["ONE_ARRAY", "flattened", "is_tree", "names_in", "tree_of_names"]

ONE_ARRAY = "x"  # the name of what comes without one
DEEPEST = 32  # containers one inside of another
STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")  # of a nested name: an attribute or a key, or a place in a list
NESTED = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[\d+\])+")
NUMBERED = re.compile(r"arr_(\d+)")  # numpy's own names for arrays that were saved without any


def is_tree(value: Any) -> bool:
    """Whether a value holds arrays, and is not one itself: numbers in lists are an array."""
    if isinstance(value, Mapping):
        return True
    return isinstance(value, list | tuple) and any(getattr(item, "shape", ()) != () or is_tree(item) for item in value)


def leaves(tree: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield what a tree holds with its name: ``W``, ``dense.W``, ``layers[0].W``, and in a list ``x[0]``.

    Raises
    ------
    ProblemError
        Where it is too deep, as one that holds itself is.
    """
    if depth > DEEPEST:
        raise ProblemError(f"the parameters are more than {DEEPEST} containers deep: does one hold itself?")
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from leaves(value, f"{name}.{key}" if name else str(key), depth + 1)
    elif is_tree(tree):
        for number, value in enumerate(tree):
            yield from leaves(value, f"{name or ONE_ARRAY}[{number}]", depth + 1)
    else:
        yield name or ONE_ARRAY, tree


def flattened(tree: Any) -> dict[str, Any]:
    """Return what a tree holds by its names.

    Raises
    ------
    ProblemError
        Where two have the same one.
    """
    found: dict[str, Any] = {}
    for name, value in leaves(tree):
        if name in found:
            raise ProblemError(f"two parameters are called {name}, expected each to have its own name")
        found[name] = value
    return found


def names_in(tree: Any, name: str = "") -> Any:
    """Return a tree of the same form, with the names in the places of what it holds."""
    if isinstance(tree, Mapping):
        return {key: names_in(value, f"{name}.{key}" if name else str(key)) for key, value in tree.items()}
    if is_tree(tree):
        return of_kind(tree, [names_in(value, f"{name or ONE_ARRAY}[{k}]") for k, value in enumerate(tree)])
    return name or ONE_ARRAY


def tree_of_names(names: Sequence[str]) -> Any:
    """Return the tree that names such as ``layers[0].W`` speak of, with the names in it; None where they speak of none.

    Names that numpy gave, arr_0, arr_1, ..., are those of a list.

    Examples
    --------
    >>> tree_of_names(["weights[0]", "weights[1]", "b"])
    {'weights': ['weights[0]', 'weights[1]'], 'b': 'b'}
    """
    if names and [NUMBERED.fullmatch(name) and name for name in names] == [f"arr_{k}" for k in range(len(names))]:
        return list(names)
    if not any(NESTED.fullmatch(name) for name in names):
        return None
    root: dict[Any, Any] = {}
    for name in names:
        steps = [int(number) if number else key for key, number in STEP.findall(name)]
        if not (NESTED.fullmatch(name) or steps == [name]) or not put(root, steps, name):
            return None
    found = with_lists(root)
    return found[ONE_ARRAY] if list(root) == [ONE_ARRAY] and isinstance(found[ONE_ARRAY], list) else found


def put(node: dict[Any, Any], steps: Sequence[Any], name: str) -> bool:
    """Put a name at the end of a way; False where another one is there or on it."""
    for step in steps[:-1]:
        node = node.setdefault(step, {})
        if not isinstance(node, dict):
            return False
    return node.setdefault(steps[-1], name) is name


def with_lists(node: Any) -> Any:
    """Return a tree with lists in the places of dicts whose keys are 0, 1, ..."""
    if not isinstance(node, dict):
        return node
    items = {key: with_lists(value) for key, value in node.items()}
    return [items[k] for k in range(len(items))] if set(items) == set(range(len(items))) else items
