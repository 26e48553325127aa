"""A report as text for people: the verdict, what is wrong and where, the figures of that, and the sum in the last line.

What is right is told in one line, and a PASS in three. `-v` shows every figure of every parameter, `-vv` every entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import inf, isnan
from typing import TYPE_CHECKING, NamedTuple

from gradcheck_cli.reporters.sheet import Sheet, new_table
from gradcheck_cli.reporters.styled import Styled
from gradcheck_cli.reporters.words import (
    VERDICT_STYLES,
    came_to,
    catches,
    circumstances,
    entries_text,
    error_text,
    exclamation,
    figure,
    figure_name,
    pair_texts,
    points_lines,
    ratio_text,
    rows_above,
    shape_text,
    verdict_word,
)
from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.results import (
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
from gradcheck_cli.vocabulary.wrapping import cells, wrapped

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

__all__ = ["Style", "as_text", "render", "render_run", "render_table", "renderable"]

INDENT = "      "
ROOMS = (None, 48, 40, 32, 24)  # columns that the name of a case may take, the most that fits
MAX_FINDINGS = 5  # where not all are asked for
MAX_ROWS = 10  # of parameters that fall short, likewise
MAX_SENTENCES = 4  # likewise, where no table fits and each takes several lines
MAX_ENTRY_ROWS = 20  # of one parameter, likewise


class Style(NamedTuple):
    """How the text is to look."""

    color: bool = False
    width: int | None = None
    """Columns of the terminal; None where there is none."""
    verbosity: int = 0
    """-1 only what falls short, 0 what matters, 1 also every figure and the worst entries, 2 also every entry."""
    plot: bool = False
    """Whether to draw what falls short."""
    blocks: bool = True
    """Whether the stream can show blocks; else pictures are in ASCII."""


def render(report: CheckReport, style: Style) -> str:
    """Return the report as text that ends in a newline; empty where it passed and only what falls short is wanted."""
    if style.verbosity < 0 and report.passed:
        return ""
    out = Sheet(style.width, color=style.color)
    print_verdict(out, report, style)
    if report.findings or report.suspects or report.suggestion:
        print_findings(out, report, style)
    if style.verbosity > 0:
        print_figures(out, report)
    elif not report.passed:
        print_parameters(out, report, right=style.verbosity == 0)
    print_entries(out, report, style)
    if style.plot:
        from gradcheck_cli.reporters.pictures import print_pictures

        print_pictures(out, report, blocks=style.blocks)
    print_notes(out, report)
    if not report.passed:
        print_sum(out, report, style)
    return out.text()


def print_verdict(out: Sheet, report: CheckReport, style: Style) -> None:
    """Print the verdict, and why it is what it is; of a PASS also what it is worth, for there is nothing else."""
    name = f"{printable(report.name)}: "  # whose it is is the same in every language
    out.print_wrapped(verdict_line(report.verdict, came_to(report), f"{exclamation(report)}{name}"), hang=len(INDENT))
    lines = [*points_lines(report), *report.reasons]
    if report.passed:
        more = [circumstances(report)] if style.verbosity > 0 else []
        lines = [*lines, figure(report, alone=not more), *more, *catches(report)]
    for line in lines:
        out.print_wrapped(f"{INDENT}{printable(line)}")


def print_findings(out: Sheet, report: CheckReport, style: Style) -> None:
    """Print what is wrong and what is to be changed, as a compiler does; a log has the lines of code whole."""
    from gradcheck_cli.reporters.excerpt import is_code, told, within  # which a PASS does not need

    verbose = style.verbosity > 0
    blocks = told(report, verbose=verbose)
    shown = blocks if verbose else blocks[:MAX_FINDINGS]
    for block in shown:
        out.print()
        for line in block if style.width is None else within(block, style.width):
            if is_code(line):
                out.print(line)
            else:
                out.print_wrapped(line, hang=2)
    if left := len(blocks) - len(shown):
        out.print()
        out.print(f"and {left} more mistake{'s' * (left > 1)}; -v shows all")


def print_parameters(out: Sheet, report: CheckReport, *, right: bool) -> None:
    """Print a row for each parameter that falls short, and one line for those that are right."""
    passed = [p for p in report.parameters if p.verdict is Verdict.PASS]
    short = [p for p in report.parameters if p.verdict is not Verdict.PASS]
    if not short and report.verdict is Verdict.FAIL:
        short, passed = list(report.short), []
    short.sort(key=lambda p: inf if isnan(p.refined_difference) else p.refined_difference, reverse=True)
    out.print()
    shown = print_rows(out, short[:MAX_ROWS], ROWS[report.verdict], figure_name(report))
    if len(short) > shown:
        out.print(f"and {len(short) - shown} more; -v shows all")
    if right and passed:
        out.print(right_line(passed, out.width))


class Columns(NamedTuple):
    """What is shown of a parameter that falls short."""

    counted: EntryVerdict
    """The entries that are counted, and the heads of the columns."""
    counts: str
    size: str
    right: str


ROWS = {
    Verdict.FAIL: Columns(EntryVerdict.DISAGREES, "wrong", "yours/right", "right"),
    Verdict.INCONCLUSIVE: Columns(EntryVerdict.UNRESOLVED, "unresolved", "error bar", "reference"),
}


def print_rows(out: Sheet, parameters: Sequence[ParameterResult], columns: Columns, figure: str) -> int:
    """Print a table; where a name is long or the terminal narrow, a sentence a parameter. Return how many are told."""
    if not parameters:
        return 0
    rows = [row_of(p, columns) for p in parameters]
    tables = (short_table(rows, columns, figure, shape=shape) for shape in (True, False))
    fitting = next((table for table in tables if out.fits(table)), None)
    if fitting is not None:
        out.print_table(fitting)
        return len(rows)
    for row in rows[:MAX_SENTENCES]:
        told = [
            f"{said(columns.counts)} {row.counts}",
            f"{said(figure)} {row.difference}",
            f"{said('worst')} {row.worst}: {said('yours')} {row.yours}",
            f"{said(columns.right)} {row.right}",
            f"{said(columns.size)} {row.size}",
        ]
        sentence = f"{row.name} {row.shape}: {', '.join(told)}"
        out.print_wrapped(verdict_line(row.verdict, "", sentence), hang=len(INDENT))
    return min(len(rows), MAX_SENTENCES)


class Row(NamedTuple):
    """The cells of a parameter that falls short."""

    verdict: Verdict
    name: str
    shape: str
    counts: str
    difference: str
    size: str
    worst: str
    yours: str
    right: str


def row_of(p: ParameterResult, columns: Columns) -> Row:
    """Return how much of a parameter is wrong, by how much, and its worst entry as it is and as it should be."""
    count = p.count(columns.counted)
    yours, right = pair_texts(p.worst.analytic, p.worst.reference)
    return Row(
        p.verdict,
        printable(p.name),
        said(shape_text(p)),
        f"{count}/{p.entries.total}" if p.slopes is None else said(f"{count} found") if count else "-",
        error_text(p.difference),
        ratio_text(p.worst) if columns.counted is EntryVerdict.DISAGREES else error_text(p.worst.bar),
        printable(p.worst.name.removeprefix(p.name)),  # its index, where the name is the parameter's
        yours,
        right,
    )


def short_table(rows: Sequence[Row], columns: Columns, figure: str, *, shape: bool) -> Table:
    """One line a parameter."""
    heads = ["", "parameter", "shape", f"{columns.counts}>", f"{figure}>", f"{columns.size}>", "worst"]
    table = new_table(*[h for h in heads if shape or h != "shape"], "yours>", f"{columns.right}>")
    for row in rows:
        plain = [row.name, *([row.shape] if shape else ()), row.counts, row.difference, row.size, row.worst]
        table.add_row(
            Styled(row.verdict.value, VERDICT_STYLES[row.verdict]),
            *plain,
            Styled(row.yours, "red"),
            Styled(row.right, "green"),
        )
    return table


def right_line(parameters: Sequence[ParameterResult], width: int) -> Styled:
    """Return one line on what is right: as many names as it holds."""
    count = entries_text(sum(p.size for p in parameters))
    names = [printable(p.name) for p in parameters]
    for shown in range(len(names), 0, -1):
        more = f" and {len(names) - shown} more" if shown < len(names) else ""
        line = verdict_line(Verdict.PASS, f"{', '.join(names[:shown])}{more}: {count}")
        if cells(line.plain) <= width:
            return line
    return verdict_line(Verdict.PASS, f"{len(names)} parameter{'s' * (len(names) > 1)}: {count}")


def print_figures(out: Sheet, report: CheckReport) -> None:
    """Print every figure of every parameter."""
    from gradcheck_cli.reporters.full_tables import layouts_for

    out.print()
    out.print_fitting(layouts_for(report, report.parameters))
    for line in rows_above(report):
        out.print_wrapped(line)


def print_entries(out: Sheet, report: CheckReport, style: Style) -> None:
    """Print the entries of what falls short, or of all; those that a screen has located always."""
    shown = detailed(report, style.verbosity)
    if not shown:
        return
    from gradcheck_cli.reporters.full_tables import entry_layouts

    for parameter in shown:
        out.print()
        known = parameter.entries if parameter.entries or parameter.slopes is None else parameter.slopes
        entries: Sequence[Entry] = known if style.verbosity > 1 else known.worst(MAX_ENTRY_ROWS)
        out.print_fitting(entry_layouts(entries))
        if len(entries) < known.total:
            out.print(f"the worst {len(entries)} of {known.total} entries{'; -vv shows all' * (style.verbosity < 2)}")


def detailed(report: CheckReport, verbosity: int) -> list[ParameterResult]:
    """Return the parameters whose entries are to be shown."""
    if verbosity < 1:
        return [p for p in report.parameters if report.screen is not None and p.count(EntryVerdict.DISAGREES) > 1]
    return [p for p in report.parameters if verbosity > 1 or p.verdict is not Verdict.PASS]


def print_notes(out: Sheet, report: CheckReport) -> None:
    """Print how the problem was understood."""
    if report.notes and not report.passed:
        out.print()
    for note in report.notes:
        out.print_wrapped(f"note: {printable(note)}")


def print_sum(out: Sheet, report: CheckReport, style: Style) -> None:
    """Print the last lines, which are on the screen whatever is above them."""
    out.print()
    out.print_wrapped(verdict_line(report.verdict, figure(report)), hang=len(INDENT))
    if style.verbosity > 0:
        for line in [circumstances(report), *catches(report)]:
            out.print_wrapped(f"{INDENT}{printable(line)}")
    topics = list(dict.fromkeys(finding.code for finding in report.findings)) or [report.verdict.value.lower()]
    more = "" if style.verbosity > 0 else "; -v shows all figures"
    what = "says more" if report.findings else "says what to do"
    out.print_wrapped(f"{INDENT}gradcheck explain {printable(topics[0])} {what}{more}")


def verdict_line(verdict: Verdict, text: str, before: str = "") -> Styled:
    """Return the word in its colour, and what is said after it."""
    return Styled(verdict.value, VERDICT_STYLES[verdict]) + Styled(f"  {before}{said(text)}")


def render_run(run: RunReport) -> str:
    """Return all reports of a run as they would be without a terminal."""
    return "\n".join(map(render_outcome, run.outcomes))


def render_outcome(outcome: Outcome) -> str:
    """Return the report of one case, or why there is none."""
    if not isinstance(outcome, Unchecked):
        return render(outcome, Style())
    from gradcheck_cli.reporters.excerpt import unchecked_lines

    lines = [f"{said(verdict_word(outcome))}  {outcome.name}: {said(outcome.error)}"]
    lines += [f"{said('hint:')} {said(outcome.hint)}"] if outcome.hint else []
    shown = [printable(line) for line in [*lines, *printable_lines(outcome.traceback)]]
    return "".join(f"{line}\n" for line in [*shown, *unchecked_lines(outcome)])


def render_table(outcomes: Sequence[Outcome], style: Style) -> str:
    """Return one table with a row for each case; long names are broken between words where the width is limited."""
    out = Sheet(style.width, color=style.color)
    out.print_fitting([*(partial(case_table, outcomes, room) for room in ROOMS), partial(case_list, outcomes)])
    return out.text()


def case_table(outcomes: Sequence[Outcome], room: int | None) -> Table:
    """One line a case, or as many as its name takes where there is so much room for it."""
    table = new_table("verdict", "check", "difference>", "seconds>", "worst at")
    for outcome in outcomes:
        verdict, name, *figures = case_cells(outcome)
        word = Styled(filled(verdict, room and 12), case_style(outcome))
        table.add_row(word, filled(name, room), *figures)
    return table


def case_list(outcomes: Sequence[Outcome]) -> Table:
    """A line for each figure: for a narrow terminal."""
    table = new_table("verdict", "check")
    for outcome in outcomes:
        verdict, name, *figures = case_cells(outcome)
        lines = [filled(name, ROOMS[-1]), *filter(None, figures)]
        table.add_row(Styled(filled(verdict, 12), case_style(outcome)), "\n".join(lines))
    return table


def case_cells(outcome: Outcome) -> list[str]:
    """Return the cells of one case."""
    name = printable(outcome.name)
    if isinstance(outcome, Unchecked):
        return [said(verdict_word(outcome)), name]
    worst = max(outcome.short, key=lambda p: p.refined_difference).worst.name if outcome.short else ""
    difference = f"{'' if outcome.screen is None else 'slopes '}{error_text(outcome.difference)}"
    return [outcome.verdict.value, name, difference, f"{outcome.seconds:.2f}", printable(worst)]


def case_style(outcome: Outcome) -> str:
    """Return the style of the first word on a case."""
    if isinstance(outcome, Unchecked):
        return "bold yellow" if isinstance(outcome, NotRun) else "bold red"
    return VERDICT_STYLES[outcome.verdict]


def filled(text: str, width: int | None) -> str:
    """Return a text in lines of a width, broken between words."""
    return text if width is None else "\n".join(wrapped(text, width))


def as_text(report: CheckReport) -> str:
    """Return the report as plain text, as it would be in a log."""
    return render(report, Style()).rstrip()


def renderable(report: CheckReport) -> Text:
    """Return the report as Rich may print it."""
    from rich.text import Text

    return Text.from_ansi(render(report, Style(color=True)))
