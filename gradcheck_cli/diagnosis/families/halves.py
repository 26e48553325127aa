"""A square gradient as if it had to be symmetric: its symmetric part, a triangle, both halves added."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.mistake import EXACT, Guess, Mistake, TensorCase
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["TENSOR"]


def halves(case: TensorCase) -> Iterator[Guess]:
    """Guess what becomes of G where it is made symmetric, or where only a part of it is kept."""
    G = case.expected
    if G.ndim == 2 and min(G.shape) > 1:
        for value, words, code in (*triangles(G), *(parts(G) if G.shape[0] == G.shape[1] else ())):
            yield Guess(value, f"{{it}} is {words}", code=code)


def triangles(G: Array) -> Iterator[tuple[Array, str, str]]:
    """Yield the triangles of a matrix of any shape."""
    for triangle, words in ((np.triu, "upper"), (np.tril, "lower")):
        yield triangle(G), f"the {words} triangle of the right gradient", "half-stored"


def parts(G: Array) -> Iterator[tuple[Array, str, str]]:
    """Yield the parts, how each is called, and their codes."""
    diagonal = np.diag(np.diag(G))
    yield (G + G.T) / 2, "the symmetric part of the right gradient, (G + G^T) / 2", "made-symmetric"
    yield (G - G.T) / 2, "the antisymmetric part of the right gradient, (G - G^T) / 2", "made-symmetric"
    yield G + G.T, "the right gradient plus its transpose", "made-symmetric"
    twice = "the right gradient with every off-diagonal entry doubled: G + G^T - diag(G)"
    yield G + G.T - diagonal, twice, "off-diagonal-doubled"
    yield (G + diagonal) / 2, "the right gradient with every off-diagonal entry halved", "off-diagonal-doubled"
    for triangle, words in ((np.triu, "upper"), (np.tril, "lower")):
        yield triangle(G + G.T) - diagonal, f"the {words} triangle of G + G^T, for both halves", "half-stored"
    yield diagonal, "the diagonal of the right gradient", "half-stored"
    yield G - diagonal, "the right gradient without its diagonal", "half-stored"


TENSOR = (
    Mistake(
        "made-symmetric", EXACT, halves, "does the loss treat the two halves of a symmetric matrix as one parameter?"
    ),
)
