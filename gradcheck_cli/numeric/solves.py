"""What rounding may make of an operator that solves equations, and of its adjoint.

A stable solver of A x = v returns S (I + F) v, where S is the inverse of A and norm(F) is about eps cond(A): all its
digits may be lost along the large singular directions of S, and hardly any along the small ones. So two right solvers,
of A and of its adjoint, differ by D = S F - G S. In the singular vectors of S that is

    |u_k* D v_l| <= eps sqrt(n) (s_1 + STABLE cond (s_k + s_l)),

while a wrong entry, a lost transpose or a factor shows in every pair of directions (Higham, Accuracy and Stability of
Numerical Algorithms, 2002, chapters 7 and 9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.numeric.tolerances import EPS

__all__ = ["MOST_SOLVED", "SolveRounding", "rounding_of_solves"]

Matrix = NDArray[Any]

MOST_SOLVED = 512  # unknowns: every one takes a call of both operators
STABLE = 0.25  # times eps cond sqrt(n): LU, QR and Cholesky stay below a thirtieth of that
LARGEST_SHARE = 1e-2  # of an operator that rounding may take: beyond, nothing would be wrong
UNLIKE = 1e8  # times by which rows or columns differ in size, so that the small ones could hide


@dataclass(frozen=True)
class SolveRounding:
    """By how much two right operators may differ for rounding alone."""

    left: Matrix
    """Of shape (n, n): what makes coordinates of a cotangent u, as left @ u."""
    right: Matrix
    """The same of a tangent v."""
    bars: NDArray[np.float64]
    """Of shape (n, n): what the operators may differ by, for each pair of coordinates."""

    def bar(self, u: Matrix, v: Matrix) -> float:
        """Return what <u, S v> and <S* u, v> may differ by."""
        return float(np.abs(self.left @ u.ravel()) @ self.bars @ np.abs(self.right @ v.ravel()))


def rounding_of_solves(forward: Matrix, adjoint: Matrix) -> SolveRounding | None:
    """Return the rounding that explains how two matrices miss being adjoint; None where it does not.

    Parameters
    ----------
    forward, adjoint : ndarray of shape (n, n)
        What the operators make of the unit vectors, column by column.
    """
    rows, columns = of_like_size(forward)
    scaled = rows[:, np.newaxis] * forward * columns
    missed = rows[:, np.newaxis] * (forward - adjoint.conj().T) * columns
    try:
        left, sizes, right = np.linalg.svd(scaled)
    except np.linalg.LinAlgError:
        return None
    share = STABLE * EPS * np.sqrt(len(sizes)) * sizes[0]
    if not (sizes[-1] > 0 and 2 * share <= LARGEST_SHARE * sizes[-1]):
        return None  # singular to working precision
    bars = EPS * np.sqrt(len(sizes)) * sizes[0] + share / sizes[-1] * np.add.outer(sizes, sizes)
    if not np.all(np.abs(left.conj().T @ missed @ right.conj().T) <= bars):
        return None
    return SolveRounding(left.conj().T / rows, right / columns, bars)


def of_like_size(matrix: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what the rows and the columns are multiplied by where some are so small that they could hide."""
    rows, columns = np.ones(len(matrix)), np.ones(len(matrix))
    if is_unlike(np.max(np.abs(matrix), axis=1)):
        rows = 1 / np.max(np.abs(matrix), axis=1)
    scaled = np.max(np.abs(rows[:, np.newaxis] * matrix), axis=0)
    return rows, 1 / scaled if is_unlike(scaled) else columns


def is_unlike(sizes: NDArray[np.float64]) -> bool:
    """Whether sizes, none of them zero, are far apart."""
    return bool(np.min(sizes) > 0 and np.max(sizes) > UNLIKE * np.min(sizes))
