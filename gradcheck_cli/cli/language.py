"""Which language a command line asks for, and help in it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

import click

from gradcheck_cli.cli.output import can_show
from gradcheck_cli.vocabulary.language import LANGUAGES, current, of_environment, said, speaking

__all__ = ["context_class", "in_front", "speaking_as_asked"]

OPTION = "--lang"
_COLUMNS = re.compile(r"(\s{2,})")
_EXTRAS = re.compile(r"\s{2}\[")
"""What begins behind the help of an option: its default, and whether it is required."""


def in_front(words: Sequence[str]) -> list[str]:
    """Return the words of a command line with the language in front, wherever it stands."""
    words, language = list(words), list[str]()
    for at, word in enumerate(words):
        if word == "--":
            break
        if word == OPTION or word.startswith(f"{OPTION}="):
            count = 1 + (word == OPTION)
            language, words[at : at + count] = words[at : at + count], []
            break
    return [*language, *words]


def speaking_as_asked(words: Sequence[str]) -> AbstractContextManager[None]:
    """Speak the language that a command line has in front, or that of the environment, until it is done.

    Where a stream cannot show it, as in a pipe under a locale of ASCII, it is English.
    """
    asked = " ".join(words[:2]).removeprefix(OPTION).lstrip(" =").partition(" ")[0]
    is_asked = bool(words) and words[0].startswith(OPTION) and asked in LANGUAGES
    language = asked if is_asked else of_environment(os.environ)
    is_shown = language == "en" or all(can_show(stream, "中") for stream in (sys.stdout, sys.stderr))
    return speaking(language if is_shown else "en")


def context_class() -> type[click.Context]:
    """Return the class of contexts that help is written in: click's own for English."""
    return click.Context if current() == "en" else _Context


class _Formatter(click.HelpFormatter):
    """Help in another language, whose signs may be twice as wide."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how a command is called."""
        super().write_usage(prog, args, prefix or f"{said('Usage:')} ")

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        super().write_heading(said(heading))

    def write_text(self, text: str) -> None:
        """Write paragraphs; the lines of one that begins with a backspace stay as they are."""
        for number, paragraph in enumerate(text.split("\n\n")):
            self.write("\n" * bool(number))
            lines = paragraph.strip("\n").split("\n")
            if lines[0].strip() == "\b":
                self.write("".join(f"{self.margin}{in_place(line)}\n" for line in lines[1:]))
            else:
                self.write_lines(said(" ".join(paragraph.split())))

    def write_lines(self, text: str) -> None:
        """Write a paragraph."""
        from gradcheck_cli.vocabulary.wrapping import wrapped

        lines = wrapped(text, self.width - self.current_indent)
        self.write("".join(f"{self.margin}{line}\n" for line in lines))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write terms, and what is said of each beside it."""
        from gradcheck_cli.vocabulary.wrapping import cells, wrapped

        rows = list(rows)
        column = min(max((cells(term) for term, _ in rows), default=0), col_max) + col_spacing
        for term, text in rows:
            lines = wrapped(of_option(text), max(self.width - column - 2, 10)) if text else [""]
            if cells(term) > column - col_spacing:
                self.write(f"{self.margin}{term}\n")
                term = ""  # noqa: PLW2901
            for line in lines:
                self.write(f"{self.margin}{term}{' ' * (column - cells(term))}{line}".rstrip() + "\n")
                term = ""  # noqa: PLW2901

    @property
    def margin(self) -> str:
        """What a line begins with."""
        return " " * self.current_indent


class _Context(click.Context):
    formatter_class = _Formatter


def in_place(line: str) -> str:
    """Translate a line, or what stands in it behind a term, and leave it where it begins."""
    *term, text = _COLUMNS.split(line)
    return "".join(term) + said(text)


def of_option(text: str) -> str:
    """Translate what is said of an option or a command, and what stands in brackets behind it."""
    about, *extras = _EXTRAS.split(text.strip())
    told = [f"[{'; '.join(map(said, extra.removesuffix(']').split('; ')))}]" for extra in extras]
    return "  ".join([said(" ".join(about.split())), *told])
