"""The manual: one Markdown page a subject, in this folder, as `gradcheck explain` shows it and a code host renders it.

A page is called by its file's name. A word that a page defines, at the beginning of a row of a table, leads to it.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["GROUPS", "page_text", "page_title", "terms", "topics"]

FOLDER = Path(__file__).parent

GROUPS = {
    "To begin": ("start", "commands", "student", "ml", "statistician", "engineer", "ci", "large"),
    "What is checked": (
        "func", "layers", "jacobians", "sparse", "adjoint", "jvp", "hessian", "complex", "torch", "jax", "objective",
        "model", "networks",
    ),
    "What is printed": ("report", "verdict", "exit-codes", "mistakes", "fix", "formats"),
    "How it is judged": ("difference", "inconclusive", "catches", "precision", "kink", "screen"),
    "Besides": ("beside-others", "language", "faq"),
}  # fmt: skip
"""The pages in the order in which they are listed."""

DEFINING = ("report", "verdict")
"""The pages whose tables define words of a report."""

_OPTION = re.compile(r"`--([a-z-]+)")
_CELL = re.compile(r"^\| (`[^|]+) \|", re.MULTILINE)


def topics() -> list[str]:
    """Return the names of all pages."""
    return [topic for group in GROUPS.values() for topic in group]


def page_text(topic: str, language: str = "en") -> str:
    """Return the Markdown of a page, in a language where there is one in it."""
    translated = FOLDER / f"{topic}.{language}.md"
    return (translated if translated.exists() else FOLDER / f"{topic}.md").read_text(encoding="utf-8")


def page_title(topic: str) -> str:
    """Return the subject of a page, which its first line tells."""
    return page_text(topic).partition("\n")[0].removeprefix("# ").replace("`", "")


def terms() -> dict[str, str]:
    """Return the words of a report that a page defines, and the options that its title names, each with its page."""
    options = {option: topic for topic in topics() for option in _OPTION.findall(page_text(topic).partition("\n")[0])}
    return options | {
        word: topic
        for topic in DEFINING
        for cell in _CELL.findall(page_text(topic))
        for word in re.findall(r"`([^`]+)`", cell)
    }
