"""The use case of functions of tensors: a framework's backward pass, its forward mode, and its backward pass of that.

Each of the three is checked as the backward pass of a layer is: J^T u against differences of the outputs; J v against
differences along v; and the double backward against differences of the backward pass, which is right or wrong by then.
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from gradcheck_cli.checks.along import components
from gradcheck_cli.checks.given import name_of, require_plain_arguments
from gradcheck_cli.checks.jvp import TANGENTS, random_tangents
from gradcheck_cli.checks.layer import COTANGENTS, check_layer, with_faults
from gradcheck_cli.judging.joined import WORST_FIRST, joined, joined_sensitivity
from gradcheck_cli.numeric.scales import entry_sizes
from gradcheck_cli.problems.functions.autograd import import_framework, own_gradient_note
from gradcheck_cli.problems.functions.autograd_maps import AutogradMap, autograd_map, hinted
from gradcheck_cli.problems.functions.complex_numbers import CONVENTIONS, OF_FRAMEWORK
from gradcheck_cli.problems.functions.function import call
from gradcheck_cli.problems.functions.layer import signed
from gradcheck_cli.problems.functions.linearity import Derivative, Fault, fault_of
from gradcheck_cli.vocabulary.errors import GradcheckError, UserFunctionError
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.results import CheckReport, Finding, ParameterResult, Verdict
from gradcheck_cli.vocabulary.settings import require_whole

__all__ = ["check_autograd"]

BACKWARD, JVP, DOUBLE = "backward", "jvp", "double"
TANGENT = "v_"  # before the name of a parameter: by how much it is moved along its tangents, 1 at the point itself
CONSTANT = "both gradients are zero there"  # ends a note: most gradients depend on few of the parameters
JV = "J v_"
OF_LINEARITY = {"adds-a-constant", "changes-its-cache", "clips", "non-finite", "not-linear"}
OF_TANGENTS = "look for a clip, an abs or a mask of the tangents that come in"
OF_SUMS = 1e-3  # relative: what a jvp of a sum may be off from the sum, in any arithmetic


def check_autograd(
    function: Callable[..., Any],
    parameters: Any,
    *,
    framework: str = "torch",
    device: str | None = None,
    double: bool = True,
    data: Mapping[str, Any] | None = None,
    cotangents: int = COTANGENTS,
    seed: int | None = None,
    name: str | None = None,
    **settings: Any,
) -> CheckReport:
    """Check a framework's own J^T u and J v of a function of its tensors, and the J^T u of J^T u: the double backward.

    Custom derivatives, of a ``torch.autograd.Function``, of ``jax.custom_vjp`` or ``jax.custom_jvp``, are what is
    checked; everything is float64. A row is named by the parameter, by the output where there are several, and by what
    was checked: ``x from y1: backward``, ``y1: jvp``, ``x: double`` and ``dy: double``, where dy is the cotangent of y.
    A row of the double backward that is wrong is of the gradient that shows it most, as ``dy from dx: double``.

    Parameters
    ----------
    function : callable
        Of tensors in the form of the parameters; where they are a dict, of tensors by their own names, or one after
        another as ``Function.apply`` takes them. It returns a tensor, or dicts, lists and tuples of tensors. A
        ``torch.nn.Module``, or a class of such, is checked for its inputs and its own parameters.
    parameters : array_like, or mappings, lists and tuples of them
        The point. It is copied, never changed.
    framework : {"torch", "jax"}, optional
        Whose tensors the function takes.
    device : str, optional
        Where the framework keeps them, as it calls it; ``"cpu"`` where it is not given.
    double : bool, optional
        Whether to check the double backward as well.
    data : mapping of str to object, optional
        What the function gets by keyword, arrays as tensors.
    cotangents : int, optional
        How many random cotangents there are for each output.
    seed : int, optional
        Of cotangents and tangents; a fresh one where it is not given. The report has it.
    name : str, optional
        What the report calls the function; its own name unless given.
    **settings
        As for `check_layer`, but journal; a budget is for each of the parts.

    Returns
    -------
    CheckReport
        What cannot be taken at all is said in a note: a jvp that there is not, a double backward of a backward pass
        that may be taken only once.

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked: UserFunctionError where the function raises, ProblemError where
        no graph leads from its outputs to the parameters.
    """
    started = time.perf_counter()
    require_whole("cotangents", cotangents, 1)
    seed = secrets.randbits(32) if seed is None else seed
    require_whole("seed", seed, 0)
    name = name_of(function) if name is None else name
    require_plain_arguments(name, data)
    import_framework(framework)
    tensors = autograd_map(framework, function, parameters, data or {}, device)
    settings |= {"complex": OF_FRAMEWORK[framework], "cotangents": cotangents, "seed": seed, "name": name}
    with hinted(tensors.backend.hint):
        parts = {BACKWARD: backward_report(tensors, settings)}
    notes = [own_gradient_note(framework)]
    for label, checked in ((JVP, jvp_report), (DOUBLE, double_report)):
        if label == DOUBLE and not double:
            continue
        if label == DOUBLE and not is_linear(parts[BACKWARD]):
            notes.append("not checked: double backward, because the backward pass is not linear")
            continue
        try:
            parts[label] = checked(tensors, settings)
        except NotThereError as error:
            notes.append(error.message)
    reports = [labelled(report, label, with_label=len(parts) > 1) for label, report in parts.items()]
    rows = [row for report in reports for row in report.parameters]
    calls = sum(report.evaluations for report in reports)
    notes += said(parts, tensors.backend.hint)
    return joined(reports, rows, name, calls, notes, started)


def is_linear(report: CheckReport) -> bool:
    """Whether nothing speaks against a backward pass being linear in its cotangents."""
    return not any(finding.where == "all" and finding.code in OF_LINEARITY for finding in report.findings)


class NotThereError(GradcheckError):
    """A derivative that the framework cannot take."""


def backward_report(
    tensors: AutogradMap, settings: Mapping[str, Any], about: Mapping[str, Array] | None = None
) -> CheckReport:
    """Check J^T u against differences of the outputs, with respect to all parameters or to some."""
    about = tensors.point if about is None else about

    def forward(point: dict[str, Array], /) -> tuple[dict[str, Array], dict[str, Array]]:
        whole = {**tensors.point, **point}
        return tensors.outputs(whole), whole

    def backward(u: dict[str, Array], whole: dict[str, Array]) -> dict[str, Array]:
        found = tensors.vjp(whole, u)
        return {name: found[name] for name in about}

    forward.__name__, backward.__name__ = settings["name"], f"the backward pass of {settings['name']}"
    return check_layer(forward, backward, about, **settings)


def jvp_report(tensors: AutogradMap, settings: Mapping[str, Any]) -> CheckReport:
    """Check J v for random tangents v of each parameter against differences along them, and whether it is linear in v.

    Raises
    ------
    NotThereError
        Where the framework has no forward mode of the function.
    """
    random, point = np.random.default_rng([settings["seed"], 3]), tensors.point
    sizes = entry_sizes({name: np.abs(values) for name, values in point.items()})
    tangents = {name: own_tangents(name, point, sizes, random) for name in point}
    convention = CONVENTIONS[settings["complex"]]
    columns = {n: [taken(tensors.jvp, point, v, what="jvp") for v in some] for n, some in tangents.items()}

    def forward(lengths: dict[str, Array], /) -> tuple[dict[str, Array], None]:
        moved = {n: values + along(lengths[TANGENT + n] - 1, tangents[n], n) for n, values in point.items()}
        return tensors.outputs(moved), None

    def backward(u: dict[str, Array], _: None) -> dict[str, Array]:
        slopes = {name: np.conj(convention.slopes(values)) for name, values in u.items()}
        return {
            TANGENT + n: np.array([sum(float(np.sum(slopes[o] * v[o]).real) for o in u) for v in some])
            for n, some in columns.items()
        }

    report = check_layer(
        forward, backward, {TANGENT + n: np.ones(len(some)) for n, some in tangents.items()}, **settings
    )
    rows = [along_parameter(row, list(point), tensors.output_names) for row in report.parameters]
    report = dataclasses.replace(report, parameters=tuple(rows), findings=tuple(map(of_product, report.findings)))
    v, w = ({n: sizes[n] * like(values, random) for n, values in point.items()} for _ in range(2))
    return with_faults(report, list(jvp_faults(tensors, v, w)))


def own_tangents(own: str, point: Parameters, sizes: Parameters, random: np.random.Generator) -> list[dict[str, Array]]:
    """Return random tangents that move entries of one parameter, of like sizes each.

    What is small beside other entries would not be seen along a tangent through all of them.
    """
    found = []
    magnitudes = {own: np.abs(point[own])}
    for _, real in random_tangents(random, magnitudes, {own: sizes[own]}, TANGENTS):
        imaginary = np.where(real != 0, components(random, sizes[own]), 0.0)
        tangent: dict[str, Any] = {name: np.zeros_like(values) for name, values in point.items()}
        tangent[own] = real + 1j * imaginary if np.iscomplexobj(point[own]) else real
        found.append(tangent)
    return found


def along(lengths: Array, tangents: Sequence[Mapping[str, Array]], own: str) -> Any:
    """Return the sum of tangents of one parameter, each so many times."""
    return sum(length * tangent[own] for length, tangent in zip(lengths, tangents, strict=True))


def like(values: Array, random: np.random.Generator) -> Array:
    """Return random numbers of both signs, none of them small, for an array: complex ones where it is complex."""
    real = signed(random, values.shape)
    return real + 1j * signed(random, values.shape) if np.iscomplexobj(values) else real


def along_parameter(row: ParameterResult, parameters: Sequence[str], outputs: Sequence[str]) -> ParameterResult:
    """Return a row of tangents under the name of the output, and of the parameter where there are several."""
    tangent, _, output = row.name.partition(" from ")
    own = tangent.removeprefix(TANGENT)
    name = output or outputs[0]
    return dataclasses.replace(row, name=f"{name} along {own}" if len(parameters) > 1 else name)


def of_product(finding: Finding) -> Finding:
    """Return what is said of a gradient with respect to lengths of tangents, of J v."""
    return finding._replace(
        where=finding.where.replace(f"d{TANGENT}", JV),
        message=finding.message.replace(f"d{TANGENT}", JV),
        help=finding.help.replace(f"d{TANGENT}", JV),
    )


def jvp_faults(tensors: AutogradMap, v: Parameters, w: Parameters) -> Iterator[Fault]:
    """Yield a fault where J v is not linear in v: not as much of much or little of v, or of a sum not the sum."""
    jvp = partial(tensors.jvp, tensors.point)
    of_v, of_w = jvp(v), jvp(w)
    fault = fault_of(
        Derivative(
            jvp,
            it="the jvp",
            made="derivative",
            given="tangents",
            before_names="",
            if_constant="look for a constant that is added to the derivative",
            if_clipped=OF_TANGENTS,
        ),
        [(v, of_v)],
    )
    if fault is not None:
        yield fault
        return
    both = jvp({name: 2 * v[name] - 0.75 * w[name] for name in v})
    expected = {name: 2 * of_v[name] - 0.75 * of_w[name] for name in of_v}
    sizes = {name: max(float(np.max(np.abs(made[name]))) for made in (of_v, of_w)) for name in expected}
    if not all(np.all(np.abs(both[name] - expected[name]) <= OF_SUMS * sizes[name]) for name in both):
        yield Fault("not-linear", "the jvp is not linear in its tangents", OF_TANGENTS)


def double_report(tensors: AutogradMap, settings: Mapping[str, Any]) -> CheckReport:
    """Check the backward pass of the backward pass against differences of the latter.

    J^T u is linear in u: what it is beside u = 0 has no rounding of other cotangents in it.

    Raises
    ------
    NotThereError
        Where the backward pass cannot be differentiated.
    """
    random = np.random.default_rng([settings["seed"], 4])
    outputs = tensors.outputs(tensors.point)
    pulled = tensors.pulled({name: like(values, random) for name, values in outputs.items()})
    first = pulled.outputs(pulled.point)
    again = {name: like(values, random) for name, values in first.items()}
    taken(pulled.vjp, pulled.point, again, what="double backward")
    started = time.perf_counter()
    cotangents = {name: 0 * values for name, values in pulled.point.items() if name not in tensors.point}
    parts = [backward_report(pulled, settings, about) for about in (tensors.point, cotangents)]
    rows = list(worst_by_parameter([row for part in parts for row in part.parameters], pulled.names))
    report = joined(parts, rows, settings["name"], sum(part.evaluations for part in parts), (), started)
    return dataclasses.replace(report, notes=tuple(n for n in report.notes if not n.endswith(CONSTANT)))


def worst_by_parameter(every: Sequence[ParameterResult], names: Sequence[str]) -> Iterator[ParameterResult]:
    """Yield one row for each parameter: of the gradient that speaks against it most, and with what all would catch."""
    for name in names:
        rows = [row for row in every if row.entries.parameter == name]
        worst = min(rows, key=lambda row: (WORST_FIRST.index(row.verdict), -row.difference))
        felt = [row for row in rows if row.analytic_norm] or rows
        yield dataclasses.replace(
            worst,
            name=name if worst.verdict is Verdict.PASS else worst.name,
            sensitivity=joined_sensitivity(row.sensitivity for row in felt),
        )


def taken(derivative: Callable[..., Any], *arguments: Any, what: str) -> Any:
    """Return what a derivative of the framework makes of arguments.

    Raises
    ------
    NotThereError
        Where it raises: then nobody can be misled by its numbers.
    """
    try:
        return call(derivative, *arguments)
    except GradcheckError as error:
        message = error.message.partition(" raised ")[2] if isinstance(error, UserFunctionError) else error.message
        raise NotThereError(f"not checked: {what}, which could not be computed ({message})") from error


def labelled(report: CheckReport, label: str, *, with_label: bool) -> CheckReport:
    """Return a report with the name of what was checked before or behind what it says; notes that all have stay."""

    def told(text: str) -> str:
        return f"{label}: {text}"

    def found(finding: Finding) -> Finding:
        where = finding.where if finding.where == "all" else f"{finding.where}: {label}"
        return finding._replace(where=where, message=told(finding.message))

    rows = [dataclasses.replace(row, name=f"{row.name}: {label}") for row in report.parameters]
    kept, *others = report.notes  # how many cotangents there are, and of which seed
    return dataclasses.replace(
        report,
        parameters=tuple(rows),
        reasons=tuple(map(told, report.reasons)) if with_label else report.reasons,
        findings=tuple(map(found, report.findings)),
        notes=(kept, *map(told, others)),
    )


def said(parts: Mapping[str, CheckReport], hint: str) -> Iterator[str]:
    """Say what it means that some are right and others are wrong, and where a graph seems to be cut."""
    wrong = [label for label, report in parts.items() if report.verdict is Verdict.FAIL]
    for label in wrong:
        lost = [r.name for r in parts[label].parameters if r.verdict is Verdict.FAIL and not r.analytic_norm]
        if lost:
            yield f"{label}: no gradient reaches {', '.join(lost)}: {hint}"
    if BACKWARD in wrong and DOUBLE in parts and DOUBLE not in wrong:
        yield "the backward pass is wrong; the double backward agrees with it, so it is wrong as well"
    if DOUBLE in wrong and BACKWARD not in wrong:
        yield (
            "the backward pass is right but its own backward pass is wrong: look for what cuts the graph in backward,"
            " and for intermediate results saved by forward that are neither inputs nor outputs"
        )
