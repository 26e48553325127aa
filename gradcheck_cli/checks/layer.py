"""A layer's backward pass: products of cotangents with the Jacobian, against differences of the forward pass."""

from __future__ import annotations

import dataclasses
import itertools
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from gradcheck_cli.checks.check import check_rows
from gradcheck_cli.checks.given import in_form, named_point, require_plain_arguments
from gradcheck_cli.checks.preparing import in_time
from gradcheck_cli.diagnosis.complex_numbers import by_another_convention, in_complex_numbers
from gradcheck_cli.diagnosis.outputs import distinct, is_lost, with_lost
from gradcheck_cli.evaluating.journal import Journal
from gradcheck_cli.judging.entries import worst_of
from gradcheck_cli.judging.joined import joined, worst_rows
from gradcheck_cli.problems.functions.complex_numbers import CONVENTIONS, complex_view, convention_of
from gradcheck_cli.problems.functions.contexts import without_context
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.functions.layer import Layer, faults_of, outputs_missed, random_cotangents
from gradcheck_cli.problems.functions.linearity import Fault
from gradcheck_cli.problems.functions.outputs import Outputs, Weighing, require_finite
from gradcheck_cli.problems.functions.trees import flattened, is_tree
from gradcheck_cli.vocabulary.asking import called
from gradcheck_cli.vocabulary.errors import CheckInterrupted, GradcheckError
from gradcheck_cli.vocabulary.results import CheckReport, Finding, ParameterResult, Verdict
from gradcheck_cli.vocabulary.settings import require_whole

__all__ = ["COTANGENTS", "check_layer", "with_faults"]

COTANGENTS = 2  # for each output: one misses an error a hundred times the allowed one in 14 of 1,000 cases, two in 0.2


def check_layer(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    parameters: Any,
    *,
    data: Mapping[str, Any] | None = None,
    complex: str | None = None,  # noqa: A002  (the numbers' own word)
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
        a tuple of two is always the former, so two outputs without a cache go as a dict, or with None. Of a longer
        tuple, as in ``return h, c, cache``, the last is the cache where it is no array. A first argument ``ctx`` of
        both passes gets what the forward pass keeps, by ``save_for_backward`` and in attributes.
        It gets a dict of float64 arrays, or one array where `parameters` is; where each parameter is an argument by its
        own name, it is called so: ``forward(x=..., w=..., b=...)``.
    backward : callable
        (cotangents, cache) -> gradient; (cotangents) where there is no cache. The cotangents come in the form of the
        outputs, or of a tuple one after another where there is an argument for each, as in ``(dh, dc, cache)``; the
        gradient is a dict, a tuple in the order of the parameters, or an array where there is one.
    parameters : mapping of str to array_like, or array_like
        The point. It is copied, never changed.
    data : mapping of str to object, optional
        What the forward pass gets by keyword.
    complex : {"torch", "jax", "wirtinger"}, optional
        What cotangents and gradients of complex outputs and parameters mean: see `check_gradient`.
    cotangents : int, optional
        How many random cotangents there are for each output.
    seed : int, optional
        Of the cotangents; a fresh one where it is not given. The report has it.
    name : str, optional
        What the report calls the layer.
    journal : Journal, optional
        As for `check`; one that was begun has the seed.
    **settings
        As for `check`, but epsilon, classic, points and suggest.

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
    layer = layer_of(forward, backward, parameters, data, complex)
    with in_time(name, settings.get("time_limit")):
        outputs, _ = layer.run()
        require_finite(outputs, "the forward pass")
        given = random_cotangents(outputs, cotangents, seed)
        claims = [layer.gradient(u) for _, u in given]
    weights = np.array([Outputs(u, outputs.made).vector() for _, u in given])
    weighing = Weighing(called(forward), outputs.size, weights, layer.convention, cached=True)
    problem = FunctionProblem(
        layer.point, layer.forward, None, name, data=layer.data, one_array=layer.one_array, weighing=weighing
    )
    if layer.view is not None:
        settings.pop("recipe", None)  # it is of real arrays
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
    if layer.view is not None:
        report = in_complex_numbers(report, layer.view)
    if report.verdict is Verdict.FAIL and (layer.view is not None or outputs.complex_names):
        others = {name: layer_of(forward, backward, parameters, data, name) for name in CONVENTIONS}
        report = by_another_convention(report, others, given, reports)
    if lost:
        report = dataclasses.replace(report, findings=with_lost(report.findings, lost))
    return with_faults(report, found)


def layer_of(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    parameters: Any,
    data: Mapping[str, Any] | None,
    convention: str | None,
) -> Layer:
    """Return a layer of real arrays; where some are complex, their gradients are taken by a convention."""
    forward, backward = without_context(forward, backward)
    view = complex_view(flattened(parameters), convention)
    point = named_point(parameters if view is None else view.point)
    taking = in_form(forward, parameters, data)
    if view is not None:
        taking, backward = view.loss(taking, both=False), view.backward(backward)
    one_array = not is_tree(parameters)
    return Layer(taking, backward, point, data or {}, one_array, convention_of(convention), view)


def which_outputs(layer: Layer, rows: Iterable[Sequence[ParameterResult]], seed: int) -> Iterator[str]:
    """Say of the worst entry of each wrong parameter from which entries of the outputs its error comes, if from few."""
    for row in itertools.chain(*rows):
        if row.verdict is Verdict.FAIL and row.entries:  # of a screen there may be slopes alone
            k = worst_of(row.entries)
            missed = outputs_missed(layer, row.entries.parameter, row.entries.place(k), seed)
            if missed:
                yield f"the error of {row.entries[k].name} comes from {', '.join(missed)} alone"


def with_faults(report: CheckReport, faults: Sequence[Fault]) -> CheckReport:
    """Return a report that fails for what a backward pass must not do."""
    if not faults:
        return report
    findings = tuple(Finding(fault.code, "all", fault.message, help=fault.help) for fault in faults)
    reasons = (*(fault.message for fault in faults), *report.reasons)
    others = report.findings if report.verdict is Verdict.FAIL else ()
    return dataclasses.replace(report, verdict=Verdict.FAIL, reasons=reasons, findings=(*findings, *others))
