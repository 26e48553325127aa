"""Complex parameters: right gradients pass by each convention, and what another one would give is named by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gradcheck_cli import CheckReport, check_gradient
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError
from gradcheck_cli.vocabulary.results import EntryVerdict, Verdict

Complex = NDArray[np.complex128]
Named = Mapping[str, Complex]
_random = np.random.default_rng(7)


def drawn(*shape: int) -> Complex:
    return _random.normal(size=shape) + 1j * _random.normal(size=shape)


A, Y, M, TARGET = drawn(5, 3), drawn(5), drawn(4, 4), drawn(2)


def phases(p: Named) -> Any:
    return np.sum(np.abs(np.fft.ifft(p["z"])) ** 3)


def phases_gradient(p: Named) -> dict[str, Complex]:
    f = np.fft.ifft(p["z"])
    return {"z": 3 * np.fft.fft(np.abs(f) * f) / f.size}


def bilinear(p: Named) -> Any:
    return np.sum(np.abs(p["W"] @ p["z"] + p["b"] - TARGET) ** 2)


def bilinear_gradient(p: Named) -> dict[str, Any]:
    e = p["W"] @ p["z"] + p["b"] - TARGET
    return {"W": 2 * np.outer(e, p["z"].conj()), "z": 2 * p["W"].conj().T @ e, "b": 2 * e.real}


LOSSES: dict[str, tuple[Callable[[Named], Any], Callable[[Named], dict[str, Any]], dict[str, Any]]] = {
    "least squares": (
        lambda p: np.sum(np.abs(A @ p["z"] - Y) ** 2),
        lambda p: {"z": 2 * A.conj().T @ (A @ p["z"] - Y)},
        {"z": drawn(3)},
    ),
    "spectrum": (phases, phases_gradient, {"z": drawn(8)}),
    "real part of a cube": (
        lambda p: np.sum((p["z"] ** 3).real),
        lambda p: {"z": 3 * np.conj(p["z"] ** 2)},
        {"z": drawn(2, 3)},
    ),
    "hermitian form": (
        lambda p: (p["z"].conj() @ M @ p["z"]).real,
        lambda p: {"z": (M + M.conj().T) @ p["z"]},
        {"z": drawn(4)},
    ),
    "phase": (
        lambda p: np.sum(np.angle(p["z"]) ** 2),
        lambda p: {"z": 2j * np.angle(p["z"]) * p["z"] / np.abs(p["z"]) ** 2},
        {"z": drawn(5)},
    ),
    "complex and real": (bilinear, bilinear_gradient, {"W": drawn(2, 3), "z": drawn(3), "b": _random.normal(size=2)}),
}
"""Loss, gradient dJ/dx + i dJ/dy, point."""
CONVENTIONS: dict[str, Callable[[Any], Any]] = {
    "torch": lambda g: g,
    "jax": np.conj,
    "wirtinger": lambda g: np.conj(g) / 2,
}
DISTORTIONS: dict[str, Callable[[Any], Any]] = {
    "its conjugate": np.conj,
    "half of it": lambda g: g / 2,
    "half its conjugate": lambda g: np.conj(g) / 2,
    "only the real part": lambda g: g.real,
    "only the imaginary part": lambda g: 1j * g.imag,
    "i times it": lambda g: 1j * g,
    "its absolute value": np.abs,
    "-i times its conjugate": lambda g: -1j * np.conj(g),
}


def checked(name: str, convention: str, change: Callable[[Any], Any] = lambda g: g, **settings: Any) -> CheckReport:
    loss, gradient, point = LOSSES[name]

    def claim(p: Named) -> dict[str, Any]:
        return {
            n: change(CONVENTIONS[convention](g)) if np.iscomplexobj(point[n]) else g for n, g in gradient(p).items()
        }

    return check_gradient(loss, claim, point, complex=convention, **settings)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("name", LOSSES)
def test_a_right_gradient_passes_by_each_convention(name: str, convention: str) -> None:
    assert checked(name, convention).verdict is Verdict.PASS


@pytest.mark.parametrize("distortion", DISTORTIONS)
@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("name", LOSSES)
def test_a_distorted_one_fails_and_is_named(name: str, convention: str, distortion: str) -> None:
    report = checked(name, convention, DISTORTIONS[distortion])
    assert report.verdict is Verdict.FAIL
    (finding,) = report.findings
    assert f"not the right gradient but {distortion}" in finding.message


@pytest.mark.parametrize("own", CONVENTIONS)
@pytest.mark.parametrize("other", CONVENTIONS)
def test_the_convention_of_somebody_else_is_named(own: str, other: str) -> None:
    loss, gradient, point = LOSSES["least squares"]
    report = check_gradient(loss, CONVENTIONS[other](gradient(point)["z"]), point, complex=own)
    if own == other:
        assert report.passed
    else:
        assert f"that is {other}'s convention" in report.findings[0].message
        assert report.findings[0].help.endswith(f"--complex {other}")


def test_entries_are_named_by_their_halves_and_one_wrong_number_is_found() -> None:
    loss, gradient, point = LOSSES["complex and real"]

    def claim(p: Named) -> dict[str, Any]:
        found = gradient(p)
        found["W"][0, 1] += 0.01j
        return found

    report = check_gradient(loss, claim, point)
    row = report.parameters[0]
    assert (row.worst.name, row.worst.verdict) == ("W[0, 1].imag", EntryVerdict.DISAGREES)
    assert [entry.name for entry in row.entries[:3]] == ["W[0, 0].real", "W[0, 0].imag", "W[0, 1].real"]
    assert [finding.indices for finding in report.findings] == [("W[0, 1].imag",)]


def test_an_entry_that_is_almost_real_has_one_size() -> None:
    z = np.array([1 + 1e-9j, -2 + 0j, 1e-12 + 0.5j])
    gradient = 2 * z.conj()
    assert check_gradient(lambda z: np.sum((z**2).real), lambda z: 2 * z.conj(), z).passed
    for k, half in ((0, 1j), (0, 1.0), (1, 1j), (2, 1.0)):
        claim = gradient.copy()
        claim[k] += 1e-4 * half
        assert check_gradient(lambda z: np.sum((z**2).real), claim, z).verdict is Verdict.FAIL


def test_a_loss_that_caches_by_the_id_of_its_array_gets_new_ones() -> None:
    for factor, verdict in ((2.0, Verdict.PASS), (2.1, Verdict.FAIL)):
        seen: dict[int, float] = {}

        def loss(z: Complex, seen: dict[int, float] = seen) -> float:
            return seen.setdefault(id(z), float(np.sum(np.abs(z) ** 2)))

        assert check_gradient(loss, lambda z, c=factor: c * z, drawn(4)).verdict is verdict


def test_at_the_kink_of_a_modulus_both_halves_may_be_zero() -> None:
    def unit(z: Complex) -> Complex:
        return np.where(z == 0, 0, z / np.where(z == 0, 1, np.abs(z)))

    z = np.array([0, 1 + 1j, 0.5])
    assert check_gradient(lambda z: np.sum(np.abs(z)), unit, z).passed
    assert check_gradient(lambda z: np.sum(np.abs(z)), lambda z: unit(z) + (z == 0) * 5, z).verdict is Verdict.FAIL


def test_further_points_are_complex() -> None:
    def bent(p: Named) -> dict[str, Complex]:
        return {"z": np.where(p["z"].real > 3, 1.1, 1.0) * LOSSES["least squares"][1](p)["z"]}

    point = {"z": np.array([1 + 1j, 2 - 1j, 1j])}
    report = check_gradient(LOSSES["least squares"][0], bent, point, points=6)
    assert report.verdict is Verdict.FAIL
    assert report.point is not None
    assert np.iscomplexobj(report.point["z"])
    assert (report.point["z"].real > 3).any()


def test_a_screen_names_the_halves_and_no_relation_that_few_entries_have_by_chance() -> None:
    report = checked("complex and real", "torch", lambda g: g.T.reshape(g.shape), mode="screen", seed=3)
    assert report.verdict is Verdict.FAIL
    assert report.parameters[0].worst.name.endswith((".real", ".imag"))
    assert not any("times" in finding.message for finding in report.findings)


@pytest.mark.parametrize(
    ("gradient", "message"),
    [
        (lambda p: {"z": 2 * p["z"][:1], "b": 1.0}, r"has shape \(1,\), expected \(2,\)"),
        (lambda p: {"z": 2 * p["z"], "b": 1 + 0j}, "b from the gradient is complex, but b is real"),
        (lambda p: {"b": 1.0}, "has no z"),
        (lambda p: {"z": ["a", "b"], "b": 1.0}, "expected complex numbers"),
    ],
)
def test_what_is_no_gradient_is_refused(gradient: Callable[[Any], Any], message: str) -> None:
    point = {"z": np.array([1j, 2]), "b": 1.0}
    with pytest.raises(ProblemError, match=message):
        check_gradient(lambda p: np.sum(np.abs(p["z"]) ** 2) + p["b"], gradient, point)


def test_a_complex_loss_is_refused_with_the_way_out_and_so_is_an_unknown_convention() -> None:
    with pytest.raises(ProblemError, match="expected one real number") as error:
        check_gradient(lambda z: np.sum(z * z.conj()), lambda z: 2 * z, drawn(2))
    assert ".real" in str(error.value.hint)
    with pytest.raises(SettingError, match="expected one of torch, jax, wirtinger"):
        check_gradient(lambda z: np.sum(np.abs(z)), lambda z: z, drawn(2), complex="tf")
    with pytest.raises(ProblemError, match="NaN or infinity"):
        check_gradient(lambda z: np.sum(np.abs(z)), lambda z: z, np.array([np.nan * 1j]))


@pytest.mark.parametrize("evaluations", [25, 60, 100])
def test_of_a_sample_nothing_is_named_that_is_not_seen(evaluations: int) -> None:
    matrix, target, z = drawn(40, 30), drawn(40), drawn(30)

    def loss(z: Complex) -> Any:
        return np.sum(np.abs(matrix @ z - target) ** 2)

    claim = 1j * matrix.conj().T @ (matrix @ z - target)
    report = check_gradient(loss, claim, z, mode="full", max_evals=evaluations)
    assert report.verdict is Verdict.FAIL
    assert not any(finding.code == "zero" for finding in report.findings)


def test_the_caller_s_arrays_stay_as_they_are() -> None:
    z = drawn(3)
    kept = z.copy()

    def loss(z: Complex) -> Any:
        z *= 2
        return np.sum(np.abs(z) ** 2)

    assert check_gradient(loss, lambda z: 8 * z, z).passed
    np.testing.assert_array_equal(z, kept)
