"""Pictures for a terminal: where the errors of a parameter are, and what the step has to do with them."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator

from rich.text import Text

from gradcheck_cli.reporters.heat import LEGEND, HeatMap, heat_map, pictured
from gradcheck_cli.reporters.words import sweep_line
from gradcheck_cli.vocabulary.errors import ExtraError
from gradcheck_cli.vocabulary.results import CheckReport, StepSweep
from gradcheck_cli.vocabulary.text import printable

__all__ = ["pictures", "require_plotting"]

BLOCKS = "·░▒▓█"
ASCII_BLOCKS = ".-+#@"  # the twin, for a stream that cannot show blocks
STYLES = ("", "blue", "cyan", "yellow", "bold red")
CELL_WIDTH = 2  # a character is about twice as high as wide
MOST_ROWS = 32
PLOT_HEIGHT = 12
WIDEST_PLOT = 72
AXIS_WIDTH = 12  # of the labels beside a plot
FRAME = str.maketrans("┌┐└┘─│", "++++-|")


def require_plotting() -> None:
    """Raise ExtraError where the library that draws axes is not installed."""
    if importlib.util.find_spec("uniplot") is None:
        raise ExtraError.missing("--plot", "uniplot", "plot")


def pictures(report: CheckReport, *, width: int, color: bool, blocks: bool) -> Iterator[Text]:
    """Yield a heat map for each parameter that falls short, and the step plot of its worst entry.

    Parameters
    ----------
    report : CheckReport
        With its sweeps.
    width : int
        Columns that may be filled.
    color : bool
        Whether to colour; no picture needs it.
    blocks : bool
        Whether the stream can show blocks; else the pictures are in ASCII.
    """
    sweeps = {sweep.parameter: sweep for sweep in report.sweeps}
    for parameter in pictured(report):
        columns = max(8, (width - AXIS_WIDTH) // CELL_WIDTH)
        yield drawn_map(parameter.name, heat_map(parameter, MOST_ROWS, columns), blocks=blocks)
        if parameter.name in sweeps:
            yield drawn_sweep(sweeps[parameter.name], report.epsilon, width=width, color=color, blocks=blocks)


def drawn_map(name: str, heat: HeatMap, *, blocks: bool) -> Text:
    """Return a heat map as lines of cells."""
    signs = BLOCKS if blocks else ASCII_BLOCKS
    rows, columns = heat.shape
    text = Text(f"errors of {printable(name)}, {rows} x {columns}, largest {heat.largest:.2e}\n")
    for row, levels in enumerate(heat.levels):
        text.append(f"{row * heat.block[0]:>6} ")
        for found in levels:
            text.append(signs[found] * CELL_WIDTH, STYLES[found])
        text.append("\n")
    legend = (f"{signs[k] * CELL_WIDTH} {LEGEND[k]}" for k in reversed(range(len(LEGEND))))
    text.append(" " * 7 + "  ".join(legend))
    if heat.block != (1, 1):
        text.append(f"\n{' ' * 7}each cell is the worst of {heat.block[0]} x {heat.block[1]} entries")
    return text


def drawn_sweep(sweep: StepSweep, epsilon: float | str, *, width: int, color: bool, blocks: bool) -> Text:
    """Return the plot of error against step on log axes, and the sentence that says what it means."""
    meaning = Text(sweep_line(sweep))
    points = [(h, e) for h, e in zip(sweep.steps, sweep.errors, strict=True) if 0 < e < math.inf]
    if not points:
        return meaning
    floors = [(h, sweep.floor(h)) for h in sweep.steps] if sweep.noise else points[:1]
    plot = Text.from_ansi(plotted([points, floors], epsilon, width=width, color=color, blocks=blocks))
    return Text("\n").join([Text("error against step"), plot, meaning])


def plotted(
    series: list[list[tuple[float, float]]], epsilon: float | str, *, width: int, color: bool, blocks: bool
) -> str:
    """Draw two series, joined and dotted, and a line at epsilon."""
    from uniplot import plot_to_string

    marked = f"; upright: epsilon {epsilon:g}" if isinstance(epsilon, float) else ""
    drawing: str = plot_to_string(
        xs=[[h for h, _ in points] for points in series],
        ys=[[error for _, error in points] for points in series],
        x_as_log=True,
        y_as_log=True,
        lines=[True, False],
        character_set="block" if blocks else "ascii",
        force_ascii_characters=["*", "."],
        color=["red", "cyan"] if color else False,
        legend_labels=["joined: |analytic - numeric|", f"dotted: round-off floor{marked}"],
        x_gridlines=[epsilon] if isinstance(epsilon, float) else [],
        y_gridlines=[],
        height=PLOT_HEIGHT,
        width=max(20, min(width, WIDEST_PLOT) - AXIS_WIDTH),
    )
    return drawing if blocks else drawing.translate(FRAME)
