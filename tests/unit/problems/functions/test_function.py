from __future__ import annotations

import warnings
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.checks.check import check
from gradcheck_cli.checks.gradients import check_gradient
from gradcheck_cli.problems.functions.function import call
from gradcheck_cli.problems.functions.returned import claimed_gradient, scalar_loss
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.networks.course_functions import with_own_functions
from gradcheck_cli.vocabulary.errors import ProblemError, UserFunctionError

POINT = {"w": np.array([1.0, -2.0]), "c": np.array([[3.0]])}


class Unreadable:
    """What an automatic differentiator's arrays do where they still hang on their graph."""

    def __array__(self, *args: object, **kwargs: object) -> np.ndarray[Any, Any]:
        raise RuntimeError("detach it first")


def square(p: dict[str, Any]) -> float:
    return float((p["w"] ** 2).sum() + p["c"].sum())


def right(p: dict[str, Any]) -> dict[str, Any]:
    return {"w": 2 * p["w"], "c": np.ones((1, 1)), "more": "ignored"}


def raiser(error: BaseException) -> Callable[..., Any]:
    def function(*arguments: object) -> None:
        raise error

    return function


def test_a_right_gradient_passes_and_a_wrong_one_fails() -> None:
    assert check_gradient(square, right, POINT).passed
    assert not check_gradient(square, lambda p: right(p) | {"w": 3 * p["w"]}, POINT).passed


def test_the_gradient_may_be_a_dict() -> None:
    assert check_gradient(square, {"w": [2.0, -4.0], "c": [[1]]}, POINT).passed


def test_what_a_function_does_to_its_arrays_stays_with_it() -> None:
    def spoiling(p: dict[str, Any]) -> float:
        value = square(p)
        p["w"][:] = 1e9
        p.clear()
        return value

    assert check_gradient(spoiling, right, POINT).passed
    np.testing.assert_array_equal(POINT["w"], [1.0, -2.0])


@pytest.mark.parametrize("value", [3, 3.0, True, np.float32(3), np.array([[3.0]]), np.array(3)])
def test_one_real_number_is_a_loss(value: object) -> None:
    assert scalar_loss(value, "the loss") == float(np.asarray(value).reshape(-1)[0])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "NoneType"),
        ("3", "str"),
        (3 + 0j, "complex"),
        (Decimal(3), "Decimal"),
        (np.zeros(3), r"shape \(3,\)"),
        ([], r"shape \(0,\)"),
        ([[1], [2, 3]], "list"),
        (Unreadable(), "Unreadable"),
        ({"J": 3.0}, "dict"),
    ],
)
def test_anything_else_is_no_loss(value: object, shown: str) -> None:
    with pytest.raises(ProblemError, match=rf"the loss is .*{shown}.*, expected one real number"):
        scalar_loss(value, "the loss")


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        (None, "returned NoneType, expected a dict with dw, dc"),
        ([1.0], "returned list"),
        ({}, "has no dw; it has nothing"),
        ({"dw": [1.0, 2.0]}, "has no dc; it has dw"),
        ({"dw": 1.0, "dc": [[1.0]]}, r"dw from f has shape \(\), expected \(2,\)"),
        ({"dw": [[1.0, 2.0]], "dc": [[1.0]]}, r"dw from f has shape \(1, 2\), expected \(2,\)"),
        ({"dw": [1.0, 2.0], "dc": [1.0]}, r"dc from f has shape \(1,\), expected \(1, 1\)"),
        ({"dw": [1j, 2j], "dc": [[1.0]]}, "dw from f is of dtype complex128"),
        ({"dw": ["1", "2"], "dc": [[1.0]]}, "dw from f is of dtype <U1"),
        ({"dw": [[1.0], [1.0, 2.0]], "dc": [[1.0]]}, "dw from f is list"),
        ({"dw": None, "dc": [[1.0]]}, "dw from f is of dtype object"),
        ({"dw": Unreadable(), "dc": [[1.0]]}, "dw from f is Unreadable"),
    ],
)
def test_a_claim_that_does_not_fit_is_refused_and_never_broadcast(claim: object, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        claimed_gradient(claim, POINT, "f", prefix="d")


def test_a_near_key_is_suggested() -> None:
    with pytest.raises(ProblemError) as caught:
        claimed_gradient({"dWW1": 1}, {"W1": np.zeros(1)}, "f", prefix="d")
    assert caught.value.hint == "did you mean 'dWW1'?"


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_claim_that_is_not_finite_fails(bad: float) -> None:
    assert not check_gradient(square, lambda p: right(p) | {"c": [[bad]]}, POINT).passed


class Outcome(BaseException):
    """What pytest.fail raises is of this kind: no Exception."""


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(0), Outcome("no"), MemoryError(), GeneratorExit()])
def test_whatever_a_function_raises_is_an_error_of_ours(error: BaseException) -> None:
    with pytest.raises(UserFunctionError, match=rf"function raised {type(error).__name__}") as caught:
        call(raiser(error))
    assert "in function" in caught.value.user_traceback
    assert "gradcheck_cli" not in caught.value.user_traceback


def test_an_interrupt_is_no_error_of_the_function() -> None:
    with pytest.raises(KeyboardInterrupt):
        call(raiser(KeyboardInterrupt()))


def test_the_message_of_an_error_of_many_lines_is_its_first() -> None:
    with pytest.raises(UserFunctionError) as caught:
        call(raiser(ValueError("first\nsecond")))
    assert caught.value.message == "function raised ValueError: first"
    assert "second" in caught.value.user_traceback


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "no parameters"),
        ({"w": []}, "w is empty"),
        ({"w": ["a"]}, "w has dtype"),
        ({"w": [1j, object()]}, "w is list"),
        ({"w": [float("nan")]}, "w contains NaN or infinity"),
    ],
)
def test_parameters_that_cannot_be_checked_are_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        check_gradient(lambda p: 0.0, lambda p: p, parameters)


def test_a_loss_that_is_not_finite_cannot_be_checked() -> None:
    with pytest.raises(ProblemError, match="nan"):
        check_gradient(lambda p: float("nan"), lambda p: p, {"w": [1.0]})


def forward(X: Any, Y: Any, parameters: dict[str, Any]) -> tuple[float, object]:
    network = built_in_case("default")
    return network.loss(parameters), parameters


def backward(X: Any, Y: Any, cache: Any) -> dict[str, Any]:
    network = built_in_case("default")
    gradient = network.gradient(cache if isinstance(cache, dict) else network.parameters)
    return {f"d{name}": values for name, values in gradient.items()} | {"dZ3": None}


@pytest.mark.parametrize(
    "functions", [(None, backward), (forward, None), (forward, backward)], ids=["backward", "forward", "both"]
)
def test_the_users_functions_stand_for_the_networks(functions: tuple[Any, Any]) -> None:
    assert check(with_own_functions(built_in_case("default"), *functions)).passed


@pytest.mark.parametrize("answer", [3.0, None, (1, 2, 3)])
def test_forward_must_return_a_pair(answer: object) -> None:
    with pytest.raises(ProblemError, match="expected a pair"):
        check(with_own_functions(built_in_case("default"), lambda X, Y, parameters: answer, None))


def test_the_users_functions_get_copies() -> None:
    network = built_in_case("default")

    def spoiling(X: Any, Y: Any, cache: Any) -> dict[str, Any]:
        gradients = backward(X, Y, cache)
        for array in (X, Y, *cache):
            array[:] = 7.0
        return gradients

    assert check(with_own_functions(network, None, spoiling)).passed
    np.testing.assert_array_equal(network.X, built_in_case("default").X)


def test_a_warning_in_the_users_function_is_its_own() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_gradient(lambda p: warnings.warn("mine", stacklevel=1) or square(p), right, POINT)
    assert {str(warning.message) for warning in caught} == {"mine"}
