"""What is wrong with the derivatives of functions with more than one output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import (
    CheckReport,
    Entries,
    EntryVerdict,
    Finding,
    ParameterResult,
    Verdict,
    entry_name,
)

__all__ = ["distinct", "factor_between", "finding_of", "is_lost", "jacobian_findings", "with_lost"]

ALL = "all of it"
SHOWN = 6  # factors, in a sentence
MOST_NAMED = 3  # entries or rows, in a sentence
MEANT = {
    "absolute-values", "columns", "constant-along-axis", "derivation", "elementwise", "factor", "factor-all",
    "factor-along-axis", "few-entries", "half-stored", "link-derivative", "made-symmetric", "non-finite",
    "normalisation", "permuted", "rows", "signs", "single-entry", "slices", "small-relative-error", "swapped",
    "transposed", "unknown", "zero",
}  # fmt: skip
"""The codes of mistakes that a gradient of weighed outputs may show; others are of the samples and sums of a loss."""


def distinct(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings, of each kind and place the first; those that only a network's samples can mean are unknown."""
    found: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        told = finding if finding.code in MEANT else Finding("unknown", finding.where, f"{finding.where} is wrong")
        found.setdefault((told.code, told.where), told)
    return tuple(found.values())


def is_lost(rows: Sequence[ParameterResult]) -> bool:
    """Whether no gradient comes from an output at all, though there should."""
    wrong = any(row.verdict is Verdict.FAIL for row in rows)
    return wrong and not any(row.analytic_norm for row in rows)


def with_lost(findings: Iterable[Finding], outputs: Sequence[str]) -> tuple[Finding, ...]:
    """Return findings that say from which outputs no gradient comes, in the place of what that looks like."""
    lost = [
        Finding(
            "zero",
            "all",
            f"no gradient comes from output {output}: all that is computed from its cotangent is zero",
            help=f"look for a gradient of {output} that is overwritten or never used",
        )
        for output in outputs
    ]
    return (*lost, *(finding for finding in findings if finding.code not in ("zero", "unknown")))


def jacobian_findings(report: CheckReport) -> tuple[Finding, ...]:
    """Say which rows or columns of a Jacobian are wrong, and by what factor, where that is all."""
    wrong = [row for row in report.parameters if row.verdict is Verdict.FAIL]
    return tuple(finding_of(row) if len(row.entries) == row.size else finding_of_some(row) for row in wrong)


def finding_of_some(row: ParameterResult) -> Finding:
    """Say which derivatives of one output are wrong, where only slopes through its rows or some entries are known."""
    entries = [row.entries[k] for k in places_of(row.entries)[:MOST_NAMED]]
    of_entries, of_rows = rows_of(row, row.entries), rows_of(row, row.slopes or row.entries)
    if len(entries) == 1 and of_entries == of_rows:
        (entry,) = entries
        said = f"{entry.name} is {entry.analytic / entry.reference:.6g} times the right one" if entry.reference else ""
        return Finding("single-entry", row.name, said or f"{entry.name} should be 0", indices=(entry.name,))
    more = f" and {len(of_rows) - MOST_NAMED} more" if len(of_rows) > MOST_NAMED else ""
    named = [entry_name(row.entries.output, row.shape[: row.entries.rank], k) for k in of_rows[:MOST_NAMED]]
    return Finding(
        "few-entries" if len(of_rows) < np.prod(row.shape[: row.entries.rank]) else "unknown",
        row.name,
        f"{row.name}: derivatives of {', '.join(named)}{more} are wrong",
        indices=tuple(entry.name for entry in entries),
    )


def places_of(entries: Entries) -> list[int]:
    """Return which of some entries disagree."""
    return [k for k, verdict in enumerate(entries.verdicts) if verdict == EntryVerdict.DISAGREES]


def rows_of(row: ParameterResult, entries: Entries) -> list[int]:
    """Return the entries of the output of which some derivatives, or slopes, disagree."""
    rank = row.entries.rank
    length = int(np.prod(entries.shape[rank:], dtype=int))
    return sorted({entries.place(k) // length for k in places_of(entries)})


def finding_of(row: ParameterResult) -> Finding:
    """Name the mistake in the derivatives of one output with respect to one parameter."""
    m = int(np.prod(row.shape[: row.entries.rank], dtype=int))
    claim, right = (np.array(column).reshape(m, -1) for column in (row.entries.analytic, row.entries.reference))
    wrong = np.array(bytearray(row.entries.verdicts)).reshape(m, -1) == EntryVerdict.DISAGREES
    if claim.shape[0] == claim.shape[1] and is_transpose(claim, right):
        return Finding("transposed", row.name, f"{row.name} is the transpose of the right Jacobian")
    places = tuple(entry_name("", claim.shape, int(k)) for k in np.flatnonzero(wrong)[:3])
    unnamed = int(wrong.sum()) - len(places)
    where = where_wrong(wrong, (claim != 0) | (right != 0))
    factor = factor_between(claim[wrong], right[wrong]) if where else None
    lines = per_line(claim, right) if factor is None and where in ("", ALL) else ""
    if lines:
        return Finding("factor-along-axis", row.name, f"{row.name}: {lines}", indices=places, unnamed=unnamed)
    if factor is None and where == ALL:
        said = f"{row.name}: every entry is wrong, not by one factor"
        return Finding("unknown", row.name, said, indices=places, unnamed=unnamed)
    if factor is None:
        said = where or f"{int(wrong.sum())} entries"
        return Finding("few-entries", row.name, f"{row.name}: wrong in {said}", indices=places, unnamed=unnamed)
    said = "zero" if factor == 0 else f"{factor:.6g} times the right one"
    code = "zero" if factor == 0 else "factor"
    message = f"{row.name}: {where} is {said}"
    return Finding(code, row.name, message, factor=factor or None, indices=places, unnamed=unnamed)


def is_transpose(claim: Array, right: Array) -> bool:
    """Whether a claim is the transpose of what is right."""
    nothing = 1e-12 * float(np.max(np.abs(right)))

    def is_near(other: Array) -> bool:
        return bool(np.allclose(claim.T, other, rtol=1e-6, atol=nothing))

    return is_near(right) and not is_near(claim)


def where_wrong(wrong: Array, counted: Array) -> str:
    """Say where the wrong entries are, where that is one entry, row or column, or all that are not zero."""
    rows, columns = np.flatnonzero(wrong.any(axis=1)), np.flatnonzero(wrong.any(axis=0))
    if wrong.sum() == 1:
        return f"the entry [{rows[0]}, {columns[0]}]"
    if len(rows) == 1 and len(wrong) > 1:
        return f"row {rows[0]}"
    if len(columns) == 1 and wrong.shape[1] > 1:
        return f"column {columns[0]}"
    return ALL if wrong[counted].all() else ""


def per_line(claim: Array, right: Array) -> str:
    """Say by which numbers rows, or else columns, differ from what is right, where each does by one of its own."""
    for word, of, others in (("row", claim, right), ("column", claim.T, right.T)):
        factors = [factor_between(line, other) for line, other in zip(of, others, strict=True)]
        known = [factor for factor in factors if factor is not None]
        if len(known) == len(factors) and min(of.shape) > 1:
            listed = ", ".join(f"{factor:.6g}" for factor in known[:SHOWN]) + (", ..." if len(known) > SHOWN else "")
            return f"every {word} is off by a factor of its own: {listed}"
    return ""


def factor_between(claim: Array, right: Array) -> float | None:
    """Return the number by which all of a claim differs from what is right; None where there is none."""
    if not (right.all() and np.isfinite(claim).all()):
        return None
    ratios = claim / right
    same = bool(np.all(np.abs(ratios - ratios[0]) <= 1e-5 * np.abs(ratios[0])))
    return float(np.median(ratios)) if same else None
