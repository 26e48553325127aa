"""A linear operator and its adjoint: right ones pass, wrong ones fail, whatever their scale and their arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_adjoint
from gradcheck_cli.vocabulary.errors import ProblemError
from gradcheck_cli.vocabulary.results import Verdict

N = 64
_random = np.random.default_rng(0)
A = _random.normal(size=(40, N)) * 10.0 ** _random.integers(-8, 9, (40, 1))
C = _random.normal(size=(30, N)) + 1j * _random.normal(size=(30, N))
REAL, COMPLEX = np.zeros(N), np.zeros(N, complex)
Operator = Callable[[Any], Any]


def solver(matrix: Any, tolerance: float) -> Operator:
    """Return conjugate gradients that stop at a tolerance: linear to that tolerance and no further."""

    def solve(b: Any) -> Any:
        x, r = np.zeros_like(b), b.copy()
        p, rr = r.copy(), r @ r
        while rr > tolerance**2 * (b @ b):
            step = rr / (p @ matrix @ p)
            x, r = x + step * p, r - step * matrix @ p
            p, rr = r + (r @ r) / rr * p, r @ r
        return x

    return solve


SPD = np.eye(N) * 5 + A[:5].T @ A[:5] / np.max(A[:5] ** 2) + np.diag(np.arange(N))
RIGHT: dict[str, tuple[Operator, Operator, Any]] = {
    "rows of unlike size": (lambda v: A @ v, lambda u: A.T @ u, REAL),
    "cumsum": (np.cumsum, lambda u: np.cumsum(u[::-1])[::-1], REAL),
    "complex": (lambda v: C @ v, lambda u: C.conj().T @ u, COMPLEX),
    "fft": (np.fft.fft, lambda u: N * np.fft.ifft(u), COMPLEX),
    "fft of real": (np.fft.fft, lambda u: (N * np.fft.ifft(u)).real, REAL),
    "conjugate gradients": (solver(SPD, 1e-8), solver(SPD, 1e-8), REAL),
}
WRONG: dict[str, tuple[Operator, Operator, Any]] = {
    "no transpose of one row": (lambda v: C.real @ v, lambda u: C.real.T @ np.where(np.arange(30) == 3, 0, u), REAL),
    "one entry": (lambda v: C.real @ v, lambda u: np.where(np.arange(N) == 9, 1 + 1e-7, 1) * (C.real.T @ u), REAL),
    "no conjugate": (lambda v: C @ v, lambda u: C.T @ u, COMPLEX),
    "the inverse": (np.fft.fft, np.fft.ifft, COMPLEX),
    "itself": (np.cumsum, np.cumsum, REAL),
}


@pytest.mark.parametrize("kind", RIGHT)
def test_a_right_adjoint_passes_with_any_seed(kind: str) -> None:
    for seed in range(20):
        assert check_adjoint(*RIGHT[kind], seed=seed).verdict is Verdict.PASS


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_a_wrong_one_fails_with_any_seed(kind: str, scale: float) -> None:
    forward, adjoint, point = WRONG[kind]
    for seed in range(20):
        report = check_adjoint(lambda v: scale * forward(v), lambda u: scale * adjoint(u), point, seed=seed)
        assert report.verdict is Verdict.FAIL


def test_a_constant_factor_is_named() -> None:
    (finding,) = check_adjoint(np.fft.fft, np.fft.ifft, COMPLEX, seed=1).findings
    assert finding.code == "factor"
    assert finding.factor == pytest.approx(1 / N)


@pytest.mark.parametrize("forward", [np.abs, lambda v: v + 1, lambda v: np.clip(v, -1, 1)])
def test_what_is_not_linear_has_no_adjoint(forward: Operator) -> None:
    report = check_adjoint(forward, lambda u: u, REAL, seed=1)
    assert report.verdict is Verdict.FAIL
    assert report.findings[0].code == "not-linear"


@pytest.mark.parametrize(
    ("forward", "adjoint"),
    [
        (lambda v: v[:3], lambda u: u),
        (lambda v: v * np.nan, lambda u: u),
        (lambda v: "text", lambda u: u),
        (lambda v: v, lambda u: u * 1j),
    ],
)
def test_what_does_not_fit_is_an_error_of_ours(forward: Operator, adjoint: Operator) -> None:
    with pytest.raises(ProblemError):
        check_adjoint(forward, adjoint, REAL)


@pytest.mark.parametrize("constant", [1e-3, 1e-6, 1e-12])
def test_a_constant_that_is_added_is_no_part_of_a_linear_operator(constant: float) -> None:
    matrix = C.real
    for seed in range(10):
        report = check_adjoint(lambda v: matrix @ v + constant, lambda u: matrix.T @ u, REAL, seed=seed)
        assert report.verdict is Verdict.FAIL


@pytest.mark.parametrize("factor", [2.0, 1.001, 0.0])
def test_what_is_small_beside_other_entries_cannot_hide(factor: float) -> None:
    scales = np.array([1e12, 1.0, 1e-6])
    for seed in range(10):
        assert check_adjoint(lambda v: scales * v, lambda u: scales * u, np.zeros(3), seed=seed).verdict is Verdict.PASS
        wrong = scales * [1, 1, factor]
        report = check_adjoint(lambda v: scales * v, lambda u, wrong=wrong: wrong * u, np.zeros(3), seed=seed)
        assert report.verdict is Verdict.FAIL


VANDERMONDE = np.vander(np.linspace(0.1, 1.0, 10))
CHEBYSHEV = np.vander(np.exp(2j * np.pi * 0.8 * np.arange(10) / 10))
STIFF = np.linalg.matrix_power(2 * np.eye(40) - np.eye(40, k=1) - np.eye(40, k=-1), 3)
SOLVED: dict[str, tuple[Any, Any]] = {
    "vandermonde": (VANDERMONDE, REAL[:10]),
    "of whole numbers": (np.vander(np.arange(1.0, 11)), REAL[:10]),
    "complex": (CHEBYSHEV, COMPLEX[:10]),
    "rows of unlike size": (VANDERMONDE * 10.0 ** np.arange(-5, 5)[:, np.newaxis], REAL[:10]),
    "a chain": (np.roll(STIFF, 1, axis=0), REAL[:40]),
}


def solving(matrix: Any) -> tuple[Operator, Operator]:
    """Return the solver of a system of equations and that of its adjoint."""
    return lambda v: np.linalg.solve(matrix, v), lambda u: np.linalg.solve(matrix.conj().T, u)


def off_by(index: tuple[int, int], error: float) -> Callable[[Operator, Any], Operator]:
    """Return what makes of an adjoint one with a wrong entry."""

    def wrong(adjoint: Operator, point: Any) -> Operator:
        matrix = np.transpose([adjoint(unit) for unit in np.eye(len(point), dtype=point.dtype)])
        matrix[index] *= 1 + error
        return lambda u: matrix @ u

    return wrong


@pytest.mark.parametrize("kind", SOLVED)
def test_nearly_singular_equations_and_their_adjoint_pass(kind: str) -> None:
    matrix, point = SOLVED[kind]
    for seed in range(10):
        report = check_adjoint(*solving(matrix), point, seed=seed)
        assert report.verdict is Verdict.PASS
        assert any("nearly singular" in note for note in report.notes) or kind == "complex"


@pytest.mark.parametrize(
    "change",
    [
        off_by((3, 2), 1e-6),
        off_by((0, 9), 1e-6),
        off_by((9, 0), -1e-6),
        lambda adjoint, point: lambda u: 1.001 * adjoint(u),
        lambda adjoint, point: lambda u: adjoint(u)[::-1].copy(),
        lambda adjoint, point: lambda u: adjoint(np.where(np.arange(len(u)) == 4, 0, u)),
        lambda adjoint, point: lambda u: np.where(np.arange(len(u)) == 4, 0, adjoint(u)),
        lambda adjoint, point: lambda u: -adjoint(u),
        lambda adjoint, point: lambda u: adjoint(np.roll(u, 1)),
    ],
)
@pytest.mark.parametrize("kind", [kind for kind in SOLVED if kind != "of whole numbers"])  # four digits are left there
def test_a_wrong_adjoint_of_nearly_singular_equations_fails(kind: str, change: Any) -> None:
    matrix, point = SOLVED[kind]
    forward, adjoint = solving(matrix)
    for seed in range(3):
        assert check_adjoint(forward, change(adjoint, point), point, seed=seed).verdict is Verdict.FAIL


@pytest.mark.parametrize("kind", SOLVED)
def test_the_equations_themselves_are_no_adjoint_of_their_solver(kind: str) -> None:
    matrix, point = SOLVED[kind]
    forward, _ = solving(matrix)
    assert check_adjoint(forward, forward, point, seed=0).verdict is Verdict.FAIL
    shifted = matrix.T + 1e-6 * np.max(np.abs(matrix)) * np.eye(len(matrix))
    assert check_adjoint(forward, lambda u: np.linalg.solve(shifted, u), point, seed=0).verdict is Verdict.FAIL


@pytest.mark.parametrize("rank", [1, 5, 9])
def test_what_solves_nothing_has_no_excuse(rank: int) -> None:
    basis, _ = np.linalg.qr(C.real[:10, :10])
    matrix = basis[:, :rank] @ C.real[:rank, :10]
    for seed in range(10):
        assert check_adjoint(lambda v: matrix @ v, lambda u: matrix.T @ u, REAL[:10], seed=seed).verdict is Verdict.PASS
        wrong = matrix.T.copy()
        wrong[3, 3] *= 1 + 1e-6
        report = check_adjoint(lambda v: matrix @ v, lambda u, wrong=wrong: wrong @ u, REAL[:10], seed=seed)
        assert report.verdict is Verdict.FAIL


def test_a_clip_that_random_vectors_do_not_reach_is_seen() -> None:
    matrix = np.arange(1.0, 13).reshape(3, 4)
    for hidden in (lambda u: np.clip(u, -20, 20), lambda u: np.where(np.abs(u) < 0.01, 0.0, u)):
        report = check_adjoint(lambda v: matrix @ v, lambda u, hidden=hidden: matrix.T @ hidden(u), np.ones(4))
        assert report.verdict is Verdict.FAIL
        assert report.findings[0].code == "not-linear"


@pytest.mark.parametrize("size", [1e-9, 1e-15])
def test_a_column_that_is_small_beside_the_others_does_not_hide(size: float) -> None:
    matrix = np.array([[1.0, size], [2.0, 3 * size]])
    wrong = matrix * [1.0, -1.0]
    for A, B in ((matrix, wrong), (matrix.T, wrong.T)):
        assert check_adjoint(lambda v, A=A: A @ v, lambda u, A=A: A.T @ u, np.ones(2)).verdict is Verdict.PASS
        assert check_adjoint(lambda v, A=A: A @ v, lambda u, B=B: B.T @ u, np.ones(2)).verdict is Verdict.FAIL


def test_products_that_are_all_zero_are_told_of() -> None:
    report = check_adjoint(lambda v: 0 * v, lambda u: 0 * u, np.ones(3))
    assert any("all products are zero" in note for note in report.notes)


@pytest.mark.parametrize("kept", [20, 50, 64])
def test_columns_that_are_zero_but_for_rounding_make_no_right_operator_wrong(kept: int) -> None:
    kernel = np.zeros(64)
    kernel[:5] = [1, -2, 0.5, 3, 1]
    K = np.fft.rfft(kernel)

    def convolved(v: Any) -> Any:
        return np.fft.irfft(np.fft.rfft(v) * K, 64)[:kept]

    def correlated(u: Any) -> Any:
        return np.fft.irfft(np.fft.rfft(u, 64) * np.conj(K), 64)

    def convolved_again(u: Any) -> Any:
        return np.fft.irfft(np.fft.rfft(u, 64) * K, 64)

    for seed in range(4):
        assert check_adjoint(convolved, correlated, np.zeros(64), seed=seed).verdict is Verdict.PASS
        assert check_adjoint(convolved, convolved_again, np.zeros(64), seed=seed).verdict is Verdict.FAIL
