"""Yours over right, entry by entry, as rows and columns: a wrong row, column or entry is seen at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gradcheck_cli.reporters.page.marks import scrolling, text
from gradcheck_cli.reporters.page.ratios import Kind, entry_line, kind_of
from gradcheck_cli.vocabulary.results import Entries

__all__ = ["ratio_map"]

MOST_CELLS = 64  # rows or columns
IN_A_ROW = 10  # entries of a vector
MOST_TOLD = (16, 10)  # rows and columns of a map whose cells have room for a number
WITH_NUMBER, LARGE, SMALL = (52, 26), (14, 14), (9, 9)  # pixels of a cell
SPARSEST = 20  # cells for one that was looked at
LEFT, TOP = 40, 20  # margins for the numbers of rows and columns
BETWEEN_LABELS = 26  # pixels, at least
ORDER = list(Kind)


@dataclass(frozen=True)
class Grid:
    """Where entries are in the map; where there are very many, a cell stands for a block of them."""

    rows: int
    columns: int
    step: int
    """What the number of a row grows by: of a vector, which is broken into rows, by the entries of each."""
    block: tuple[int, int]

    @classmethod
    def of(cls, entries: Entries) -> Grid:
        """Return the grid of a parameter: its first axis and all others, its outputs and its own, or rows of ten."""
        size, axes = math.prod(entries.shape), entries.rank or 1
        if len(entries.shape) < 2:
            columns = min(size, IN_A_ROW * math.ceil(size / MOST_CELLS / IN_A_ROW))
            rows = math.ceil(size / columns)
        else:
            rows = math.prod(entries.shape[:axes])
            columns = size // max(rows, 1)
        is_vector = len(entries.shape) < 2
        return cls(
            rows, columns, columns if is_vector else 1, (math.ceil(rows / MOST_CELLS), math.ceil(columns / MOST_CELLS))
        )

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return math.ceil(self.rows / self.block[0]), math.ceil(self.columns / self.block[1])

    def cell(self, place: int) -> tuple[int, int]:
        """Return the cell of an entry."""
        row, column = divmod(place, self.columns)
        return row // self.block[0], column // self.block[1]


def ratio_map(parameter: str, entries: Entries) -> str:
    """Return the map with its legend, each cell with its values as its title; nothing where it is all but empty."""
    if not len(entries):
        return ""
    grid = Grid.of(entries)
    worst = worst_of_cells(entries, grid)
    if len(worst) * SPARSEST < math.prod(grid.cells):
        return ""
    is_told = grid.block == (1, 1) and grid.cells[0] <= MOST_TOLD[0] and grid.cells[1] <= MOST_TOLD[1]
    width, height = WITH_NUMBER if is_told else LARGE if max(grid.cells) <= MOST_CELLS // 2 else SMALL
    total = LEFT + grid.cells[1] * width + 1, TOP + grid.cells[0] * height + 1
    cells = "".join(
        drawn_cell(entries, k, (LEFT + column * width, TOP + row * height, width - 1, height - 1), is_told=is_told)
        for (row, column), k in sorted(worst.items())
    )
    name = text(f"{parameter}: yours / right, {grid.rows} rows by {grid.columns} columns")
    drawing = (
        f"<svg role='img' class='map' width='{total[0]}' height='{total[1]}' viewBox='0 0 {total[0]} {total[1]}'>"
        f"<title>{name}</title>{''.join(labels(grid, width, height))}{cells}</svg>"
    )
    caption = (
        f"<figcaption><b>{text(parameter)}: yours / right</b> {''.join(legend(entries, worst, grid))}</figcaption>"
    )
    return f"<figure>{caption}{scrolling(drawing, f'map of {parameter}')}</figure>\n"


def worst_of_cells(entries: Entries, grid: Grid) -> dict[tuple[int, int], int]:
    """Return for each cell with entries that were looked at which of them is the worst."""
    worst: dict[tuple[int, int], tuple[tuple[int, float], int]] = {}
    for k in range(len(entries)):
        cell = grid.cell(entries.place(k))
        error = abs(entries.analytic[k] - entries.reference[k])
        found = (ORDER.index(kind_of(entries, k)), error if error == error else math.inf)
        if cell not in worst or worst[cell][0] < found:
            worst[cell] = (found, k)
    return {cell: k for cell, (_, k) in worst.items()}


def drawn_cell(entries: Entries, k: int, box: tuple[int, int, int, int], *, is_told: bool) -> str:
    """Return a cell, with its ratio where there is room for it."""
    x, y, width, height = box
    found = kind_of(entries, k)
    ratio = short_ratio(entries.analytic[k], entries.reference[k])
    shown = f"<text x='{x + width / 2:g}' y='{y + height / 2 + 4:g}'>{ratio}</text>" if is_told else ""
    return (
        f"<g class='{found.name_in_style}{' told' * is_told}'><title>{text(entry_line(entries, k))}</title>"
        f"<rect x='{x}' y='{y}' width='{width}' height='{height}'/>{shown}</g>"
    )


def short_ratio(yours: float, right: float) -> str:
    """Return yours / right to three digits; a dot where both are 0."""
    if right and math.isfinite(ratio := yours / right):
        return f"{ratio:.3g}"
    return "-" if right or yours else "·"


def labels(grid: Grid, width: int, height: int) -> Iterator[str]:
    """Yield the numbers of the rows and the columns, as many as there is room for."""
    every = math.ceil(BETWEEN_LABELS / width)
    for column in range(0, grid.cells[1], every):
        x = LEFT + (column + 0.5) * width
        yield f"<text class='label' x='{x:g}' y='{TOP - 6}'>{column * grid.block[1]}</text>"
    every = math.ceil(BETWEEN_LABELS / 2 / height)
    for row in range(0, grid.cells[0], every):
        y = TOP + (row + 0.5) * height + 4
        yield f"<text class='label row' x='{LEFT - 6}' y='{y:g}'>{row * grid.block[0] * grid.step}</text>"


def legend(entries: Entries, worst: dict[tuple[int, int], int], grid: Grid) -> Iterator[str]:
    """Yield what the colours mean that are in the map, and of what it does not show all."""
    there = {kind_of(entries, k) for k in worst.values()}
    for kind in ORDER:
        if kind in there:
            yield f"<span class='key'><span class='swatch {kind.name_in_style}'></span>{kind.legend}</span> "
    if grid.block != (1, 1):
        yield f"<span class='key'>a cell is the worst of {grid.block[0]} by {grid.block[1]} entries</span> "
    if entries.total < math.prod(entries.shape):
        yield "<span class='key'>blank: not looked at</span>"
    elif len(entries) < entries.total:
        yield f"<span class='key'>of {entries.total:,} entries, {len(entries):,} were kept</span>"
