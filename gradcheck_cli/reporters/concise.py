"""A run as one line a mistake, ``file:line:column: code: message``: what editors, grep and a commit hook read."""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.reporters.excerpt import changes_of
from gradcheck_cli.reporters.items import speaks_of
from gradcheck_cli.reporters.tally import tally
from gradcheck_cli.reporters.words import pair_texts, standing
from gradcheck_cli.vocabulary.results import (
    CheckReport,
    Finding,
    NotRun,
    Outcome,
    ParameterResult,
    RunReport,
    Unchecked,
    Verdict,
)
from gradcheck_cli.vocabulary.text import printable

__all__ = ["render_run"]


def render_run(run: RunReport) -> str:
    """Return a line for each mistake, for each case that could not be decided or checked, and the sum of all."""
    lines = [line for outcome in run.outcomes for line in lines_of(outcome)]
    return "".join(f"{line}\n" for line in [*lines, summary(run)])


def lines_of(outcome: Outcome) -> Iterator[str]:
    """Yield the lines of one case; a PASS has none."""
    if isinstance(outcome, NotRun):
        yield f"{printable(outcome.name)}: {printable(outcome.error)}"
    elif isinstance(outcome, Unchecked):
        yield f"{printable(outcome.name)}: error: {printable(outcome.error)}"
    elif outcome.findings:
        for finding in outcome.findings:
            place = place_of(outcome, finding) or printable(outcome.name)
            worst = worst_of(outcome, finding)
            yield f"{place}: {printable(finding.code)}: {printable(finding.message)}{f' ({worst})' * bool(worst)}"
    elif not outcome.passed:
        reasons = "; ".join(map(printable, outcome.reasons))
        yield f"{standing(outcome)}{f': {reasons}' * bool(reasons)}"


def place_of(report: CheckReport, finding: Finding) -> str:
    """Return the place of a mistake: of its change, else of the first wrong value, else of the function; or none."""
    if report.suggestion is not None and report.suggestion.is_verified:
        for change in changes_of(report, finding):
            return f"{printable(change.file)}:{change.line}:{change.column}"
    if finding is report.findings[0]:
        for suspect in report.suspects:
            if suspect.says:
                return f"{printable(suspect.file)}:{suspect.line}:{suspect.column}"
    location = report.location
    return "" if location is None else f"{printable(location.file)}:{location.line}:1"


def worst_of(report: CheckReport, finding: Finding) -> str:
    """Return the worst entry of the gradient that a finding is on, as it is and as it should be; or nothing."""
    named = next((p for p in report.parameters if speaks_of(finding, p.name)), None)
    return "" if named is None else entry_text(named)


def entry_text(parameter: ParameterResult) -> str:
    """Return the worst entry of a parameter."""
    worst = parameter.worst
    yours, right = pair_texts(worst.analytic, worst.reference)
    return f"{printable(worst.name)}: {yours}, right {right}"


def summary(run: RunReport) -> str:
    """Return the last line."""
    reports = [outcome for outcome in run.outcomes if isinstance(outcome, CheckReport)]
    mistakes = sum(max(len(report.findings), report.verdict is Verdict.FAIL) for report in reports)
    found = f"{mistakes or 'no'} mistake{'s' * (mistakes != 1)}"
    counts = tally(run)
    parameters, undecided = counts.parameters, counts.inconclusive
    left = sum(isinstance(outcome, NotRun) for outcome in run.outcomes)
    lost = counts.unchecked - left
    parts = [f"Found {found} in {parameters} parameter{'s' * (parameters != 1)}"]
    parts += [f"{undecided} case{'s' * (undecided > 1)} could not be decided"] if undecided else []
    parts += [f"{lost} case{'s' * (lost > 1)} could not be checked"] if lost else []
    parts += [f"{left} not run"] if left else []
    return "; ".join(parts) + "."
