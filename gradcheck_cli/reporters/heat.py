"""The errors of a parameter as a map of rows by columns, in which a wrong row, column or entry is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gradcheck_cli.vocabulary.results import CheckReport, ParameterResult, Verdict

__all__ = ["LEGEND", "LEVELS", "HeatMap", "heat_map", "pictured"]

LEVELS = 5
"""Level 4 is down to a tenth of the largest error, 3 to a hundredth, and so on; 0 is everything smaller."""
LEGEND = ("smaller", "to 1/10000", "to 1/1000", "to 1/100", "to 1/10 of the largest")


@dataclass(frozen=True)
class HeatMap:
    """The levels of a parameter's errors; where it is large, each cell is the worst of a block of entries."""

    levels: tuple[tuple[int, ...], ...]
    shape: tuple[int, int]
    """Rows and columns of entries; all axes but the first make the columns, and a vector is one row."""
    block: tuple[int, int]
    """Rows and columns of entries that a cell stands for."""
    largest: float
    """The largest error."""
    flat: bool
    """Whether there is only one axis, or none."""

    def entries(self, row: int, column: int) -> str:
        """Name the entries of a cell, as ``[0, 1]`` or ``[0:8, 8:16]``; of a vector as ``[1]``."""
        rows = "" if self.flat else f"{self._range(0, row)}, "
        return f"[{rows}{self._range(1, column)}]"

    def _range(self, axis: int, cell: int) -> str:
        start = cell * self.block[axis]
        end = min(start + self.block[axis], self.shape[axis])
        return str(start) if end == start + 1 else f"{start}:{end}"


def pictured(report: CheckReport) -> list[ParameterResult]:
    """Return the parameters that fall short and of which every entry was checked."""
    short = [p for p in report.parameters if p.verdict is not Verdict.PASS]
    return [p for p in short if p.entries and len(p.entries) == p.size]


def heat_map(parameter: ParameterResult, most_rows: int, most_columns: int) -> HeatMap:
    """Map a parameter's errors into no more than so many cells."""
    count = parameter.size
    flat = len(parameter.shape) < 2
    rows = 1 if flat else parameter.shape[0]
    shape = (rows, count // rows)
    block = (math.ceil(shape[0] / most_rows), math.ceil(shape[1] / most_columns))
    worst = [[0.0] * math.ceil(shape[1] / block[1]) for _ in range(math.ceil(shape[0] / block[0]))]
    entries = parameter.entries
    places = range(count) if entries.positions is None else entries.positions
    for k, analytic, reference in zip(places, entries.analytic, entries.reference, strict=True):
        row, column = divmod(k, shape[1])
        cells, cell, error = worst[row // block[0]], column // block[1], abs(analytic - reference)
        cells[cell] = max(cells[cell], error if error == error else math.inf)
    largest = max(map(max, worst))
    levels = tuple(tuple(level(error, largest) for error in cells) for cells in worst)
    return HeatMap(levels, shape, block, largest, flat)


def level(error: float, largest: float) -> int:
    """Return the level of an error, from 0 to LEVELS - 1."""
    if not error or not math.isfinite(error) or not math.isfinite(largest):
        return LEVELS - 1 if error == largest and error else 0
    return max(0, LEVELS - 1 - int(math.log10(largest / error)))
