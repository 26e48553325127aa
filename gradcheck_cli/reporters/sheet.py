"""A sheet of text: lines broken between words, tables that fit, and colour on what matters."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from gradcheck_cli.reporters.styled import Styled
from gradcheck_cli.vocabulary.language import current, said
from gradcheck_cli.vocabulary.wrapping import breaks

if TYPE_CHECKING:
    from rich.console import Console  # which only a table needs
    from rich.table import Table

__all__ = ["CODE", "LOG_WIDTH", "Sheet", "new_table"]

LOG_WIDTH = 119
"""Columns of what nobody's terminal limits: a log is read in a browser or a pager."""
UNLIMITED = 100_000
CODE = re.compile(r" *(-->|\d* \|) ")
MARKS = r" * \| *\^+ "  # not compiled, for a line in English is not looked at
LEAST = 20  # columns that a sentence gets however narrow the terminal
HIGHLIGHTS = (
    (r"^error(?=:)", "bold red"),
    (r"^hint(?=:)", "bold cyan"),
    (r"^\w+\[[\w-]+\]", "bold red"),  # error[factor]
    (r"(?<=^ )( *--> )?\S+:\d+:\d+$", "cyan"),  # a place
    (r"(?<= \| )( *)\^+.*$", "bold red"),  # the marks under a line of code
    (r"^ *(= )?[^\W\d]+( \w+)?:(?= )", "bold"),  # note:, help:, look at:
)


class Sheet:
    """Lines and tables in memory.

    Parameters
    ----------
    width : int or None
        Columns of the terminal; None where there is none, and a line may have `LOG_WIDTH` columns.
    color : bool
        Whether to colour.
    """

    def __init__(self, width: int | None, *, color: bool) -> None:
        self.width = LOG_WIDTH if width is None else width
        self.color = color
        self.file = io.StringIO()

    @cached_property
    def console(self) -> Console:
        """What Rich writes tables with."""
        from rich.console import Console

        return Console(
            file=self.file,
            width=UNLIMITED,  # self.width chooses the layout; Rich would cut the narrowest one to it
            height=100,  # without it Rich forgets the width where TERM is dumb
            force_terminal=self.color,
            color_system="standard" if self.color else None,
            no_color=not self.color,
            force_interactive=False,
            markup=False,
            highlight=False,
            emoji=False,
            legacy_windows=False,
        )

    def print(self, line: Styled | str = "") -> None:
        """Print a line; it is never broken or cut."""
        text = highlighted(translated(line)) if isinstance(line, str) else line
        self.file.write(f"{text.ansi() if self.color else text.plain}\n")

    def print_wrapped(self, line: Styled | str, *, hang: int | None = None) -> None:
        """Print a sentence, broken between words, and indented as it begins, or by `hang` columns."""
        text = highlighted(translated(line)) if isinstance(line, str) else line
        indent = len(text.plain) - len(text.plain.lstrip()) if hang is None else hang
        places = [0, *breaks(text.plain, max(self.width, indent + LEAST), indent), len(text.plain)]
        for start, end in pairwise(places):
            length = len(text.plain[start:end].rstrip())
            self.print(Styled(" " * indent * bool(start)) + text[start : start + length])

    def print_fitting(self, layouts: Iterable[Callable[[], Table]]) -> None:
        """Print the first table that fits the width; the last where none does, whole all the same."""
        for layout in layouts:
            table = layout()
            if self.fits(table):
                break
        self.print_table(table)

    def print_table(self, table: Table) -> None:
        """Print a table, whole whatever the width."""
        self.console.print(table, width=UNLIMITED, crop=False, no_wrap=True, soft_wrap=True)

    def fits(self, table: Table) -> bool:
        """Whether a table is no wider than the sheet."""
        from rich.measure import Measurement

        options = self.console.options.update(max_width=UNLIMITED)
        return Measurement.get(self.console, options, table).maximum <= self.width

    def text(self) -> str:
        """Return what was printed, without the blanks at the ends of lines."""
        return "".join(f"{line.rstrip()}\n" for line in self.file.getvalue().splitlines())


def translated(line: str) -> str:
    """Return a line in the language that is spoken; of a line that shows code, what stands at the marks under it."""
    if current() == "en":
        return line
    marks = re.match(MARKS, line)
    if marks is not None:
        return f"{marks[0]}{said(line[marks.end() :])}"
    return line if CODE.match(line) else said(line)


def highlighted(line: str) -> Styled:
    """Return a line with colour on what a reader looks for."""
    text = Styled(line)
    for pattern, style in HIGHLIGHTS:
        text.highlight(pattern, style)
    return text


def new_table(*headers: str, gap: int = 2) -> Table:
    """Return an empty table; a header that ends in ``>`` has its column to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for header in headers:
        justify = "right" if header.endswith(">") else "left"
        head = "\n".join(map(said, header.rstrip(">").split("\n")))
        table.add_column(head, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    return table
