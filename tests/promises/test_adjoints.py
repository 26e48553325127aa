"""A linear operator and its adjoint: right ones pass, wrong ones fail, whatever their scale and their arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_adjoint
from gradcheck_cli.errors import ProblemError
from gradcheck_cli.results import Verdict

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
