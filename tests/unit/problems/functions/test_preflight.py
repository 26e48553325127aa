from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.checks.gradients import check_gradient
from gradcheck_cli.vocabulary.errors import ProblemError, UserFunctionError
from gradcheck_cli.vocabulary.results import CheckReport, Verdict

POINT = {"w": np.array([1.5, -2.25]), "c": np.array([[0.75]])}


def loss(p: dict[str, Any]) -> Any:
    return (p["w"] ** 3).sum() + p["c"].sum() ** 2


def grad(p: dict[str, Any]) -> Any:
    return {"w": 3 * p["w"] ** 2, "c": 2 * p["c"]}


def noisy(size: float) -> Callable[[dict[str, Any]], Any]:
    random = np.random.default_rng(0)
    return lambda p: loss(p) + size * random.standard_normal()


def notes(report: CheckReport) -> str:
    return "\n".join(report.notes)


def test_nothing_is_said_of_a_plain_function() -> None:
    report = check_gradient(loss, grad, POINT)
    assert report.passed
    assert report.notes == ()


def test_a_loss_that_differs_a_little_is_checked_by_its_noise() -> None:
    report = check_gradient(noisy(1e-8), grad, POINT)
    assert report.verdict is not Verdict.FAIL
    assert "the loss differs from call to call at one point, by " in notes(report)


def test_and_a_wrong_gradient_still_fails() -> None:
    wrong = check_gradient(noisy(1e-8), lambda p: grad(p) | {"w": 2 * p["w"] ** 2}, POINT)
    assert [p.name for p in wrong.parameters if p.verdict is Verdict.FAIL] == ["w"]


def test_a_loss_that_differs_much_is_refused_and_seeding_is_explained() -> None:
    with pytest.raises(ProblemError, match=r"differs from call to call at one point: .* \(spread") as caught:
        check_gradient(noisy(0.1), grad, POINT)
    assert "default_rng(0)" in str(caught.value.hint)


def test_a_gradient_that_differs_is_refused_and_the_entry_named() -> None:
    calls = itertools.count(1)
    with pytest.raises(ProblemError, match=r"differs between two calls at one point: c\[0, 0\] is 1.0, then 2.0"):
        check_gradient(loss, lambda p: grad(p) | {"c": [[next(calls)]]}, POINT)


def test_a_gradient_that_differs_by_rounding_is_checked() -> None:
    calls = itertools.count()
    report = check_gradient(loss, lambda p: {k: v * (1 + 1e-12 * next(calls)) for k, v in grad(p).items()}, POINT)
    assert report.passed
    assert "the gradient differs between two calls" in notes(report)


@pytest.mark.parametrize("function", ["loss", "gradient"])
def test_a_function_that_changes_its_input_is_told(function: str) -> None:
    def spoil(p: dict[str, Any]) -> None:
        p["w"] *= 2

    def spoiling_loss(p: dict[str, Any]) -> Any:
        value = loss(p)
        spoil(p)
        return value

    def spoiling_gradient(p: dict[str, Any]) -> Any:
        value = grad(p)
        spoil(p)
        return value

    functions = (spoiling_loss, grad) if function == "loss" else (loss, spoiling_gradient)
    report = check_gradient(*functions, POINT)
    assert report.passed
    assert "modifies its input w (a copy; your arrays are safe)" in notes(report)


def test_a_function_that_changes_its_data_is_told() -> None:
    def spoiling(p: dict[str, Any], X: Any) -> Any:
        X += 1
        return loss(p) + X.sum()

    report = check_gradient(spoiling, lambda p, X: grad(p), POINT, data={"X": np.zeros(3)})
    assert report.passed
    assert "spoiling modifies its input X" in notes(report)


def test_a_function_that_changes_its_input_later_only_gets_copies_then() -> None:
    calls = itertools.count()

    def late(p: dict[str, Any]) -> Any:
        value = loss(p)
        if next(calls) > 40:
            p["w"][:] = 0
            p["c"] = p["c"] + 1
        return value

    assert check_gradient(late, grad, POINT).passed


class BoomError(Exception):
    pass


@given(st.integers(0, 60), st.sampled_from(["w", "c"]))
def test_the_callers_arrays_stay_as_they_are_whatever_happens(calls: int, name: str) -> None:
    point = {key: values.copy() for key, values in POINT.items()}
    X = np.array([np.nan, 1.0])
    count = itertools.count()

    def exploding(p: dict[str, Any], X: Any) -> Any:
        value = loss(p)
        p[name] += 7
        X[:] = 3
        if next(count) == calls:
            raise BoomError
        return value

    with contextlib.suppress(UserFunctionError):
        check_gradient(exploding, lambda p, X: grad(p), point, data={"X": X})
    for key, values in POINT.items():
        assert point[key].tobytes() == values.tobytes()
    assert np.isnan(X[0])


def test_parameters_that_share_memory_are_refused() -> None:
    W = np.arange(4.0).reshape(2, 2)
    with pytest.raises(ProblemError, match="parameters W and V share memory"):
        check_gradient(lambda p: 0.0, lambda p: p, {"W": W, "V": W[:, 1]})
    interleaved = {"even": W.ravel()[::2], "odd": W.ravel()[1::2]}
    assert check_gradient(lambda p: p["even"].sum(), lambda p: {"even": [1, 1], "odd": [0, 0]}, interleaved).passed


def test_a_loss_that_is_no_number_is_refused() -> None:
    with pytest.raises(ProblemError, match=r"what <lambda> returned is an array of shape \(2,\), expected one real"):
        check_gradient(lambda p: p["w"], grad, POINT)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_loss_in_float32_is_told_and_judged_by_its_noise(dtype: Any) -> None:
    def single(p: dict[str, Any]) -> Any:
        return dtype((p["w"].astype(np.float32) ** 3).sum() + np.square(np.float32(p["c"].sum())))

    report = check_gradient(single, grad, POINT)
    assert report.verdict is not Verdict.FAIL
    assert "computed in float32" in notes(report)
    wrong = check_gradient(single, lambda p: grad(p) | {"w": 2 * p["w"] ** 2}, POINT)
    assert wrong.verdict is Verdict.FAIL


def test_whole_numbers_are_no_float32() -> None:
    report = check_gradient(lambda p: float(np.round(1e3 * loss(p))), {"w": [0, 0], "c": [[0]]}, POINT)
    assert "float32" not in notes(report)


def test_a_parameter_without_effect_is_told() -> None:
    report = check_gradient(lambda p: p["c"].sum(), {"w": [0, 0], "c": [[1]]}, POINT)
    assert report.passed
    assert "the loss does not change with w: both gradients are zero there" in report.notes
    report = check_gradient(lambda p: p["c"].sum(), {"w": [0, 1], "c": [[1]]}, POINT)
    assert report.verdict is Verdict.FAIL
    assert "the loss does not change with w: the claimed gradient is not zero" in report.notes


def test_an_extra_gradient_is_told() -> None:
    report = check_gradient(loss, lambda p: grad(p) | {"V": 1}, POINT)
    assert report.passed
    assert "ignored V in the gradient: not a parameter" in report.notes


def test_a_loss_without_a_value_beside_the_point_is_no_error() -> None:
    def bounded(p: dict[str, Any]) -> float:
        if p["w"][0] > 1.6:
            raise ValueError("out of bounds")
        return float(loss(p))

    assert check_gradient(bounded, grad, POINT).passed
    with pytest.raises(UserFunctionError, match="bounded raised ValueError: out of bounds"):
        check_gradient(bounded, grad, {**POINT, "w": np.array([2.0, 1.0])})


def test_one_array_is_no_dict() -> None:
    with pytest.raises(UserFunctionError) as caught:
        check_gradient(lambda p: p["w"].sum(), [1.0], [1.0])
    assert "not in a dict" in str(caught.value.hint)
