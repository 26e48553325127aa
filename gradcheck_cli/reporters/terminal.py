"""A report as text for people: the verdict first, then a table with one row a parameter.

Where the width is limited the table takes the widest of three layouts that fits; where it is not (a pipe, a log) the
table is as wide as it needs, and nothing is ever cut.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from gradcheck_cli.results import CheckReport, Entry, ParameterResult, Verdict
from gradcheck_cli.text import printable

__all__ = ["Style", "render"]

STYLES = {Verdict.PASS: "bold green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "bold yellow"}
MAX_ENTRY_ROWS = 20  # of one parameter, where not all are asked for
_UNLIMITED = 100_000


@dataclass(frozen=True)
class Style:
    """How the text is to look."""

    color: bool = False
    width: int | None = None
    """Columns of the terminal; None where nothing limits the width."""
    verbosity: int = 0
    """-1 only what falls short, 0 a table, 1 also the worst entries, 2 also every entry."""


def render(report: CheckReport, style: Style) -> str:
    """Return the report as text that ends in a newline; empty where it passed and only what falls short is wanted."""
    if style.verbosity < 0 and report.passed:
        return ""
    shown = [p for p in report.parameters if style.verbosity >= 0 or p.verdict is not Verdict.PASS]
    out = _Sheet(style)
    out.print(headline(report))
    for line in facts(report):
        out.print(Text(f"      {line}"))
    if shown:
        out.print(Text())
        out.print_fitting(partial(layout, report, shown) for layout in LAYOUTS)
    for parameter in detailed(shown, style.verbosity):
        out.print(Text())
        print_entries(out, parameter, every=style.verbosity > 1)
    notes = [*report.notes, *hidden_notes(report)]
    if notes:
        out.print(Text())
    for note in notes:
        out.print(Text(f"note: {printable(note)}"))
    return out.text()


def headline(report: CheckReport) -> Text:
    """Return the line that stands alone: verdict, problem, difference, threshold."""
    return Text.assemble(
        (report.verdict.value, STYLES[report.verdict]),
        f"  {printable(report.name)}: difference {report.difference:.3e}, threshold {report.threshold:g}",
    )


def facts(report: CheckReport) -> list[str]:
    """Return the circumstances of the check, every digit of the loss and of the difference."""
    return [
        f"J = {report.loss!r}, difference = {report.difference!r}",
        f"{report.entry_count} entries, epsilon {report.epsilon:g}, {report.evaluations} evaluations,"
        f" {report.seconds:.2f} s",
    ]


def hidden_notes(report: CheckReport) -> list[str]:
    """Return a note on the parameters that the whole hides."""
    hidden = [p.name for p in report.parameters if is_hidden(p, report)]
    if not hidden:
        return []
    return [f"{', '.join(hidden)}: above the threshold on its own, hidden in the difference of the whole"]


def is_hidden(parameter: ParameterResult, report: CheckReport) -> bool:
    """Whether a parameter falls short while the whole passes."""
    return report.passed and parameter.verdict is not Verdict.PASS


# layouts of the table, widest first


def wide_table(report: CheckReport, parameters: Sequence[ParameterResult]) -> Table:
    """One line a parameter."""
    table = new_table(
        "verdict", "parameter", "shape", "norm(analytic)>", "norm(numeric)>", "difference>", "largest error>", "at",
        "analytic there>", "numeric there>",
    )  # fmt: skip
    for p in parameters:
        cells = [
            parameter_name(p), shape_text(p), norm_text(p.analytic_norm), norm_text(p.numeric_norm),
            difference_text(p, report), error_text(p.worst.error), printable(p.worst.name),
            value_text(p.worst.analytic), value_text(p.worst.numeric),
        ]  # fmt: skip
        table.add_row(verdict_text(p.verdict), *map(Text, cells))
    return table


def stacked_table(report: CheckReport, parameters: Sequence[ParameterResult]) -> Table:
    """Two lines a parameter: what is analytic above, what is numeric below."""
    table = new_table(
        "verdict", "parameter\nshape", "norm(analytic)\nnorm(numeric)>", "difference\nlargest error>", "at",
        "analytic\nnumeric there>",
    )  # fmt: skip
    for p in parameters:
        cells = [
            f"{parameter_name(p)}\n{shape_text(p)}",
            f"{norm_text(p.analytic_norm)}\n{norm_text(p.numeric_norm)}",
            f"{difference_text(p, report)}\n{error_text(p.worst.error)}",
            printable(p.worst.name),
            f"{value_text(p.worst.analytic)}\n{value_text(p.worst.numeric)}",
        ]
        table.add_row(verdict_text(p.verdict), *map(Text, cells))
    return table


def listed_table(report: CheckReport, parameters: Sequence[ParameterResult]) -> Table:
    """A line for each figure: for a narrow terminal."""
    table = new_table("verdict", "parameter")
    for p in parameters:
        lines = [
            f"{parameter_name(p)} {shape_text(p)}",
            f"difference {difference_text(p, report)}",
            f"norms {norm_text(p.analytic_norm)}",
            f"      {norm_text(p.numeric_norm)}",
            f"largest error {error_text(p.worst.error)}",
            f"at {printable(p.worst.name)}:",
            f"analytic {value_text(p.worst.analytic)}",
            f"numeric  {value_text(p.worst.numeric)}",
        ]
        table.add_row(verdict_text(p.verdict), Text("\n".join(lines)))
    return table


LAYOUTS = (wide_table, stacked_table, listed_table)


def new_table(*headers: str) -> Table:
    """Return an empty table; a header that ends in ``>`` has its column to the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for header in headers:
        justify = "right" if header.endswith(">") else "left"
        table.add_column(Text(header.rstrip(">")), justify=justify, no_wrap=True)  # type: ignore[arg-type]
    return table


# entries


def detailed(parameters: Sequence[ParameterResult], verbosity: int) -> list[ParameterResult]:
    """Return the parameters whose entries are to be shown."""
    if verbosity < 1:
        return []
    return [p for p in parameters if verbosity > 1 or p.verdict is not Verdict.PASS]


def print_entries(out: _Sheet, parameter: ParameterResult, *, every: bool) -> None:
    """Print a row for each entry: all in their order, or the worst first and no more than a screenful."""
    entries: Sequence[Entry] = parameter.entries
    if not every:
        entries = sorted(entries, key=lambda entry: -entry.error if entry.error == entry.error else -float("inf"))
        entries = entries[:MAX_ENTRY_ROWS]
    table = new_table("entry", "analytic>", "numeric>", "error>")
    for e in entries:
        table.add_row(
            *map(Text, [printable(e.name), value_text(e.analytic), value_text(e.numeric), error_text(e.error)])
        )
    out.print_fitting([lambda: table])
    if len(entries) < len(parameter.entries):
        out.print(Text(f"the worst {len(entries)} of {len(parameter.entries)} entries; -vv shows all"))


# cells


def verdict_text(verdict: Verdict) -> Text:
    """Return the word in its colour."""
    return Text(verdict.value, style=STYLES[verdict])


def parameter_name(parameter: ParameterResult) -> str:
    """Return the name, safe to print."""
    return printable(parameter.name)


def shape_text(parameter: ParameterResult) -> str:
    """Return the shape; a number has none."""
    return str(parameter.shape) if parameter.shape else "number"


def difference_text(parameter: ParameterResult, report: CheckReport) -> str:
    """Return the parameter's own difference, marked where the whole hides it."""
    return f"{parameter.difference:.2e}" + (" (hidden)" if is_hidden(parameter, report) else "")


def norm_text(norm: float) -> str:
    """Return a norm to seven digits."""
    return f"{norm:.6e}"


def value_text(value: float) -> str:
    """Return a gradient's value to seven digits, with its sign."""
    return f"{value:+.6e}"


def error_text(error: float) -> str:
    """Return an error to three digits."""
    return f"{error:.2e}"


class _Sheet:
    """A Rich console that writes into memory."""

    def __init__(self, style: Style) -> None:
        self.width = style.width
        self.file = io.StringIO()
        self.console = Console(
            file=self.file,
            width=_UNLIMITED,  # style.width chooses the layout; Rich would cut the narrowest one to it
            height=100,  # without it Rich forgets the width where TERM is dumb
            force_terminal=style.color,
            color_system="standard" if style.color else None,
            no_color=not style.color,
            force_interactive=False,
            markup=False,
            highlight=False,
            emoji=False,
            legacy_windows=False,
        )

    def print(self, line: Text) -> None:
        """Print a line; it is never broken or cut."""
        self.console.print(line, soft_wrap=True)

    def print_fitting(self, layouts: Iterable[Callable[[], Table]]) -> None:
        """Print the first table that fits the width; the last where none does, whole all the same."""
        for layout in layouts:
            table = layout()
            needed = Measurement.get(self.console, self.console.options.update(max_width=_UNLIMITED), table).maximum
            if self.width is None or needed <= self.width:
                break
        self.console.print(table, width=needed, crop=False, no_wrap=True, soft_wrap=True)

    def text(self) -> str:
        """Return what was printed, without the blanks at the ends of lines."""
        return "".join(f"{line.rstrip()}\n" for line in self.file.getvalue().splitlines())
