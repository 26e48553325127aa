"""A report as HTML for a notebook."""

from __future__ import annotations

import html

from gradcheck_cli.reporters.terminal import as_text
from gradcheck_cli.vocabulary.results import CheckReport, Verdict

__all__ = ["as_html"]

COLORS = {Verdict.PASS: "green", Verdict.FAIL: "firebrick", Verdict.INCONCLUSIVE: "darkorange"}


def as_html(report: CheckReport) -> str:
    """Return the text of the report, the verdict in its colour."""
    word = report.verdict.value
    text = html.escape(as_text(report).removeprefix(word))
    return f'<pre style="overflow-x: auto"><b style="color: {COLORS[report.verdict]}">{word}</b>{text}</pre>'
