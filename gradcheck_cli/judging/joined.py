"""One report of many: of the losses that a function's outputs were weighed to."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Sequence

import numpy as np

from gradcheck_cli.judging.entries import entries_of, relative_difference, worst_position
from gradcheck_cli.judging.ruling import entries_verdict
from gradcheck_cli.parameters import norm
from gradcheck_cli.results import CheckReport, ParameterResult, Sensitivity, Verdict

__all__ = ["WORST_FIRST", "joined", "joined_parameter", "worst_rows"]

MOST_REASONS = 6
WORST_FIRST = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)


def worst_rows(reports: Sequence[CheckReport], output: str) -> list[ParameterResult]:
    """Return for each parameter the row of the cotangent that speaks against it most."""
    columns = zip(*(report.parameters for report in reports), strict=True)
    rows = [min(column, key=lambda p: (WORST_FIRST.index(p.verdict), -p.difference)) for column in columns]
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
    analytic = np.concatenate([np.array(row.entries.analytic) for row in rows])
    numeric, reference = (
        np.concatenate([np.array(getattr(row.entries, column)) for row in rows]) for column in ("numeric", "reference")
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
    more = [f"and {len(each) - MOST_REASONS} more of the kind"] if len(each) > MOST_REASONS else []
    return (*each[:MOST_REASONS], *more)


def joined_parameter(rows: Sequence[ParameterResult], output: str, shape: tuple[int, ...]) -> ParameterResult:
    """Join what was found of one parameter for each entry of an output into the derivatives of the whole output.

    Parameters
    ----------
    rows : sequence of ParameterResult
        One for each entry of the output.
    output : str
        What the output is called.
    shape : tuple of int
        Its shape.
    """
    parameter = rows[0].name
    columns = {
        name: np.concatenate([np.array(getattr(row.entries, name)) for row in rows])
        for name in ("analytic", "numeric", "reference", "bars")
    }
    verdicts = np.frombuffer(b"".join(row.entries.verdicts for row in rows), dtype=np.uint8)
    analytic, numeric, reference = columns["analytic"], columns["numeric"], columns["reference"]
    plain = entries_of(parameter, (*shape, *rows[0].shape), analytic, numeric, reference, columns["bars"], verdicts)
    entries = dataclasses.replace(plain, output=output, rank=len(shape))
    caught = [row.sensitivity for row in rows if row.sensitivity is not None]
    return ParameterResult(
        name=f"d {output} / d {parameter}",
        shape=entries.shape,
        verdict=entries_verdict(entries.verdicts),
        difference=relative_difference(analytic, numeric),
        refined_difference=relative_difference(analytic, reference),
        analytic_norm=norm(analytic),
        numeric_norm=norm(numeric),
        worst=entries[worst_position(analytic, reference, verdicts)],
        sensitivity=Sensitivity(*map(max, zip(*(s[:3] for s in caught), strict=True))) if caught else None,
        entries=entries,
    )
