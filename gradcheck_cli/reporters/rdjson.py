"""A run in reviewdog's diagnostic format, whose suggestions a reviewer can take over with one click.

https://github.com/reviewdog/reviewdog/tree/master/proto/rdf. Lines and columns begin at 1; columns count UTF-8's bytes.
"""

from __future__ import annotations

import json
from typing import Any

from gradcheck_cli.reporters.items import Item, items
from gradcheck_cli.vocabulary.results import Change, Location, Outcome, RunReport, Verdict
from gradcheck_cli.vocabulary.text import printable

__all__ = ["render_run"]

SEVERITIES = {Verdict.FAIL: "ERROR", Verdict.INCONCLUSIVE: "WARNING", None: "ERROR"}


def render_run(run: RunReport) -> str:
    """Return the run as a DiagnosticResult; an item whose place is not known is not in it."""
    found = [
        diagnostic(item, item.location, own_changes(outcome, item))
        for outcome in run.outcomes
        for item in items(outcome)
        if item.verdict in SEVERITIES and item.location is not None
    ]
    content = {"source": {"name": "gradcheck"}, "diagnostics": found}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def own_changes(outcome: Outcome, item: Item) -> list[Change]:
    """Return the changes that an item suggests: its own, and with it those of the file that settle nothing alone."""
    if item.change is None or outcome.suggestion is None:
        return []
    changes = outcome.suggestion.changes
    return [c for c in changes if c is item.change or (c.file == item.change.file and not c.settles)]


def diagnostic(item: Item, location: Location, changes: list[Change]) -> dict[str, Any]:
    """Return one item."""
    text = "\n".join(line for line in (f"{item.case}: {item.message}", item.details) if line)
    where: dict[str, Any] = {"path": printable(location.file), "range": {"start": {"line": location.line}}}
    if item.change is not None:
        where["range"] = span(item.change)
    found: dict[str, Any] = {"message": text, "location": where, "severity": SEVERITIES[item.verdict]}
    if changes:
        found["suggestions"] = [{"range": span(change), "text": change.new} for change in changes]
    return found


def span(change: Change) -> dict[str, Any]:
    """Return where a change is, its columns in bytes."""
    lines = change.text.split("\n")
    start = len(lines[0][: change.column - 1].encode()) + 1
    end = len(lines[-1][: change.end_column - 1].encode()) + 1
    return {"start": {"line": change.line, "column": start}, "end": {"line": change.end_line, "column": end}}
