"""Named arrays and the one vector they make."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "PIECE",
    "Array",
    "ComplexArray",
    "Parameters",
    "dictionary_to_vector",
    "norm",
    "not_finite_positions",
    "vector_to_dictionary",
]

Array: TypeAlias = NDArray[np.float64]
ComplexArray: TypeAlias = NDArray[np.complex128]
Parameters: TypeAlias = Mapping[str, Array]
Number = TypeVar("Number", bound=np.generic)
PIECE = 2**16  # numbers that are worked on at once where a vector may be very long


def dictionary_to_vector(arrays: Parameters) -> Array:
    """Join named arrays, in their order and each row by row, into one vector.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Arrays of any shapes.

    Returns
    -------
    ndarray of shape (n,)
        A copy; n is the number of all entries.
    """
    return np.concatenate([np.empty(0), *(np.ravel(array) for array in arrays.values())])


def vector_to_dictionary(vector: NDArray[Number], like: Parameters) -> dict[str, NDArray[Number]]:
    """Cut a vector into arrays with the names and shapes of `like`: the inverse of `dictionary_to_vector`.

    Parameters
    ----------
    vector : ndarray of shape (n,)
        The entries of all arrays.
    like : mapping of str to ndarray
        Arrays with n entries together.
    """
    ends = np.cumsum([array.size for array in like.values()])
    parts = np.split(vector, ends[:-1])
    return {name: part.reshape(like[name].shape) for name, part in zip(like, parts, strict=True)}


def not_finite_positions(values: Array, most: int) -> list[int]:
    """Return where the first few entries are that are not finite, counted row by row."""
    flat, found = values.reshape(-1), list[int]()
    for start in range(0, flat.size, PIECE):
        found += (start + np.flatnonzero(~np.isfinite(flat[start : start + PIECE]))).tolist()
        if len(found) >= most:
            break
    return found[:most]


def norm(vector: Array) -> float:
    """Return the Euclidean norm; scaled, so that neither large nor small entries overflow or vanish in squaring."""
    if vector.size > PIECE:  # a copy of it may not fit into the memory
        flat = vector.reshape(-1)
        return norm(np.array([norm(flat[k : k + PIECE]) for k in range(0, flat.size, PIECE)]))
    largest = float(np.max(np.abs(vector), initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(vector / largest))
