"""Yours against right, a dot an entry: a factor is a line, a sign its mirror, noise a cloud."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gradcheck_cli.reporters.page.marks import text
from gradcheck_cli.reporters.page.ratios import entry_line, kind_of
from gradcheck_cli.vocabulary.results import Entries

__all__ = ["scatter"]

MOST_DOTS = 400
SIZE, LEFT, BOTTOM, EDGE = 300, 56, 40, 10  # pixels of the whole, and its margins
TICKS = 5  # about so many on an axis
LEAST, MOST = 1e-290, 1e300  # spans that can be divided
FAR = 20  # how many times as large as the right ones yours are where each axis gets a scale of its own


class Axis:
    """A straight axis: values to pixels."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        low, high = min([0.0, *values]), max([0.0, *values])
        if high - low < LEAST:
            low, high = -1.0, 1.0
        space = (high - low) / 20
        self.low, self.high, self.start, self.end = low - space, high + space, start, end

    def place(self, value: float) -> float:
        """Return the pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return round numbers, a few."""
        rough = (self.high - self.low) / TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next((size * power for size in (1, 2, 5) if size * power >= rough), 10 * power)
        return [k * step for k in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def scatter(entries: Entries, factor: float | None = None, *, what: str = "") -> str:
    """Return the dots with the line of what is right, and that of a common factor where there is one.

    Parameters
    ----------
    entries : Entries
        Of many, the worst and some between.
    factor : float, optional
        What the right gradient was multiplied by.
    what : str, optional
        What a dot is, where it is no entry of the parameter.
    """
    every = entries.kept(MOST_DOTS)
    shown = [k for k in range(len(every)) if abs(every.analytic[k]) < MOST and abs(every.reference[k]) < MOST]
    if not shown:
        return ""
    yours, right = [every.analytic[k] for k in shown], [every.reference[k] for k in shown]
    largest = max(map(abs, yours)), max(map(abs, right))
    together = [*yours, *right] if largest[0] <= FAR * largest[1] and largest[1] <= FAR * largest[0] else []
    x = Axis(together or right, LEFT, SIZE - EDGE)
    y = Axis(together or yours, SIZE - BOTTOM, EDGE)
    dots = "".join(
        f"<circle class='{kind_of(every, k).name_in_style}' cx='{x.place(every.reference[k]):.1f}'"
        f" cy='{y.place(every.analytic[k]):.1f}' r='4'><title>{text(entry_line(every, k))}</title></circle>"
        for k in sorted(shown, key=lambda k: every.verdicts[k])
    )
    name = text(f"yours against right, of {what or entries.parameter}")
    drawing = (
        f"<svg role='img' class='plot' width='{SIZE}' height='{SIZE}' viewBox='0 0 {SIZE} {SIZE}'><title>{name}</title>"
        f"{''.join(frame(x, y))}{line(x, y, 1.0, 'same')}{line(x, y, factor, 'factor') if factor else ''}{dots}</svg>"
    )
    told = f"<figcaption><b>yours against right</b> {''.join(caption(every, shown, factor, what))}</figcaption>"
    return f"<figure>{told}{drawing}</figure>\n"


def caption(entries: Entries, shown: Sequence[int], factor: float | None, what: str) -> Iterator[str]:
    """Yield what the dots and the lines are."""
    if what:
        yield f"<span class='key'>a dot: {text(what)}</span> "
    yield "<span class='key'><span class='rule same'></span>yours = right</span> "
    if factor:
        yield f"<span class='key'><span class='rule factor'></span>yours = {factor:.4g} x right</span> "
    if len(shown) < len(entries):
        yield f"<span class='key'>{len(entries) - len(shown)} not finite, or too large</span> "
    if len(entries) < entries.total:
        yield f"<span class='key'>{len(entries):,} of {entries.total:,}: the worst, and some between</span>"


def frame(x: Axis, y: Axis) -> Iterator[str]:
    """Yield the grid with its numbers, and the names of the axes."""
    for value in x.ticks():
        at = x.place(value)
        kind = "axis" if value == 0 else "grid"
        yield f"<path class='{kind}' d='M{at:.1f} {EDGE}V{SIZE - BOTTOM}'/>"
        yield f"<text x='{at:.1f}' y='{SIZE - BOTTOM + 14}' text-anchor='middle'>{value:.3g}</text>"
    for value in y.ticks():
        at = y.place(value)
        kind = "axis" if value == 0 else "grid"
        yield f"<path class='{kind}' d='M{LEFT} {at:.1f}H{SIZE - EDGE}'/>"
        yield f"<text x='{LEFT - 6}' y='{at + 4:.1f}' text-anchor='end'>{value:.3g}</text>"
    yield f"<text class='name' x='{SIZE - EDGE}' y='{SIZE - 8}' text-anchor='end'>right</text>"
    yield f"<text class='name' x='{-EDGE}' y='14' text-anchor='end' transform='rotate(-90)'>yours</text>"


def line(x: Axis, y: Axis, slope: float, kind: str) -> str:
    """Return the line yours = slope x right, as far as it is within the frame."""
    ends = [(value, slope * value) for value in (x.low, x.high)]
    ends += [(value / slope, value) for value in (y.low, y.high)]
    inside = [(a, b) for a, b in ends if within(x, a) and within(y, b)]
    if len(inside) < 2:
        return ""
    (x1, y1), (x2, y2) = min(inside), max(inside)
    return f"<path class='{kind}' d='M{x.place(x1):.1f} {y.place(y1):.1f}L{x.place(x2):.1f} {y.place(y2):.1f}'/>"


def within(axis: Axis, value: float) -> bool:
    """Whether a value is on an axis, but for rounding."""
    slack = (axis.high - axis.low) * 1e-9
    return axis.low - slack <= value <= axis.high + slack
