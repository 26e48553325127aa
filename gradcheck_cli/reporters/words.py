"""How every report writes a number, a verdict's line, and what is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.results import (
    SLOPE_MISMATCH,
    CheckReport,
    Entry,
    EntryVerdict,
    Finding,
    NotRun,
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
    "VERDICT_STYLES",
    "came_to",
    "catch_texts",
    "catches",
    "circumstances",
    "entries_text",
    "error_text",
    "exclamation",
    "facts",
    "figure",
    "figure_name",
    "finding_lines",
    "headline",
    "norm_text",
    "numeric_norm_text",
    "pair_texts",
    "points_lines",
    "ratio_text",
    "rows_above",
    "shape_error_text",
    "shape_text",
    "standing",
    "sweep_line",
    "value_text",
    "verdict_word",
    "worst_line",
]

VERDICT_STYLES = {Verdict.PASS: "bold green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "bold yellow"}

COULD_NOT_CHECK = "could not be checked"
NOT_RUN = "not run"
MOST_SHOWN = 10  # entries of a point
TINY = 1e-199  # what stands for the error bar of a zero is less
MOST_NAMED = 3  # parameters that a sentence names
ROOM = 30  # columns for their names in the first line
GIVEN = {Verdict.PASS: "right here", Verdict.FAIL: "wrong here", Verdict.INCONCLUSIVE: "not to be told here"}


def verdict_word(outcome: Outcome) -> str:
    """Return what a case came to."""
    if isinstance(outcome, NotRun):
        return NOT_RUN
    return COULD_NOT_CHECK if isinstance(outcome, Unchecked) else outcome.verdict.value


def figure_name(report: CheckReport) -> str:
    """Return what the figure in a report's headline is called: a screen does not know the course's difference."""
    return "difference" if report.screen is None else SLOPE_MISMATCH


def headline(report: CheckReport) -> str:
    """Return the line that stands alone, but for its verdict: problem, difference, threshold."""
    figure = f"{figure_name(report)} {report.difference:.3e}"
    return f"{printable(report.name)}: {figure}, threshold {report.threshold:g}"


def standing(report: CheckReport) -> str:
    """Return how much of a problem's gradient is right, wrong, or not to be told: what stands after the verdict."""
    return f"{printable(report.name)}: {came_to(report)}"


def came_to(report: CheckReport, *, cost: bool = True) -> str:
    """Return the same without the problem's name, and perhaps without what a PASS has cost."""
    short = [p for p in report.parameters if p.verdict is not Verdict.PASS]
    many = len(report.parameters)
    if report.passed:
        return what_is_right(report, cost=cost)
    if not short:
        return "the gradient is wrong" if report.verdict is Verdict.FAIL else "could not be decided"
    which = f"{'all' if len(short) == many else f'{len(short)} of'} {many} parameters"
    which = printable(short[0].name) if many == 1 else which
    verb = "is wrong" if len(short) == 1 else "are wrong"
    verb = "could not be decided" if report.verdict is Verdict.INCONCLUSIVE else verb
    return f"{which} {verb}{extent_of(report, short)}"


def exclamation(report: CheckReport) -> str:
    """Return the words that the course has for a verdict, in its own language; of what is no backward pass, others."""
    if report.verdict is Verdict.INCONCLUSIVE:
        return ""
    is_courses = bool(report.evaluation) or report.name.startswith("scalar")
    whose = "the course's" if is_courses else "another"
    key = f"{whose} {report.verdict.value}"
    words = said(key)
    return "" if words == key else f"{words} "


def what_is_right(report: CheckReport, *, cost: bool) -> str:
    """Return what a PASS says is right, and what that has cost."""
    parameters = report.parameters
    names = ", ".join(printable(p.name) for p in parameters)
    named = f"{names}:" if len(parameters) <= MOST_NAMED and len(names) <= ROOM else f"{len(parameters)} parameters,"
    if report.size == 1 and report.loss is not None:
        only = parameters[0].worst
        return f"{names} is right: J = {report.loss!r}, yours {only.analytic:.7g}, numeric {only.numeric:.7g}"
    spent = [evaluations(report, how=False), f"{report.seconds:.2f} s"] if cost else []
    if report.screen is not None:
        along = f"right along {report.screen.directions} directions"
        return f"{named} {report.size:,} entries {along}{in_brackets([f'seed {report.screen.seed}', *spent])}"
    if report.entry_count < report.size:
        looked = f"right at the {report.entry_count:,} of {report.size:,} entries looked at"
        return f"{named} {looked}{in_brackets(spent)}"
    return f"{named} {entries_text(report.size)} {'is' if report.size == 1 else 'are'} right{in_brackets(spent)}"


def in_brackets(parts: Sequence[str]) -> str:
    """Return what stands behind a sentence; nothing where there is nothing."""
    return f" ({', '.join(parts)})" if parts else ""


def extent_of(report: CheckReport, short: Sequence[ParameterResult]) -> str:
    """Return how many entries that concerns; nothing where they were not counted."""
    kind = EntryVerdict.DISAGREES if report.verdict is Verdict.FAIL else EntryVerdict.UNRESOLVED
    count = sum(p.count(kind) for p in short)
    if report.screen is not None or not count or report.size == 1:
        return ""
    return f" ({count:,} of {entries_text(report.entry_count)})"


def entries_text(count: int) -> str:
    """Return how many entries there are."""
    return f"{count:,} entr{'y' if count == 1 else 'ies'}"


def figure(report: CheckReport, *, alone: bool = False) -> str:
    """Return the figure of the headline with all its digits, and what it may not exceed; alone, with the reference."""
    above = ">" if report.difference > report.threshold else "beside"  # which NaN is
    relation = "<=" if report.difference <= report.threshold else above
    compared = f"{figure_name(report)} = {report.difference!r} {relation} {report.threshold:g}"
    return f"{compared}; {reference_text(report)}" if alone else compared


def circumstances(report: CheckReport) -> str:
    """Return the loss with every digit, what was checked, and what that has cost."""
    spent = f"{evaluations(report)}, {report.seconds:.2f} s"
    return f"{loss_text(report)}{extent(report)}, {spent}; {reference_text(report)}"


def loss_text(report: CheckReport) -> str:
    """Return the loss, to stand before something else; nothing where there is none."""
    return "" if report.loss is None else f"J = {report.loss!r}, "


def reference_text(report: CheckReport) -> str:
    """Return where the reference comes from."""
    return f"reference by {report.reference}" if report.reference else "the course's rule alone"


def catches(report: CheckReport) -> list[str]:
    """Return what a PASS is worth: the smallest errors that would have been seen in every parameter."""
    known = [p.sensitivity for p in report.parameters if p.sensitivity is not None]
    if not known:
        return []
    entry = max(s.entry for s in known)
    factors = [s.factor for s in known if s.factor < math.inf]
    factor = f", any common factor by {max(factors):.1e}" if factors else ""
    shape = max((s.spread for s in known if s.spread is not None), default=None)
    spread = "" if shape is None else f", an error of any shape by {shape:.1e} of its norm"
    looked = " looked at" if report.screen is None and report.entry_count < report.size else ""
    off = f"off by more than {entry:.1e}" if entry > TINY else "that is not 0"
    return [f"catches: any entry{looked} {off}{factor}{spread}"]


def rows_above(report: CheckReport) -> list[str]:
    """Return why parameters pass although their differences exceed the threshold: the figure is no verdict on one."""
    if not report.reference or report.screen is not None:
        return []
    rows = [p for p in report.parameters if p.verdict is Verdict.PASS and not p.difference <= report.threshold]
    named = ", ".join(f"{printable(p.name)} ({p.difference:.1e})" for p in rows[:MOST_NAMED])
    more = f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
    why = "right by the reference, though the difference is above the threshold"
    return [f"{why}: {named}{more}"] if rows else []


def facts(report: CheckReport) -> list[str]:
    """Return the circumstances of the check, every digit of the loss and of the difference, and the reasons."""
    return [
        f"{loss_text(report)}{figure_name(report)} = {report.difference!r}",
        f"{extent(report)}, {evaluations(report)}; {reference_text(report)}",
        *points_lines(report),
        *report.reasons,
        *rows_above(report),
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
        *point_line(report.point),
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


def point_line(point: Mapping[str, Any] | None) -> list[str]:
    """Return where a small point is, every digit of it; a report that was kept has no other."""
    if point is None or sum(math.prod(values.shape) for values in point.values()) > MOST_SHOWN:
        return ["--save-point FILE.npz keeps that point"]
    return ["there " + ", ".join(f"{name} = {values.tolist()}" for name, values in point.items())]


def evaluations(report: CheckReport, *, how: bool = True) -> str:
    """Return how often the loss was asked for, and of a network how."""
    count = "1 evaluation" if report.evaluations == 1 else f"{report.evaluations} evaluations"
    return f"{count} ({report.evaluation})" if how and report.evaluation else count


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


def finding_lines(finding: Finding, *, helped: bool = False) -> Iterator[str]:
    """Yield what is wrong, then what is known beside it, each line indented as in a compiler's message.

    Where the change that mends it is shown beside it, nobody needs to be told what to look for.
    """
    yield f"error[{printable(finding.code)}]: {printable(finding.message)}"
    if finding.indices:
        more = f" and {finding.unnamed:,} more" if finding.unnamed else ""
        yield f"  at: {printable(', '.join(finding.indices))}{more}"
    if finding.note:
        yield f"  note: {printable(finding.note)}"
    if finding.consequences:
        yield f"  note: wrong only because of this: {printable(', '.join(finding.consequences))}"
    for alternative in finding.alternatives:
        yield f"  note: or else: {printable(alternative)}"
    if finding.help and not helped:
        yield f"  help: {printable(finding.help)}"


def worst_line(parameter: ParameterResult) -> str:
    """Return how many entries are off, and the worst with all its figures."""
    worst, off = parameter.worst, parameter.count(EntryVerdict.DISAGREES)
    counted = f"{off} of {parameter.size} entries disagree{'s' * (off == 1)}, most " if off else "largest error "
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
    entry = parameter.sensitivity.entry
    return f"{entry:.1e}" if entry > TINY else "0", f"{parameter.sensitivity.factor:.1e}"


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


def pair_texts(yours: float, right: float) -> tuple[str, str]:
    """Return two values with as many digits as show that they differ, six at least."""
    for digits in range(6, 18):
        texts = f"{yours:.{digits}g}", f"{right:.{digits}g}"
        if texts[0] != texts[1] or yours == right:
            break
    return texts


def ratio_text(entry: Entry) -> str:
    """Return how many times the right value an entry is."""
    if not entry.reference or not math.isfinite(entry.analytic / entry.reference):
        return "-"
    return f"{entry.analytic / entry.reference:.4g}"


def error_text(error: float) -> str:
    """Return an error to three digits; 0 where it is only kept from being 0."""
    return "0" if 0 <= error <= TINY else f"{error:.2e}"
