"""What rounding may make of solvers, told from mistakes."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli.numeric.solves import rounding_of_solves
from gradcheck_cli.vocabulary.parameters import Array


def solvers(matrix: Array) -> tuple[Array, Array]:
    """Return what solving makes of the unit vectors, with a matrix and with its transpose."""
    one = np.eye(len(matrix))
    return np.asarray(np.linalg.solve(matrix, one), dtype=float), np.asarray(
        np.linalg.solve(matrix.T, one), dtype=float
    )


def graded(condition: float) -> Array:
    random = np.random.default_rng(0)
    left, right = (np.linalg.qr(random.normal(size=(30, 30)))[0] for _ in range(2))
    return np.asarray(left * np.logspace(0, -np.log10(condition), 30) @ right)


@pytest.mark.parametrize("condition", [1e2, 1e6, 1e10, 1e12])
def test_rounding_explains_two_right_solvers(condition: float) -> None:
    forward, adjoint = solvers(graded(condition))
    found = rounding_of_solves(forward, adjoint)
    assert found is not None
    random = np.random.default_rng(1)
    for _ in range(20):
        u, v = random.normal(size=(2, 30))
        assert abs(u @ (forward @ v) - (adjoint @ u) @ v) <= found.bar(u, v)


@pytest.mark.parametrize("condition", [1e2, 1e6, 1e10])
def test_it_does_not_explain_an_entry_of_one_that_is_wrong(condition: float) -> None:
    forward, adjoint = solvers(graded(condition))
    for place in [(0, 0), (3, 17), (29, 4)]:
        wrong = adjoint.copy()
        wrong[place] *= 1 + 1e-6
        assert rounding_of_solves(forward, wrong) is None


def test_rows_of_unlike_size_do_not_hide_one_another() -> None:
    scales = np.array([1e12, 1.0, 1e-6])
    assert rounding_of_solves(np.diag(scales), np.diag(scales)) is not None
    assert rounding_of_solves(np.diag(scales), np.diag(scales * [1, 1, 1.001])) is None


@pytest.mark.parametrize("matrix", [np.zeros((3, 3)), np.diag([1.0, 1.0, 0.0]), np.diag([1.0, np.nan, 1.0])])
def test_what_no_solver_can_be_has_no_excuse(matrix: Array) -> None:
    assert rounding_of_solves(matrix, matrix) is None
