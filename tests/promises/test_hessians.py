"""A Hessian: the gradient first, then every second derivative, each by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_hessian
from gradcheck_cli.vocabulary.errors import ProblemError
from gradcheck_cli.vocabulary.results import Verdict
from tests.zoo import Array

AT = np.array([1.2, -0.5, 0.7])


def loss(x: Array) -> Any:
    return x[0] ** 2 * x[1] + np.exp(x[1] * x[2]) + x[2] ** 4


def gradient(x: Array) -> Array:
    e = np.exp(x[1] * x[2])
    return np.array([2 * x[0] * x[1], x[0] ** 2 + x[2] * e, x[1] * e + 4 * x[2] ** 3])


def hessian(x: Array) -> Array:
    e = np.exp(x[1] * x[2])
    mixed = (1 + x[1] * x[2]) * e
    return np.array(
        [[2 * x[1], 2 * x[0], 0], [2 * x[0], x[2] ** 2 * e, mixed], [0, mixed, x[1] ** 2 * e + 12 * x[2] ** 2]]
    )


def test_a_right_hessian_passes_as_a_function_an_array_and_its_diagonal() -> None:
    for claim in (hessian, hessian(AT)):
        report = check_hessian(loss, gradient, claim, AT)
        assert report.verdict is Verdict.PASS
        assert [p.name for p in report.parameters] == ["x", "H"]
    assert check_hessian(loss, gradient, np.diag(hessian(AT)), AT, diagonal=True).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda H: 2 * H, "factor"),
        (np.tril, "half-stored"),
        (np.triu, "half-stored"),
        (lambda H: 2 * H - np.diag(np.diag(H)), "off-diagonal-doubled"),
        (lambda H: H * (1 + 1e-5), "factor"),
        (lambda H: np.diag(np.diag(H)), "few-entries"),
        (lambda H: H + 0.01 * np.eye(3)[[1, 0, 2]] * [0, 0, 1], "factor"),
    ],
)
def test_a_wrong_one_fails_and_is_named(change: Callable[[Array], Array], code: str) -> None:
    report = check_hessian(loss, gradient, change(hessian(AT)), AT)
    assert report.verdict is Verdict.FAIL
    assert code in {finding.code for finding in report.findings}


def test_a_wrong_gradient_fails_though_the_hessian_agrees_with_it() -> None:
    report = check_hessian(loss, lambda x: 1.01 * gradient(x), 1.01 * hessian(AT), AT)
    assert report.verdict is Verdict.FAIL
    assert {p.name: p.verdict for p in report.parameters} == {"x": Verdict.FAIL, "H": Verdict.PASS}
    assert any("the Hessian agrees with it" in note for note in report.notes)


def test_parameters_by_name_are_one_vector_for_the_hessian() -> None:
    point = {"a": AT[:2], "b": AT[2:]}

    def named(function: Callable[[Array], Any]) -> Callable[[dict[str, Array]], Any]:
        return lambda p: function(np.concatenate([p["a"], p["b"]]))

    def slopes(p: dict[str, Array]) -> dict[str, Array]:
        g = named(gradient)(p)
        return {"a": g[:2], "b": g[2:]}

    assert check_hessian(named(loss), slopes, named(hessian), point).verdict is Verdict.PASS
    assert check_hessian(named(loss), slopes, lambda p: 2 * named(hessian)(p), point).verdict is Verdict.FAIL


def test_what_has_another_shape_is_refused_with_the_way_out() -> None:
    with pytest.raises(ProblemError, match=r"expected \(3, 3\)") as error:
        check_hessian(loss, gradient, np.diag(hessian(AT)), AT)
    assert "--hess-diag" in str(error.value.hint)


def test_data_stays_as_it_is_and_a_diagonal_is_no_half() -> None:
    factors = np.array([1.0, 2.0, 3.0])

    def value(x: Array, d: Array) -> Any:
        return 0.5 * np.sum(d * x * x)

    def doubled(x: Array, d: Array) -> Array:
        d *= 2
        return np.diag(d)

    report = check_hessian(value, lambda x, d: d * x, doubled, AT, data={"d": factors})
    assert report.verdict is Verdict.FAIL
    assert {finding.code for finding in report.findings} == {"factor"}
    np.testing.assert_array_equal(factors, [1, 2, 3])
