"""A JVP: right ones pass, wrong ones fail and are named, whatever the sizes of the parameters and their form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_jvp
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError
from gradcheck_cli.vocabulary.results import CheckReport, Verdict
from tests.zoo import Array

Named = Mapping[str, Array]
Jvp = Callable[..., dict[str, Array]]

_random = np.random.default_rng(0)
AT = {"x": _random.normal(size=(3, 4)), "w": _random.normal(size=(4, 2)), "b": 1e-6 * _random.normal(size=2)}


def layer(x: Array, w: Array, b: Array, scale: float = 1.0) -> dict[str, Array]:
    y = np.tanh(x @ w + b)
    return {"y": scale * y, "total": scale * y.sum()}


def right(p: Named, v: Named, scale: float = 1.0) -> dict[str, Array]:
    y = np.tanh(p["x"] @ p["w"] + p["b"])
    d = (1 - y * y) * (v["x"] @ p["w"] + p["x"] @ v["w"] + v["b"])
    return {"y": scale * d, "total": scale * d.sum()}


def of_tangents(**changes: Callable[[Array], Array]) -> Jvp:
    """Return a JVP that takes other tangents for those of some parameters."""
    return lambda p, v, scale=1.0: right(p, {k: changes.get(k, np.array)(t) for k, t in v.items()}, scale)


def of_derivatives(change: Callable[[Array], Array]) -> Jvp:
    """Return a JVP that makes something else of each derivative."""
    return lambda p, v, scale=1.0: {name: change(d) for name, d in right(p, v, scale).items()}


def by_difference(p: Named, v: Named, scale: float = 1.0) -> dict[str, Array]:
    moved = layer(**{k: p[k] + 1e-7 * v[k] for k in p}, scale=scale)
    return {name: (values - layer(**p, scale=scale)[name]) / 1e-7 for name, values in moved.items()}


WRONG: dict[str, Jvp] = {
    "a bias without a tangent": of_tangents(b=np.zeros_like),
    "a bias with the wrong sign": of_tangents(b=np.negative),
    "weights x 1.001": of_tangents(w=lambda t: 1.001 * t),
    "one entry x 1.001": of_tangents(x=lambda t: np.where(np.arange(12).reshape(3, 4) == 5, 1.001, 1) * t),
    "rows reversed": of_tangents(x=lambda t: t[::-1]),
    "the value": lambda p, v, scale=1.0: layer(**p, scale=scale),
    "an output that is lost": lambda p, v, scale=1.0: {**right(p, v, scale), "total": np.array(0.0)},
    "a mean for a sum": lambda p, v, scale=1.0: {**right(p, v, scale), "total": right(p, v, scale)["y"].mean()},
    "data that is not used": lambda p, v, scale=1.0: right(p, v),
    "no number": of_derivatives(lambda d: d * np.nan),
}
FAULTS: dict[str, tuple[Jvp, str]] = {
    "a constant": (of_derivatives(lambda d: d + 1e-9), "adds-a-constant"),
    "a clip": (of_derivatives(lambda d: np.clip(d, -100, 100)), "clips"),
    "an abs": (of_derivatives(np.abs), "clips"),
    "a difference": (by_difference, "clips"),
    "a mask of large ones": (of_derivatives(lambda d: np.where(np.abs(d) > 1e4, 0, d)), "clips"),
    "a product of tangents": (
        lambda p, v, scale=1.0: {n: d + v["x"].sum() * v["w"].sum() for n, d in right(p, v, scale).items()},
        "clips",
    ),
    "a median": (
        lambda p, v, scale=1.0: {n: d + np.median(v["x"]) for n, d in right(p, v, scale).items()},
        "not-linear",
    ),
}


def checked(jvp: Callable[..., Any], seed: int = 0) -> CheckReport:
    return check_jvp(layer, jvp, AT, data={"scale": 3.0}, seed=seed)


def test_a_right_jvp_passes_with_any_tangents() -> None:
    for seed in range(8):
        report = checked(right, seed)
        assert report.verdict is Verdict.PASS
        assert report.settings["seed"] == seed
    assert [row.name for row in report.parameters] == [f"d {o} / d v_{p}" for o in ("y", "total") for p in AT]


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_jvp_fails_with_any_tangents(kind: str) -> None:
    assert all(checked(WRONG[kind], seed).verdict is Verdict.FAIL for seed in range(4))


@pytest.mark.parametrize("kind", FAULTS)
def test_a_jvp_that_is_not_linear_is_named(kind: str) -> None:
    jvp, code = FAULTS[kind]
    for seed in range(3):
        report = checked(jvp, seed)
        assert report.verdict is Verdict.FAIL
        assert report.findings[0].code == code


def test_a_jvp_that_changes_from_call_to_call_fails() -> None:
    calls = []

    def counting(p: Named, v: Named, scale: float) -> dict[str, Array]:
        calls.append(1)
        return {name: (1 + 1e-6 * len(calls)) * d for name, d in right(p, v, scale).items()}

    report = checked(counting)
    assert report.verdict is Verdict.FAIL
    assert report.findings[0].code == "changes-its-cache"


def test_the_parameter_whose_tangent_is_wrong_is_told() -> None:
    report = checked(WRONG["weights x 1.001"])
    failed = {row.name for row in report.parameters if row.verdict is Verdict.FAIL}
    assert failed == {"d y / d v_w", "d total / d v_w"}
    assert "d y / d v_w: all of it is 1.001 times the right one" in [f.message for f in report.findings]


@pytest.mark.parametrize("place", range(5))
def test_entries_of_unlike_size_and_zeros_cannot_hide(place: int) -> None:
    at, units = np.array([1e-9, 1.0, 0.0, 1e6, 1e-17]), np.array([1e9, 1.0, 1.0, 1e-6, 1.0])

    def waves(x: Array) -> Array:
        return np.cumsum(np.sin(x) * units)

    for seed in range(3):
        jvp = check_jvp(waves, lambda x, v: np.cumsum(np.cos(x) * units * v), at, seed=seed)
        assert jvp.verdict is Verdict.PASS
        factors = np.where(np.arange(5) == place, 1.01, 1.0)
        wrong = check_jvp(waves, lambda x, v, f=factors: np.cumsum(np.cos(x) * units * f * v), at, seed=seed)
        assert wrong.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("function", "jvp", "point"),
    [
        (lambda x: float((x**2).sum()), lambda x, v: 2 * (x * v).sum(), [1.0, 2.0]),
        (lambda x: x**2, lambda x, v: (x**2, 2 * x * v), [1.0, 2.0]),
        (lambda x: x**2, lambda x, v: 2 * x * v, 3.0),
        (
            lambda x, w: (x * w, x + w),
            lambda p, v: (v["x"] * p["w"] + p["x"] * v["w"], v["x"] + v["w"]),
            {"x": [1.0, 2.0], "w": [3.0, 0.0]},
        ),
        (
            lambda p: (p["x"] * p["w"], p["x"] + p["w"]),
            lambda p, v: (
                (p["x"] * p["w"], p["x"] + p["w"]),
                (v["x"] * p["w"] + p["x"] * v["w"], v["x"] + v["w"]),
            ),
            {"x": [1.0, 2.0], "w": [3.0, 0.0]},
        ),
    ],
)
def test_outputs_and_parameters_may_have_any_form(function: Any, jvp: Any, point: Any) -> None:
    report = check_jvp(function, jvp, point, seed=1)
    assert report.verdict is Verdict.PASS
    assert not any("value" in note for note in report.notes)


def test_a_wrong_value_beside_the_derivative_is_remarked_on() -> None:
    report = check_jvp(lambda x: x**2, lambda x, v: (x**3, 2 * x * v), [2.0, 3.0], seed=1)
    assert report.verdict is Verdict.PASS
    assert "the value that the JVP returns with the derivative is not the function's" in report.notes


def test_functions_may_write_to_what_they_are_given() -> None:
    at, factors = np.array([1.0, 2.0]), np.array([3.0, 4.0])

    def rude(x: Array, v: Array, d: Array) -> Array:
        found = 2 * x * v * d
        x[:], v[:], d[:] = 0, 0, 0
        return found

    report = check_jvp(lambda x, d: x**2 * d, rude, at, data={"d": factors}, seed=1)
    assert report.verdict is Verdict.PASS
    assert "the JVP modifies the tangents that it is given (copies; your arrays are safe)" in report.notes
    np.testing.assert_array_equal(at, [1, 2])
    np.testing.assert_array_equal(factors, [3, 4])


@pytest.mark.parametrize("at_zero", [0.0, 0.5, 1.0])
def test_any_convention_at_a_kink_passes(at_zero: float) -> None:
    report = check_jvp(
        lambda x: np.maximum(x, 0), lambda x, v: v * np.where(x == 0, at_zero, x > 0), [0.0, 1.0, -1.0, 0.0], seed=2
    )
    assert report.verdict is Verdict.PASS


def test_what_is_beyond_a_kink_fails() -> None:
    report = check_jvp(np.abs, lambda x, v: v * np.where(x == 0, 2, np.sign(x)), [0.0, 1.0, -1.0, 0.0], seed=2)
    assert report.verdict is Verdict.FAIL


def test_a_derivative_in_float32_passes() -> None:
    at = np.random.default_rng(3).normal(size=30)
    for seed in range(10):
        report = check_jvp(
            lambda x: x**2 * np.sin(x),
            lambda x, v: ((2 * x * np.sin(x) + x**2 * np.cos(x)) * v.astype(np.float32)).astype(np.float32),
            at,
            seed=seed,
        )
        assert report.verdict is Verdict.PASS


def test_many_outputs_take_few_evaluations() -> None:
    matrix = np.random.default_rng(0).normal(size=(20_000, 5))

    def jvp(x: Array, v: Array) -> Array:
        return np.asarray((1 - np.tanh(matrix @ x) ** 2) * (matrix @ v))

    at = np.random.default_rng(1).normal(size=5)
    report = check_jvp(lambda x: np.tanh(matrix @ x), jvp, at, seed=1)
    assert report.verdict is Verdict.PASS
    assert report.evaluations < 100
    factors = np.where(np.arange(20_000) == 777, 1.001, 1.0)
    wrong = check_jvp(lambda x: np.tanh(matrix @ x), lambda x, v: factors * jvp(x, v), at, seed=1)
    assert wrong.verdict is Verdict.FAIL
    assert wrong.parameters[0].worst.name.startswith("d y[777] / d v_x[")


@pytest.mark.parametrize(
    "jvp", [lambda x, v: v[:1], lambda x, v: "text", lambda x, v: None, lambda x, v: {"z": v}, lambda x, v: v * 1j]
)
def test_what_does_not_fit_is_an_error_of_ours(jvp: Any) -> None:
    with pytest.raises(ProblemError):
        check_jvp(lambda x: x**2, jvp, [1.0, 2.0])


def test_a_cache_is_for_a_backward_pass() -> None:
    with pytest.raises(ProblemError) as caught:
        check_jvp(lambda x: (x**2, {"x": x}), lambda x, v: 2 * x * v, [1.0, 2.0])
    assert "--backward" in str(caught.value.hint)


@pytest.mark.parametrize("settings", [{"tangents": 0}, {"tangents": 1.5}, {"seed": -1}, {"name": 3}, {"data": 3}])
def test_settings_are_checked(settings: Any) -> None:
    with pytest.raises(SettingError):
        check_jvp(lambda x: x**2, lambda x, v: 2 * x * v, [1.0, 2.0], **settings)


# against a backward pass


def forward(x: Array, w: Array) -> tuple[Array, Any]:
    y = np.tanh(x @ w)
    return y, (x, w, y)


def of_forward(p: Named, v: Named) -> Array:
    y = np.tanh(p["x"] @ p["w"])
    return np.asarray((1 - y * y) * (v["x"] @ p["w"] + p["x"] @ v["w"]))


def backward(d: Array, cache: Any) -> tuple[Array, Array]:
    x, w, y = cache
    return d * (1 - y * y) @ w.T, x.T @ (d * (1 - y * y))


BOTH = {"x": AT["x"], "w": AT["w"]}


def test_a_jvp_and_a_backward_pass_that_fit_together_pass() -> None:
    for seed in range(10):
        report = check_jvp(forward, of_forward, BOTH, backward=backward, seed=seed)
        assert report.verdict is Verdict.PASS
    assert [row.name for row in report.parameters][2:] == ["u . J v_x", "u . J v_w"]
    assert any("fit together" in note for note in report.notes)


def test_a_wrong_backward_pass_is_told_from_a_wrong_jvp() -> None:
    def wrong(d: Array, cache: Any) -> tuple[Array, Array]:
        dx, dw = backward(d, cache)
        return dx, 1.0001 * dw

    report = check_jvp(forward, of_forward, BOTH, backward=wrong, seed=1)
    assert report.verdict is Verdict.FAIL
    assert [row.name for row in report.parameters if row.verdict is Verdict.FAIL] == ["u . J v_w"]
    assert "differences confirm the JVP" in report.findings[-1].message


def test_two_that_are_wrong_alike_fit_together_and_fail() -> None:
    report = check_jvp(
        forward,
        lambda p, v: 2 * of_forward(p, v),
        BOTH,
        backward=lambda d, cache: tuple(2 * g for g in backward(d, cache)),
        seed=1,
    )
    assert report.verdict is Verdict.FAIL
    assert [row.verdict for row in report.parameters] == [Verdict.FAIL] * 2 + [Verdict.PASS] * 2
    assert "the backward pass agrees with the JVP, so it is wrong as well" in report.notes


def test_a_backward_pass_that_is_wrong_in_a_small_output_does_not_fit_the_jvp() -> None:
    def function(x: Array) -> Array:
        return np.array([1e6 * x[0], 1e-6 * np.sin(x[1])])

    def jvp(x: Array, v: Array) -> Array:
        return np.array([1e6 * v[0], 1e-6 * np.cos(x[1]) * v[1]])

    for factor, expected in ((1.0, Verdict.PASS), (1.5, Verdict.FAIL)):
        report = check_jvp(
            lambda x: (function(x), x),
            jvp,
            [0.3, 0.4],
            backward=lambda u, x, factor=factor: np.array([1e6 * u[0], factor * 1e-6 * np.cos(x[1]) * u[1]]),
        )
        assert report.verdict is expected
