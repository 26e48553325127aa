"""How work on a network is cut so that its arrays stay small: by units, columns and samples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.problems.networks.course import CourseNetwork
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["BLOCK", "cut", "dot_sizes", "width_behind"]

BLOCK = 2**17  # numbers in an array: 1 MiB


def cut(whole: slice, size: int) -> Iterator[slice]:
    """Cut a range into ranges of at most `size`, and of at least 1."""
    for start in range(whole.start, whole.stop, max(1, size)):
        yield slice(start, min(start + max(1, size), whole.stop))


def dot_sizes(W: Array, A: Array) -> Array:
    """Return |W| A, without an array as large as W."""
    rows = cut(slice(0, len(W)), BLOCK // W.shape[1])
    return np.concatenate([np.dot(np.abs(W[some]), A) for some in rows])


def width_behind(network: CourseNetwork, l: int) -> int:
    """Return the number of units of the largest layer that moves with Z_l, the outputs among them."""
    return max(len(network.Y), *(len(layer.Z) for layer in network.layers[l:]), 1)
