"""The tables of a page: what is wrong, what is right, how sure that is, and single entries."""

from __future__ import annotations

from collections.abc import Sequence

from gradcheck_cli.reporters.page.marks import Column, table, text, verdict
from gradcheck_cli.reporters.words import (
    catch_texts,
    error_text,
    figure_name,
    norm_text,
    numeric_norm_text,
    pair_texts,
    ratio_text,
    shape_error_text,
    shape_text,
)
from gradcheck_cli.vocabulary.results import CheckReport, Entries, EntryVerdict, ParameterResult

__all__ = ["entry_table", "parameter_table", "sure_table", "wrong_text"]

MOST_ENTRIES = 20  # rows of the worst entries


def parameter_table(caption: str, parameters: Sequence[ParameterResult]) -> str:
    """Return a row for each of some parameters: its worst entry, yours beside right."""
    columns = [
        Column("parameter"), Column("verdict"), Column("shape"), Column("wrong", True), Column("worst"),
        Column("yours", True), Column("right", True), Column("yours/right", True), Column("largest error", True),
    ]  # fmt: skip
    rows = [
        [
            f"<code>{text(p.name)}</code>", verdict(p.verdict, p.verdict.value), text(shape_text(p)), wrong_text(p),
            f"<code>{text(place_of(p))}</code>", *pair_texts(p.worst.analytic, p.worst.reference),
            ratio_text(p.worst), error_text(p.worst.error),
        ]
        for p in parameters
    ]  # fmt: skip
    return table(caption, columns, rows)


def place_of(p: ParameterResult) -> str:
    """Return which entry is the worst: its index alone, for the name stands in the row."""
    return p.worst.name.removeprefix(p.name) or p.worst.name


def wrong_text(p: ParameterResult) -> str:
    """Return how many entries are wrong, of those that were looked at; of a screen those located, or else slopes."""
    located = p.count(EntryVerdict.DISAGREES)
    if p.slopes is not None:
        return (
            f"{located:,} located" if located else f"{p.slopes.count(EntryVerdict.DISAGREES)} / {len(p.slopes)} slopes"
        )
    return f"{p.count(EntryVerdict.DISAGREES):,} / {p.entries.total:,}"


def sure_table(report: CheckReport) -> str:
    """Return a row for each parameter: norms, differences, error bars, and what would have been caught."""
    screened = report.screen is not None
    columns = [
        Column("parameter"), Column("norm(analytic)", True), Column("norm(numeric)", True),
        Column(figure_name(report), True), *([] if screened else [Column("refined", True)]), Column("error bar", True),
        Column("catches entry", True), Column("catches factor", True),
        *([Column("any shape", True)] if screened else []),
    ]  # fmt: skip
    rows = [
        [
            f"<code>{text(p.name)}</code>", norm_text(p.analytic_norm), numeric_norm_text(p), error_text(p.difference),
            *([] if screened else [error_text(p.refined_difference)]), error_text(p.worst.bar), *catch_texts(p),
            *([shape_error_text(p)] if screened else []),
        ]
        for p in report.parameters
    ]  # fmt: skip
    return table("how far each parameter was measured", columns, rows)


def entry_table(entries: Entries) -> str:
    """Return the worst entries, one a row."""
    worst = entries.worst(MOST_ENTRIES)
    columns = [
        Column("entry"), Column("found"), Column("yours", True), Column("right", True), Column("yours/right", True),
        Column("numeric", True), Column("error", True), Column("error bar", True),
    ]  # fmt: skip
    rows = [
        [
            f"<code>{text(e.name)}</code>", e.verdict.name.lower(), *pair_texts(e.analytic, e.reference),
            ratio_text(e), f"{e.numeric:.6g}", error_text(e.error), error_text(e.bar),
        ]
        for e in worst
    ]  # fmt: skip
    return table(f"the worst {len(worst)} of {entries.total:,}", columns, rows)
