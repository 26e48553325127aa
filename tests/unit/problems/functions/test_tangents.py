"""A JVP at a point: what it is given, what it may return, and its faults."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcheck_cli.problems.functions.outputs import outputs_of
from gradcheck_cli.problems.functions.tangents import ForwardMode, faults_of_jvp
from gradcheck_cli.vocabulary.errors import ProblemError

POINT = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}
V = {"a": np.array([1.0, -1.0]), "b": np.array([0.5, 2.0])}
W = {"a": np.array([0.7, 0.3]), "b": np.array([-1.0, 1.5])}


def of(jvp: Any) -> ForwardMode:
    return ForwardMode(jvp, outputs_of(POINT["a"] * POINT["b"], "the function"), POINT, {})


def product(p: Any, v: Any) -> Any:
    return v["a"] * p["b"] + p["a"] * v["b"]


def test_parameters_without_a_tangent_stay_where_they_are() -> None:
    assert of(product)({"a": V["a"]})["y"].tolist() == [3, -4]
    assert of(product)({})["y"].tolist() == [0, 0]


def test_a_pair_is_taken_apart_and_its_value_looked_at() -> None:
    right = of(lambda p, v: (p["a"] * p["b"], product(p, v)))
    assert (right.vector(V).tolist(), right.remarks) == ([3.5, 0.0], set())
    wrong = of(lambda p, v: (p["a"], product(p, v)))
    assert (wrong.vector(V).tolist(), len(wrong.remarks)) == ([3.5, 0.0], 1)


def test_what_is_no_derivative_of_the_outputs_is_refused() -> None:
    with pytest.raises(ProblemError, match=r"expected the derivative of y of shape \(2,\)"):
        of(lambda p, v: np.ones(3))(V)


def test_a_right_one_has_no_faults() -> None:
    assert list(faults_of_jvp(of(product), V, W)) == []


def test_where_all_cancels_rounding_is_no_fault() -> None:
    def cancelling(p: Any, v: Any) -> Any:
        total = np.exp(p["a"]).sum()
        return np.full(2, (np.exp(p["a"]) * v["a"]).sum() / total - (np.exp(p["a"]) / total * v["a"]).sum())

    random = np.random.default_rng(0)
    for _ in range(50):
        v, w = ({k: random.normal(size=2) for k in "ab"} for _ in range(2))
        assert list(faults_of_jvp(of(cancelling), v, w)) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d + 1e-12, "adds-a-constant"),
        (lambda d: d / np.sqrt(np.sum(d**2)), "non-finite"),
        (lambda d: np.clip(d, -1e5, 1e5), "clips"),
        (lambda d: d**3, "clips"),
        (lambda d: np.where(np.abs(d) == np.max(np.abs(d)), d, 0), "not-linear"),
    ],
)
def test_faults_are_named(change: Any, code: str) -> None:
    with np.errstate(invalid="ignore"):
        (fault,) = faults_of_jvp(of(lambda p, v: change(product(p, v))), V, W)
    assert fault.code == code
