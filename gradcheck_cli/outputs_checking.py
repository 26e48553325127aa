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
from gradcheck_cli.checking import check, require_plain_arguments
from gradcheck_cli.diagnosis.outputs import distinct, is_lost, jacobian_findings, with_lost
from gradcheck_cli.errors import GradcheckError, ProblemError, SettingError
from gradcheck_cli.judging.joined import joined, joined_parameter, worst_rows
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.arguments import Arguments, as_parameter
from gradcheck_cli.problems.calling import Form
from gradcheck_cli.problems.jacobian import claimed_jacobian
from gradcheck_cli.problems.layer import Fault, Layer, faults_of, outputs_missed, random_cotangents
from gradcheck_cli.problems.outputs import MOST_KEPT, Outputs, Shared, outputs_of, require_finite
from gradcheck_cli.problems.trees import flattened, is_tree, names_in
from gradcheck_cli.problems.user_function import FunctionProblem, call
from gradcheck_cli.results import CheckReport, Finding, ParameterResult, Verdict
from gradcheck_cli.settings import AUTO, DEFAULT_THRESHOLD, FULL, require_whole

__all__ = ["check_jacobian", "check_layer"]

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
    threshold: float = DEFAULT_THRESHOLD,
    precision: str = AUTO,
    require_sensitivity: float | None = None,
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
    threshold, precision, require_sensitivity
        As for `check`.

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
    seed = secrets.randbits(32) if seed is None else seed
    require_whole("seed", seed, 0)
    require_plain_arguments(name, data)
    point = named_point(parameters)
    one_array = not is_tree(parameters)
    taking = in_form(forward, parameters, data)
    layer = Layer(taking, backward, point, data or {}, one_array)
    outputs, _ = layer.run()
    require_finite(outputs, "the forward pass")
    given = random_cotangents(outputs, cotangents, seed)
    weights = [Outputs(u, outputs.made).vector() for _, u in given]
    claims = [layer.gradient(u) for _, u in given]
    shared = Shared(layer.outputs, called(forward), weights, len(given))
    settings = {
        "threshold": threshold,
        "precision": precision,
        "require_sensitivity": require_sensitivity,
        "seed": seed,
    }
    reports = [
        (output, checked(loss, claim, point, layer.data, name, one_array=one_array, **settings))
        for (output, _), claim, loss in zip(given, claims, shared.losses(), strict=True)
    ]
    several = len(outputs.arrays) > 1
    rows = [worst_rows([r for o, r in reports if o == output], output if several else "") for output in outputs.arrays]
    counted = "1 cotangent" if cotangents == 1 else f"{cotangents} cotangents"
    note = f"{counted} of both signs for each output, from seed {seed}"
    found = list(faults_of(layer, [(u, claim) for (_, u), claim in zip(given, claims, strict=True)], seed))
    every = [report for _, report in reports]
    report = joined(every, list(itertools.chain(*rows)), name, shared.calls, (note, *sorted(layer.remarks)), started)
    report = dataclasses.replace(report, findings=distinct(report.findings))
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
    seed: int = 0,
    name: str = "function",
    threshold: float = DEFAULT_THRESHOLD,
    precision: str = AUTO,
    require_sensitivity: float | None = None,
) -> CheckReport:
    """Check a Jacobian, every derivative of every output entry, against differences of the function.

    Memory is for two evaluations of the function for each entry of the parameters.

    Parameters
    ----------
    function : callable
        (parameters, **data) -> outputs: an array, a tuple of arrays, or a dict of them. It is called as the forward
        pass of `check_layer`.
    jacobian : callable, array_like or mapping
        (parameters, **data) -> Jacobian, or the Jacobian itself. Of one output and one parameter an array of shape
        (m, n), or out.shape + param.shape; of several parameters a dict of such arrays; of several outputs a dict of
        those. Sparse matrices are taken as dense ones.
    parameters : mapping of str to array_like, or array_like
        The point. It is copied, never changed.
    data : mapping of str to object, optional
        What both functions get by keyword.
    seed : int, optional
        Of the directions along which noise is measured.
    name, threshold, precision, require_sensitivity
        As for `check_layer`.

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
    require_whole("seed", seed, 0)
    point = named_point(parameters)
    one_array = not is_tree(parameters)
    taking, given = in_form(function, parameters, data), data or {}

    def outputs_at(first: Any, **more: Any) -> Outputs:
        return outputs_of(taking(first, **more), "the function")

    outputs_at.__name__ = called(function)

    def asked(something: Callable[..., Any]) -> Any:
        arguments = Arguments(point, given, one_array=one_array)
        return call(something, arguments.first, **arguments.data)

    outputs: Outputs = asked(outputs_at)
    require_finite(outputs, "the function")
    size = sum(values.size for values in point.values())
    if 2 * size * outputs.size > MOST_KEPT:
        raise SettingError(
            f"the Jacobian has {outputs.size:,} x {size:,} entries, expected at most {MOST_KEPT // 2:,}",
            hint="a layer check takes a few products with it: --backward, check_layer",
        )
    claim = asked(in_form(jacobian, parameters, data)) if callable(jacobian) else jacobian
    claimed = claimed_jacobian(claim, outputs, point)
    shared = Shared(outputs_at, called(function), None, outputs.size)
    settings = {
        "threshold": threshold,
        "precision": precision,
        "require_sensitivity": require_sensitivity,
        "seed": seed,
    }
    reports = [
        checked(loss, {p: rows[k] for p, rows in claimed.items()}, point, given, name, one_array=one_array, **settings)
        for k, loss in enumerate(shared.losses())
    ]
    rows, start = [], 0
    for output, array in outputs.arrays.items():
        part = reports[start : start + array.size]
        start += array.size
        rows += [joined_parameter([r.parameters[k] for r in part], output, array.shape) for k in range(len(point))]
    report = joined(reports, rows, name, shared.calls, (), started)
    return dataclasses.replace(report, findings=jacobian_findings(report)) if report.verdict is Verdict.FAIL else report


def named_point(parameters: Any) -> dict[str, Array]:
    """Return the point by names."""
    point = {name: as_parameter(name, values) for name, values in flattened(parameters).items()}
    if not point or not all(values.size for values in point.values()):
        raise ProblemError("there are no parameters, or an empty one: nothing to check")
    return point


def in_form(function: Callable[..., Any], parameters: Any, data: Mapping[str, Any] | None) -> Callable[..., Any]:
    """Return a function so that it can be called with the parameters in the form in which they were given."""
    if not is_tree(parameters):
        return function
    return Form(names_in(parameters), list(data or ()), alone="name").of(function)


def checked(
    loss: Callable[..., float],
    claim: Parameters,
    point: Parameters,
    data: Mapping[str, Any],
    name: str,
    *,
    one_array: bool,
    **settings: Any,
) -> CheckReport:
    """Check the gradient of one loss of the outputs."""
    problem = FunctionProblem(point, loss, claim, name, data=data, one_array=one_array)
    return check(problem, epsilon=AUTO, mode=FULL, **settings)


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
