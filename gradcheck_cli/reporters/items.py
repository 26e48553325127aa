"""What a build counts: one item a parameter, and one for a case that no parameter speaks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradcheck_cli.reporters.excerpt import told, unchecked_lines
from gradcheck_cli.reporters.words import (
    figure_name,
    headline,
    points_lines,
    verdict_word,
    worst_line,
)
from gradcheck_cli.vocabulary.results import (
    SLOPE_MISMATCH,
    Change,
    CheckReport,
    Finding,
    Location,
    NotRun,
    Outcome,
    ParameterResult,
    Unchecked,
    Verdict,
)
from gradcheck_cli.vocabulary.text import printable, printable_lines

__all__ = ["WHOLE", "Item", "findings_on", "items", "parameters_of", "speaks_of"]

WHOLE = "the whole gradient"
MOST_TOLD = 20  # findings with one parameter


@dataclass(frozen=True)
class Item:
    """One thing that was checked."""

    case: str
    name: str
    verdict: Verdict | None
    """None where it could not be checked."""
    message: str
    """What was found, in one line."""
    details: str = ""
    seconds: float = 0.0
    figures: tuple[tuple[str, str], ...] = ()
    """Names and values of what was measured."""
    location: Location | None = None
    change: Change | None = None
    """What would make it right, where that was verified; it is at the location."""


def items(outcome: Outcome) -> Iterator[Item]:
    """Yield the items of a case in the order of its parameters."""
    if isinstance(outcome, Unchecked):
        hint = f"hint: {printable(outcome.hint)}" if outcome.hint else ""
        lines = (*printable_lines(outcome.traceback), hint, *unchecked_lines(outcome))
        change = outcome.suggestion.changes[0] if outcome.suggestion is not None and outcome.diff() else None
        yield Item(
            case=printable(outcome.name),
            name=verdict_word(outcome),
            verdict=Verdict.INCONCLUSIVE if isinstance(outcome, NotRun) else None,  # nothing was tried that could fail
            message=printable(outcome.error),
            details="\n".join(line for line in lines if line),
            location=None if change is None else Location(change.file, change.line),
            change=change,
        )
        return
    for parameter in outcome.parameters:
        yield of_parameter(outcome, parameter)
    if not any(parameter.verdict is outcome.verdict for parameter in outcome.parameters):
        yield of_whole(outcome)


def of_parameter(report: CheckReport, parameter: ParameterResult) -> Item:
    """Return the item of one parameter."""
    right = parameter.verdict is Verdict.PASS
    change = None if right else change_for(report, parameter.name)
    return Item(
        case=printable(report.name),
        name=printable(parameter.name),
        verdict=parameter.verdict,
        message=(
            f"{printable(parameter.name)}: {figure_name(report)} {parameter.refined_difference:.2e},"
            f" {worst_line(parameter)}"
        ),
        details="" if right else explanation(report, parameter.name),
        seconds=report.seconds / len(report.parameters),
        figures=(
            *figures_of(report, parameter),
            ("threshold", repr(report.threshold)),
            ("epsilon", str(report.epsilon)),
        ),
        location=located(report, change),
        change=change,
    )


def of_whole(report: CheckReport) -> Item:
    """Return the item of a case whose verdict is not that of any of its parameters."""
    message = "; ".join([headline(report), *map(printable, report.reasons)])
    figures = (figures_of(report, report)[0], ("threshold", repr(report.threshold)))
    change = change_for(report)
    return Item(
        case=printable(report.name),
        name=WHOLE,
        verdict=report.verdict,
        message=message,
        details=explanation(report),
        figures=figures,
        location=located(report, change),
        change=change,
    )


def change_for(report: CheckReport, parameter: str = "") -> Change | None:
    """Return the change that makes a parameter's gradient right, or else the first of a patch that was verified."""
    if report.suggestion is None or not report.suggestion.is_verified:
        return None
    changes = report.suggestion.changes
    return next((change for change in changes if f"d{parameter}" in change.settles), changes[0])


def located(report: CheckReport, change: Change | None) -> Location | None:
    """Return the line that is to be changed, else the one that gives the first wrong value, else of the function."""
    if change is not None:
        return Location(change.file, change.line)
    return next((Location(s.file, s.line) for s in report.suspects if s.says), report.location)


def figures_of(report: CheckReport, whole: CheckReport | ParameterResult) -> list[tuple[str, str]]:
    """Return the differences of a report, or of one of its parameters, by name; of a screen the mismatch."""
    if report.screen is not None:
        return [(SLOPE_MISMATCH.replace(" ", "_"), repr(whole.difference))]
    return [("difference", repr(whole.difference)), ("refined_difference", repr(whole.refined_difference))]


def findings_on(report: CheckReport, parameter: str) -> Sequence[Finding]:
    """Return the findings that speak of a parameter's gradient; all where none does."""
    return [finding for finding in report.findings if speaks_of(finding, parameter)] or report.findings


def speaks_of(finding: Finding, parameter: str) -> bool:
    """Whether a finding is on a parameter's gradient, or makes it wrong."""
    return f"d{parameter}" in (finding.where, *finding.also, *finding.consequences)


def parameters_of(report: CheckReport) -> list[str | None]:
    """Return the parameter whose gradient each finding is about; None where one is about a step or about many."""
    names: dict[str, str] = {}
    for p in report.parameters:
        names.setdefault(f"d{p.name}", p.name)
        names.setdefault(p.name, p.name)
    return [names.get(finding.where) for finding in report.findings]


def explanation(report: CheckReport, parameter: str = "") -> str:
    """Return the reasons and the findings, one a line: those that name the parameter's gradient, or else all."""
    named = findings_on(report, parameter)
    findings = [line for lines in told(report, named[:MOST_TOLD]) for line in lines]
    more = [f"... ({len(named) - MOST_TOLD:,} more)"] if len(named) > MOST_TOLD else []
    return "\n".join([*map(printable, [*points_lines(report), *report.reasons]), *findings, *more])
