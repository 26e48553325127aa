"""The small parts that a page is made of: text that is safe, verdicts, headings, folds, tables."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from gradcheck_cli.vocabulary.results import Verdict
from gradcheck_cli.vocabulary.text import printable

__all__ = ["Column", "block", "fold", "heading", "mark", "scrolling", "style", "table", "text", "unbroken", "verdict"]

MARKS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INCONCLUSIVE: "?", None: "!"}
SAID = {Verdict.PASS: "right", Verdict.FAIL: "wrong", Verdict.INCONCLUSIVE: "inconclusive", None: "not checked"}
CLASSES = {Verdict.PASS: "pass", Verdict.FAIL: "fail", Verdict.INCONCLUSIVE: "unsure", None: "fail"}


class Column(NamedTuple):
    """A column of a table."""

    title: str
    is_number: bool = False
    """Whether it is set to the right, so that digits stand under each other."""


def text(words: object) -> str:
    """Return words as they may stand in a page."""
    return html.escape(printable(str(words)))


def unbroken(parts: Iterable[str]) -> str:
    """Return parts between which alone a line may be broken: options and numbers have hyphens."""
    return " ".join(f"<span class='unbroken'>{text(part)}</span>" for part in parts)


def style() -> str:
    """Return the style sheet; every rule is for what stands in an element of the class ``gradcheck``."""
    sheet = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    return f"<style>\n{sheet}</style>"


def verdict(of: Verdict | None, word: str) -> str:
    """Return a verdict's word in its colour."""
    return f"<span class='verdict {CLASSES[of]}'>{text(word)}</span>"


def mark(of: Verdict | None) -> str:
    """Return the sign of a verdict, and for those who do not see it the word."""
    seen = f"<span aria-hidden='true'>{MARKS[of]}</span>"
    return f"<span class='{CLASSES[of]}'>{seen}<span class='unseen'>{SAID[of]}</span></span>"


def heading(level: int, words: str, anchor: str = "") -> str:
    """Return a heading of words that are HTML already."""
    where = f" id='{anchor}'" if anchor else ""
    return f"<h{level}{where}>{words}</h{level}>\n"


def fold(summary: str, body: str, anchor: str = "", *, is_open: bool = False) -> str:
    """Return what is only shown when it is asked for, as by a link to the anchor; the summary is HTML already."""
    inner = f"<div id='{anchor}'>{body}</div>" if anchor else body  # of a link to the fold itself it would stay closed
    return f"<details{' open' * is_open}><summary>{summary}</summary>\n{inner}</details>\n"


def block(lines: Iterable[str], label: str) -> str:
    """Return lines as they are, in a box that scrolls by itself."""
    return f"<pre tabindex='0' role='region' aria-label='{text(label)}'>" + "\n".join(map(text, lines)) + "</pre>\n"


def scrolling(body: str, label: str) -> str:
    """Return what may be wider than the window in a box that scrolls by itself, also by the keys."""
    return f"<div class='wide' tabindex='0' role='region' aria-label='{text(label)}'>{body}</div>\n"


def table(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose cells are HTML already; the first is the head of its row."""
    kinds = [" class='number'" if column.is_number else "" for column in columns]
    head = "".join(
        f"<th scope='col'{kind}>{text(column.title)}</th>" for kind, column in zip(kinds, columns, strict=True)
    )
    lines = []
    for first, *others in rows:
        cells = "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds[1:], others, strict=True))
        lines.append(f"<tr><th scope='row'{kinds[0]}>{first}</th>{cells}</tr>\n")
    inner = f"<thead><tr>{head}</tr></thead>\n<tbody>{''.join(lines)}</tbody>"
    return scrolling(f"<table><caption>{text(caption)}</caption>{inner}</table>", caption)
