"""The user's lines with what is to be changed: the old line marked, the new one under it, those around as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradcheck_cli.reporters.excerpt import shown
from gradcheck_cli.reporters.page.marks import text
from gradcheck_cli.vocabulary.results import Change, Suggestion

__all__ = ["source", "whole"]

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
AROUND = 3  # lines
TAGS = {"-": "del", "+": "ins", " ": "span"}


class Line(NamedTuple):
    """A line of a unified diff."""

    sign: str
    """``-`` goes, ``+`` comes, a blank stays."""
    number: int
    """In the file as it is; of a line that comes, that of the line before it."""
    text: str


def source(suggestion: Suggestion, changes: Sequence[Change]) -> str:
    """Return the places of some of the changes, each with the lines around it."""
    return "".join(place(suggestion.diff, change) for change in changes)


def place(diff: str, change: Change) -> str:
    """Return the lines around one change; where the diff does not have them, its own line alone."""
    near = range(change.line - AROUND, change.end_line + AROUND + 1)
    lines = [line for line in lines_of(diff, change.file) if line.number in near]
    if not any(line.number == change.line and line.sign == "-" for line in lines):
        lines = [Line("-", change.line, change.text.split("\n")[0])]
    width = max(len(str(line.number)) for line in lines)
    where = text(f"{change.file}:{change.line}:{change.column}")
    rows = "".join(row(line, change, width) for line in lines)
    return (
        f"<p class='where'><code>{where}</code> {text(change.order)}</p>\n"
        f"<pre class='source' tabindex='0' role='region' aria-label='{where}'>{rows}</pre>\n"
    )


def lines_of(diff: str, file: str) -> Iterator[Line]:
    """Yield the lines that a unified diff has of a file."""
    rest = iter(diff.splitlines())
    name = ""
    for line in rest:
        if line.startswith("--- "):
            name = line[4:].partition("\t")[0].removeprefix("a/")
        hunk = HUNK.match(line)
        if hunk is None:
            continue
        number, old = int(hunk[1]), int(hunk[2] or 1)
        new = int(hunk[4] or 1)
        while (old > 0 or new > 0) and (one := next(rest, None)) is not None:
            sign = one[:1] or " "
            if sign == "\\":  # no newline at the end of the file
                continue
            old, new = old - (sign != "+"), new - (sign != "-")
            if name == file or file.endswith(f"/{name}"):
                yield Line(sign, number - (sign == "+"), one[1:])
            number += sign != "+"


def row(line: Line, change: Change, width: int) -> str:
    """Return one line, its number before it."""
    number = " " * width if line.sign == "+" else f"{line.number:>{width}}"
    content = marked(line.text, change) if line.sign == "-" and line.number == change.line else text(shown(line.text))
    tag = TAGS.get(line.sign, "span")
    return f"<{tag} class='line'><span class='no'>{number} {text(line.sign)}</span> {content}\n</{tag}>"


def marked(line: str, change: Change) -> str:
    """Return the line that is to be changed, with a mark on the part that is."""
    end = change.end_column - 1 if change.end_line == change.line else len(line)
    before, upto = shown(line[: max(change.column - 1, 0)]), shown(line[: max(end, 0)])
    if not upto.startswith(before) or upto == before:  # something is to be written there
        return text(shown(line))
    return f"{text(before)}<mark>{text(upto[len(before) :])}</mark>{text(shown(line)[len(upto) :])}"


def whole(diff: str) -> str:
    """Return a unified diff with what goes and what comes in their colours."""
    rows = []
    for line in diff.splitlines():
        tag = "span" if line.startswith(("---", "+++")) else TAGS.get(line[:1], "span")
        rows.append(f"<{tag} class='line'>{text(line)}\n</{tag}>")
    return f"<pre class='source' tabindex='0' role='region' aria-label='patch'>{''.join(rows)}</pre>\n"
