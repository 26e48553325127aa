"""The use case of second derivatives: the gradient first, then the Hessian as the Jacobian of that gradient."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from gradcheck_cli.checks.given import in_form, named_point, require_plain_arguments
from gradcheck_cli.checks.gradients import check_gradient
from gradcheck_cli.checks.jacobian import check_jacobian
from gradcheck_cli.diagnosis.hessians import hessian_findings
from gradcheck_cli.judging.joined import joined, joined_parameter
from gradcheck_cli.problems.functions.arguments import Arguments
from gradcheck_cli.problems.functions.function import call
from gradcheck_cli.problems.functions.jacobian import dense
from gradcheck_cli.problems.functions.returned import by_name, claimed_gradient
from gradcheck_cli.problems.functions.trees import is_tree
from gradcheck_cli.vocabulary.asking import called
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError
from gradcheck_cli.vocabulary.parameters import Array, Parameters, dictionary_to_vector, vector_to_dictionary
from gradcheck_cli.vocabulary.results import CheckReport, Verdict

__all__ = ["check_hessian"]

ALL = "theta"  # what the parameters are called where they are one vector
Settings: TypeAlias = dict[str, Any]


def check_hessian(
    loss: Callable[..., Any],
    gradient: Callable[..., Any],
    hessian: Any,
    parameters: Any,
    *,
    diagonal: bool = False,
    data: Mapping[str, Any] | None = None,
    name: str = "function",
    **settings: Any,
) -> CheckReport:
    """Check a gradient against differences of its loss, and a Hessian against differences of that gradient.

    A Hessian that agrees with a wrong gradient is no Hessian of the loss: then the gradient fails, and the report says
    that the Hessian agrees with it.

    Parameters
    ----------
    loss : callable
        (parameters, **data) -> float, as for `check_gradient`.
    gradient : callable
        (parameters, **data) -> gradient, as for `check_gradient`.
    hessian : callable or array_like
        (parameters, **data) -> Hessian, or the Hessian itself: of shape (n, n) for all n entries of the parameters, one
        after another; where `diagonal`, the n entries of its diagonal.
    parameters : mapping of str to array_like, or array_like
        The point. It is copied, never changed.
    diagonal : bool, optional
        Whether only the diagonal is claimed.
    data, name
        As for `check_gradient`.
    **settings
        As for `check_layer`, but journal; a budget is for the gradient, and as much again for the Hessian. Where only
        the diagonal is claimed there is none.

    Returns
    -------
    CheckReport
        With the rows of the gradient, and one for the Hessian.

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked.
    """
    started = time.perf_counter()
    require_plain_arguments(name, data)
    point, given = named_point(parameters), data or {}
    one_array = not is_tree(parameters)
    refused = {"journal", *(("max_evals", "time_limit") if diagonal else ())} & set(settings)
    if any(settings.pop(name) is not None for name in refused):
        raise SettingError(f"{' or '.join(sorted(refused))} is given, which two checks in one do not have")
    first = check_gradient(loss, gradient, parameters, data=given, name=name, **settings)

    taking = in_form(gradient, parameters, data)

    def slopes(theta: Array, **more: Any) -> Array:
        there = vector_to_dictionary(theta.copy(), point)
        answer = taking(next(iter(there.values())) if one_array else there, **more)
        claim = claimed_gradient(by_name(answer, point, "the gradient"), point, "the gradient")
        return dictionary_to_vector(claim)

    slopes.__name__ = called(gradient)
    theta = dictionary_to_vector(point)
    if callable(hessian):
        hessian = in_form(hessian, parameters, data)
    claim = claimed_hessian(hessian, point, given, diagonal=diagonal, one_array=one_array)
    if diagonal:
        measured = checked_diagonal(slopes, claim, theta, given, name, settings)
    else:
        measured = check_jacobian(slopes, claim, theta, data=given, name=name, **settings)
    row = dataclasses.replace(measured.parameters[0], name="diagonal of H" if diagonal else "H")
    report = joined([first, measured], [*first.parameters, row], name, first.evaluations, (), started)
    findings = first.findings if first.verdict is Verdict.FAIL else ()
    if measured.verdict is Verdict.FAIL:
        findings = (*findings, *hessian_findings(row, diagonal=diagonal))
    calls = f"the gradient was called {measured.evaluations} times for the Hessian"
    return dataclasses.replace(
        report, loss=first.loss, findings=findings, notes=(*report.notes, calls, *said(first, measured))
    )


def said(first: CheckReport, second: CheckReport) -> list[str]:
    """Say what it means that one of both is right."""
    if first.verdict is Verdict.FAIL and second.verdict is Verdict.PASS:
        return ["the gradient is wrong: the Hessian agrees with it, and so is none of the loss"]
    return []


def claimed_hessian(
    hessian: Any,
    point: Parameters,
    data: Mapping[str, Any],
    *,
    diagonal: bool,
    one_array: bool,
) -> Array:
    """Return the claim: a square array, or the entries of the diagonal.

    Raises
    ------
    ProblemError
        Where it has another shape.
    """
    claim = hessian
    if callable(hessian):
        arguments = Arguments(point, data, one_array=one_array)
        claim = call(hessian, arguments.first, **arguments.data)
    values = dense(claim, "the Hessian")
    size = sum(array.size for array in point.values())
    if values.size != size if diagonal else values.shape != (size, size) and values.size * size != 1:
        expected = f"{size} entries" if diagonal else f"({size}, {size})"
        raise ProblemError(
            f"the Hessian has shape {values.shape}, expected {expected}",
            hint="diagonal=True, or --hess-diag, checks the diagonal alone" if values.size == size else None,
        )
    return values.reshape(size) if diagonal else values.reshape(size, size)


def checked_diagonal(
    slopes: Callable[..., Array], claim: Array, theta: Array, data: Mapping[str, Any], name: str, settings: Settings
) -> CheckReport:
    """Check each entry of a diagonal as the derivative of one slope with respect to its own entry."""
    started, calls = time.perf_counter(), 0

    def own_slope(value: Array, k: int) -> float:
        nonlocal calls
        calls += 1
        moved = theta.copy()
        moved[k] = float(value)
        arguments = Arguments({ALL: moved}, data, one_array=True)
        return float(slopes(arguments.first, **arguments.data)[k])

    reports = [
        check_gradient(partial(own_slope, k=k), claim[k], theta[k], name=name, **settings) for k in range(theta.size)
    ]
    found = [(k, report.parameters[0]) for k, report in enumerate(reports)]
    row = joined_parameter("x", found, "gradient", claim.shape)
    return joined(reports, [row], name, calls, (), started)
