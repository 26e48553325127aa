"""How every report writes a number, a verdict's line, and what is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from gradcheck_cli.vocabulary.results import (
    SLOPE_MISMATCH,
    CheckReport,
    EntryVerdict,
    Finding,
    Outcome,
    ParameterResult,
    PointFacts,
    StepSweep,
    Unchecked,
    Verdict,
)
from gradcheck_cli.vocabulary.text import printable

__all__ = [
    "COULD_NOT_CHECK",
    "catch_texts",
    "error_text",
    "facts",
    "figure_name",
    "finding_lines",
    "headline",
    "norm_text",
    "numeric_norm_text",
    "points_lines",
    "shape_error_text",
    "shape_text",
    "sweep_line",
    "value_text",
    "verdict_word",
    "worst_line",
]

COULD_NOT_CHECK = "could not be checked"
MOST_SHOWN = 10  # entries of a point
GIVEN = {Verdict.PASS: "right here", Verdict.FAIL: "wrong here", Verdict.INCONCLUSIVE: "not to be told here"}


def verdict_word(outcome: Outcome) -> str:
    """Return what a case came to."""
    return COULD_NOT_CHECK if isinstance(outcome, Unchecked) else outcome.verdict.value


def figure_name(report: CheckReport) -> str:
    """Return what the figure in a report's headline is called: a screen does not know the course's difference."""
    return "difference" if report.screen is None else SLOPE_MISMATCH


def headline(report: CheckReport) -> str:
    """Return the line that stands alone, but for its verdict: problem, difference, threshold."""
    figure = f"{figure_name(report)} {report.difference:.3e}"
    return f"{printable(report.name)}: {figure}, threshold {report.threshold:g}"


def facts(report: CheckReport, *, seconds: str = "") -> list[str]:
    """Return the circumstances of the check, every digit of the loss and of the difference, and the reasons."""
    loss = "" if report.loss is None else f"J = {report.loss!r}, "
    reference = f"reference by {report.reference}" if report.reference else "the course's rule alone"
    return [
        f"{loss}{figure_name(report)} = {report.difference!r}",
        f"{extent(report)}, {evaluations(report)}{seconds}; {reference}",
        *points_lines(report),
        *report.reasons,
    ]


def points_lines(report: CheckReport) -> list[str]:
    """Return at which points the gradient was checked, where not at one, and which of them the report is of."""
    points = report.points
    if points is None:
        return []
    if not points.worst:
        return [f"{GIVEN[points.given]}{further(points)}"]
    worst = points.found[points.worst - 1]
    what = "wrong" if report.verdict is Verdict.FAIL else "not to be told"
    return [
        f"{what} at further point {worst.number} of {points.asked}, each entry moved by about {worst.moved:.2g} times"
        f" its size (seed {points.seed}), and not at the given one",
        *point_line(report.point or {}),
    ]


def further(points: PointFacts) -> str:
    """Return how it was at the further points, where it was no worse there than at the given one."""
    left = points.asked - len(points.found)
    skipped = len(points.found) - points.checked
    right = sum(point.verdict is Verdict.PASS for point in points.found)
    count = f" and at {right} further point{'s' * (right != 1)} (seed {points.seed})" if points.found else ""
    texts = [f"at {skipped} of {points.asked} the loss has no value"] * bool(skipped) + [
        f"{left} not looked at"
    ] * bool(left)
    return "; ".join([count, *texts]) if count or texts else ""


def point_line(point: Mapping[str, Any]) -> list[str]:
    """Return where a small point is, every digit of it."""
    if sum(math.prod(values.shape) for values in point.values()) > MOST_SHOWN:
        return ["--save-point FILE.npz keeps that point"]
    return ["there " + ", ".join(f"{name} = {values.tolist()}" for name, values in point.items())]


def evaluations(report: CheckReport) -> str:
    """Return how often the loss was asked for, and of a network how."""
    count = "1 evaluation" if report.evaluations == 1 else f"{report.evaluations} evaluations"
    return f"{count} ({report.evaluation})" if report.evaluation else count


def extent(report: CheckReport) -> str:
    """Return what was checked: all entries, a sample of them, or slopes."""
    entries = "entry" if report.size == 1 else "entries"
    if report.screen is not None:
        screen = report.screen
        return f"{report.size} {entries} screened along {screen.directions} directions (seed {screen.seed})"
    epsilon = report.epsilon if isinstance(report.epsilon, str) else f"{report.epsilon:g}"
    if report.entry_count < report.size:
        drawn = "" if report.loss is None else f" (seed {report.settings['seed']})"
        return f"{report.entry_count} of {report.size} {entries}{drawn}, epsilon {epsilon}"
    return f"{report.size} {entries}, epsilon {epsilon}"


def finding_lines(finding: Finding) -> Iterator[str]:
    """Yield what is wrong, then what is known beside it, each line indented as in a compiler's message."""
    yield f"error[{printable(finding.code)}]: {printable(finding.message)}"
    if finding.indices:
        yield f"  at: {printable(', '.join(finding.indices))}"
    if finding.note:
        yield f"  note: {printable(finding.note)}"
    if finding.consequences:
        yield f"  note: wrong only because of this: {printable(', '.join(finding.consequences))}"
    for alternative in finding.alternatives:
        yield f"  note: or else: {printable(alternative)}"
    if finding.help:
        yield f"  help: {printable(finding.help)}"


def worst_line(parameter: ParameterResult) -> str:
    """Return how many entries are off, and the worst with all its figures."""
    worst, off = parameter.worst, parameter.count(EntryVerdict.DISAGREES)
    counted = f"{off} of {parameter.size} entries disagree, most " if off else "largest error "
    return (
        f"{counted}at {printable(worst.name)}: analytic {value_text(worst.analytic)}, numeric"
        f" {value_text(worst.numeric)}, reference {value_text(worst.reference)}, error {error_text(worst.error)},"
        f" error bar {error_text(worst.bar)}"
    )


def sweep_line(sweep: StepSweep) -> str:
    """Return what the errors at many steps mean."""
    slope = "" if sweep.slope is None else f" (slope {sweep.slope:.1f})"
    return f"{printable(sweep.entry)}: |analytic - numeric| {sweep.meaning}{slope}"


def shape_text(parameter: ParameterResult) -> str:
    """Return the shape; a number has none."""
    return str(parameter.shape) if parameter.shape else "number"


def catch_texts(parameter: ParameterResult) -> tuple[str, str]:
    """Return the smallest error of an entry and of a common factor that would have failed."""
    if parameter.sensitivity is None:
        return "-", "-"
    return f"{parameter.sensitivity.entry:.1e}", f"{parameter.sensitivity.factor:.1e}"


def shape_error_text(parameter: ParameterResult) -> str:
    """Return the smallest error of any shape that a screen is all but sure to see."""
    known = parameter.sensitivity
    return "-" if known is None or known.spread is None else f"{known.spread:.1e}"


def numeric_norm_text(parameter: ParameterResult) -> str:
    """Return the norm of the numeric gradient, which a screen does not know."""
    return "-" if parameter.slopes is not None else norm_text(parameter.numeric_norm)


def norm_text(norm: float) -> str:
    """Return a norm to seven digits."""
    return f"{norm:.6e}"


def value_text(value: float) -> str:
    """Return a gradient's value to seven digits, with its sign."""
    return f"{value:+.6e}"


def error_text(error: float) -> str:
    """Return an error to three digits."""
    return f"{error:.2e}"
