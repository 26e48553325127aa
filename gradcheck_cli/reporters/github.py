"""A run as workflow commands of GitHub Actions, which it shows as annotations.

GitHub keeps ten errors of a step and drops the rest in silence, so the rest is counted in a notice.
"""

from __future__ import annotations

from gradcheck_cli.reporters.items import Item, items
from gradcheck_cli.reporters.words import verdict_word
from gradcheck_cli.vocabulary.results import RunReport, Verdict
from gradcheck_cli.vocabulary.text import printable

__all__ = ["MOST_ANNOTATIONS", "render_run", "workflow_commands"]

MOST_ANNOTATIONS = 10


def render_run(run: RunReport) -> str:
    """Return the annotations, and a line for each case."""
    verdicts = (f"{verdict_word(outcome)}  {printable(outcome.name)}\n" for outcome in run.outcomes)
    return workflow_commands(run) + "".join(verdicts)


def workflow_commands(run: RunReport) -> str:
    """Return a workflow command for each parameter that falls short; where there are too many, how many more."""
    short = [item for outcome in run.outcomes for item in items(outcome) if item.verdict is not Verdict.PASS]
    short.sort(key=lambda item: item.verdict is Verdict.INCONCLUSIVE)  # what is wrong comes first
    lines = [annotation(item) for item in short[:MOST_ANNOTATIONS]]
    if len(short) > MOST_ANNOTATIONS:
        lines.append(f"::notice title=gradcheck::and {len(short) - MOST_ANNOTATIONS} more")
    return "".join(f"{line}\n" for line in lines)


def annotation(item: Item) -> str:
    """Return the workflow command of one item."""
    level = "warning" if item.verdict is Verdict.INCONCLUSIVE else "error"
    properties = {"title": f"gradcheck: {item.case}: {item.name}"}
    file, _, cell = (item.location.file if item.location else "").partition(".ipynb:")
    place = ""
    if item.location is not None and cell:  # GitHub knows no lines of a cell
        properties["file"], place = printable(f"{file}.ipynb"), f"{cell}, line {item.location.line}: "
    elif item.location is not None:
        properties |= {"file": printable(item.location.file), "line": str(item.location.line)}
    if item.change is not None and not cell:
        change = item.change
        properties["endLine"] = str(change.end_line)
        if change.end_line == change.line:  # else GitHub takes no columns
            last = max(change.end_column - 1, change.column)
            properties |= {"col": str(change.column), "endColumn": str(last)}
    written = ",".join(f"{name}={escape(value, ':,')}" for name, value in properties.items())
    message = "\n".join(line for line in (f"{place}{item.message}", *item.details.splitlines()) if line)
    return f"::{level} {written}::{escape(message)}"


def escape(text: str, more: str = "") -> str:
    """Return the text with percent signs, line ends and the characters of `more` as percent and two digits."""
    return "".join(f"%{ord(c):02X}" if c in f"%\r\n{more}" else c for c in text)
