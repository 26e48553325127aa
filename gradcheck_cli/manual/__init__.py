"""The manual: one Markdown page a subject, as `gradcheck explain` shows it and a code host renders it.

A page is called by its file's name. Topics are in this folder; in `mistakes` is a page for every code of a finding. A
word that a page defines, at the beginning of a row of a table, leads to it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from gradcheck_cli.manual.groups import TOPICS

__all__ = ["Term", "codes", "page_text", "page_title", "terms", "topics"]

FOLDER = Path(__file__).parent
MISTAKES = FOLDER / "mistakes"

DEFINING = ("words", "verdict", "report")
"""The pages whose tables define words of a report."""

OTHER_NAMES = {"\u5b66\u751f": "student-zh"}
"""What a page is called in its own language."""

_OPTION = re.compile(r"`--([a-z-]+)")
_ROW = re.compile(r"^\| (`[^|]+) \| ([^|]+) \|(?: `gradcheck explain ([\w-]+)` \|)?.*$", re.MULTILINE)


class Term(NamedTuple):
    """A word of a report, or an option that a page is about."""

    page: str
    """Where there is more."""
    definition: str = ""
    """What it is, in Markdown; empty where the page has to say it."""


def topics() -> list[str]:
    """Return the names of the topics."""
    return [topic for group in TOPICS.values() for topic in group]


def codes() -> list[str]:
    """Return the codes of the mistakes that have a page."""
    return sorted(path.stem for path in MISTAKES.glob("*.md"))


def page_text(name: str) -> str:
    """Return the Markdown of the page on a topic or a code."""
    folder = FOLDER if name in topics() else MISTAKES
    return (folder / f"{name}.md").read_text(encoding="utf-8")


def page_title(name: str) -> str:
    """Return the subject of a page, which its first line tells; of a code without the code."""
    title = page_text(name).partition("\n")[0].removeprefix("# ").replace("`", "")
    return title if name in topics() else title.removeprefix(f"{name}: ")


def terms() -> dict[str, Term]:
    """Return the words of a report that a page defines, and the options that its title names, each with its page."""
    found = {
        option: Term(topic) for topic in topics() for option in _OPTION.findall(page_text(topic).partition("\n")[0])
    }
    found |= {name: Term(page) for name, page in OTHER_NAMES.items()}
    for page in DEFINING:
        for cell, definition, more in _ROW.findall(page_text(page)):
            words = re.findall(r"`([^`]+)`", cell)
            if page == "verdict":  # its second column is the exit code
                found |= {word: Term(page) for word in words}
            else:
                found |= {word: Term(more or page, f"**{word.rstrip(':')}**: {definition}") for word in words}
    return found
