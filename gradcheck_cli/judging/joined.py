"""One report of many: of the losses that a function's outputs were weighed to."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterable, Sequence

import numpy as np

from gradcheck_cli.judging.difference import relative_difference
from gradcheck_cli.judging.entries import entries_of, worst_of
from gradcheck_cli.judging.ruling import entries_verdict
from gradcheck_cli.vocabulary.parameters import norm
from gradcheck_cli.vocabulary.results import CheckReport, Entries, EntryVerdict, ParameterResult, Sensitivity, Verdict

__all__ = ["WORST_FIRST", "derivatives", "joined", "joined_parameter", "joined_sensitivity", "worst_rows"]

MOST_REASONS = 6
WORST_FIRST = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)


def worst_rows(reports: Sequence[CheckReport], output: str) -> list[ParameterResult]:
    """Return for each parameter the row of the cotangent that speaks against it most."""
    columns: dict[str, list[ParameterResult]] = {}
    for row in (row for report in reports for row in report.parameters):
        columns.setdefault(row.name, []).append(row)
    rows = [min(column, key=lambda p: (WORST_FIRST.index(p.verdict), -p.difference)) for column in columns.values()]
    return [dataclasses.replace(row, name=f"{row.name} from {output}") if output else row for row in rows]


def joined(
    reports: Sequence[CheckReport],
    rows: Sequence[ParameterResult],
    name: str,
    calls: int,
    notes: Iterable[str],
    started: float,
) -> CheckReport:
    """Return one report of many: its verdict is the worst."""
    worst = min(reports, key=lambda report: WORST_FIRST.index(report.verdict))
    judged = [row.entries if row.slopes is None else row.slopes for row in rows]
    analytic, numeric, reference = (
        np.concatenate([np.array(getattr(entries, column)) for entries in judged])
        for column in ("analytic", "numeric", "reference")
    )
    same = [report for report in reports if report.verdict is worst.verdict]
    return dataclasses.replace(
        worst,
        name=name,
        difference=relative_difference(analytic, numeric),
        refined_difference=relative_difference(analytic, reference),
        loss=None,
        evaluations=calls,
        seconds=time.perf_counter() - started,
        parameters=tuple(rows),
        reasons=shortened(reason for report in same for reason in report.reasons),
        findings=tuple(finding for report in same for finding in report.findings),
        notes=(*notes, *shortened(note for report in reports for note in report.notes)),
    )


def shortened(sentences: Iterable[str]) -> tuple[str, ...]:
    """Return the first of some sentences, each once, and how many more there are."""
    each = list(dict.fromkeys(sentences))
    more = [f"and {len(each) - MOST_REASONS} more like these"] if len(each) > MOST_REASONS else []
    return (*each[:MOST_REASONS], *more)


def joined_parameter(
    parameter: str, rows: Sequence[tuple[int, ParameterResult]], output: str, shape: tuple[int, ...]
) -> ParameterResult:
    """Join what was found of one parameter for single entries of an output into the derivatives of the whole output.

    Parameters
    ----------
    parameter : str
        What it is called.
    rows : sequence of (int, ParameterResult)
        The place of the entry in the output, and what was found.
    output : str
        What the output is called.
    shape : tuple of int
        Its shape.
    """
    results = [row for _, row in rows]
    entries = joined_entries([(k, row.entries) for k, row in rows], output, shape)
    screened = [(k, row.slopes) for k, row in rows if row.slopes is not None]
    slopes = joined_entries(screened, output, shape) if screened else None
    judged = entries if slopes is None else slopes
    shown = entries if slopes is None or entries.count(EntryVerdict.DISAGREES) else slopes
    return dataclasses.replace(
        derivatives(judged, joined_sensitivity(row.sensitivity for row in results)),
        name=f"d {output} / d {parameter}",
        shape=entries.shape,
        analytic_norm=norm(np.array([row.analytic_norm for row in results])),
        numeric_norm=norm(np.array([row.numeric_norm for row in results])),
        worst=shown[worst_of(shown)],
        entries=entries,
        slopes=slopes,
    )


def derivatives(entries: Entries, sensitivity: Sensitivity | None) -> ParameterResult:
    """Return what was found of one output and one parameter, from its entries."""
    analytic, numeric, reference = map(np.array, (entries.analytic, entries.numeric, entries.reference))
    return ParameterResult(
        name=f"d {entries.output} / d {entries.parameter}",
        shape=entries.shape,
        verdict=entries_verdict(entries.verdicts),
        difference=relative_difference(analytic, numeric),
        refined_difference=relative_difference(analytic, reference),
        analytic_norm=norm(analytic),
        numeric_norm=norm(numeric),
        worst=entries[worst_of(entries)],
        sensitivity=sensitivity,
        entries=entries,
    )


def joined_entries(rows: Sequence[tuple[int, Entries]], output: str, shape: tuple[int, ...]) -> Entries:
    """Join entries of a parameter, each for one entry of an output."""
    columns = {
        name: np.concatenate([np.array(getattr(entries, name)) for _, entries in rows])
        for name in ("analytic", "numeric", "reference", "bars")
    }
    verdicts = np.frombuffer(b"".join(entries.verdicts for _, entries in rows), dtype=np.uint8)
    first = rows[0][1]
    size, whole = math.prod(first.shape), (*shape, *first.shape)
    places = None
    if len(verdicts) < math.prod(whole):
        places = np.array([row * size + entries.place(k) for row, entries in rows for k in range(len(entries))], int)
    found = entries_of(
        first.parameter, whole, columns["analytic"], columns["numeric"], columns["reference"], columns["bars"],
        verdicts, places,
    )  # fmt: skip
    return dataclasses.replace(found, output=output, rank=len(shape))


def joined_sensitivity(each: Iterable[Sensitivity | None]) -> Sensitivity | None:
    """Return what would have been seen in any of some rows; None where nothing is known of any."""
    caught = [one for one in each if one is not None]
    if not caught:
        return None
    spreads = [one.spread for one in caught if one.spread is not None]
    entry, relative, factor = (max(column) for column in zip(*(one[:3] for one in caught), strict=True))
    return Sensitivity(entry, relative, factor, max(spreads, default=None))
