"""Every figure of every parameter, and of entries: what a report shows where more is asked for.

Each has several layouts; the sheet takes the widest that fits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from gradcheck_cli.reporters.sheet import new_table
from gradcheck_cli.reporters.styled import Styled
from gradcheck_cli.reporters.words import (
    VERDICT_STYLES,
    catch_texts,
    error_text,
    norm_text,
    numeric_norm_text,
    shape_error_text,
    shape_text,
    value_text,
)
from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.results import SLOPE_MISMATCH, CheckReport, Entry, ParameterResult, Verdict
from gradcheck_cli.vocabulary.text import printable

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["entry_layouts", "layouts_for"]


def layouts_for(report: CheckReport, parameters: Sequence[ParameterResult]) -> list[Callable[[], Table]]:
    """Return the layouts that show what the report has, the widest first."""
    narrower = [partial(stacked_table, parameters), partial(listed_table, parameters)]
    if report.screen is not None:
        return [partial(screened_table, parameters), *narrower]
    if report.reference:
        return [partial(wide_table, parameters), *narrower]
    return [partial(classic_table, parameters, hidden=report.passed), *narrower]


# of parameters, widest first


def wide_table(parameters: Sequence[ParameterResult]) -> Table:
    """One line a parameter."""
    table = new_table(
        "verdict", "parameter", "shape", "norm(analytic)>", "norm(numeric)>", "difference>", "refined>",
        "largest error>", "at", "analytic there>", "reference there>", "error bar>", "catches entry>", "factor>",
    )  # fmt: skip
    for p in parameters:
        cells = [
            printable(p.name), said(shape_text(p)), norm_text(p.analytic_norm), numeric_norm_text(p),
            error_text(p.difference), error_text(p.refined_difference), error_text(p.worst.error),
            printable(p.worst.name), value_text(p.worst.analytic), value_text(p.worst.reference),
            error_text(p.worst.bar), *catch_texts(p),
        ]  # fmt: skip
        table.add_row(Styled(p.verdict.value, VERDICT_STYLES[p.verdict]), *cells)
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
            f"{printable(p.name)}\n{said(shape_text(p))}",
            f"{norm_text(p.analytic_norm)}\n{numeric_norm_text(p)}",
            error_text(p.difference) + ("" if p.slopes else f"\n{error_text(p.refined_difference)}"),
            f"{error_text(p.worst.error)}\n{printable(p.worst.name)}",
            f"{value_text(p.worst.analytic)}\n{value_text(p.worst.reference)}",
            "\n".join([*catch_texts(p), *([shape_error_text(p)] if screened else ())]),
        ]
        table.add_row(Styled(p.verdict.value, VERDICT_STYLES[p.verdict]), *cells)
    return table


def listed_table(parameters: Sequence[ParameterResult]) -> Table:
    """A line for each figure: for a narrow terminal."""
    table = new_table("verdict", "parameter")
    for p in parameters:
        entry, factor = catch_texts(p)
        lines = [
            f"{printable(p.name)} {said(shape_text(p))}",
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
        table.add_row(Styled(p.verdict.value, VERDICT_STYLES[p.verdict]), "\n".join(lines))
    return table


def screened_table(parameters: Sequence[ParameterResult]) -> Table:
    """One line a parameter, for a screen, which knows slopes and a few entries."""
    table = new_table(
        "verdict", "parameter", "shape", "norm(analytic)>", f"{SLOPE_MISMATCH}>", "largest error>", "at",
        "analytic there>", "reference there>", "error bar>", "catches entry>", "factor>", "any shape>",
    )  # fmt: skip
    for p in parameters:
        cells = [
            printable(p.name), said(shape_text(p)), norm_text(p.analytic_norm), error_text(p.difference),
            error_text(p.worst.error), printable(p.worst.name), value_text(p.worst.analytic),
            value_text(p.worst.reference), error_text(p.worst.bar), *catch_texts(p), shape_error_text(p),
        ]  # fmt: skip
        table.add_row(Styled(p.verdict.value, VERDICT_STYLES[p.verdict]), *cells)
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
            printable(p.name), said(shape_text(p)), norm_text(p.analytic_norm), numeric_norm_text(p),
            error_text(p.difference) + mark, error_text(p.worst.error), printable(p.worst.name),
            value_text(p.worst.analytic), value_text(p.worst.numeric),
        ]  # fmt: skip
        table.add_row(Styled(p.verdict.value, VERDICT_STYLES[p.verdict]), *cells)
    return table


# of entries


def entry_layouts(entries: Sequence[Entry]) -> list[Callable[[], Table]]:
    """Return the layouts of some entries, the widest first."""
    return [partial(entry_table, entries), partial(entry_table, entries, gap=1), partial(stacked_entries, entries)]


def entry_table(entries: Sequence[Entry], gap: int = 2) -> Table:
    """One line an entry."""
    table = new_table("entry", "found", "analytic>", "numeric>", "reference>", "error>", "bar>", gap=gap)
    for e in entries:
        cells = [
            printable(e.name), said(e.verdict.name.lower()), value_text(e.analytic), value_text(e.numeric),
            value_text(e.reference), error_text(e.error), error_text(e.bar),
        ]  # fmt: skip
        table.add_row(*cells)
    return table


def stacked_entries(entries: Sequence[Entry]) -> Table:
    """Two lines an entry, for a narrow terminal."""
    table = new_table("entry\nfound", "analytic\nreference>", "numeric>", "error\nbar>", gap=1)
    for e in entries:
        cells = [
            f"{printable(e.name)}\n{said(e.verdict.name.lower())}",
            f"{value_text(e.analytic)}\n{value_text(e.reference)}",
            value_text(e.numeric), f"{error_text(e.error)}\n{error_text(e.bar)}",
        ]  # fmt: skip
        table.add_row(*cells)
    return table
