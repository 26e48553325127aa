"""A Jacobian: every derivative of every output entry, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_jacobian
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError
from gradcheck_cli.vocabulary.results import Verdict
from tests.zoo import Array

AT = np.array([1.2, 0.5, -0.7])
ROWS = 10.0 ** np.array([-9, 0, 9])


def residuals(x: Array) -> Array:
    return np.asarray(ROWS * np.array([x[0] ** 2 + x[1], x[0] * x[1] * x[2], np.sin(x[1]) + x[2]]))


def jacobian(x: Array) -> Array:
    plain = [[2 * x[0], 1, 0], [x[1] * x[2], x[0] * x[2], x[0] * x[1]], [0, np.cos(x[1]), 1]]
    return ROWS[:, np.newaxis] * np.array(plain)


def entry(i: int, j: int, factor: float) -> Callable[[Array], Array]:
    def change(J: Array) -> Array:
        J[i, j] *= factor
        return J

    return change


def test_a_right_jacobian_passes_with_rows_of_unlike_size() -> None:
    report = check_jacobian(residuals, jacobian, AT)
    assert report.verdict is Verdict.PASS
    assert (report.parameters[0].name, report.parameters[0].shape) == ("d y / d x", (3, 3))


@pytest.mark.parametrize("i", range(3))
@pytest.mark.parametrize("factor", [1.01, -1.0, 0.0])
def test_one_wrong_entry_fails_and_is_told_by_its_place(i: int, factor: float) -> None:
    report = check_jacobian(residuals, lambda x: entry(i, 1, factor)(jacobian(x)), AT)
    assert report.verdict is Verdict.FAIL
    assert report.parameters[0].worst.name == f"d y[{i}] / d x[1]"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda J: 2 * J, "factor", "all of it is 2 times"),
        (lambda J: J * [[1], [1], [-1]], "factor", "row 2 is -1 times"),
        (lambda J: J * [1, 0, 1], "zero", "column 1 is zero"),
        (entry(1, 2, 3.0), "factor", "the entry [1, 2] is 3 times"),
    ],
)
def test_the_mistake_is_named(change: Callable[[Array], Array], code: str, words: str) -> None:
    (finding,) = check_jacobian(residuals, change(jacobian(AT)), AT).findings
    assert finding.code == code
    assert words in finding.message


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (
            lambda J: J * [[1], [2], [0.5], [3]],
            "factor-along-axis",
            "every row is off by a factor of its own",
        ),
        (
            lambda J: J * [1, 2, 0.5],
            "factor-along-axis",
            "every column is off by a factor of its own",
        ),
        (lambda J: entry(0, 1, 1.1)(J * [[2], [2], [0.5], [3]]), "unknown", "every entry is wrong, not by one factor"),
    ],
)
def test_a_factor_of_every_row_or_column_is_named(change: Callable[[Array], Array], code: str, words: str) -> None:
    A = np.random.default_rng(0).normal(size=(4, 3))
    (finding,) = check_jacobian(lambda x: A @ x, change(A.copy()), np.ones(3)).findings
    assert finding.code == code
    assert words in finding.message


def test_a_transpose_is_named() -> None:
    A = np.random.default_rng(0).normal(size=(4, 4))
    (finding,) = check_jacobian(lambda x: A @ x, A.T, np.ones(4)).findings
    assert finding.code == "transposed"


def test_several_outputs_and_parameters_are_by_name() -> None:
    point = {"a": np.array([1.0, 2.0]), "b": np.array([[3.0], [4.0]])}

    def function(a: Array, b: Array) -> dict[str, Array]:
        return {"sum": a + b[:, 0], "product": np.outer(a, b[:, 0])}

    def right(a: Array, b: Array) -> dict[str, dict[str, Array]]:
        eye = np.eye(2)
        by_a, by_b = np.einsum("ik,j->ijk", eye, b[:, 0]), np.einsum("i,jk->ijk", a, eye)[..., np.newaxis]
        return {"sum": {"a": eye, "b": eye}, "product": {"a": by_a, "b": by_b}}

    report = check_jacobian(function, right, point)
    assert report.verdict is Verdict.PASS
    names = ["d sum / d a", "d sum / d b", "d product / d a", "d product / d b"]
    assert [p.name for p in report.parameters] == names

    def wrong(a: Array, b: Array) -> Mapping[str, Mapping[str, Array]]:
        return {**right(a, b), "sum": {"a": np.eye(2), "b": 2 * np.eye(2)}}

    failed = [p.name for p in check_jacobian(function, wrong, point).parameters if p.verdict is Verdict.FAIL]
    assert failed == ["d sum / d b"]


def test_a_sparse_matrix_is_taken_as_it_is_meant() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    assert check_jacobian(residuals, sparse.csr_array(jacobian(AT)), AT).verdict is Verdict.PASS
    assert check_jacobian(residuals, sparse.csr_array(np.triu(jacobian(AT))), AT).verdict is Verdict.FAIL


def test_what_does_not_fit_is_an_error_of_ours() -> None:
    for claim in (np.ones((3, 2)), np.ones(9), "text", None, {"z": np.ones((3, 3))}):
        with pytest.raises(ProblemError):
            check_jacobian(residuals, claim, AT)
    with pytest.raises(SettingError, match="expected at most"):
        check_jacobian(lambda x: np.tile(x, 100), np.zeros((1, 1)), np.ones(10_000), mode="full")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_fails(value: Any) -> None:
    claim = jacobian(AT)
    claim[0, 0] = value
    assert check_jacobian(residuals, claim, AT).verdict is Verdict.FAIL


def test_data_and_point_stay_as_they_are_whatever_the_functions_write() -> None:
    factors, at = np.array([1.0, 2.0, 3.0]), AT.copy()

    def function(x: Array, d: Array) -> Array:
        y = x * d
        x[:] = 0
        d *= 0
        return y

    def rude(x: Array, d: Array) -> Array:
        found = np.diag(d)
        d -= 1
        return found

    assert check_jacobian(function, rude, at, data={"d": factors}).verdict is Verdict.PASS
    np.testing.assert_array_equal(factors, [1, 2, 3])
    np.testing.assert_array_equal(at, AT)


def test_a_parameter_may_be_called_as_an_output_without_a_name() -> None:
    point = {"x": np.array([1.0, 2.0]), "y": np.array(0.5)}
    claim = {"x": np.eye(2) * 0.25, "y": np.array([1.0, 2.0])}
    assert check_jacobian(lambda p: p["x"] * p["y"] ** 2, claim, point).verdict is Verdict.PASS


def test_a_symmetric_jacobian_is_no_transpose() -> None:
    (finding,) = check_jacobian(lambda x: 3 * x, [[3 * (1 + 5e-6)]], [1.0]).findings
    assert finding.code == "factor"


TIMES = np.linspace(0, 2, 6)


def decay(a: Any, b: Any) -> Array:
    return np.asarray(a * np.exp(-b * TIMES))


@pytest.mark.parametrize("wrong", [1.0, 1.5])
@pytest.mark.parametrize("form", [tuple, lambda parts: np.stack(parts, axis=1)])
def test_of_several_parameters_it_is_a_tuple_or_has_the_columns_of_all(wrong: float, form: Any) -> None:
    def jacobian(a: Any, b: Any) -> Any:
        return form([np.exp(-b * TIMES), -wrong * a * TIMES * np.exp(-b * TIMES)])

    report = check_jacobian(decay, jacobian, {"a": 1.3, "b": 0.4})
    assert [row.verdict for row in report.parameters] == [Verdict.PASS, Verdict.PASS if wrong == 1 else Verdict.FAIL]


def softmax(z: Array) -> Array:
    return np.asarray(np.exp(z) / np.exp(z).sum())


@pytest.mark.parametrize(
    ("function", "derivative", "verdict"),
    [
        (np.tanh, lambda z: 1 - np.tanh(z) ** 2, Verdict.PASS),
        (np.tanh, lambda z: 1 - np.tanh(z), Verdict.FAIL),
        (softmax, lambda z: softmax(z) * (1 - softmax(z)), Verdict.FAIL),
    ],
)
def test_the_derivative_of_an_activation_has_its_shape(function: Any, derivative: Any, verdict: Verdict) -> None:
    for z in (np.array([0.3, -1.2, 2.0]), np.array([[0.3, -1.2], [2.0, 0.7]]), np.array([0.4])):
        report = check_jacobian(function, derivative, z)
        constant = function is softmax and z.size == 1
        assert report.verdict is (Verdict.PASS if constant else verdict)
        assert "one of each entry by itself" in "".join(report.notes)
