"""A matrix that is, or is off by, one column times one row: an outer product too much, too little, or alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.mistake import LOOSE, Guess, Mistake, TensorCase
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["TENSOR", "is_nearly_outer"]


def rank_one(case: TensorCase) -> Iterator[Guess]:
    """Tell an outer product from the gradient of a matrix alone; that of one sample is one."""
    if case.expected.ndim != 2 or min(case.expected.shape) < 3:
        return
    if not (is_nearly_outer(case.claim) or is_nearly_outer(case.claim - case.expected)):
        return
    off = case.evidence.wrong_entries(case.name, case.expected)
    if min(off.any(axis=0).sum(), off.any(axis=1).sum()) < 2:  # one row, or one column, is of rank one whatever it is
        return
    before, now = (int((size > 1e-7 * size[0]).sum()) for size in singular_values(case.expected, case.claim))
    if before > 1:
        yield Guess(outer(case.claim), "{it} is one column times one row, like that of a single sample")
        value = case.expected + outer(case.claim - case.expected)
        if now == before - 1:
            yield Guess(value, "{it} lacks one column times one row, as if one sample were left out")
        yield Guess(value, "{it} is off by one column times one row, as if one sample had another weight")


def singular_values(*matrices: Array) -> Iterator[Array]:
    """Yield the singular values of each, the largest first."""
    yield from (np.asarray(np.linalg.svd(matrix, compute_uv=False), dtype=float) for matrix in matrices)


def is_nearly_outer(matrix: Array) -> bool:
    """Whether a matrix may be of rank one: then any of its rows and columns make all of it; a glance before the SVD."""
    i, j = np.unravel_index(np.argmax(np.abs(matrix)), matrix.shape)
    largest = matrix[i, j]
    if not largest:
        return False
    return bool(np.max(np.abs(matrix - np.outer(matrix[:, j], matrix[i]) / largest)) <= 1e-3 * abs(largest))


def outer(matrix: Array) -> Array:
    """Return the nearest matrix of rank one."""
    U, s, V = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(s[0] * np.outer(U[:, 0], V[0]))


TENSOR = (
    Mistake("rank-one", LOOSE, rank_one, "look for an outer product, such as that of one sample, in the line of {it}"),
)
