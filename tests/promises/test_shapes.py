"""A gradient of another shape than its parameter: the rest is checked as well, and it never passes."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli import Verdict, check_backward, check_gradient
from gradcheck_cli.vocabulary.errors import ProblemError
from tests.zoo import Array

X = np.random.default_rng(0).normal(size=(4, 6))
POINT = {"W": np.random.default_rng(1).normal(size=(3, 4)), "b": np.array([[0.1], [0.2], [-0.3]])}


def loss(p: dict[str, Array]) -> float:
    return float(np.mean(np.tanh(p["W"] @ X + p["b"]) ** 2))


def gradient(p: dict[str, Array], axis: int | tuple[int, ...] | None = 1, keepdims: bool = True) -> dict[str, Array]:
    a = np.tanh(p["W"] @ X + p["b"])
    d = 2 * a * (1 - a**2) / a.size
    return {"W": d @ X.T, "b": np.sum(d, axis=axis, keepdims=keepdims)}


@pytest.mark.parametrize(("axis", "keepdims"), [(None, False), (None, True), (0, True)])
def test_what_numpy_broadcasts_in_an_update_is_wrong_and_the_rest_is_checked(axis: int | None, keepdims: bool) -> None:
    point = {"W": np.random.default_rng(1).normal(size=(3, 4)), "b": np.ones((3, 1))}
    if axis == 0:
        point["b"] = np.random.default_rng(2).normal(size=(3, 6))
        full = gradient(point, axis=())["b"]
        report = check_gradient(loss, lambda p: gradient(p) | {"b": full.mean(axis=0, keepdims=True)}, point)
    else:
        report = check_gradient(loss, lambda p: gradient(p, axis, keepdims), point)
    assert {row.name: row.verdict for row in report.parameters} == {"W": Verdict.PASS, "b": Verdict.FAIL}
    assert "b from the gradient has shape" in "".join(report.notes)


def test_a_lost_axis_is_refused_where_every_number_is_right() -> None:
    point = {"W": POINT["W"], "b": np.array([[0.3]])}
    for misfit in (np.sum, lambda d: np.sum(d).reshape(1)):
        with pytest.raises(ProblemError, match=r"b from the gradient has shape .*, expected \(1, 1\)") as caught:
            check_gradient(loss, lambda p, misfit=misfit: gradient(p) | {"b": misfit(gradient(p)["b"])}, point)
        assert "keepdims=True" in str(caught.value.hint)


@pytest.mark.parametrize("classic", [False, True])
def test_so_it_is_where_another_parameter_is_wrong(classic: bool) -> None:
    point = {"W": POINT["W"], "b": np.array([[0.3]])}
    report = check_gradient(
        loss, lambda p: {"W": 2 * gradient(p)["W"], "b": np.sum(gradient(p)["b"])}, point, classic=classic
    )
    assert report.verdict is Verdict.FAIL
    assert "b from the gradient has shape (), expected (1, 1)" in "".join(report.notes)


def test_what_numpy_does_not_broadcast_is_refused() -> None:
    for shaped in (lambda b: b[:, 0], lambda b: b[:2], lambda b: np.ones((3, 2))):
        with pytest.raises(ProblemError, match="b from the gradient has shape"):
            check_gradient(loss, lambda p, shaped=shaped: gradient(p) | {"b": shaped(gradient(p)["b"])}, POINT)


def test_the_course_s_biases_without_an_axis_are_named() -> None:
    def backward(X: Array, Y: Array, cache: tuple[Array, ...]) -> dict[str, Array]:
        _, A1, _, _, _, A2, W2, _, _, A3, W3, _ = cache
        dZ3 = A3 - Y
        dZ2 = W3.T @ dZ3 * (A2 > 0)
        dZ1 = W2.T @ dZ2 * (A1 > 0)
        found = {}
        for l, dZ, A in ((1, dZ1, X), (2, dZ2, A1), (3, dZ3, A2)):
            found[f"dW{l}"], found[f"db{l}"] = dZ @ A.T / 3, np.sum(dZ) / 3
        return found

    report = check_backward(backward, case="default")
    assert {row.name for row in report.parameters if row.verdict is Verdict.FAIL} == {"b1", "b2"}
    assert [finding.code for finding in report.findings] == ["wrong-axis", "wrong-axis"]
