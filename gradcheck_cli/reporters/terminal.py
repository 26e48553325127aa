"""A report as text for people: the verdict first, then a table with one row a parameter.

Where the width is limited the table takes the widest of three layouts that fits; where it is not (a pipe, a log) the
table is as wide as it needs, and nothing is ever cut.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from gradcheck_cli.reporters.excerpt import suggestion_lines, unchecked_lines
from gradcheck_cli.reporters.words import (
    COULD_NOT_CHECK,
    catch_texts,
    error_text,
    facts,
    finding_lines,
    headline,
    norm_text,
    numeric_norm_text,
    shape_error_text,
    shape_text,
    value_text,
    verdict_word,
)
from gradcheck_cli.vocabulary.results import (
    SLOPE_MISMATCH,
    CheckReport,
    Entry,
    EntryVerdict,
    NotRun,
    Outcome,
    ParameterResult,
    RunReport,
    Unchecked,
    Verdict,
)
from gradcheck_cli.vocabulary.text import printable, printable_lines

__all__ = ["Style", "as_text", "render", "render_run", "render_table", "renderable"]

STYLES = {Verdict.PASS: "bold green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "bold yellow"}
SENTENCES = ("= ", "note: ", "look at: ")  # what is said of a change, and is no code
INDENT = "      "
CATCHES = "catches: one entry off by more, or all by a larger factor, would have failed"
CATCHES_SAMPLED = (
    "catches: of the entries that were checked, one off by more, or all by a larger factor, would have failed"
)
CATCHES_SCREENED = (
    "catches: one entry off by more, or all by a larger factor, would have failed; and so would an error of any other"
    " shape and a larger relative norm, but for one time in {once:,.0f}"
)
ROOMS = (None, 48, 40, 32, 24)  # columns that the name of a case may take, the most that fits
MAX_ENTRY_ROWS = 20  # of one parameter, where not all are asked for
PICTURE_WIDTH = 80  # where nothing limits the width
_UNLIMITED = 100_000


class Style(NamedTuple):
    """How the text is to look."""

    color: bool = False
    width: int | None = None
    """Columns of the terminal; None where nothing limits the width."""
    verbosity: int = 0
    """-1 only what falls short, 0 a table, 1 also the worst entries, 2 also every entry."""
    plot: bool = False
    """Whether to draw what falls short."""
    blocks: bool = True
    """Whether the stream can show blocks; else pictures are in ASCII."""


def render(report: CheckReport, style: Style) -> str:
    """Return the report as text that ends in a newline; empty where it passed and only what falls short is wanted."""
    if style.verbosity < 0 and report.passed:
        return ""
    shown = [p for p in report.parameters if style.verbosity >= 0 or p.verdict is not Verdict.PASS]
    out = _Sheet(style)
    out.print(Text.assemble(verdict_text(report.verdict), f"  {headline(report)}"))
    for line in facts(report, seconds=f", {report.seconds:.2f} s"):
        out.print_wrapped(f"{INDENT}{printable(line)}")
    if shown:
        out.print(Text())
        out.print_fitting(layouts_for(report, shown))
    if shown and report.reference:
        out.print_wrapped(catches(report))
    print_findings(out, report, verbose=style.verbosity > 0)
    for parameter in detailed(report, shown, style.verbosity):
        out.print(Text())
        print_entries(out, parameter, every=style.verbosity > 1)
    for picture in drawn(report, style):
        out.print(Text())
        out.print(picture)
    print_notes(out, report)
    return out.text()


def catches(report: CheckReport) -> str:
    """Return what the last columns of the table mean."""
    if report.screen is not None:
        return CATCHES_SCREENED.format(once=1 / report.screen.missed)
    return CATCHES if report.entry_count == report.size else CATCHES_SAMPLED


def print_findings(out: _Sheet, report: CheckReport, *, verbose: bool) -> None:
    """Print what is wrong and what is to be changed, as a compiler does."""
    for finding in report.findings or (None,):
        lines = suggestion_lines(report, finding, verbose=verbose)
        if finding is not None or lines:
            out.print(Text())
        for line in finding_lines(finding) if finding is not None else ():
            out.print_wrapped(line)
        for line in lines:  # code is never broken: the marks stand under it
            if line.lstrip().startswith(SENTENCES):
                out.print_wrapped(line)
            else:
                out.print(Text(line))


def print_notes(out: _Sheet, report: CheckReport) -> None:
    """Print how the problem was understood."""
    if report.notes:
        out.print(Text())
    for note in report.notes:
        out.print_wrapped(f"note: {printable(note)}")


def drawn(report: CheckReport, style: Style) -> Iterable[Text]:
    """Return the pictures, where they are wanted."""
    if not style.plot:
        return ()
    from gradcheck_cli.reporters.pictures import pictures

    return pictures(report, width=style.width or PICTURE_WIDTH, color=style.color, blocks=style.blocks)


def render_run(run: RunReport) -> str:
    """Return all reports of a run as they would be without a terminal."""
    return "\n".join(map(render_outcome, run.outcomes))


def render_outcome(outcome: Outcome) -> str:
    """Return the report of one case, or why there is none."""
    if not isinstance(outcome, Unchecked):
        return render(outcome, Style())
    lines = [f"{COULD_NOT_CHECK}  {outcome.name}: {outcome.error}"]
    lines += [f"hint: {outcome.hint}"] if outcome.hint else []
    shown = [printable(line) for line in [*lines, *printable_lines(outcome.traceback)]]
    return "".join(f"{line}\n" for line in [*shown, *unchecked_lines(outcome)])


def render_table(outcomes: Sequence[Outcome], style: Style) -> str:
    """Return one table with a row for each case; long names are broken between words where the width is limited."""
    out = _Sheet(style)
    out.print_fitting([*(partial(case_table, outcomes, room) for room in ROOMS), partial(case_list, outcomes)])
    return out.text()


def case_table(outcomes: Sequence[Outcome], room: int | None) -> Table:
    """One line a case, or as many as its name takes where there is so much room for it."""
    table = new_table("verdict", "check", "difference>", "seconds>", "worst at")
    for outcome in outcomes:
        verdict, name, *figures = case_cells(outcome)
        table.add_row(Text(filled(verdict.plain, room and 12), verdict.style), Text(filled(name.plain, room)), *figures)
    return table


def case_list(outcomes: Sequence[Outcome]) -> Table:
    """A line for each figure: for a narrow terminal."""
    table = new_table("verdict", "check")
    for outcome in outcomes:
        verdict, name, *figures = case_cells(outcome)
        lines = [filled(name.plain, ROOMS[-1]), *(text.plain for text in figures if text.plain)]
        table.add_row(Text(filled(verdict.plain, 12), verdict.style), Text("\n".join(lines)))
    return table


def case_cells(outcome: Outcome) -> list[Text]:
    """Return the cells of one case."""
    name = Text(printable(outcome.name))
    if isinstance(outcome, NotRun):
        return [Text("not run", "bold yellow"), name]
    if isinstance(outcome, Unchecked):
        return [Text(verdict_word(outcome), "bold red"), name]
    worst = max(outcome.short, key=lambda p: p.refined_difference).worst.name if outcome.short else ""
    difference = f"{'' if outcome.screen is None else 'slopes '}{error_text(outcome.difference)}"
    figures = [difference, f"{outcome.seconds:.2f}", printable(worst)]
    return [verdict_text(outcome.verdict), name, *map(Text, figures)]


def filled(text: str, width: int | None) -> str:
    """Return a text in lines of a width, broken between words."""
    import textwrap

    return text if width is None else textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def as_text(report: CheckReport) -> str:
    """Return the report as plain text, as wide as it needs."""
    return render(report, Style()).rstrip()


def renderable(report: CheckReport) -> Text:
    """Return the report as Rich may print it."""
    return Text.from_ansi(render(report, Style(color=True)))


# layouts of the table, widest first


def wide_table(parameters: Sequence[ParameterResult]) -> Table:
    """One line a parameter."""
    table = new_table(
        "verdict", "parameter", "shape", "norm(analytic)>", "norm(numeric)>", "difference>", "refined>",
        "largest error>", "at", "analytic there>", "reference there>", "error bar>", "catches entry>", "factor>",
    )  # fmt: skip
    for p in parameters:
        cells = [
            printable(p.name), shape_text(p), norm_text(p.analytic_norm), numeric_norm_text(p),
            error_text(p.difference), error_text(p.refined_difference), error_text(p.worst.error),
            printable(p.worst.name), value_text(p.worst.analytic), value_text(p.worst.reference),
            error_text(p.worst.bar), *catch_texts(p),
        ]  # fmt: skip
        table.add_row(verdict_text(p.verdict), *map(Text, cells))
    return table


def stacked_table(parameters: Sequence[ParameterResult]) -> Table:
    """Two lines a parameter: what is analytic above, what is numeric below; of a screen a third."""
    screened = any(p.slopes for p in parameters)
    table = new_table(
        "verdict", "parameter\nshape", "norms:\nanal./num.>",
        "slope\nmismatch>" if screened else "difference\nrefined>", "worst error\nat",
        "there: anal.\nreference>", "catches\nfactor" + ("\nany shape>" if screened else ">"), gap=1,
    )  # fmt: skip
    for p in parameters:
        cells = [
            f"{printable(p.name)}\n{shape_text(p)}",
            f"{norm_text(p.analytic_norm)}\n{numeric_norm_text(p)}",
            error_text(p.difference) + ("" if p.slopes else f"\n{error_text(p.refined_difference)}"),
            f"{error_text(p.worst.error)}\n{printable(p.worst.name)}",
            f"{value_text(p.worst.analytic)}\n{value_text(p.worst.reference)}",
            "\n".join([*catch_texts(p), *([shape_error_text(p)] if screened else ())]),
        ]
        table.add_row(verdict_text(p.verdict), *map(Text, cells))
    return table


def listed_table(parameters: Sequence[ParameterResult]) -> Table:
    """A line for each figure: for a narrow terminal."""
    table = new_table("verdict", "parameter")
    for p in parameters:
        entry, factor = catch_texts(p)
        lines = [
            f"{printable(p.name)} {shape_text(p)}",
            f"norms {norm_text(p.analytic_norm)}",
            f"      {numeric_norm_text(p)}",
            *(
                [f"{SLOPE_MISMATCH} {error_text(p.difference)}"]
                if p.slopes
                else [f"difference {error_text(p.difference)}", f"refined    {error_text(p.refined_difference)}"]
            ),
            f"largest error {error_text(p.worst.error)}",
            f"at {printable(p.worst.name)}:",
            f"analytic  {value_text(p.worst.analytic)}",
            f"reference {value_text(p.worst.reference)}",
            f"error bar {error_text(p.worst.bar)}",
            f"catches entry {entry}",
            f"       factor {factor}",
            *([f"    any shape {shape_error_text(p)}"] if p.slopes else ()),
        ]
        table.add_row(verdict_text(p.verdict), Text("\n".join(lines)))
    return table


def screened_table(parameters: Sequence[ParameterResult]) -> Table:
    """One line a parameter, for a screen, which knows slopes and a few entries."""
    table = new_table(
        "verdict", "parameter", "shape", "norm(analytic)>", f"{SLOPE_MISMATCH}>", "largest error>", "at",
        "analytic there>", "reference there>", "error bar>", "catches entry>", "factor>", "any shape>",
    )  # fmt: skip
    for p in parameters:
        cells = [
            printable(p.name), shape_text(p), norm_text(p.analytic_norm), error_text(p.difference),
            error_text(p.worst.error), printable(p.worst.name), value_text(p.worst.analytic),
            value_text(p.worst.reference), error_text(p.worst.bar), *catch_texts(p), shape_error_text(p),
        ]  # fmt: skip
        table.add_row(verdict_text(p.verdict), *map(Text, cells))
    return table


def classic_table(parameters: Sequence[ParameterResult], *, hidden: bool) -> Table:
    """One line a parameter, for the course's rule, which has no reference."""
    table = new_table(
        "verdict", "parameter", "shape", "norm(analytic)>", "norm(numeric)>", "difference>", "largest error>", "at",
        "analytic there>", "numeric there>",
    )  # fmt: skip
    for p in parameters:
        mark = " (hidden)" if hidden and p.verdict is not Verdict.PASS else ""
        cells = [
            printable(p.name), shape_text(p), norm_text(p.analytic_norm), numeric_norm_text(p),
            error_text(p.difference) + mark, error_text(p.worst.error), printable(p.worst.name),
            value_text(p.worst.analytic), value_text(p.worst.numeric),
        ]  # fmt: skip
        table.add_row(verdict_text(p.verdict), *map(Text, cells))
    return table


def layouts_for(report: CheckReport, parameters: Sequence[ParameterResult]) -> list[Callable[[], Table]]:
    """Return the layouts that show what the report has, the widest first."""
    narrower = [partial(stacked_table, parameters), partial(listed_table, parameters)]
    if report.screen is not None:
        return [partial(screened_table, parameters), *narrower]
    if report.reference:
        return [partial(wide_table, parameters), *narrower]
    return [partial(classic_table, parameters, hidden=report.passed), *narrower]


def new_table(*headers: str, gap: int = 2) -> Table:
    """Return an empty table; a header that ends in ``>`` has its column to the right."""
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for header in headers:
        justify = "right" if header.endswith(">") else "left"
        table.add_column(Text(header.rstrip(">")), justify=justify, no_wrap=True)  # type: ignore[arg-type]
    return table


# entries


def detailed(report: CheckReport, parameters: Sequence[ParameterResult], verbosity: int) -> list[ParameterResult]:
    """Return the parameters whose entries are to be shown; those that a screen has located always are."""
    if verbosity < 1:
        return [p for p in parameters if report.screen is not None and p.count(EntryVerdict.DISAGREES)]
    return [p for p in parameters if verbosity > 1 or p.verdict is not Verdict.PASS]


def print_entries(out: _Sheet, parameter: ParameterResult, *, every: bool) -> None:
    """Print a row for each entry: all in their order, or the worst first and no more than a screenful."""
    shown = parameter.entries or parameter.slopes or parameter.entries
    entries: Sequence[Entry] = shown if every else shown.worst(MAX_ENTRY_ROWS)
    layouts = [partial(entry_table, entries), partial(entry_table, entries, gap=1), partial(stacked_entries, entries)]
    out.print_fitting(layouts)
    if len(entries) < len(shown):
        out.print(Text(f"the worst {len(entries)} of {len(shown)} entries; -vv shows all"))


def entry_table(entries: Sequence[Entry], gap: int = 2) -> Table:
    """One line an entry."""
    table = new_table("entry", "found", "analytic>", "numeric>", "reference>", "error>", "bar>", gap=gap)
    for e in entries:
        cells = [
            printable(e.name), e.verdict.name.lower(), value_text(e.analytic), value_text(e.numeric),
            value_text(e.reference), error_text(e.error), error_text(e.bar),
        ]  # fmt: skip
        table.add_row(*map(Text, cells))
    return table


def stacked_entries(entries: Sequence[Entry]) -> Table:
    """Two lines an entry, for a narrow terminal."""
    table = new_table("entry\nfound", "analytic\nreference>", "numeric>", "error\nbar>", gap=1)
    for e in entries:
        cells = [
            f"{printable(e.name)}\n{e.verdict.name.lower()}", f"{value_text(e.analytic)}\n{value_text(e.reference)}",
            value_text(e.numeric), f"{error_text(e.error)}\n{error_text(e.bar)}",
        ]  # fmt: skip
        table.add_row(*map(Text, cells))
    return table


# cells


def verdict_text(verdict: Verdict) -> Text:
    """Return the word in its colour."""
    return Text(verdict.value, style=STYLES[verdict])


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

    def print_wrapped(self, line: str) -> None:
        """Print a sentence, broken between words where the width is limited, and indented as it begins."""
        if self.width is None:
            self.print(Text(line))
            return
        import textwrap

        indent = len(line) - len(line.lstrip())
        wrapped = textwrap.wrap(
            line,
            max(self.width, 2 * indent + 20),
            subsequent_indent=" " * indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        self.print(Text("\n".join(wrapped)))

    def print_fitting(self, layouts: Iterable[Callable[[], Table]]) -> None:
        """Print the first table that fits the width; the last where none does, whole all the same."""
        for layout in layouts:
            table = layout()
            if self.width is None or self.width_of(table) <= self.width:
                break
        self.console.print(table, width=_UNLIMITED, crop=False, no_wrap=True, soft_wrap=True)

    def width_of(self, table: Table) -> int:
        """Return how wide a table is where nothing limits it."""
        return Measurement.get(self.console, self.console.options.update(max_width=_UNLIMITED), table).maximum

    def text(self) -> str:
        """Return what was printed, without the blanks at the ends of lines."""
        return "".join(f"{line.rstrip()}\n" for line in self.file.getvalue().splitlines())
