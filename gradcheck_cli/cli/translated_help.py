"""Help in another language than English, whose signs may be twice as wide."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.wrapping import cells, wrapped

__all__ = ["TranslatedContext", "TranslatedHelp"]

_COLUMNS = re.compile(r"(\s{2,})")
_EXTRAS = re.compile(r"\s{2}\[")
"""What begins behind the help of an option: its default, and whether it is required."""


class TranslatedHelp(click.HelpFormatter):
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
        lines = wrapped(text, self.width - self.current_indent)
        self.write("".join(f"{self.margin}{line}\n" for line in lines))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write terms, and what is said of each beside it."""
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


class TranslatedContext(click.Context):
    """A context whose help is in another language."""

    formatter_class = TranslatedHelp


def in_place(line: str) -> str:
    """Translate a line, or what stands in it behind a term, and leave it where it begins."""
    *term, text = _COLUMNS.split(line)
    return "".join(term) + said(text)


def of_option(text: str) -> str:
    """Translate what is said of an option or a command, and what stands in brackets behind it."""
    about, *extras = _EXTRAS.split(text.strip())
    told = [f"[{'; '.join(map(said, extra.removesuffix(']').split('; ')))}]" for extra in extras]
    return "  ".join([said(" ".join(about.split())), *told])
