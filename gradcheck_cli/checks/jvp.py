"""The use case of forward mode: a JVP of random tangents, against differences and against a backward pass."""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.checks.adjoint import PAIRS, fitting_together
from gradcheck_cli.checks.along import Along, Found, components, felt_sizes, found_along, require_room
from gradcheck_cli.checks.given import in_form, name_of, named_point, require_plain_arguments
from gradcheck_cli.checks.jacobian import check_jacobian
from gradcheck_cli.checks.layer import with_faults
from gradcheck_cli.diagnosis.outputs import jacobian_findings
from gradcheck_cli.judging.entries import entries_of
from gradcheck_cli.judging.joined import derivatives, joined, joined_sensitivity
from gradcheck_cli.numeric.scales import largest_size, like_sizes
from gradcheck_cli.problems.functions.arguments import Arguments
from gradcheck_cli.problems.functions.function import call
from gradcheck_cli.problems.functions.layer import Layer, alike
from gradcheck_cli.problems.functions.linearity import SAME
from gradcheck_cli.problems.functions.outputs import Outputs, outputs_of, require_finite
from gradcheck_cli.problems.functions.tangents import ForwardMode, faults_of_jvp
from gradcheck_cli.problems.functions.trees import is_tree
from gradcheck_cli.vocabulary.asking import called
from gradcheck_cli.vocabulary.errors import ProblemError
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.results import CheckReport, Finding, ParameterResult, Verdict
from gradcheck_cli.vocabulary.settings import AUTO, DEFAULT_THRESHOLD, require_whole

__all__ = ["TANGENTS", "check_jvp", "random_tangents"]

_Number = TypeVar("_Number", bound=np.generic)

TANGENTS = 2  # for each parameter
CONSISTENCY = (
    "jvp against backward pass shows that they fit together; jvp against differences, that it is the derivative"
)


def check_jvp(
    function: Callable[..., Any],
    jvp: Callable[..., Any],
    parameters: Any,
    *,
    data: Mapping[str, Any] | None = None,
    backward: Callable[..., Any] | None = None,
    tangents: int = TANGENTS,
    seed: int | None = None,
    name: str | None = None,
    threshold: float = DEFAULT_THRESHOLD,
    precision: str = AUTO,
    require_sensitivity: float | None = None,
) -> CheckReport:
    """Check a JVP, J v for random tangents v of each parameter, against differences of the function.

    With v_1 ... v_K, the function G(t) = F(p + sum t_k v_k) of K numbers has the Jacobian J V at t = 0, which is
    checked as by `check_jacobian`. A tangent moves entries of one parameter that are of like size, each by 0.5 to 1
    times its own, with either sign. The JVP must be linear in its tangents besides.

    Parameters
    ----------
    function : callable
        (parameters, **data) -> outputs: an array, a tuple of arrays, or a dict of them. It gets a dict of float64
        arrays, or one array where `parameters` is; where each parameter is an argument by its own name, it is called
        so: ``function(x=..., w=...)``. With `backward` it may return (outputs, cache), as for `check_layer`.
    jvp : callable
        (parameters, tangents, **data) -> derivative, in the form of the outputs, or the pair (value, derivative). The
        parameters and the tangents come as dicts, or as arrays where `parameters` is one.
    parameters : mapping of str to array_like, or array_like
        The point. It is copied, never changed.
    data : mapping of str to object, optional
        What both functions get by keyword.
    backward : callable, optional
        The backward pass of the function, as for `check_layer`: then <u, J v> = <J^T u, v> is checked as well, to
        rounding, as by `check_adjoint`.
    tangents : int, optional
        How many random tangents there are of each parameter, or of each part of it of like sizes.
    seed : int, optional
        Of the tangents; a fresh one where it is not given. The report has it.
    name, threshold, precision, require_sensitivity
        As for `check_jacobian`.

    Returns
    -------
    CheckReport
        With a row for each pair of an output and a parameter x, called v_x: the derivatives along its tangents; with
        `backward` one more for each parameter.

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked.

    Examples
    --------
    >>> check_jvp(lambda x: x**2, lambda x, v: 2 * x * v, [1.0, 2.0], seed=0).passed
    True
    >>> check_jvp(lambda x: x**2, lambda x, v: 2 * x, [1.0, 2.0], seed=0).passed
    False
    """
    started = time.perf_counter()
    name = name_of(function) if name is None else name
    require_plain_arguments(name, data)
    require_whole("tangents", tangents, 1)
    seed = secrets.randbits(32) if seed is None else seed
    require_whole("seed", seed, 0)
    point, one_array, given = named_point(parameters), not is_tree(parameters), data or {}
    taking = in_form(function, parameters, data)
    layer = None if backward is None else Layer(taking, backward, point, given, one_array)

    def outputs_at(there: Parameters) -> Outputs:
        arguments = Arguments(there, given, one_array=one_array)
        answer = call(taking, arguments.first, **arguments.data)
        return plain_outputs(answer) if layer is None else layer.split(answer)[0]

    outputs = outputs_at(point)
    require_finite(outputs, "the function")
    forward = ForwardMode(jvp, outputs, point, given, one_array)
    random = np.random.default_rng(seed)
    sizes = felt_sizes(lambda there: outputs_at(there).vector(), outputs.vector(), point, random)
    moved = list(random_tangents(random, point, sizes, tangents))
    require_room(outputs.size, len(moved), "use fewer tangents for each parameter")
    claims = np.transpose([forward.vector({own: v}) for own, v in moved])

    def outputs_along(steps: Array) -> Array:
        there = dict(point)
        for (own, v), step in zip(moved, steps, strict=True):
            there[own] = there[own] + step * v
        return outputs_at(there).vector()

    along = Along(
        outputs_along, called(function), "v", np.array([np.max(np.abs(v)) for _, v in moved]), outputs.vector()
    )
    settings: dict[str, Any] = {
        "threshold": threshold,
        "precision": precision,
        "require_sensitivity": require_sensitivity,
    }
    found = found_along(along, claims, largest_size(point), check_jacobian, seed=seed, **settings)
    rows = [
        row_of(found, [k for k, (of, _) in enumerate(moved) if of == own], f"v_{own}", output, places, array.shape)
        for output, (places, array) in places_of(outputs).items()
        for own in point
    ]
    v, w = ({own: components(random, sized) for own, sized in sizes.items()} for _ in range(2))
    faults = list(faults_of_jvp(forward, v, w))
    notes = [f"v_{own}: {count_of(moved, own)} of both signs along {own}, from seed {seed}" for own in point]
    notes += sorted(forward.remarks)
    report = joined(found.reports, rows, name, along.calls, notes, started)
    report = dataclasses.replace(report, settings={**report.settings, "seed": seed})
    if report.verdict is Verdict.FAIL:
        report = dataclasses.replace(report, findings=jacobian_findings(report))
    report = with_faults(report, faults)
    if layer is not None:
        report = with_backward(report, forward, layer, sizes, seed)
    return dataclasses.replace(report, seconds=time.perf_counter() - started)


def plain_outputs(answer: Any) -> Outputs:
    """Take apart what a function without a cache returned."""
    try:
        return outputs_of(answer, "the function")
    except ProblemError as error:
        hint = "if it returns (outputs, cache), give the backward pass as well: --backward, backward="
        raise ProblemError(error.message, hint=error.hint or hint) from error


def random_tangents(
    random: np.random.Generator, point: Parameters, sizes: Parameters, count: int
) -> Iterator[tuple[str, Array]]:
    """Yield the tangents of each parameter, so many for each part of it whose entries are of like size.

    Entries that are zero are apart: their size is only borrowed, and if it is large they would hide the others.
    """
    for own, sized in sizes.items():
        borrowed = sized != np.abs(point[own])
        for part in (~borrowed, borrowed):
            classes = np.full(sized.shape, -1, dtype=np.intp)
            classes[part] = like_sizes(sized[part])
            for number in range(int(classes.max()) + 1):
                for _ in range(count):
                    yield own, np.where(classes == number, components(random, sized), 0.0)


def count_of(moved: Sequence[tuple[str, Array]], own: str) -> str:
    """Say how many tangents of a parameter there are."""
    count = sum(of == own for of, _ in moved)
    return "1 random tangent" if count == 1 else f"{count} random tangents"


def places_of(outputs: Outputs) -> dict[str, tuple[slice, Array]]:
    """Return where each output stands in the vector of all."""
    found, start = {}, 0
    for output, array in outputs.arrays.items():
        found[output] = slice(start, start + array.size), array
        start += array.size
    return found


def row_of(
    found: Found, directions: Sequence[int], parameter: str, output: str, places: slice, shape: tuple[int, ...]
) -> ParameterResult:
    """Return what was found of one output along the tangents of one parameter."""

    def part(array: NDArray[_Number]) -> NDArray[_Number]:
        return array[places][:, directions].reshape(-1)

    claims, values, bars = part(found.claims), part(found.values), part(found.bars)
    plain = entries_of(parameter, (*shape, len(directions)), claims, values, values, bars, part(found.verdicts))
    entries = dataclasses.replace(plain, output=output, rank=len(shape))
    return derivatives(entries, joined_sensitivity(found.catches))


def with_backward(report: CheckReport, forward: ForwardMode, layer: Layer, sizes: Parameters, seed: int) -> CheckReport:
    """Return a report with the inner products of the JVP and of the backward pass as well."""
    several = len(forward.outputs.arrays) > 1
    parts = {
        f"u . J v_{own}" + (f" from {output}" if several else ""): products(
            forward, layer, own, output, sizes[own], seed
        )
        for output in forward.outputs.arrays
        for own in forward.point
    }
    rows = [dataclasses.replace(part.parameters[0], name=name) for name, part in parts.items()]
    told = joined([report, *parts.values()], [*report.parameters, *rows], report.name, report.evaluations, (), 0.0)
    wrong = [name for name, part in parts.items() if part.verdict is Verdict.FAIL]
    findings, notes = report.findings if report.verdict is Verdict.FAIL else (), [*report.notes, CONSISTENCY]
    if wrong:
        whose = "the JVP is wrong" if report.verdict is Verdict.FAIL else "differences confirm the JVP"
        said = f"the JVP and the backward pass are not transposes of each other, in {', '.join(wrong)}: {whose}"
        findings = (*findings, Finding("unknown", "all", said))
    elif report.verdict is Verdict.FAIL:
        notes.append("the backward pass agrees with the JVP, so it is wrong as well")
    return dataclasses.replace(
        report,
        verdict=told.verdict,
        difference=told.difference,
        refined_difference=told.refined_difference,
        parameters=told.parameters,
        reasons=(*report.reasons, *(reason for part in parts.values() for reason in part.reasons)),
        findings=findings,
        notes=tuple(notes),
    )


def products(forward: ForwardMode, layer: Layer, own: str, output: str, sizes: Array, seed: int) -> CheckReport:
    """Check that the backward pass is the transpose of the JVP, from one parameter to one output.

    The parameter is in units of its sizes, and the output in units of its own where these are far apart. What is made
    of it is not weighed alike besides: where an entry is saturated, right formulas for its derivative may differ in all
    digits.
    """
    shapes, units = forward.outputs.arrays, alike(forward.outputs.magnitudes(output))

    def product(v: Array) -> Array:
        return units * forward({own: sizes * v})[output]

    def transposed(u: Array) -> Array:
        cotangents = {name: units * u if name == output else np.zeros(array.shape) for name, array in shapes.items()}
        return np.asarray(sizes * layer.gradient(cotangents)[own])

    product.__name__, transposed.__name__ = called(forward.jvp), called(layer.backward)
    return fitting_together(product, transposed, np.zeros(sizes.shape), PAIRS, seed, own, alike=False, same=SAME)
