"""A Jacobian: every derivative of every output, against differences of the function."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradcheck_cli.checks.check import check_rows
from gradcheck_cli.checks.given import in_form, name_of, named_point, require_plain_arguments
from gradcheck_cli.checks.preparing import in_time
from gradcheck_cli.checks.sparse import check_sparse_jacobian
from gradcheck_cli.diagnosis.complex_jacobians import complex_jacobian
from gradcheck_cli.diagnosis.outputs import jacobian_findings
from gradcheck_cli.judging.joined import joined, joined_parameter
from gradcheck_cli.problems.functions.arguments import Arguments
from gradcheck_cli.problems.functions.colouring import is_sparse
from gradcheck_cli.problems.functions.complex_numbers import complex_view, convention_of
from gradcheck_cli.problems.functions.function import FunctionProblem, call
from gradcheck_cli.problems.functions.jacobian import claimed_jacobian, in_parts
from gradcheck_cli.problems.functions.outputs import MOST_KEPT, Outputs, Weighing, outputs_of, require_finite
from gradcheck_cli.problems.functions.trees import flattened, is_tree
from gradcheck_cli.vocabulary.asking import called
from gradcheck_cli.vocabulary.errors import CheckInterrupted, SettingError
from gradcheck_cli.vocabulary.results import CheckReport, ParameterResult, Verdict
from gradcheck_cli.vocabulary.settings import AUTO, DEFAULT_THRESHOLD, FULL, SCREEN

__all__ = ["check_jacobian"]

OF_CLAIMS = {"threshold": DEFAULT_THRESHOLD, "precision": AUTO, "require_sensitivity": None}
"""The settings that say what a claim may be off by, with their defaults."""
OF_EVALUATIONS = ("max_evals", "time_limit", "jobs", "executor", "journal")
"""Those that say how evaluations are made; of a sparse matrix there are few."""


def check_jacobian(
    function: Callable[..., Any],
    jacobian: Any,
    parameters: Any,
    *,
    data: Mapping[str, Any] | None = None,
    complex: str | None = None,  # noqa: A002  (the numbers' own word)
    seed: int | None = None,
    name: str | None = None,
    mode: str = AUTO,
    **settings: Any,
) -> CheckReport:
    """Check a Jacobian, every derivative of every output entry, against differences of the function.

    Where every entry is checked, memory is for two evaluations of the function for each entry of the parameters; that
    may be `MOST_KEPT` numbers. A Jacobian beyond it is screened: only slopes of its rows along random directions are
    kept, and the entries that are wrong. A sparse matrix takes memory for a few numbers for each output and colour.

    Parameters
    ----------
    function : callable
        (parameters, **data) -> outputs: an array, a tuple of arrays, or a dict of them. It is called as the forward
        pass of `check_layer`.
    jacobian : callable, array_like or mapping
        (parameters, **data) -> Jacobian, or the Jacobian itself. Of one output and one parameter an array of shape
        (m, n), or out.shape + param.shape, or of an elementwise function the derivative of each entry; of several
        parameters a dict or a tuple of such arrays, or one with the columns of all; of several outputs a dict of those.
        A sparse matrix, one that has `tocoo`, is checked by colours: in ten evaluations or so for each colour, and what
        is not zero outside its pattern is found and named. Of a complex output F and a complex parameter z it
        is dF/dz, or the pair (dF/dz, dF/dconj(z)) where F is not holomorphic.
    parameters : mapping of str to array_like, or array_like
        The point. It is copied, never changed.
    data : mapping of str to object, optional
        What both functions get by keyword.
    complex : {"torch", "jax", "wirtinger"}, optional
        What the derivatives of a real output with respect to a complex parameter mean: see `check_gradient`.
    seed : int, optional
        Of what is random, the weights of the columns of a sparse matrix among it.
    name : str, optional
        What the report calls the function; its own name unless given.
    mode : {"auto", "full", "screen"}, optional
        As for `check`.
    **settings
        As for `check_layer`. A sparse matrix is checked by colours unless there is a budget, or something of how
        evaluations are made: then as a dense one.

    Returns
    -------
    CheckReport
        With a row for each pair of an output and a parameter.

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked, or too much.
    """
    started = time.perf_counter()
    name = name_of(function) if name is None else name
    require_plain_arguments(name, data)
    view, convention = complex_view(flattened(parameters), complex), convention_of(complex)
    point = named_point(parameters if view is None else view.point)
    one_array, given = not is_tree(parameters), data or {}

    def taken(something: Callable[..., Any]) -> Callable[..., Any]:
        taking = in_form(something, parameters, data)
        return taking if view is None else view.loss(taking, both=False)

    def asked(something: Callable[..., Any]) -> Any:
        arguments = Arguments(point, given, one_array=one_array)
        return call(taken(something), arguments.first, **arguments.data)

    def outputs_at(first: Any, **more: Any) -> Outputs:
        return outputs_of(taken(function)(first, **more), "the function", convention)

    outputs_at.__name__ = called(function)
    with in_time(name, settings.get("time_limit")):
        outputs = outputs_of(asked(function), "the function", convention)
        require_finite(outputs, "the function")
        claim = asked(jacobian) if callable(jacobian) else jacobian
    claim, understood = in_parts(claim, outputs, point) if view is None else (claim, [])
    real = view is None and not outputs.complex_names  # colours are of real columns; complex ones are checked as dense
    plainly = mode != SCREEN and not any(settings.get(key) not in (None, 1) for key in OF_EVALUATIONS)
    if is_sparse(claim) and real and plainly:
        plain = {key: settings.get(key, default) for key, default in OF_CLAIMS.items()}
        return check_sparse_jacobian(
            outputs_at, claim, outputs, point, given, check_jacobian,
            one_array=one_array, name=name, seed=seed or 0, **plain,
        )  # fmt: skip
    mode, why = possible_mode(mode, outputs.size, sum(values.size for values in point.values()))
    claimed = claimed_jacobian(claim, outputs, point, () if view is None else list(view.centres))
    weighing = Weighing(called(function), outputs.size, None, convention)
    problem = FunctionProblem(
        point, taken(function), None, name, data=given, one_array=one_array, weighing=weighing
    )  # fmt: skip
    claims = [{p: rows[k] for p, rows in claimed.items()} for k in range(outputs.size)]
    if view is not None:
        settings.pop("recipe", None)  # it is of real arrays
    reports, interrupted = check_rows(problem, claims, seed=seed, mode=mode, **settings)
    rows, start = [], 0
    for output, array in outputs.arrays.items():
        rows += by_parameter(reports[start : start + array.size], list(point), output, array.shape)
        start += array.size
    report = joined(reports, rows, name, reports[-1].evaluations, (*understood, *why), started)
    if report.verdict is Verdict.FAIL:
        report = dataclasses.replace(report, findings=jacobian_findings(report))
    if view is not None or outputs.complex_names:
        report = complex_jacobian(report, outputs.complex_names, view, convention)
    if interrupted:
        raise CheckInterrupted(report)
    return report


def possible_mode(mode: str, outputs: int, entries: int) -> tuple[str, Sequence[str]]:
    """Return in which mode a Jacobian can be checked, and why it is not the one that was asked for.

    Raises
    ------
    SettingError
        Where every entry is to be checked of one for which there is no room.
    """
    if 2 * entries * outputs <= MOST_KEPT or mode == SCREEN:
        return mode, ()
    if mode == FULL:
        raise SettingError(
            f"the Jacobian has {outputs:,} x {entries:,} entries, expected at most {MOST_KEPT // 2:,} to check each",
            hint="--mode screen checks whole rows; --backward (check_layer) checks a few products with it",
        )
    return SCREEN, [f"screened: the Jacobian has {outputs:,} x {entries:,} entries, more than can be kept"]


def by_parameter(
    reports: Sequence[CheckReport], parameters: Sequence[str], output: str, shape: tuple[int, ...]
) -> list[ParameterResult]:
    """Return the derivatives of one output with respect to each parameter, from the reports on its entries."""
    found: dict[str, list[tuple[int, ParameterResult]]] = {name: [] for name in parameters}
    for k, report in enumerate(reports):
        for row in report.parameters:
            found[row.name].append((k, row))
    return [joined_parameter(name, rows, output, shape) for name, rows in found.items() if rows]
