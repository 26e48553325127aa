"""The use cases of functions with more than one output: a layer's backward pass, and a Jacobian."""

from __future__ import annotations

import dataclasses
import itertools
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck_cli.asking import called
from gradcheck_cli.checking import check
from gradcheck_cli.errors import ProblemError, SettingError
from gradcheck_cli.judging.entries import joined_parameter, relative_difference
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.arguments import as_parameter, by_its_own_names, refuse_masked
from gradcheck_cli.problems.layer import Fault, Layer, faults_of, outputs_missed, random_cotangents, require_finite
from gradcheck_cli.problems.outputs import MOST_KEPT, ONE_OUTPUT, Outputs, Shared, outputs_of, real_array
from gradcheck_cli.problems.user_function import FunctionProblem, call
from gradcheck_cli.results import CheckReport, EntryVerdict, Finding, ParameterResult, Verdict, entry_name
from gradcheck_cli.settings import AUTO, DEFAULT_THRESHOLD, FULL, require_whole

__all__ = ["check_jacobian", "check_layer"]

COTANGENTS = 2  # for each output: one misses an error a hundred times the allowed one in 14 of 1,000 cases, two in 0.2
MOST_REASONS = 6
MEANT = {
    "absolute-values", "columns", "factor", "factor-all", "few-entries", "non-finite", "rows", "signs", "single-entry",
    "small-relative-error", "swapped", "transposed", "unknown", "zero",
}  # fmt: skip
"""The codes of mistakes that a gradient of weighed outputs may show; others are of the samples and sums of a loss."""
WORST_FIRST = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)


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
        (parameters, **data) -> (outputs, cache), or the outputs alone: an array, a tuple of arrays, or a dict of them.
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
    point = named_point(parameters)
    one_array = not isinstance(parameters, Mapping)
    taking = forward if one_array else by_its_own_names(forward, list(point), list(data or ()))
    layer = Layer(taking, backward, point, data or {}, one_array)
    outputs, _ = layer.run()
    require_finite(outputs, "the forward pass")
    given = random_cotangents(outputs, cotangents, seed)
    weights = [Outputs(u, outputs.form).vector() for _, u in given]
    shared = Shared(layer.outputs, called(forward), weights, len(given))
    settings = {
        "threshold": threshold,
        "precision": precision,
        "require_sensitivity": require_sensitivity,
        "seed": seed,
    }
    reports = [
        (output, checked(loss, layer.gradient(u), point, layer.data, name, one_array=one_array, **settings))
        for (output, u), loss in zip(given, shared.losses(), strict=True)
    ]
    several = len(outputs.arrays) > 1
    rows = [worst_rows([r for o, r in reports if o == output], output if several else "") for output in outputs.arrays]
    counted = "1 cotangent" if cotangents == 1 else f"{cotangents} cotangents"
    note = f"{counted} of both signs for each output, from seed {seed}"
    found = list(faults_of(layer, seed))
    every = [report for _, report in reports]
    report = joined(every, list(itertools.chain(*rows)), name, shared.calls, (note, *sorted(layer.remarks)), started)
    lost = [output for output, part in zip(outputs.arrays, rows, strict=True) if several and is_lost(part)]
    if not (found or lost):
        report = dataclasses.replace(report, notes=(*report.notes, *which_outputs(layer, rows, seed)))
    return with_faults(with_lost(report, lost), found)


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
    point = named_point(parameters)
    one_array = not isinstance(parameters, Mapping)
    by_names = (lambda f: f) if one_array else (lambda f: by_its_own_names(f, list(point), list(data or ())))
    taking, given = by_names(function), data or {}

    def outputs_at(first: Any, **more: Any) -> Outputs:
        return outputs_of(taking(first, **more), "the function")

    first = next(iter(point.values())).copy() if one_array else {k: v.copy() for k, v in point.items()}
    outputs = call(outputs_at, first, **given)
    require_finite(outputs, "the function")
    size = sum(values.size for values in point.values())
    if 2 * size * outputs.size > MOST_KEPT:
        raise SettingError(
            f"the Jacobian has {outputs.size:,} x {size:,} entries, expected at most {MOST_KEPT // 2:,}",
            hint="a layer check takes a few products with it: --backward, check_layer",
        )
    claim = call(by_names(jacobian), first, **given) if callable(jacobian) else jacobian
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
    named = parameters if isinstance(parameters, Mapping) else {"x": parameters}
    point = {str(key): as_parameter(str(key), values) for key, values in named.items()}
    if not point or not all(values.size for values in point.values()):
        raise ProblemError("there are no parameters, or an empty one: nothing to check")
    return point


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


def claimed_jacobian(claim: Any, outputs: Outputs, point: Parameters) -> dict[str, Array]:
    """Return for each parameter the rows of all outputs: an array of shape (m, *param.shape).

    Raises
    ------
    ProblemError
        Where something is missing, or has another shape.
    """
    by_output = claim if isinstance(claim, Mapping) and set(outputs.arrays) <= set(claim) else {ONE_OUTPUT: claim}
    if set(by_output) != set(outputs.arrays):
        raise ProblemError(f"the Jacobian has no part for each of {', '.join(outputs.arrays)}, expected a dict of them")
    found = {name: [rows_of(by_output[o], name, o, outputs.arrays[o], point) for o in outputs.arrays] for name in point}
    return {name: np.concatenate(parts) for name, parts in found.items()}


def rows_of(claim: Any, name: str, output: str, array: Array, point: Parameters) -> Array:
    """Return the derivatives of one output with respect to one parameter, row by row of the output."""
    what = f"d {output} / d {name}"
    if isinstance(claim, Mapping):
        if name not in claim:
            raise ProblemError(f"the Jacobian has no {what}; it has {', '.join(map(str, claim))}")
        claim = claim[name]
    elif len(point) > 1:
        raise ProblemError(f"the Jacobian is one array, expected a dict with {', '.join(point)}")
    dense = claim.toarray() if hasattr(claim, "toarray") else claim
    values, shape = real_array(dense, what), point[name].shape
    refuse_masked(values, what)
    wanted = ((array.size, point[name].size), (*array.shape, *shape))
    if values.shape not in wanted:
        hint = "its transpose would fit" if values.T.shape in wanted else None
        raise ProblemError(f"{what} has shape {values.shape}, expected {wanted[0]} or {wanted[1]}", hint=hint)
    return values.reshape(array.size, *shape)


# one report of many


def worst_rows(reports: Sequence[CheckReport], output: str) -> list[ParameterResult]:
    """Return for each parameter the row of the cotangent that speaks against it most."""
    columns = zip(*(report.parameters for report in reports), strict=True)
    rows = [min(column, key=lambda p: (WORST_FIRST.index(p.verdict), -p.difference)) for column in columns]
    return [dataclasses.replace(row, name=f"{row.name} from {output}") if output else row for row in rows]


def joined(
    reports: Sequence[CheckReport],
    rows: Sequence[ParameterResult],
    name: str,
    calls: int,
    notes: Iterable[str],
    started: float,
) -> CheckReport:
    """Return one report of many: its verdict is the worst."""
    worst = min(reports, key=lambda report: WORST_FIRST.index(report.verdict))
    analytic = np.concatenate([np.array(row.entries.analytic) for row in rows])
    numeric, reference = (
        np.concatenate([np.array(getattr(row.entries, column)) for row in rows]) for column in ("numeric", "reference")
    )
    same = [report for report in reports if report.verdict is worst.verdict]
    return dataclasses.replace(
        worst,
        name=name,
        difference=relative_difference(analytic, numeric),
        refined_difference=relative_difference(analytic, reference),
        loss=None,
        evaluations=calls,
        seconds=time.perf_counter() - started,
        parameters=tuple(rows),
        reasons=shortened(reason for report in same for reason in report.reasons),
        findings=distinct(finding for report in same for finding in report.findings),
        notes=(*notes, *shortened(note for report in reports for note in report.notes)),
    )


def distinct(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings, of each kind and place the first; those that only a network's samples can mean are unknown."""
    found: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        told = finding if finding.code in MEANT else Finding("unknown", finding.where, f"{finding.where} is wrong")
        found.setdefault((told.code, told.where), told)
    return tuple(found.values())


def shortened(sentences: Iterable[str]) -> tuple[str, ...]:
    """Return the first of some sentences, each once, and how many more there are."""
    each = list(dict.fromkeys(sentences))
    more = [f"and {len(each) - MOST_REASONS} more of the kind"] if len(each) > MOST_REASONS else []
    return (*each[:MOST_REASONS], *more)


def which_outputs(layer: Layer, rows: Iterable[Sequence[ParameterResult]], seed: int) -> Iterator[str]:
    """Say of the worst entry of each wrong parameter from which entries of the outputs its error comes, if from few."""
    for row in itertools.chain(*rows):
        if row.verdict is Verdict.FAIL:
            errors = np.abs(np.array(row.entries.analytic) - np.array(row.entries.reference))
            entry = int(np.argmax(np.nan_to_num(errors, nan=np.inf)))
            missed = outputs_missed(layer, row.entries.parameter, entry, seed)
            if missed:
                yield f"the error of {row.worst.name} comes from {', '.join(missed)} alone"


def is_lost(rows: Sequence[ParameterResult]) -> bool:
    """Whether no gradient comes from an output at all, though there should."""
    wrong = any(row.verdict is Verdict.FAIL for row in rows)
    return wrong and not any(row.analytic_norm for row in rows)


def with_lost(report: CheckReport, outputs: Sequence[str]) -> CheckReport:
    """Return a report that says from which outputs no gradient comes, in the place of what that looks like."""
    if not outputs:
        return report
    findings = tuple(
        Finding(
            "zero",
            "all",
            f"no gradient comes from output {output}: all that is made of its cotangent is zero",
            help=f"look for a gradient of {output} that is overwritten or never used",
        )
        for output in outputs
    )
    others = tuple(finding for finding in report.findings if finding.code not in ("zero", "clipped-value"))
    return dataclasses.replace(report, findings=(*findings, *others))


def with_faults(report: CheckReport, faults: Sequence[Fault]) -> CheckReport:
    """Return a report that fails for what a backward pass must not do."""
    if not faults:
        return report
    findings = tuple(Finding(fault.code, "all", fault.message, help=fault.help) for fault in faults)
    reasons = (*(fault.message for fault in faults), *report.reasons)
    others = report.findings if report.verdict is Verdict.FAIL else ()
    return dataclasses.replace(report, verdict=Verdict.FAIL, reasons=reasons, findings=(*findings, *others))


def jacobian_findings(report: CheckReport) -> tuple[Finding, ...]:
    """Say which rows or columns of a Jacobian are wrong, and by what factor, where that is all."""
    return tuple(
        finding for row in report.parameters if row.verdict is Verdict.FAIL and (finding := finding_of(row)) is not None
    )


def finding_of(row: ParameterResult) -> Finding | None:
    """Name the mistake in the derivatives of one output with respect to one parameter."""
    m = int(np.prod(row.shape[: row.entries.rank], dtype=int))
    claim, right = (np.array(column).reshape(m, -1) for column in (row.entries.analytic, row.entries.reference))
    wrong = np.array(bytearray(row.entries.verdicts)).reshape(m, -1) == EntryVerdict.DISAGREES
    if claim.shape[0] == claim.shape[1] and is_transpose(claim, right):
        return Finding("transposed", row.name, f"{row.name} is the transpose of the right Jacobian")
    places = tuple(entry_name("", claim.shape, int(k)) for k in np.flatnonzero(wrong)[:3])
    where = where_wrong(wrong, (claim != 0) | (right != 0))
    factor = factor_between(claim[wrong], right[wrong]) if where else None
    if factor is None:
        said = where or f"{int(wrong.sum())} entries"
        return Finding("few-entries", row.name, f"{row.name}: wrong is {said}", indices=places)
    said = "zero" if factor == 0 else f"{factor:.6g} times what is right"
    code = "zero" if factor == 0 else "factor"
    return Finding(code, row.name, f"{row.name}: {where} is {said}", factor=factor or None, indices=places)


def is_transpose(claim: Array, right: Array) -> bool:
    """Whether a claim is the transpose of what is right."""
    return bool(np.allclose(claim.T, right, rtol=1e-6, atol=1e-12 * float(np.max(np.abs(right)))))


def where_wrong(wrong: Array, counted: Array) -> str:
    """Say where the wrong entries are, where that is one entry, row or column, or all that are not zero."""
    rows, columns = np.flatnonzero(wrong.any(axis=1)), np.flatnonzero(wrong.any(axis=0))
    if wrong.sum() == 1:
        return f"the entry [{rows[0]}, {columns[0]}]"
    if len(rows) == 1 and len(wrong) > 1:
        return f"row {rows[0]}"
    if len(columns) == 1 and wrong.shape[1] > 1:
        return f"column {columns[0]}"
    return "all of it" if wrong[counted].all() else ""


def factor_between(claim: Array, right: Array) -> float | None:
    """Return the number by which all of a claim differs from what is right; None where there is none."""
    if not (right.all() and np.isfinite(claim).all()):
        return None
    ratios = claim / right
    same = bool(np.all(np.abs(ratios - ratios[0]) <= 1e-5 * np.abs(ratios[0])))
    return float(np.median(ratios)) if same else None
