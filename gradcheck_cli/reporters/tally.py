"""What a run came to in all: the worst verdict, the counts and one sentence."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from gradcheck_cli.reporters.words import came_to
from gradcheck_cli.vocabulary.results import CheckReport, EntryVerdict, NotRun, Outcome, RunReport, Unchecked, Verdict
from gradcheck_cli.vocabulary.text import printable

__all__ = ["WORST_FIRST", "Tally", "outcome_sentence", "run_sentence", "tally", "verdict_of", "worst_verdict"]

WORST_FIRST = (None, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)


class Tally(NamedTuple):
    """How many of each there are."""

    cases: int
    passed: int
    failed: int
    inconclusive: int
    unchecked: int
    parameters: int
    wrong_parameters: int
    entries: int
    """Of all parameters, whether or not they were measured."""
    checked_entries: int
    """Those that were measured for themselves."""
    wrong_entries: int
    findings: int


def verdict_of(outcome: Outcome) -> Verdict | None:
    """Return the verdict of a case; None where it could not be checked."""
    return None if isinstance(outcome, Unchecked) else outcome.verdict


def worst_verdict(run: RunReport) -> Verdict | None:
    """Return the worst verdict, in the order of the exit codes: None, of what could not be checked, is the worst."""
    begun = (outcome for outcome in run.outcomes if not isinstance(outcome, NotRun))
    return min(map(verdict_of, begun), key=WORST_FIRST.index, default=None)


def tally(run: RunReport) -> Tally:
    """Count what a run found."""
    verdicts = Counter(map(verdict_of, run.outcomes))
    reports = [outcome for outcome in run.outcomes if isinstance(outcome, CheckReport)]
    accused = [p for report in reports if report.verdict is Verdict.FAIL for p in report.parameters]
    return Tally(
        cases=len(run.outcomes),
        passed=verdicts[Verdict.PASS],
        failed=verdicts[Verdict.FAIL],
        inconclusive=verdicts[Verdict.INCONCLUSIVE],
        unchecked=verdicts[None],
        parameters=sum(len(report.parameters) for report in reports),
        wrong_parameters=sum(parameter.verdict is Verdict.FAIL for parameter in accused),
        entries=sum(report.size for report in reports),
        checked_entries=sum(report.entry_count for report in reports),
        wrong_entries=sum(parameter.count(EntryVerdict.DISAGREES) for parameter in accused),
        findings=sum(len(report.findings) for report in reports),
    )


def run_sentence(run: RunReport) -> str:
    """Return what a run came to, in one sentence."""
    if len(run.outcomes) == 1:
        return outcome_sentence(run.outcomes[0])
    begun = [outcome for outcome in run.outcomes if not isinstance(outcome, NotRun)]
    counts = Counter(map(verdict_of, begun))
    told = [counted(verdict, counts[verdict]) for verdict in WORST_FIRST if counts[verdict]]
    left = len(run.outcomes) - len(begun)
    return f"{len(run.outcomes)} cases: {', '.join([*told, *([f'{left} not run'] if left else [])])}"


def counted(verdict: Verdict | None, number: int) -> str:
    """Return how many cases came to something."""
    return f"{number} could not be checked" if verdict is None else f"{number} {verdict.value}"


def outcome_sentence(outcome: Outcome) -> str:
    """Return what a case came to, in one sentence."""
    return printable(outcome.error) if isinstance(outcome, Unchecked) else came_to(outcome, cost=False)
