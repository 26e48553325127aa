"""One case of a page: what it came to, why, the cards, the numbers, and how it was checked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gradcheck_cli.reporters.excerpt import unchecked_lines
from gradcheck_cli.reporters.page.cards import cards
from gradcheck_cli.reporters.page.marks import block, fold, heading, mark, text, unbroken, verdict
from gradcheck_cli.reporters.page.numbers import parameter_table, sure_table
from gradcheck_cli.reporters.page.source import whole
from gradcheck_cli.reporters.tally import outcome_sentence, verdict_of
from gradcheck_cli.reporters.words import catches, facts, figure_name, verdict_word
from gradcheck_cli.vocabulary.results import CheckReport, Outcome, ParameterResult, Unchecked, Verdict

__all__ = ["body", "lead", "plain_name", "title"]

CATCHES = "An entry that is off by more than it catches, or all by a larger factor, would have failed."


def title(outcome: Outcome) -> str:
    """Return verdict and name, as the heading of a case."""
    return f"{verdict(verdict_of(outcome), verdict_word(outcome))} {text(plain_name(outcome))}"


def plain_name(outcome: Outcome) -> str:
    """Return the name of a case as it stands behind a verdict: ``net default``."""
    return outcome.name.replace(", ", " ", 1)


def lead(outcome: Outcome) -> str:
    """Return what a case came to, in a sentence or two."""
    sentence = f"<p class='lead'>{text(outcome_sentence(outcome))}</p>\n"
    if isinstance(outcome, Unchecked):
        return sentence
    figures = [f"{figure_name(outcome)} {outcome.difference:.3e},", f"threshold {outcome.threshold:g}"]
    worth = "".join(f"<p>{text(line)}</p>\n" for line in catches(outcome)) if outcome.passed else ""
    return f"{sentence}<p>{unbroken(figures)}</p>\n{worth}"


def body(outcome: Outcome, case: str, level: int) -> str:
    """Return all that is told of a case below its heading, with headings of a level and anchors of its own."""
    parts = unchecked(outcome, level) if isinstance(outcome, Unchecked) else checked(outcome, case, level)
    return "".join(parts)


def unchecked(outcome: Unchecked, level: int) -> Iterator[str]:
    """Yield what is told of a case that could not be checked."""
    parts = [
        f"<p>Hint: {text(outcome.hint)}</p>\n" if outcome.hint else "",
        block(outcome.traceback.splitlines(), "traceback") if outcome.traceback else "",
        block(unchecked_lines(outcome), "what is to be changed") + whole(outcome.diff()) if outcome.diff() else "",
    ]
    if any(parts):
        yield f"<article class='card'>{heading(level, 'What is known')}{''.join(parts)}</article>\n"


def checked(report: CheckReport, case: str, level: int) -> Iterator[str]:
    """Yield what is told of a case that was checked."""
    lines = "".join(f"<li>{text(reason)}</li>" for reason in report.reasons)
    if lines and not report.findings:
        yield f"{heading(level, 'Why this verdict')}<ul>{lines}</ul>\n"
    found = list(cards(report, case, level + 1))
    if found:
        yield heading(level, "What is wrong" if report.verdict is Verdict.FAIL else "What falls short")
        yield from found
    if lines and report.findings:
        yield f"{heading(level, 'Besides')}<ul>{lines}</ul>\n"
    yield numbers(report, case, level)
    yield fold("How sure is this?", sure(report), is_open=report.passed)
    if report.diff():
        yield fold("The whole patch, as <code>git apply</code> takes it", whole(report.diff()))


def numbers(report: CheckReport, case: str, level: int) -> str:
    """Return the parameters that fall short in a table, and those that are right in a folded one."""
    short = sorted((p for p in report.parameters if p.verdict is not Verdict.PASS), key=badness, reverse=True)
    right = [p for p in report.parameters if p.verdict is Verdict.PASS]
    parts = [heading(level, "Parameters", f"{case}-numbers")]
    if short:
        parts.append(parameter_table(f"parameters that fall short: {len(short)}", short))
    if right:
        summary = f"{mark(Verdict.PASS)} {len(right)} right: {named([p.name for p in right])}"
        parts.append(fold(summary, parameter_table(f"right parameters: {len(right)}", right), f"{case}-right"))
    return "".join(parts)


def badness(p: ParameterResult) -> tuple[bool, float]:
    """Return what the rows are ordered by: what is wrong is worse than what could not be decided."""
    return p.verdict is Verdict.FAIL, math.inf if math.isnan(p.refined_difference) else p.refined_difference


def named(names: Sequence[str], most: int = 8) -> str:
    """Return names as they may stand in a summary: the first few."""
    shown = ", ".join(f"<code>{text(name)}</code>" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def sure(report: CheckReport) -> str:
    """Return how it was checked, and what would have been caught."""
    lines = [*(fact for fact in facts(report) if fact not in report.reasons), *report.notes]
    listed = "".join(f"<li>{text(line)}</li>" for line in lines)
    meaning = (
        f"<p>{CATCHES} What each column means: <code>gradcheck explain report</code></p>\n" if report.reference else ""
    )
    return f"<ul>{listed}</ul>\n{sure_table(report)}{meaning}"
