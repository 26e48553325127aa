"""A report as HTML for a notebook, of the parts that a page is made of."""

from __future__ import annotations

from gradcheck_cli.reporters.page.case import body, lead, title
from gradcheck_cli.reporters.page.marks import style
from gradcheck_cli.vocabulary.results import CheckReport

__all__ = ["as_html"]


def as_html(report: CheckReport) -> str:
    """Return the report with its style; it stands on its own paper, whatever the theme of the notebook."""
    told = body(report, f"gradcheck-{id(report):x}", 4)
    return f"{style()}<div class='gradcheck cell'><header><h3>{title(report)}</h3>{lead(report)}</header>{told}</div>"
