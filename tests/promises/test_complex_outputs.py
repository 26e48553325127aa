"""Complex outputs: layers by each convention, and Jacobians of functions that are holomorphic or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gradcheck_cli import CheckReport, check_jacobian, check_layer
from gradcheck_cli.vocabulary.errors import ProblemError
from gradcheck_cli.vocabulary.results import Verdict

Complex = NDArray[Any]
_random = np.random.default_rng(11)


def drawn(*shape: int) -> Complex:
    return _random.normal(size=shape) + 1j * _random.normal(size=shape)


A, Z, X = drawn(3, 4), drawn(4), _random.normal(size=4)
POINT = {"W": drawn(3, 4), "z": drawn(4), "b": _random.normal(size=3)}


def forward(p: dict[str, Complex]) -> tuple[Any, Any]:
    y = p["W"] @ p["z"] + p["b"]
    return {"y": y, "power": np.abs(y) ** 2}, (p["W"], p["z"], y)


def backward(u: dict[str, Complex], cache: Any) -> dict[str, Complex]:
    W, z, y = cache
    e = u["y"] + 2 * y * u["power"]
    return {"W": np.outer(e, z.conj()), "z": W.conj().T @ e, "b": e.real}


def by_jax(u: dict[str, Complex], cache: Any) -> dict[str, Complex]:
    return {name: np.conj(g) for name, g in backward({**u, "y": u["y"].conj()}, cache).items()}


def by_wirtinger(u: dict[str, Complex], cache: Any) -> dict[str, Complex]:
    found = backward({**u, "y": 2 * u["y"].conj()}, cache)
    return {name: np.conj(g) / 2 if name != "b" else g for name, g in found.items()}


BACKWARDS = {"torch": backward, "jax": by_jax, "wirtinger": by_wirtinger}


@pytest.mark.parametrize("own", BACKWARDS)
@pytest.mark.parametrize("other", BACKWARDS)
def test_a_layer_is_right_by_its_own_convention_and_that_of_another_is_named(own: str, other: str) -> None:
    report = check_layer(forward, BACKWARDS[other], POINT, complex=own, seed=1)
    assert report.passed == (own == other)
    if own != other:
        assert f"right in {other}'s convention" in report.findings[0].message


WRONG: dict[str, tuple[str, Callable[[dict[str, Complex], Any], dict[str, Complex]]]] = {
    "no conj in a product": ("unknown", lambda g, c: {**g, "W": g["W"] / c[1].conj() * c[1]}),
    "half of one": ("factor", lambda g, c: {**g, "z": g["z"] / 2}),
    "real part of one": ("half-missing", lambda g, c: {**g, "W": g["W"].real}),
    "conjugate of one": ("conjugate", lambda g, c: {**g, "z": g["z"].conj()}),
    "one number": ("few-entries", lambda g, c: {**g, "z": g["z"] * (1 + 0.01 * (np.arange(4) == 2))}),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_layer_fails_and_is_named(wrong: str) -> None:
    code, change = WRONG[wrong]
    report = check_layer(forward, lambda u, c: change(backward(u, c), c), POINT, seed=1)
    assert report.verdict is Verdict.FAIL
    assert {finding.code for finding in report.findings} == {code}
    assert not any("[0, 0, " in text for text in (*report.notes, *report.reasons))


def test_a_complex_output_that_is_almost_real_has_one_size() -> None:
    def real(z: Complex) -> Complex:
        return np.asarray(z * z.conj() + 0j)

    assert check_layer(real, lambda u: 2 * Z * u.real, Z, seed=1).verdict is Verdict.PASS


def test_a_transform_of_real_numbers_has_a_real_adjoint() -> None:
    assert check_layer(np.fft.fft, lambda u: (X.size * np.fft.ifft(u)).real, X, seed=1).passed
    assert check_layer(np.fft.rfft, lambda u: np.fft.irfft(u, 4) * 4, X, seed=1).verdict is Verdict.FAIL
    with pytest.raises(ProblemError):
        check_layer(np.fft.fft, lambda u: X.size * np.fft.ifft(u), X, seed=1)


def tanh(z: Complex) -> Complex:
    return np.asarray(np.tanh(A @ z))


def slopes(z: Complex) -> Complex:
    return np.asarray((1 - np.tanh(A @ z) ** 2)[:, None] * A)


def cubic(z: Complex) -> Complex:
    return np.asarray(A @ (z * np.abs(z) ** 2))


BY_Z, BY_CONJ = A * 2 * np.abs(Z) ** 2, A * Z**2


def named(report: CheckReport, code: str) -> bool:
    return report.verdict is Verdict.FAIL and [finding.code for finding in report.findings] == [code]


def test_a_holomorphic_function_is_told_of_and_its_wrong_jacobians_are_named() -> None:
    report = check_jacobian(tanh, slopes, Z)
    assert report.passed
    assert "y is holomorphic in x at this point: d y / d conj(x) is zero" in report.notes
    assert report.parameters[0].entries[1].name == "d y[0].real / d x[0].imag"
    assert named(check_jacobian(tanh, lambda z: slopes(z).conj(), Z), "conjugate")
    assert named(check_jacobian(tanh, lambda z: slopes(z) / 2, Z), "factor")
    assert named(check_jacobian(tanh, slopes(Z) * (1 + 0.01 * (np.arange(12).reshape(3, 4) == 5)), Z), "few-entries")
    assert named(check_jacobian(tanh, slopes(Z).real, Z), "half-missing")


def test_a_function_that_is_not_holomorphic_needs_both_derivatives() -> None:
    report = check_jacobian(cubic, (BY_Z, BY_CONJ), Z)
    assert report.passed
    assert any("y is not holomorphic in x" in note for note in report.notes)
    assert named(check_jacobian(cubic, BY_Z, Z), "not-holomorphic")
    assert named(check_jacobian(cubic, BY_CONJ, Z), "conjugate")
    assert named(check_jacobian(cubic, (BY_CONJ, BY_Z), Z), "swapped")
    assert check_jacobian(cubic, (BY_Z, 1.001 * BY_CONJ), Z).verdict is Verdict.FAIL
    assert check_jacobian(np.conj, (np.zeros((4, 4)), np.eye(4)), Z).passed


def test_between_real_and_complex_numbers() -> None:
    assert check_jacobian(np.fft.fft, np.fft.fft(np.eye(4)), X).passed
    assert named(check_jacobian(np.fft.fft, np.fft.fft(np.eye(4)).conj(), X), "conjugate")
    for convention, claim in (("torch", 2 * Z), ("jax", 2 * Z.conj()), ("wirtinger", Z.conj())):
        assert check_jacobian(lambda z: np.abs(z) ** 2, np.diag(claim), Z, complex=convention).passed
    assert named(check_jacobian(lambda z: np.abs(z) ** 2, np.diag(2 * Z.conj()), Z), "conjugate")
    assert check_jacobian(np.exp, np.exp, np.array(1 + 2j)).passed
    with pytest.raises(ProblemError, match=r"expected \(3, 4\)"):
        check_jacobian(tanh, slopes(Z).T, Z)


@pytest.mark.parametrize(("factor", "expected"), [(1.0, Verdict.PASS), (2.0, Verdict.FAIL)])
def test_a_sparse_jacobian_of_complex_numbers_is_checked_as_a_dense_one(factor: float, expected: Verdict) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    z = np.array([1 + 2j, 0.5 - 1j])
    report = check_jacobian(lambda z: z**2, lambda z: sparse.csr_array(np.diag(2 * factor * z)), z)
    assert report.verdict is expected
