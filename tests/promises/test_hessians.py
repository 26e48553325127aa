"""A Hessian: the gradient first, then every second derivative, each by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_hessian, check_hvp
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


def chain(x: Array) -> float:
    return float(np.sum(x[1:] ** 2 * x[:-1]))


def slopes_of_chain(x: Array) -> Array:
    g = np.zeros(x.shape)
    g[1:] += 2 * x[1:] * x[:-1]
    g[:-1] += x[1:] ** 2
    return g


def hessian_of_chain(x: Array) -> Array:
    H = np.diag(np.r_[0.0, 2 * x[:-1]])
    beside = 2 * x[1:]
    return H + np.diag(beside, 1) + np.diag(beside, -1)


def with_one_outside(H: Array) -> Array:
    H = H.copy()
    H[0, 9] = 1.0
    return H


CHAIN = np.linspace(0.5, 2.0, 40)


def test_a_sparse_hessian_is_checked_by_colours_in_a_few_calls() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    calls = 0

    def slopes(x: Array) -> Array:
        nonlocal calls
        calls += 1
        return slopes_of_chain(x)

    report = check_hessian(chain, slopes, lambda x: sparse.csr_array(hessian_of_chain(x)), CHAIN)
    assert report.verdict is Verdict.PASS
    assert calls <= 60  # 2 n + 10 are 90


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (np.triu, "half-stored"),
        (lambda H: 2 * H - np.diag(np.diag(H)), "off-diagonal-doubled"),
        (lambda H: 2 * H, "factor"),
        (lambda H: H * (np.arange(40) != 7), "outside-pattern"),
        (with_one_outside, "few-entries"),
    ],
)
def test_a_wrong_sparse_one_fails_and_is_named(change: Callable[[Array], Array], code: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    report = check_hessian(chain, slopes_of_chain, sparse.csr_array(change(hessian_of_chain(CHAIN))), CHAIN)
    assert report.verdict is Verdict.FAIL
    assert code in {finding.code for finding in report.findings}


def test_a_diagonal_takes_two_calls_of_the_gradient_for_each_entry() -> None:
    calls = 0

    def slopes(x: Array) -> Array:
        nonlocal calls
        calls += 1
        return np.asarray(np.cos(x) + x.sum())

    def value(x: Array) -> float:
        return float(np.sin(x).sum() + x.sum() ** 2 / 2)

    report = check_hessian(value, slopes, lambda x: 1 - np.sin(x), CHAIN, diagonal=True)
    assert report.verdict is Verdict.PASS
    assert calls <= 2 * 40 + 30
    wrong = check_hessian(
        value, slopes, lambda x: 1 - np.sin(x) * (1 + 1e-5 * (np.arange(40) == 3)), CHAIN, diagonal=True
    )
    assert wrong.verdict is Verdict.FAIL
    assert [entry.name for entry in wrong.parameters[1].entries if entry.verdict.name == "DISAGREES"] == [
        "diagonal of H[3]"
    ]


def test_a_budget_may_leave_a_part_of_a_diagonal_out() -> None:
    report = check_hessian(
        chain, slopes_of_chain, lambda x: np.diag(hessian_of_chain(x)), CHAIN, diagonal=True, max_evals=60
    )
    assert report.verdict is Verdict.INCONCLUSIVE
    assert any("of 40 of the diagonal" in reason for reason in report.reasons)


def curve(x: Array) -> Array:
    return np.asarray(CURVES @ np.sin(x) - 2)


CURVES = np.random.default_rng(0).normal(size=(4, 3))


def test_gauss_newton_damping_and_a_bound_are_told_apart() -> None:
    def value(x: Array) -> float:
        return float(curve(x) @ curve(x)) / 2

    def jacobian(x: Array) -> Array:
        return CURVES * np.cos(x)

    def slopes(x: Array) -> Array:
        return jacobian(x).T @ curve(x)

    def right(x: Array) -> Array:
        return jacobian(x).T @ jacobian(x) - np.diag(np.sin(x) * (CURVES.T @ curve(x)))

    def codes(claim: Any, **more: Any) -> list[str]:
        return [finding.code for finding in check_hessian(value, slopes, claim, AT, **more).findings]

    assert codes(right) == []
    assert codes(lambda x: jacobian(x).T @ jacobian(x)) == ["gauss-newton"]
    assert codes(lambda x: right(x) + 0.01 * np.eye(3)) == ["damped"]
    assert codes(lambda x: np.maximum(np.diag(right(x)), 1.0), diagonal=True) == ["clipped"]
    assert codes(lambda x: right(x) + 0.01 * np.diag([1.0, 0, 0])) == ["factor"]  # one entry is no damping


def test_products_are_checked_as_the_derivative_of_the_gradient() -> None:
    def product(x: Array, v: Array) -> Array:
        return hessian(x) @ v

    assert check_hvp(loss, gradient, product, AT).verdict is Verdict.PASS
    for wrong in (
        lambda x, v: 2 * hessian(x) @ v,
        lambda x, v: np.triu(hessian(x)) @ v,
        lambda x, v: hessian(x) @ v * (1 + 1e-5 * (np.arange(3) == 1)),
        lambda x, v: np.clip(hessian(x) @ v, -1e3, 1e3),  # not linear, though right for small v
    ):
        assert check_hvp(loss, gradient, wrong, AT).verdict is Verdict.FAIL


def test_products_with_several_parameters_come_in_any_form_of_a_gradient() -> None:
    point = {"a": AT[:2], "b": AT[2:]}

    def cut(g: Array) -> tuple[Array, Array]:
        return g[:2], g[2:]

    def product(p: dict[str, Array], v: dict[str, Array]) -> dict[str, Array]:
        Hv = hessian(whole(p)) @ whole(v)
        return {"da": Hv[:2], "db": Hv[2:]}

    def whole(p: dict[str, Array]) -> Array:
        return np.concatenate([p["a"], p["b"]])

    report = check_hvp(lambda p: loss(whole(p)), lambda p: cut(gradient(whole(p))), product, point)
    assert report.verdict is Verdict.PASS
    assert [row.name for row in report.parameters[2:]] == [
        "d da / d v_a", "d da / d v_b", "d db / d v_a", "d db / d v_b",
    ]  # fmt: skip


def test_what_scipy_takes_is_taken_without_glue() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    linalg = pytest.importorskip("scipy.sparse.linalg")
    rosen = (optimize.rosen, optimize.rosen_der)
    assert check_hessian(*rosen, optimize.rosen_hess, AT).passed
    assert check_hvp(*rosen, optimize.rosen_hess_prod, AT).passed

    def operator(x: Array, factor: float = 1.0) -> Any:
        return linalg.LinearOperator((3, 3), matvec=lambda v: factor * optimize.rosen_hess_prod(x, v))

    assert check_hessian(*rosen, operator, AT).passed
    assert check_hessian(*rosen, lambda x: operator(x, 2.0), AT).verdict is Verdict.FAIL


def test_a_wrong_gradient_fails_though_its_products_agree_with_it() -> None:
    report = check_hvp(loss, lambda x: 1.01 * gradient(x), lambda x, v: 1.01 * hessian(x) @ v, AT)
    assert report.verdict is Verdict.FAIL
    assert any("the Hessian agrees with it" in note for note in report.notes)


def test_a_wrong_one_says_where_it_is_not_symmetric_and_whose_its_rows_are() -> None:
    claim = hessian(AT)
    claim[0, 2] = 5.0
    point = {"a": AT[:2], "b": AT[2:]}

    def whole(p: dict[str, Array]) -> Array:
        return np.concatenate([p["a"], p["b"]])

    report = check_hessian(
        lambda p: loss(whole(p)), lambda p: (gradient(whole(p))[:2], gradient(whole(p))[2:]), claim, point
    )
    assert report.verdict is Verdict.FAIL
    assert "H has the entries of a 0 to 1, b 2 to 2" in report.notes
    assert "the claimed H is not symmetric: H[0, 2] is 5, [2, 0] 0" in report.notes


@pytest.mark.parametrize("kind", [np.asarray, "csr_array"])
def test_where_a_hessian_is_wrong_is_told_by_row_and_column(kind: Any) -> None:
    taken = kind if callable(kind) else getattr(pytest.importorskip("scipy.sparse"), kind)
    H = hessian_of_chain(CHAIN)
    H[7] *= 1 + 0.1 * np.arange(40)
    report = check_hessian(chain, slopes_of_chain, taken(H), CHAIN)
    assert "row 7" in report.findings[0].message
    assert all(index.endswith(("[7, 6]", "[7, 7]", "[7, 8]")) for index in report.findings[0].indices)
