"""What a build counts: one item a parameter, and one for a case that no parameter speaks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gradcheck_cli.reporters.words import (
    COULD_NOT_CHECK,
    figure_name,
    finding_lines,
    headline,
    points_lines,
    worst_line,
)
from gradcheck_cli.vocabulary.results import (
    SLOPE_MISMATCH,
    CheckReport,
    Location,
    Outcome,
    ParameterResult,
    Unchecked,
    Verdict,
)
from gradcheck_cli.vocabulary.text import printable, printable_lines

__all__ = ["WHOLE", "Item", "items"]

WHOLE = "the whole gradient"


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


def items(outcome: Outcome) -> Iterator[Item]:
    """Yield the items of a case in the order of its parameters."""
    if isinstance(outcome, Unchecked):
        hint = f"hint: {printable(outcome.hint)}" if outcome.hint else ""
        details = "\n".join(line for line in (*printable_lines(outcome.traceback), hint) if line)
        yield Item(printable(outcome.name), COULD_NOT_CHECK, None, printable(outcome.error), details)
        return
    for parameter in outcome.parameters:
        yield of_parameter(outcome, parameter)
    if not any(parameter.verdict is outcome.verdict for parameter in outcome.parameters):
        yield of_whole(outcome)


def of_parameter(report: CheckReport, parameter: ParameterResult) -> Item:
    """Return the item of one parameter."""
    right = parameter.verdict is Verdict.PASS
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
        location=report.location,
    )


def of_whole(report: CheckReport) -> Item:
    """Return the item of a case whose verdict is not that of any of its parameters."""
    message = "; ".join([headline(report), *map(printable, report.reasons)])
    figures = (figures_of(report, report)[0], ("threshold", repr(report.threshold)))
    return Item(
        case=printable(report.name),
        name=WHOLE,
        verdict=report.verdict,
        message=message,
        details=explanation(report),
        figures=figures,
        location=report.location,
    )


def figures_of(report: CheckReport, whole: CheckReport | ParameterResult) -> list[tuple[str, str]]:
    """Return the differences of a report, or of one of its parameters, by name; of a screen the mismatch."""
    if report.screen is not None:
        return [(SLOPE_MISMATCH.replace(" ", "_"), repr(whole.difference))]
    return [("difference", repr(whole.difference)), ("refined_difference", repr(whole.refined_difference))]


def explanation(report: CheckReport, parameter: str = "") -> str:
    """Return the reasons and the findings, one a line: those that name the parameter's gradient, or else all."""
    gradient = f"d{parameter}"
    named = [
        finding for finding in report.findings if gradient in (finding.where, *finding.also, *finding.consequences)
    ]
    findings = [line for finding in named or report.findings for line in finding_lines(finding)]
    return "\n".join([*map(printable, [*points_lines(report), *report.reasons]), *findings])
