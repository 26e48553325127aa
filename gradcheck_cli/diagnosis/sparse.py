"""What is wrong with a sparse Jacobian: what its pattern lacks, and which of its entries are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.diagnosis.outputs import factor_between
from gradcheck_cli.vocabulary.results import EntryVerdict, Finding, ParameterResult

__all__ = ["sparse_findings"]

MOST_NAMED = 6  # entries
MOST = 0.9  # of the entries: some of all are zero but for rounding, and not seen to be wrong
HELP = "look at the loop that makes the pattern: at its bounds, a shifted index, entries added later"

Mask = NDArray[np.bool_]


def sparse_findings(row: ParameterResult, declared: Mask) -> Iterator[Finding]:
    """Name the mistakes in the derivatives of one output with respect to one parameter.

    Parameters
    ----------
    row : ParameterResult
        With the entries that the pattern declares, and those that it lacks.
    declared : ndarray of bool, of shape (k,)
        Which of the entries are declared.
    """
    wrong = np.frombuffer(row.entries.verdicts, dtype=np.uint8) == EntryVerdict.DISAGREES
    if (wrong & ~declared).any():
        yield outside(row, wrong & ~declared, declared)
    if (wrong & declared).any():
        yield inside(row, wrong & declared, declared)


def outside(row: ParameterResult, lacking: Mask, declared: Mask) -> Finding:
    """Say which entries are not zero though the pattern has them not."""
    places, rows, columns = coordinates(row)
    (first, *more), right = np.flatnonzero(lacking).tolist(), np.array(row.entries.reference)
    name, value = row.entries.name(int(places[first])), f"{right[first]:.6g}"
    for what, lines in (("row", rows), ("column", columns)):
        line = int(lines[first])
        if more and np.all(lines[lacking] == line) and not np.any(lines[declared] == line):
            said = f"{row.name}: {what} {line} is not in the pattern, but {len(more) + 1} of its entries are not zero"
            break
    else:
        said = f"{name} is not in the pattern, but is {value}"
        if more:
            count = f"{len(more) + 1} entries that are not zero are missing from the pattern"
            said = f"{row.name}: {count}, such as {name} = {value}"
    return with_entries(Finding("outside-pattern", row.name, said, help=HELP), row, lacking)


def inside(row: ParameterResult, wrong: Mask, declared: Mask) -> Finding:
    """Say which declared entries are wrong, and by what factor, where that is all."""
    _, rows, columns = coordinates(row)
    claim, right = np.array(row.entries.analytic), np.array(row.entries.reference)
    counted = declared & ((claim != 0) | (right != 0))
    at, own = np.unique(rows[wrong]), np.unique(columns[wrong])
    if wrong.sum() == 1:
        where = f"the entry [{at[0]}, {own[0]}]"
    elif at.size == 1:
        where = f"row {at[0]}"
    elif own.size == 1:
        where = f"column {own[0]}"
    else:
        where = "all of it" if wrong.sum() >= MOST * counted.sum() else ""
    factor = factor_between(claim[wrong], right[wrong]) if where else None
    if factor is None:
        said = where if where and (where != "all of it" or wrong[counted].all()) else f"{int(wrong.sum())} entries"
        return with_entries(Finding("few-entries", row.name, f"{row.name}: wrong in {said}"), row, wrong)
    code, said = ("factor", f"{factor:.6g} times the right one") if factor else ("zero", "zero")
    message = f"{row.name}: {where} is {said}"
    return with_entries(Finding(code, row.name, message, factor=factor or None), row, wrong)


def coordinates(row: ParameterResult) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return where each entry is, counted row by row, and its row and its column."""
    places = np.array(row.entries.positions, dtype=np.intp)
    rows, columns = np.divmod(places, np.prod(row.shape[row.entries.rank :], dtype=np.intp))
    return places, rows, columns


def with_entries(finding: Finding, row: ParameterResult, wrong: Mask) -> Finding:
    """Return a finding with the names of the first few wrong entries, and how many more there are."""
    places = coordinates(row)[0][wrong]
    names = tuple(row.entries.name(int(place)) for place in places[:MOST_NAMED])
    return finding._replace(indices=names, unnamed=len(places) - len(names))
