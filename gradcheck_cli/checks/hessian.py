"""The use case of second derivatives: the gradient first, then what is claimed of its own derivatives."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck_cli.checks.check import check_rows
from gradcheck_cli.checks.given import in_form, name_of, named_point, require_plain_arguments
from gradcheck_cli.checks.gradients import check_gradient
from gradcheck_cli.checks.jacobian import check_jacobian
from gradcheck_cli.checks.jvp import check_jvp
from gradcheck_cli.diagnosis.hessians import hessian_findings, hessian_notes
from gradcheck_cli.judging.entries import worst_of
from gradcheck_cli.judging.joined import joined, joined_parameter
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.functions.gradient_map import GradientMap
from gradcheck_cli.problems.functions.jacobian import dense
from gradcheck_cli.problems.functions.outputs import Weighing
from gradcheck_cli.problems.functions.own_arrays import is_sparse
from gradcheck_cli.problems.functions.trees import is_tree
from gradcheck_cli.vocabulary.asking import called
from gradcheck_cli.vocabulary.errors import CheckInterrupted, ProblemError, SettingError
from gradcheck_cli.vocabulary.parameters import Array, Parameters, dictionary_to_vector, vector_to_dictionary
from gradcheck_cli.vocabulary.results import CheckReport, Entries, EntryVerdict, Finding, ParameterResult, Verdict
from gradcheck_cli.vocabulary.settings import FULL

__all__ = ["check_hessian", "check_hvp"]

ALL = "theta"  # what the parameters are called where they are one vector
OF_PRODUCTS = ("threshold", "precision", "require_sensitivity", "seed")
"""The settings of the products with a Hessian: they take a few calls, which nothing limits."""


def check_hessian(
    loss: Callable[..., Any],
    gradient: Callable[..., Any],
    hessian: Any,
    parameters: Any,
    *,
    diagonal: bool = False,
    data: Mapping[str, Any] | None = None,
    name: str | None = None,
    **settings: Any,
) -> CheckReport:
    """Check a gradient against differences of its loss, and a Hessian against differences of that gradient.

    A Hessian that agrees with a wrong gradient is no Hessian of the loss: then the gradient fails, and the report says
    that the Hessian agrees with it. The gradient is called some 2 n + 10 times for n entries, for a sparse matrix some
    ten times for each colour of its columns.

    Parameters
    ----------
    loss : callable
        (parameters, **data) -> float, as for `check_gradient`.
    gradient : callable
        (parameters, **data) -> gradient, as for `check_gradient`.
    hessian : callable, array_like, sparse matrix or LinearOperator
        (parameters, **data) -> Hessian, or the Hessian itself: of shape (n, n) for all n entries of the parameters, one
        after another; where `diagonal`, the n entries of its diagonal. Of a sparse matrix what is not zero outside its
        pattern is found as well. What has `matvec`, as scipy's LinearOperator, is checked as by `check_hvp`.
    parameters : mapping of str to array_like, or array_like
        The point. It is copied, never changed.
    diagonal : bool, optional
        Whether only the diagonal is claimed.
    data, name
        As for `check_gradient`.
    **settings
        As for `check_layer`, but journal; a budget is for the gradient, and as much again for the Hessian.

    Returns
    -------
    CheckReport
        With the rows of the gradient, and one for the Hessian.

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked.

    Examples
    --------
    >>> import numpy as np
    >>> check_hessian(lambda x: x @ x, lambda x: 2 * x, 2 * np.eye(2), [1.0, 2.0]).passed
    True
    >>> check_hessian(lambda x: x @ x, lambda x: 2 * x, np.eye(2), [1.0, 2.0]).passed
    False
    """
    started = time.perf_counter()
    name = name_of(loss) if name is None else name
    slopes = gradient_map(gradient, parameters, data, name, settings)
    first = check_gradient(loss, gradient, parameters, data=data, name=name, **settings)
    is_function = callable(hessian) and not is_operator(hessian)
    claim = slopes.asked(in_form(hessian, parameters, data)) if is_function else hessian
    if is_operator(claim) and not diagonal:
        return with_products(first, slopes, of_operator(claim, slopes), settings, started)
    claim = claimed_hessian(claim, slopes.size, diagonal=diagonal)
    if diagonal:
        measured = checked_diagonal(slopes, claim, name, settings)
    else:
        theta = dictionary_to_vector(slopes.point)
        measured = check_jacobian(slopes.vector(), claim, theta, data=slopes.data, name=name, **settings)
    row = as_hessian(measured.parameters[0], "diagonal of H" if diagonal else "H")
    findings = hessian_findings(row, claim) if measured.verdict is Verdict.FAIL else ()
    return second_order(first, measured, [row], findings, hessian_notes(row, slopes.point), started)


def check_hvp(
    loss: Callable[..., Any],
    gradient: Callable[..., Any],
    hvp: Callable[..., Any],
    parameters: Any,
    *,
    data: Mapping[str, Any] | None = None,
    name: str | None = None,
    **settings: Any,
) -> CheckReport:
    """Check a gradient against differences of its loss, and products H v against differences of that gradient.

    H v is the derivative of the gradient along v, which `check_jvp` checks for random v; the product must be linear in
    v besides. It takes some twenty calls of the gradient for each parameter, however many entries that has.

    Parameters
    ----------
    loss, gradient, parameters, data, name
        As for `check_hessian`.
    hvp : callable
        (parameters, v, **data) -> H v, as scipy's `hessp`: v has the form of the parameters, the product any that a
        gradient may have.
    **settings
        As for `check_hessian`; threshold, precision, require_sensitivity and seed are of the products as well.

    Returns
    -------
    CheckReport
        With the rows of the gradient, and one for each pair of a parameter and a parameter along which it is moved.

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked.

    Examples
    --------
    >>> check_hvp(lambda x: x @ x, lambda x: 2 * x, lambda x, v: 2 * v, [1.0, 2.0]).passed
    True
    >>> check_hvp(lambda x: x @ x, lambda x: 2 * x, lambda x, v: v, [1.0, 2.0]).passed
    False
    """
    started = time.perf_counter()
    name = name_of(loss) if name is None else name
    slopes = gradient_map(gradient, parameters, data, name, settings)
    first = check_gradient(loss, gradient, parameters, data=data, name=name, **settings)
    return with_products(first, slopes, hvp, settings, started)


def gradient_map(
    gradient: Callable[..., Any], parameters: Any, data: Mapping[str, Any] | None, name: str, settings: dict[str, Any]
) -> GradientMap:
    """Return the gradient as a function, after a look at what was handed over.

    Raises
    ------
    GradcheckError
        Where there is no point, or a setting that two checks in one do not have.
    """
    require_plain_arguments(name, data)
    if settings.pop("journal", None) is not None:
        raise SettingError("journal is given, but a check of a gradient and its Hessian cannot be saved")
    point = named_point(parameters)
    return GradientMap(in_form(gradient, parameters, data), point, data or {}, one_array=not is_tree(parameters))


def is_operator(hessian: Any) -> bool:
    """Whether a Hessian is known by its products alone."""
    return hasattr(hessian, "matvec") and not is_sparse(hessian)


def of_operator(operator: Any, slopes: GradientMap) -> Callable[..., Any]:
    """Return the products of an operator as a function of the parameters, which it is not asked for, and v."""

    def product(_: Any, v: Any, **__: Any) -> Parameters:
        along = dictionary_to_vector(v if isinstance(v, dict) else {ALL: v})
        return vector_to_dictionary(np.asarray(operator.matvec(along)).reshape(-1), slopes.point)

    product.__name__ = "matvec"
    return product


def claimed_hessian(claim: Any, size: int, *, diagonal: bool) -> Any:
    """Return the claim: a square array or sparse matrix, or the entries of the diagonal.

    Raises
    ------
    ProblemError
        Where it has another shape.
    """
    sparse = is_sparse(claim) and not diagonal
    values = claim if sparse else dense(claim, "the Hessian")
    shape, count = tuple(values.shape), int(np.prod(values.shape))
    if count != size if diagonal else shape != (size, size) and (sparse or count * size != 1):
        expected = f"{size} entries" if diagonal else f"({size}, {size})"
        hint = "--hess-diag (diagonal=True in Python) checks the diagonal alone" if count == size else None
        hint = (
            "leave out --hess-diag (diagonal=True in Python) to check the whole matrix"
            if shape == (size, size)
            else hint
        )
        raise ProblemError(f"the Hessian has shape {shape}, expected {expected}", hint=hint)
    return values if sparse else values.reshape(size) if diagonal else values.reshape(size, size)


def checked_diagonal(slopes: GradientMap, claim: Array, name: str, settings: Mapping[str, Any]) -> CheckReport:
    """Check each entry of a diagonal as the derivative of one slope along its own entry; nothing else is measured."""
    started, theta = time.perf_counter(), dictionary_to_vector(slopes.point)
    own = [{ALL: np.array([k])} for k in range(theta.size)]
    problem = FunctionProblem(
        {ALL: theta}, slopes.vector(), None, name, data=slopes.data, one_array=True,
        weighing=Weighing(called(slopes.gradient), theta.size),
    )  # fmt: skip
    claims = [{ALL: claim[places[ALL]]} for places in own]
    reports, interrupted = check_rows(problem, claims, places=own, **{**settings, "mode": FULL})
    found = [(k, alone(row)) for k, report in enumerate(reports) for row in report.parameters]
    row = joined_parameter(ALL, found, "gradient", theta.shape)
    report = joined(reports, [row], name, reports[-1].evaluations, (), started)
    if len(found) < theta.size and report.verdict is Verdict.INCONCLUSIVE:
        why = "interrupted" if interrupted else "the budget is spent"
        report = dataclasses.replace(report, reasons=(f"{why}; checked: {len(found)} of {theta.size} of the diagonal",))
    if interrupted:
        raise CheckInterrupted(report)
    return report


def alone(row: ParameterResult) -> ParameterResult:
    """Return the result of a single entry as that of a number."""
    return dataclasses.replace(row, shape=(), entries=dataclasses.replace(row.entries, shape=(), positions=None))


def as_hessian(row: ParameterResult, name: str) -> ParameterResult:
    """Return the derivatives of a gradient under a name of their own: ``H[3, 2]``."""

    def named(part: Entries) -> Entries:
        return dataclasses.replace(part, parameter=name, output="")

    entries, slopes = named(row.entries), None if row.slopes is None else named(row.slopes)
    shown = slopes if slopes is not None and not row.entries.count(EntryVerdict.DISAGREES) else entries
    return dataclasses.replace(row, name=name, worst=shown[worst_of(shown)], entries=entries, slopes=slopes)


def with_products(
    first: CheckReport,
    slopes: GradientMap,
    hvp: Callable[..., Any],
    settings: Mapping[str, Any],
    started: float,
) -> CheckReport:
    """Return the report on a gradient with that on products with its Hessian."""

    def gradient(there: Any, **data: Any) -> dict[str, Array]:
        return {f"d{name}": values for name, values in slopes.by_parameter(there, **data).items()}

    def product(there: Any, v: Any, **data: Any) -> dict[str, Array]:
        made = slopes.named(hvp(there, v, **data), "the product with the Hessian")
        return {f"d{name}": values for name, values in made.items()}

    gradient.__name__, product.__name__ = called(slopes.gradient), called(hvp)
    point = slopes.first(slopes.point)
    chosen = {key: settings[key] for key in OF_PRODUCTS if key in settings}
    measured = check_jvp(gradient, product, point, data=slopes.data, name=first.name, **chosen)
    return second_order(first, measured, measured.parameters, measured.findings, measured.notes, started)


def second_order(
    first: CheckReport,
    second: CheckReport,
    rows: Sequence[ParameterResult],
    findings: Sequence[Finding],
    notes: Sequence[str],
    started: float,
) -> CheckReport:
    """Return one report on a gradient and on its own derivatives."""
    report = joined([first, second], [*first.parameters, *rows], first.name, first.evaluations, (), started)
    calls = f"the gradient was called {second.evaluations} times to differentiate it"
    said = "the gradient is wrong; the Hessian agrees with it, so it is not the Hessian of this loss either"
    agrees_with_wrong = first.verdict is Verdict.FAIL and second.verdict is Verdict.PASS
    return dataclasses.replace(
        report,
        loss=first.loss,
        findings=(*(first.findings if first.verdict is Verdict.FAIL else ()), *findings),
        notes=(*dict.fromkeys([*report.notes, *notes]), calls, *([said] if agrees_with_wrong else [])),
    )
