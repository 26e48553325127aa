"""Pictures for a terminal: where the errors of a parameter are, and what the step has to do with them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len

from gradcheck_cli.reporters.heat import LEGEND, HeatMap, heat_map, pictured
from gradcheck_cli.reporters.sheet import Sheet
from gradcheck_cli.reporters.styled import Styled
from gradcheck_cli.reporters.words import error_text, sweep_line
from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.results import CheckReport, StepSweep
from gradcheck_cli.vocabulary.text import printable

__all__ = ["print_pictures"]

BLOCKS = "·░▒▓█"
ASCII_BLOCKS = ".-+#@"  # the twin, for a stream that cannot show blocks
STYLES = ("", "blue", "cyan", "yellow", "bold red")
CELL_WIDTH = 2  # a character is about twice as high as wide
MOST_ROWS = 32
MARGIN = 7  # columns for the number of a row
LABELLED = 5  # every so many columns have their number above them
STEP_WIDTH = 25  # columns for a step, its error and a mark
WIDEST_PLOT = 60
EVERY = 2  # a line for every second step, which are two a decade
FLAT = 3.0  # errors of which the middle half differs by less, whatever the step, make no picture
FLOOR, ERROR = ".", "o"


def print_pictures(out: Sheet, report: CheckReport, *, blocks: bool) -> None:
    """Print a heat map for each parameter that falls short, and how the error of its worst entry goes with the step.

    Parameters
    ----------
    out : Sheet
        What they are printed on, and how wide it is.
    report : CheckReport
        With its sweeps.
    blocks : bool
        Whether the stream can show blocks; else the pictures are in ASCII.
    """
    signs = BLOCKS if blocks else ASCII_BLOCKS
    maps = [(p.name, heat_map(p, MOST_ROWS, max(8, (out.width - MARGIN) // CELL_WIDTH))) for p in pictured(report)]
    for name, heat in maps:
        out.print()
        for line in drawn_map(name, heat, signs):
            out.print(line)
    if maps:
        for line in legend(signs, out.width):
            out.print(line)
    if report.sweeps:
        out.print()
    for sweep, later in zip_longest(report.sweeps, report.sweeps[1:]):
        for line in drawn_sweep(sweep, report.epsilon, min(out.width - STEP_WIDTH, WIDEST_PLOT)):
            out.print_wrapped(line)
        told, _, conclusion = sweep_line(sweep).rpartition(": ")
        again = later is not None and sweep_line(later).endswith(f": {conclusion}")
        out.print_wrapped(Styled(said(told if again else f"{told}: {conclusion}")))


def legend(signs: str, width: int) -> Iterator[Styled]:
    """Yield what the signs stand for, no sign parted from its meaning at the end of a line."""
    line = " " * MARGIN
    for k in reversed(range(len(LEGEND))):
        piece = f"{signs[k] * CELL_WIDTH} {said(LEGEND[k])}  "
        if line.strip() and cell_len(line + piece.rstrip()) > width:
            yield Styled(line)
            line = " " * MARGIN
        line += piece
    yield Styled(line)


def drawn_map(name: str, heat: HeatMap, signs: str) -> Iterator[Styled]:
    """Yield a heat map: the numbers of the columns, then a line for each row of cells."""
    rows, columns = heat.shape
    each = f", each cell the worst of {heat.block[0]} x {heat.block[1]}" if heat.block != (1, 1) else ""
    yield Styled(said(f"errors of {printable(name)}, {rows} x {columns}, largest {heat.largest:.2e}{each}"))
    yield Styled(" " * MARGIN + column_numbers(heat))
    for row, levels in enumerate(heat.levels):
        line = Styled(f"{row * heat.block[0]:>{MARGIN - 1}} ")
        for found in levels:
            line += Styled(signs[found] * CELL_WIDTH, STYLES[found])
        yield line


def column_numbers(heat: HeatMap) -> str:
    """Return the numbers above the columns of a map, each where its column begins."""
    line = ""
    for cell in range(0, len(heat.levels[0]), LABELLED):
        line = line.ljust(cell * CELL_WIDTH) + str(cell * heat.block[1])
    return line


def drawn_sweep(sweep: StepSweep, epsilon: float | str, width: int) -> Iterator[Styled]:
    """Yield the error at each step on a log axis, beside the floor of round-off; nothing where it stays as it is."""
    shown = [k for k, error in enumerate(sweep.errors) if 0 < error < math.inf]
    known = sorted(sweep.errors[k] for k in shown)
    if not known or known[-1 - len(known) // 4] < FLAT * known[len(known) // 4]:
        return
    floors = [sweep.floor(step) for step in sweep.steps]
    axis = Axis([*known, *(floor for floor in floors if floor > 0)], width)
    title = f"error of {printable(sweep.entry)} against step; {ERROR} error, {FLOOR} what round-off alone makes"
    yield Styled(said(title))
    yield Styled(f"{'step':>7} {'error':>8} {axis.labels()}", "bold")
    for k in shown[::EVERY]:
        line = [" "] * axis.width
        if floors[k] > 0:
            line[axis.place(floors[k])] = FLOOR
        line[axis.place(sweep.errors[k])] = ERROR
        mark = (
            " epsilon"
            if isinstance(epsilon, float) and is_nearest(sweep.steps[k], sweep.steps[::EVERY], epsilon)
            else ""
        )
        yield Styled(f"{sweep.steps[k]:>7.0e} {error_text(sweep.errors[k]):>8} {''.join(line).rstrip()}{mark}")


def is_nearest(step: float, steps: Sequence[float], epsilon: float) -> bool:
    """Whether a step is the one of all that is nearest to epsilon."""
    return step == min(steps, key=lambda other: abs(math.log(other / epsilon)))


class Axis:
    """A log axis: values to columns.

    Parameters
    ----------
    values : sequence of float
        What it has to hold, all positive.
    width : int
        Columns that it may fill.
    """

    def __init__(self, values: Sequence[float], width: int) -> None:
        powers = [math.log10(value) for value in values]
        self.low, high = math.floor(min(powers)), math.ceil(max(powers))
        self.decade = max(1, (width - len("1e-00")) // max(high - self.low, 1))
        """Columns between two powers of ten."""
        self.width = self.decade * (high - self.low) + 1

    def place(self, value: float) -> int:
        """Return the column of a value."""
        return min(max(round((math.log10(value) - self.low) * self.decade), 0), self.width - 1)

    def labels(self) -> str:
        """Return the powers of ten, each where its column is, as many as there is room for."""
        line = ""
        for column in range(0, self.width, self.decade):
            if not line or column > len(line):
                line = line.ljust(column) + f"1e{self.low + column // self.decade:+03d}"
        return line
