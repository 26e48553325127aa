"""The forms in which a user's functions come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcheck_cli.checks.gradients import check_gradient
from gradcheck_cli.problems.functions.make import function_problem
from gradcheck_cli.vocabulary.errors import ExtraError, ProblemError, SettingError
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import Verdict

POINT = {"w": np.array([1.5, -2.25]), "c": np.array([[0.75]])}


def loss(p: dict[str, Any]) -> Any:
    return (p["w"] ** 3).sum() + p["c"].sum() ** 2


def grad(p: dict[str, Any]) -> Any:
    return {"w": 3 * p["w"] ** 2, "c": 2 * p["c"]}


def square(x: Any) -> Any:
    return (x**2).sum()


@pytest.mark.parametrize("factor", [1, 1.5])
def test_a_tuple_in_the_parameters_order(factor: float) -> None:
    report = check_gradient(loss, lambda p: (factor * grad(p)["w"], grad(p)["c"]), POINT)
    assert report.passed == (factor == 1)


@pytest.mark.parametrize("factor", [1, 1.5])
def test_loss_and_gradient_at_once(factor: float) -> None:
    report = check_gradient(lambda p: (loss(p), {k: factor * v for k, v in grad(p).items()}), None, POINT)
    assert report.passed == (factor == 1)


@pytest.mark.parametrize("form", [lambda g: g, lambda g: (g,), lambda g: {"x": g}, list])
@pytest.mark.parametrize("size", [1, 3])
def test_one_array(form: Any, size: int) -> None:
    point = np.arange(1.0, size + 1)
    assert check_gradient(square, lambda x: form(2 * x), point).passed
    assert not check_gradient(square, lambda x: form(3 * x), point).passed


def test_one_number() -> None:
    assert check_gradient(lambda x: x**2, lambda x: 2 * x, 3.0).passed


def test_data_goes_to_both_functions_by_keyword() -> None:
    report = check_gradient(
        lambda x, *, scale, label: scale * square(x),
        lambda x, *, scale, label: scale * 2 * x,
        [1.0, 2.0],
        data={"scale": np.array(3.0), "label": "text"},
    )
    assert report.passed


def test_a_parameter_that_is_not_checked_needs_no_gradient() -> None:
    from gradcheck_cli.checks.check import check

    problem = function_problem(loss, lambda p: {"w": 3 * p["w"] ** 2}, POINT, data={}, only=("w",))
    report = check(problem, epsilon="auto")
    assert report.passed
    assert [p.name for p in report.parameters] == ["w"]


@pytest.mark.parametrize(
    ("gradient", "message"),
    [
        (lambda p: (1,), "returned 1 arrays, expected a dict with w, c, or a tuple of 2 arrays in this order"),
        (lambda p: p["w"], "returned ndarray, expected a dict with w, c"),
        (lambda p: {"w": p["w"]}, "the gradient has no c; it has w"),
        (lambda p: {"w": p["w"], "c": [1.0, 2.0]}, r"c from the gradient has shape \(2,\), expected \(1, 1\)"),
        (None, "returned float64, expected a pair"),
    ],
)
def test_a_gradient_of_another_form_is_refused(gradient: Any, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        check_gradient(loss, gradient, POINT)


@pytest.mark.parametrize("shapes", [((3, 1), (3,)), ((3,), (3, 1)), ((2, 3), (3, 2)), ((3,), ())])
def test_nothing_is_broadcast(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ProblemError, match="has shape"):
        check_gradient(square, lambda x: np.ones(shapes[1]), np.ones(shapes[0]))


def test_an_array_in_another_memory_order_is_read_by_its_entries() -> None:
    point = np.asfortranarray(np.arange(1.0, 7.0).reshape(2, 3))
    weights = np.arange(6.0).reshape(2, 3)
    assert check_gradient(lambda x: (weights * x**2).sum(), lambda x: 2 * weights * x, point).passed


def test_a_loss_that_is_no_function_is_refused() -> None:
    with pytest.raises(ProblemError, match="the loss is float, expected a function"):
        check_gradient(3.0, {"w": [1.0]}, {"w": [1.0]})  # type: ignore[arg-type]


def test_the_classic_rule_has_its_step() -> None:
    report = check_gradient(square, lambda x: 2 * x, [1.0, 2.0], classic=True)
    assert report.epsilon == 1e-7
    assert report.verdict is Verdict.PASS


def test_a_framework_that_is_not_there_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(ExtraError, match="autograd torch needs torch, which is not installed") as caught:
        check_gradient(square, None, [1.0], autograd="torch")
    assert caught.value.hint == "pip install 'gradcheck-cli[torch]'"
    with pytest.raises(SettingError, match="expected one of torch, jax, autograd"):
        check_gradient(square, None, [1.0], autograd="trch")
    with pytest.raises(ProblemError, match="expected one of them"):
        check_gradient(square, square, [1.0], autograd="torch")


def test_a_loss_with_an_argument_for_each_parameter_is_called_by_their_names() -> None:
    random = np.random.default_rng(0)
    U, M, R = random.normal(size=(4, 2)), random.normal(size=(3, 2)), random.normal(size=(4, 3))

    def loss(U: Array, M: Array, R: Array, reg: float = 0.1) -> float:
        return float(((U @ M.T - R) ** 2).sum() + reg * (U**2).sum())

    def gradient(U: Array, M: Array, R: Array, reg: float = 0.1) -> tuple[Array, Array]:
        errors = 2 * (U @ M.T - R)
        return errors @ M + 2 * reg * U, errors.T @ U

    point = {"U": U, "M": M}
    assert check_gradient(loss, gradient, point, data={"R": R}).passed
    assert not check_gradient(loss, lambda U, M, R: gradient(2 * U, M, R), point, data={"R": R}).passed


def test_a_loss_of_a_dict_stays_one_whatever_its_argument_is_called() -> None:
    point = {"U": np.ones(2), "M": np.ones(2)}
    assert check_gradient(lambda U: (U["U"] * U["M"]).sum(), lambda U: {"U": U["M"], "M": U["U"]}, point).passed
