"""The use cases of functions with more than one output: a layer's backward pass, and a Jacobian."""

from __future__ import annotations

import dataclasses
import itertools
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from gradcheck_cli.asking import called
from gradcheck_cli.checks.check import check_rows
from gradcheck_cli.checks.gradients import require_plain_arguments
from gradcheck_cli.checks.preparing import in_time
from gradcheck_cli.checks.sparse import check_sparse_jacobian
from gradcheck_cli.diagnosis.outputs import distinct, is_lost, jacobian_findings, with_lost
from gradcheck_cli.errors import CheckInterrupted, GradcheckError, ProblemError, SettingError
from gradcheck_cli.evaluating.journal import Journal
from gradcheck_cli.judging.joined import joined, joined_parameter, worst_rows
from gradcheck_cli.parameters import Array
from gradcheck_cli.problems.arguments import Arguments, as_parameter, by_its_own_names
from gradcheck_cli.problems.colouring import is_sparse
from gradcheck_cli.problems.jacobian import claimed_jacobian
from gradcheck_cli.problems.layer import Fault, Layer, faults_of, outputs_missed, random_cotangents
from gradcheck_cli.problems.outputs import MOST_KEPT, Outputs, Weighing, outputs_of, require_finite
from gradcheck_cli.problems.user_function import FunctionProblem, call
from gradcheck_cli.results import CheckReport, Finding, ParameterResult, Verdict
from gradcheck_cli.settings import AUTO, DEFAULT_THRESHOLD, FULL, SCREEN, require_whole

__all__ = ["check_jacobian", "check_layer"]

OF_CLAIMS = {"threshold": DEFAULT_THRESHOLD, "precision": AUTO, "require_sensitivity": None}
"""The settings that say what a claim may be off by, with their defaults."""
OF_EVALUATIONS = ("max_evals", "time_limit", "jobs", "executor", "journal")
"""Those that say how evaluations are made; of a sparse matrix there are few."""
COTANGENTS = 2  # for each output: one misses an error a hundred times the allowed one in 14 of 1,000 cases, two in 0.2


def check_layer(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    parameters: Any,
    *,
    data: Mapping[str, Any] | None = None,
    cotangents: int = COTANGENTS,
    seed: int | None = None,
    name: str = "layer",
    journal: Journal | None = None,
    **settings: Any,
) -> CheckReport:
    """Check a backward pass against differences of the forward pass: J^T u for random cotangents u of every output.

    Parameters
    ----------
    forward : callable
        (parameters, **data) -> (outputs, cache), or the outputs alone: an array, a tuple of arrays, or a dict of them;
        a tuple of two is always the former, so two outputs without a cache go as a dict, or with None.
        It gets a dict of float64 arrays, or one array where `parameters` is; where each parameter is an argument by its
        own name, it is called so: ``forward(x=..., w=..., b=...)``.
    backward : callable
        (cotangents, cache) -> gradient; (cotangents) where there is no cache. The cotangents come in the form of the
        outputs; the gradient is a dict, a tuple in the order of the parameters, or an array where there is one.
    parameters : mapping of str to array_like, or array_like
        The point. It is copied, never changed.
    data : mapping of str to object, optional
        What the forward pass gets by keyword.
    cotangents : int, optional
        How many random cotangents there are for each output.
    seed : int, optional
        Of the cotangents; a fresh one where it is not given. The report has it.
    name : str, optional
        What the report calls the layer.
    journal : Journal, optional
        As for `check`; one that was begun has the seed.
    **settings
        As for `check`, but epsilon, classic and points.

    Returns
    -------
    CheckReport
        With a row for each parameter, of the cotangent that speaks against it most; of several outputs a row for each
        pair.

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked.
    """
    started = time.perf_counter()
    require_whole("cotangents", cotangents, 1)
    if seed is None:
        seed = journal.seed if journal is not None and journal.mode else secrets.randbits(32)
    require_whole("seed", seed, 0)
    require_plain_arguments(name, data)
    point, one_array = named_point(parameters), not isinstance(parameters, Mapping)
    layer = Layer(in_form(forward, parameters, data), backward, point, data or {}, one_array)
    with in_time(name, settings.get("time_limit")):
        outputs, _ = layer.run()
        require_finite(outputs, "the forward pass")
        given = random_cotangents(outputs, cotangents, seed)
        claims = [layer.gradient(u) for _, u in given]
    weights = np.array([Outputs(u, outputs.made).vector() for _, u in given])
    weighing = Weighing(called(forward), outputs.size, weights, cached=True)
    problem = FunctionProblem(
        point, layer.forward, None, name, data=layer.data, one_array=one_array, weighing=weighing
    )  # fmt: skip
    reports, interrupted = check_rows(problem, claims, seed=seed, journal=journal, **settings)
    several = len(outputs.arrays) > 1
    of_output = {output: reports[k * cotangents : (k + 1) * cotangents] for k, output in enumerate(outputs.arrays)}
    rows = [worst_rows(part, output if several else "") for output, part in of_output.items()]
    counted = "1 cotangent" if cotangents == 1 else f"{cotangents} cotangents"
    note = f"{counted} of both signs for each output, from seed {seed}"
    notes = (note, *sorted(layer.remarks))
    report = joined(reports, list(itertools.chain(*rows)), name, reports[-1].evaluations, notes, started)
    report = dataclasses.replace(report, findings=distinct(report.findings))
    if interrupted:
        raise CheckInterrupted(report)
    with in_time(name, settings.get("time_limit")):
        found = list(faults_of(layer, [(u, claim) for (_, u), claim in zip(given, claims, strict=True)], seed))
    lost = [output for output, part in zip(outputs.arrays, rows, strict=True) if several and is_lost(part)]
    if not (found or lost):
        told: list[str] = []
        with suppress(GradcheckError):  # it explains, and decides nothing
            told += which_outputs(layer, rows, seed)
        report = dataclasses.replace(report, notes=(*report.notes, *told))
    if lost:
        report = dataclasses.replace(report, findings=with_lost(report.findings, lost))
    return with_faults(report, found)


def check_jacobian(
    function: Callable[..., Any],
    jacobian: Any,
    parameters: Any,
    *,
    data: Mapping[str, Any] | None = None,
    seed: int | None = None,
    name: str = "function",
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
        (m, n), or out.shape + param.shape; of several parameters a dict of such arrays; of several outputs a dict of
        those. A sparse matrix, one that has `tocoo`, is checked by colours: in ten evaluations or so for each colour,
        and what is not zero outside its pattern is found and named.
    parameters : mapping of str to array_like, or array_like
        The point. It is copied, never changed.
    data : mapping of str to object, optional
        What both functions get by keyword.
    seed : int, optional
        Of what is random, the weights of the columns of a sparse matrix among it.
    name : str, optional
        What the report calls the function.
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
    require_plain_arguments(name, data)
    point, one_array, given = named_point(parameters), not isinstance(parameters, Mapping), data or {}

    def asked(something: Callable[..., Any]) -> Any:
        arguments = Arguments(point, given, one_array=one_array)
        return call(in_form(something, parameters, data), arguments.first, **arguments.data)

    with in_time(name, settings.get("time_limit")):
        outputs = outputs_of(asked(function), "the function")
        require_finite(outputs, "the function")
        claim = asked(jacobian) if callable(jacobian) else jacobian
    if is_sparse(claim) and mode != SCREEN and not any(settings.get(key) not in (None, 1) for key in OF_EVALUATIONS):

        def outputs_at(first: Any, **more: Any) -> Outputs:
            return outputs_of(in_form(function, parameters, data)(first, **more), "the function")

        outputs_at.__name__ = called(function)
        plain = {key: settings.get(key, default) for key, default in OF_CLAIMS.items()}
        return check_sparse_jacobian(
            outputs_at, claim, outputs, point, given, check_jacobian,
            one_array=one_array, name=name, seed=seed or 0, **plain,
        )  # fmt: skip
    mode, why = possible_mode(mode, outputs.size, sum(values.size for values in point.values()))
    claimed = claimed_jacobian(claim, outputs, point)
    problem = FunctionProblem(
        point, in_form(function, parameters, data), None, name, data=given, one_array=one_array,
        weighing=Weighing(called(function), outputs.size),
    )  # fmt: skip
    claims = [{p: rows[k] for p, rows in claimed.items()} for k in range(outputs.size)]
    reports, interrupted = check_rows(problem, claims, seed=seed, mode=mode, **settings)
    rows, start = [], 0
    for output, array in outputs.arrays.items():
        rows += by_parameter(reports[start : start + array.size], list(point), output, array.shape)
        start += array.size
    report = joined(reports, rows, name, reports[-1].evaluations, why, started)
    if report.verdict is Verdict.FAIL:
        report = dataclasses.replace(report, findings=jacobian_findings(report))
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
            hint="--mode screen looks at whole rows; --backward, check_layer, at a few products with it",
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


def named_point(parameters: Any) -> dict[str, Array]:
    """Return the point by names."""
    named = parameters if isinstance(parameters, Mapping) else {"x": parameters}
    point = {str(key): as_parameter(str(key), values) for key, values in named.items()}
    if not point or not all(values.size for values in point.values()):
        raise ProblemError("there are no parameters, or an empty one: nothing to check")
    return point


def in_form(function: Callable[..., Any], parameters: Any, data: Mapping[str, Any] | None) -> Callable[..., Any]:
    """Return a function so that it can be called with the parameters in the form in which they were given."""
    if not isinstance(parameters, Mapping):
        return function
    return by_its_own_names(function, [str(key) for key in parameters], list(data or ()))


def which_outputs(layer: Layer, rows: Iterable[Sequence[ParameterResult]], seed: int) -> Iterator[str]:
    """Say of the worst entry of each wrong parameter from which entries of the outputs its error comes, if from few."""
    for row in itertools.chain(*rows):
        if row.verdict is Verdict.FAIL:
            errors = np.abs(np.array(row.entries.analytic) - np.array(row.entries.reference))
            entry = int(np.argmax(np.nan_to_num(errors, nan=np.inf)))
            missed = outputs_missed(layer, row.entries.parameter, entry, seed)
            if missed:
                yield f"the error of {row.worst.name} comes from {', '.join(missed)} alone"


def with_faults(report: CheckReport, faults: Sequence[Fault]) -> CheckReport:
    """Return a report that fails for what a backward pass must not do."""
    if not faults:
        return report
    findings = tuple(Finding(fault.code, "all", fault.message, help=fault.help) for fault in faults)
    reasons = (*(fault.message for fault in faults), *report.reasons)
    others = report.findings if report.verdict is Verdict.FAIL else ()
    return dataclasses.replace(report, verdict=Verdict.FAIL, reasons=reasons, findings=(*findings, *others))
