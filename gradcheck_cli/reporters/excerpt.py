"""The user's line with marks under what is to be changed, as a compiler shows it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from gradcheck_cli.reporters.sheet import CODE
from gradcheck_cli.reporters.words import finding_lines
from gradcheck_cli.vocabulary.results import Change, CheckReport, Finding, Suggestion, Unchecked
from gradcheck_cli.vocabulary.text import printable

__all__ = ["changes_of", "is_code", "known_places", "shown", "told", "unchecked_lines", "verified_line", "within"]

TAB = 4
CUT = "..."
BEFORE_MARKS = 16  # columns of a long line that are left before the marks
CODE_AND_MARKS = re.compile(r"( *\d* \| )( *)(.*)")
MOST_SUSPECTS = 3  # the most suspicious ones come first
LEVELS = {
    "partly": "makes some entries right, and leaves others wrong",
    "fits-here": "fits here, and could not be tried with other data",
}


def told(report: CheckReport, findings: Sequence[Finding] | None = None, *, verbose: bool = False) -> list[list[str]]:
    """Return what is wrong and what is to be changed, a block of lines for each finding.

    Parameters
    ----------
    report : CheckReport
        With its suggestion; without one that was verified, the places to look at are told with the first finding.
    findings : sequence of Finding, optional
        Some of the report's; all where none are given. Where it has none there is a block for the changes alone.
    verbose : bool, optional
        Whether changes that could not be verified are told as well.
    """
    suggestion = report.suggestion
    changed = suggestion if suggestion is not None and (suggestion.is_verified or verbose) else None
    blocks: list[list[str]] = []
    last: list[str] | None = None  # the last block with changes: how far all were tried is said once
    for finding in (report.findings if findings is None else findings) or (None,):
        changes = changes_of(report, finding) if changed else []
        block = [] if finding is None else list(finding_lines(finding, helped=bool(changes)))
        block += place_notes(report, finding, changed=bool(changed))
        if changed and changes:
            block += [line for change in changes for line in place_lines(change, width_of(changed))]
            last = block
        blocks.append(block)
    if changed and last is not None:
        last.append(tried_line(changed))
    return [block for block in blocks if block]


def place_notes(report: CheckReport, finding: Finding | None, *, changed: bool) -> list[str]:
    """Return the lines on the code besides changes."""
    known, places = known_places(report, finding, changed=changed)
    return [*(f"  note: {line}" for line in known), *([f"  look at: {', '.join(places)}"] if places else [])]


def known_places(report: CheckReport, finding: Finding | None, *, changed: bool) -> tuple[list[str], list[str]]:
    """Return what is known of the code besides changes, with the first finding.

    That is where the first wrong value is and what is wrong with it, or else the places to look at, where there is no
    change.
    """
    if report.findings and finding is not report.findings[0]:
        return [], []
    known = [f"{printable(s.file)}:{s.line}: {printable(s.says)}" for s in report.suspects if s.says]
    if known or changed:
        return known, []
    return [], list(dict.fromkeys(f"{printable(s.file)}:{s.line}" for s in report.suspects[:MOST_SUSPECTS]))


def is_code(line: str) -> bool:
    """Whether a line shows code, its place or the marks under it: such a line is never broken."""
    return CODE.match(line) is not None


def within(lines: Sequence[str], width: int) -> list[str]:
    """Return a block with long lines of code cut to a width, around what is marked in them."""
    cut = list(lines)
    for k, (line, under) in enumerate(itertools.pairwise(lines)):
        code, marks = CODE_AND_MARKS.fullmatch(line), CODE_AND_MARKS.fullmatch(under)
        if code is None or marks is None or not marks[3].startswith("^") or cell_len(line) <= width:
            continue
        margin, start = code[1], len(marks[2])
        room = width - len(margin)
        left = max(0, min(start - BEFORE_MARKS, start + cell_len(marks[3]) - room))
        shown = columns(f"{code[2]}{code[3]}", left, room)
        cut[k], cut[k + 1] = f"{margin}{shown}", f"{marks[1]}{' ' * (start - left)}{marks[3]}"
    return cut


def columns(text: str, left: int, room: int) -> str:
    """Return a part of a text from a column on, with dots where it was cut."""
    if left:
        head = set_cell_size(text, left + len(CUT))  # half a wide character is a blank
        text = CUT + " " * (cell_len(text[: len(head)]) - cell_len(head)) + text[len(head) :]
    return text if cell_len(text) <= room else set_cell_size(text, room - len(CUT)) + CUT


def unchecked_lines(outcome: Unchecked) -> list[str]:
    """Return what is to be changed in a case that could not be checked."""
    suggestion = outcome.suggestion
    if suggestion is None or not suggestion.is_verified:
        return []
    width = width_of(suggestion)
    lines = [line for change in suggestion.changes for line in place_lines(change, width)]
    return [*lines, tried_line(suggestion)]


def changes_of(report: CheckReport, finding: Finding | None) -> list[Change]:
    """Return the changes that belong to a finding: those that settle it, and to the first all that settle none."""
    if report.suggestion is None:
        return []
    owners = [owner(report, change) for change in report.suggestion.changes]
    return [change for change, own in zip(report.suggestion.changes, owners, strict=True) if own is finding]


def owner(report: CheckReport, change: Change) -> Finding | None:
    """Return the finding that a change belongs to; None where there is none at all."""
    for finding in report.findings:
        if finding.where in change.settles:
            return finding
    for finding in report.findings:
        if set(finding.consequences) & set(change.settles):
            return finding
    return report.findings[0] if report.findings else None


def width_of(suggestion: Suggestion) -> int:
    """Return how many digits the line numbers have."""
    return max(len(str(change.line)) for change in suggestion.changes)


def place_lines(change: Change, width: int) -> Iterator[str]:
    """Yield the place, the line and the marks under it."""
    margin = " " * width
    text = change.text.split("\n")[0].rstrip("\r")
    before = text[: change.column - 1]
    marked = text[change.column - 1 : change.end_column - 1 if change.end_line == change.line else len(text)]
    start = cell_len(shown(before))
    marks = "^" * max(cell_len(shown(before + marked)) - start, 1)
    yield f"{margin}--> {printable(change.file)}:{change.line}:{len(before) + 1}"
    yield f"{change.line:>{width}} | {shown(text)}"
    yield f"{margin} | {' ' * start}{marks} {printable(change.order)}"


def tried_line(suggestion: Suggestion) -> str:
    """Return how far the changes were tried, as it stands under them."""
    return f"{' ' * width_of(suggestion)} = {verified_line(suggestion)}"


def verified_line(suggestion: Suggestion) -> str:
    """Return how far the changes were tried."""
    count = len(suggestion.changes)
    what = "this change" if count == 1 else f"these {count} changes"
    if not suggestion.is_verified:
        return f"{suggestion.level}: {what} {LEVELS[suggestion.level]}"
    entries = "the entry agrees" if suggestion.entries == 1 else f"all {suggestion.entries} entries agree"
    points = f"{suggestion.points} other point{'s' * (suggestion.points != 1)}"
    line = f"verified: with {what} {entries}, here and at {points}"
    if suggestion.equals:
        line += f"; one of {suggestion.equals + 1} changes that do the same"
    return line


def shown(text: str) -> str:
    """Return a part of a line from its beginning on, safe to print, with tabs as blanks."""
    return printable(text.expandtabs(TAB))
