"""What a verdict promises of a gradient that was computed in less than float64, or only looks like it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check, check_gradient
from gradcheck_cli.checks.scalar import check_scalar
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.networks.fixtures import load_fixture, save_fixture
from gradcheck_cli.problems.saved_gradients import saved_gradients
from gradcheck_cli.problems.scalar import ScalarModel
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import CheckReport, Verdict
from tests.support import run

random = np.random.default_rng(0)
QUERIES, KEYS, VALUES, WEIGHTS = (random.normal(size=(32, 16)) for _ in range(4))


def attention(kind: Any) -> dict[str, Any]:
    """Return the gradient of (softmax(q k^T / 4) v * weights).sum() by q, k and v, computed in `kind`."""
    q, k, v, d = (a.astype(kind) for a in (QUERIES, KEYS, VALUES, WEIGHTS))
    s = q @ k.T / kind(4)
    p = np.exp(s - s.max(1, keepdims=True))
    p = (p / p.sum(1, keepdims=True)).astype(kind)
    dp = d @ v.T
    ds = (p * (dp - (dp * p).sum(1, keepdims=True)) / kind(4)).astype(kind)
    return {"q": ds @ k, "k": ds.T @ q, "v": p.T @ d}


RIGHT = attention(np.float64)


def compared(mine: Mapping[str, Any], reference: Mapping[str, Any] = RIGHT, **settings: Any) -> CheckReport:
    return check(saved_gradients(mine, reference, "mine against reference"), epsilon="auto", **settings)


def failing(report: CheckReport) -> list[str]:
    return [p.name for p in report.parameters if p.verdict is Verdict.FAIL]


# a saved gradient is judged by its dtype


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.dtype(">f2"), np.dtype(">f4")])
def test_a_right_gradient_passes_in_the_dtype_it_was_saved_in(kind: Any) -> None:
    saved = {name: array.astype(kind) for name, array in attention(np.dtype(kind).newbyteorder("=").type).items()}
    report = compared(saved)
    assert report.passed
    assert f"was saved in {np.dtype(kind).name}, so it is judged by that" in report.notes[-1]
    assert compared(saved, precision="float64").verdict is Verdict.FAIL


def test_one_wrong_entry_of_a_half_precision_gradient_is_named_alone() -> None:
    wrong = attention(np.float16)
    wrong["k"][5, 3] += np.float16(0.1)
    report = compared(wrong)
    assert failing(report) == ["k"]
    assert [(f.code, f.where, f.indices) for f in report.findings] == [("single-entry", "dk", ("k[5, 3]",))]


def test_a_factor_of_a_half_precision_gradient_is_named_alone() -> None:
    wrong = attention(np.float16)
    wrong["k"] *= np.float16(1.05)
    report = compared(wrong)
    assert failing(report) == ["k"]
    (finding,) = report.findings
    assert (finding.code, finding.where) == ("factor", "dk")
    assert finding.factor == pytest.approx(1.05, rel=2e-3)


def test_the_dtype_of_one_parameter_loosens_no_other() -> None:
    report = compared({**RIGHT, "q": attention(np.float16)["q"], "k": RIGHT["k"] * (1 + 1e-5)})
    assert failing(report) == ["k"]


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_bars_of_a_saved_gradient_scale_with_its_array(size: float) -> None:
    single = {name: size * array.astype(np.float64) for name, array in attention(np.float32).items()}
    saved = {name: array.astype(np.float32) for name, array in single.items()}
    right = {name: size * array for name, array in RIGHT.items()}
    assert compared(saved, right).passed
    saved["v"][1, 2] *= np.float32(1.01)
    saved["v"][1, 2] += np.float32(1e-4 * size)
    assert failing(compared(saved, right)) == ["v"]


def test_error_bars_of_the_reference_do_not_take_the_place_of_rounding() -> None:
    bars = {f"{name}__error": np.full(array.shape, 1e-9) for name, array in RIGHT.items()}
    assert compared(attention(np.float16), {**RIGHT, **bars}).passed


def test_a_gradient_handed_over_in_half_precision_is_judged_by_that() -> None:
    point = random.normal(size=20)

    def loss(x: Array) -> float:
        return float((x**3).sum())

    half = (3 * point**2).astype(np.float16)
    assert check_gradient(loss, half, point).passed
    assert check_gradient(loss, half, point, mode="screen", seed=1).verdict is not Verdict.FAIL  # bars of 4 %
    assert check_gradient(loss, half, point, precision="float64").verdict is Verdict.FAIL
    assert check_gradient(loss, half.astype(float), point).verdict is Verdict.FAIL
    half[7] *= np.float16(1.2)
    wrong = check_gradient(loss, half, point)
    assert [f.indices for f in wrong.findings] == [("x[7]",)]
    assert check_gradient(loss, half, point, mode="screen", seed=1).verdict is Verdict.FAIL


@pytest.mark.parametrize("epsilon", [1e-7, "auto"])
def test_a_claim_of_a_fixture_is_judged_by_its_dtype(tmp_path: Path, epsilon: Any) -> None:
    network = built_in_case("default")
    save_fixture(network, tmp_path / "net.npz")
    arrays = dict(np.load(tmp_path / "net.npz"))
    claim = {f"d{name}": g.astype(np.float16) for name, g in network.gradient(network.parameters).items()}
    np.savez(tmp_path / "half.npz", **{**arrays, **claim})
    assert check(load_fixture(tmp_path / "half.npz"), epsilon=epsilon).passed
    claim["dW2"][1, 1] += np.float16(np.abs(claim["dW2"]).max())
    np.savez(tmp_path / "wrong.npz", **{**arrays, **claim})
    assert failing(check(load_fixture(tmp_path / "wrong.npz"), epsilon=epsilon)) == ["W2"]


@pytest.mark.parametrize(("precision", "least", "most"), [("float16", 1e-4, 0.05), ("bfloat16", 1e-3, 0.4)])
def test_a_precision_may_be_asked_for(precision: str, least: float, most: float) -> None:
    def off_by(share: float) -> dict[str, Array]:
        return {name: array * (1 + share * np.sign(array)) for name, array in RIGHT.items()}

    report = compared(off_by(least), precision=precision)
    assert report.passed
    assert report.notes == (f"judged as {precision} arithmetic, as asked for",)
    assert compared(off_by(most), precision=precision).verdict is Verdict.FAIL


@pytest.mark.parametrize(("precision", "share"), [("float32", 1e-7), ("float16", 9e-4), ("bfloat16", 7e-3)])
def test_the_scalar_model_takes_every_precision(precision: str, share: float) -> None:
    model = ScalarModel(2.0, 4.0, 2.0 * (1 + share))
    assert check_scalar(model, epsilon="auto", precision=precision).passed
    assert check_scalar(ScalarModel(2.0, 4.0, 2.0 * (1 + 20 * share)), precision=precision).verdict is Verdict.FAIL


# errors that only look like float32's


def cross_entropy() -> tuple[Any, Any, dict[str, Array]]:
    """Return a loss with the guard log(p + 1e-7), a gradient that leaves it out, and a point."""
    draw = np.random.default_rng(0)
    X, T = draw.normal(size=(5, 6)), np.eye(3)[[0, 2, 1, 1, 0]]
    point = {"W1": draw.normal(size=(6, 4)) / 2, "b1": np.zeros(4), "W2": draw.normal(size=(4, 3)) / 2}

    def forward(p: Mapping[str, Array]) -> tuple[Array, Array]:
        h = np.tanh(X @ p["W1"] + p["b1"])
        e = np.exp(h @ p["W2"])
        return h, e / e.sum(1, keepdims=True)

    def loss(p: Mapping[str, Array]) -> float:
        return float(-np.sum(T * np.log(forward(p)[1] + 1e-7)) / len(X))

    def gradient(p: Mapping[str, Array]) -> dict[str, Array]:
        h, y = forward(p)
        d = (y - T) / len(X)
        dh = d @ p["W2"].T * (1 - h**2)
        return {"W1": X.T @ dh, "b1": dh.sum(0), "W2": h.T @ d}

    return loss, gradient, point


def test_a_guard_that_the_gradient_leaves_out_is_a_doubt_and_offered() -> None:
    loss, gradient, point = cross_entropy()
    report = check_gradient(loss, gradient, point)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert not report.findings
    assert "or a guard such as log(p + 1e-7)" in report.reasons[0]
    assert "cannot resolve" not in " ".join(report.reasons)
    assert check_gradient(loss, gradient, point, precision="float32").passed


def test_a_parameter_keeps_its_verdict_where_another_one_is_wrong() -> None:
    loss, gradient, point = cross_entropy()

    def wrong(p: Mapping[str, Array]) -> dict[str, Array]:
        g = gradient(p)
        return {**g, "W1": g["W1"] + np.cos(9 * p["W1"]) / 50}

    before = {p.name: p.verdict for p in check_gradient(loss, gradient, point).parameters}
    report = check_gradient(loss, wrong, point)
    assert {p.name: p.verdict for p in report.parameters} == {**before, "W1": Verdict.FAIL}
    assert [f.where for f in report.findings] == ["dW1"]


@pytest.mark.parametrize("slip", [5e-7, 2e-6, 1e-5])
def test_one_entry_off_is_no_rounding(slip: float) -> None:
    def rosenbrock(x: Array) -> float:
        return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())

    def gradient(x: Array) -> Array:
        g, inner = np.zeros_like(x), x[1:] - x[:-1] ** 2
        g[:-1] = -400 * x[:-1] * inner - 2 * (1 - x[:-1])
        g[1:] += 200 * inner
        g[0] *= 1 + slip
        return g

    assert check_gradient(rosenbrock, gradient, np.array([-1.2, 1, -1.2, 1])).verdict is Verdict.FAIL


def test_a_common_factor_is_no_rounding() -> None:
    wrong = {name: array * (1 + 5e-7) for name, array in RIGHT.items()}
    assert failing(compared(wrong)) == ["q", "k", "v"]


def test_a_gradient_of_float32_numbers_passes_with_a_note() -> None:
    single = {name: array.astype(np.float64) for name, array in attention(np.float32).items()}
    report = compared(single)
    assert report.passed
    assert report.notes == (
        "the analytic gradient is off by float32 rounding, so it is judged by that precision;"
        " --precision float64 refuses it",
    )


# a reference of some entries only


def test_entries_without_a_reference_are_not_checked_and_counted() -> None:
    part = {name: np.full(array.shape, np.nan) for name, array in RIGHT.items()}
    part["q"][3, :5] = RIGHT["q"][3, :5]
    wrong = {name: array.copy() for name, array in RIGHT.items()}
    wrong["q"][4] *= 2
    wrong["k"] *= 2
    report = compared(wrong, part)
    assert report.passed
    assert report.notes == ("5 of 1,536 entries have a reference; the others are not checked",)
    assert report.entry_count == 5
    wrong["q"][3, 2] *= -1
    report = compared(wrong, part)
    assert failing(report) == ["q"]
    assert report.parameters[0].worst.name == "q[3, 2]"


def test_a_claim_that_is_not_finite_fails_where_there_is_no_reference_too() -> None:
    part = {"x": np.array([np.nan, np.nan, 1.0])}
    report = compared({"x": np.array([1.0, np.inf, 1.0])}, part)
    assert report.verdict is Verdict.FAIL
    assert report.reasons[0] == "the analytic gradient is not finite: x[1] is inf"
    assert compared({"x": np.array([5.0, 5.0, 1.0])}, part).passed


def test_a_partial_reference_may_have_error_bars() -> None:
    part = {"x": np.array([np.nan, 2.0]), "x__error": np.array([np.nan, 0.1])}
    assert compared({"x": np.array([7.0, 2.05])}, part).passed
    assert not compared({"x": np.array([7.0, 2.2])}, part).passed


def test_the_command_says_how_much_was_compared(tmp_path: Path) -> None:
    np.savez(tmp_path / "half.npz", x=np.array([1.0, 2.0, 3.0], np.float16))
    np.savez(tmp_path / "part.npz", x=np.array([1.0003, np.nan, 3.0]))
    result = run("compare", "half.npz", "part.npz", cwd=tmp_path)
    assert result.returncode == 0
    assert "2 of 3 entries have a reference; the others are not checked" in result.stdout
    assert "was saved in float16" in result.stdout
    assert run("compare", "half.npz", "part.npz", "--precision", "float32", cwd=tmp_path).returncode == 1
