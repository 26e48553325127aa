"""What an exception, an assertion and a test say of a check that did not pass: a few words, then the report."""

from __future__ import annotations

from gradcheck_cli.reporters.words import figure_name
from gradcheck_cli.vocabulary.results import CheckReport, Verdict
from gradcheck_cli.vocabulary.text import printable
from gradcheck_cli.vocabulary.wrapping import wrapped

__all__ = ["as_line", "failure_text", "folded"]

WIDTH = 72  # columns: in 80 of them pytest sets an E and the indentation of the test's body before each line


def in_short(report: CheckReport) -> str:
    """Return what a check found, in a few words."""
    figure = f"{figure_name(report)} {report.difference:.1e}"
    if report.findings:
        first, *others = report.findings
        more = f" (and {len(others)} more)" if others else ""
        return f"{printable(first.message)}{more}"
    if report.verdict is Verdict.INCONCLUSIVE and report.reasons:
        return f"inconclusive: {printable(report.reasons[0])}"
    return figure if report.passed else f"{figure}, threshold {report.threshold:g}"


def as_line(report: CheckReport) -> str:
    """Return what Python, and an assertion in pytest, shows of a report."""
    return f"<{report.verdict.value}  {printable(report.name)}: {in_short(report)}>"


def failure_text(report: CheckReport, before: str) -> str:
    """Return what it found, beginning in the line of which a summary shows nothing else, and below it the report.

    Parameters
    ----------
    report : CheckReport
        Of a check that did not pass.
    before : str
        What stands before the text, for its length.
    """
    from gradcheck_cli.reporters.terminal import Style, render

    return f"{folded(in_short(report), before)}\n\n{render(report, Style(width=WIDTH)).rstrip()}"


def folded(text: str, before: str = "") -> str:
    """Return a text in lines that fit behind what pytest sets before them."""
    return "\n".join(wrapped(" " * len(before) + text, WIDTH)).lstrip()
