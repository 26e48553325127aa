"""A run as SARIF 2.1.0, for code scanning and editors: a result for each parameter that falls short, with its fix.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. Lines and columns begin at 1 and count characters.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from gradcheck_cli.reporters.items import Item, findings_on, items
from gradcheck_cli.vocabulary.results import Change, CheckReport, Outcome, RunReport, Suspect, Verdict
from gradcheck_cli.vocabulary.text import printable

__all__ = ["render_run"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Verdict.FAIL: "error", Verdict.INCONCLUSIVE: "warning", None: "error"}
UNCHECKED = "unchecked"


def render_run(run: RunReport) -> str:
    """Return the run as a SARIF log."""
    found = [result(outcome, item) for outcome in run.outcomes for item in items(outcome) if item.verdict in LEVELS]
    rules = [{"id": rule} for rule in dict.fromkeys(one["ruleId"] for one in found)]
    driver = {"name": "gradcheck", "version": run.versions.get("gradcheck", ""), "rules": rules}
    invocation = {"executionSuccessful": run.exit_code != 2, "exitCode": run.exit_code}
    content = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "invocations": [invocation],
                "results": found,
            }
        ],
    }
    return json.dumps(content, indent=2) + "\n"


def result(outcome: Outcome, item: Item) -> dict[str, Any]:
    """Return what was found of one item."""
    text = "\n".join(line for line in (item.message, item.details) if line)
    level = LEVELS[item.verdict]
    found: dict[str, Any] = {"ruleId": rule_of(outcome, item), "level": level, "message": {"text": text}}
    if item.change is not None:
        found["locations"] = [location(item.change.file, region(item.change))]
    elif item.location is not None:
        found["locations"] = [location(item.location.file, {"startLine": item.location.line})]
    if isinstance(outcome, CheckReport) and outcome.suspects and item.verdict is Verdict.FAIL:
        found["relatedLocations"] = [
            location(suspect.file, region(suspect), suspect.says) for suspect in outcome.suspects
        ]
    if item.change is not None and outcome.suggestion is not None:
        found["fixes"] = [fix(outcome.suggestion.changes)]
    return found


def rule_of(outcome: Outcome, item: Item) -> str:
    """Return the code of the finding that speaks of an item."""
    if not isinstance(outcome, CheckReport):
        return UNCHECKED
    named = findings_on(outcome, item.name)
    return named[0].code if named else "inconclusive" if item.verdict is Verdict.INCONCLUSIVE else "unknown"


def location(file: str, where: dict[str, int], says: str = "") -> dict[str, Any]:
    """Return a place in a file, with what is known of it."""
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": quote(printable(file))}, "region": where}}
    return {**place, "message": {"text": printable(says)}} if says else place


def region(part: Change | Suspect) -> dict[str, int]:
    """Return where a part of a file is."""
    return {
        "startLine": part.line,
        "startColumn": part.column,
        "endLine": part.end_line,
        "endColumn": part.end_column,
    }


def fix(changes: tuple[Change, ...]) -> dict[str, Any]:
    """Return the changes that together make the gradient right."""
    artifacts = []
    for file in dict.fromkeys(change.file for change in changes):
        replacements = [
            {"deletedRegion": region(change), "insertedContent": {"text": change.new}}
            for change in changes
            if change.file == file
        ]
        artifacts.append({"artifactLocation": {"uri": quote(printable(file))}, "replacements": replacements})
    return {"description": {"text": "verified at other points"}, "artifactChanges": artifacts}
