"""The error of an entry against the step as SVG, on log axes."""

from __future__ import annotations

import math
from collections.abc import Iterable

from gradcheck_cli.vocabulary.results import StepSweep

__all__ = ["step_plot"]

WIDTH, HEIGHT = 560, 260
LEFT, BOTTOM, TOP, RIGHT = 56, 30, 10, 10  # margins that the labels stand in
DECADES_BETWEEN_TICKS = 2


class Axis:
    """A log axis: powers of ten to pixels."""

    def __init__(self, values: Iterable[float], start: float, end: float) -> None:
        powers = [math.log10(value) for value in values]
        self.low, self.high = math.floor(min(powers)), max(math.ceil(max(powers)), math.floor(min(powers)) + 1)
        self.start, self.end = start, end

    def place(self, value: float) -> float:
        """Return the pixel of a value, no further than the ends of the axis."""
        power = min(max(math.log10(value), self.low), self.high)
        return self.start + (power - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[int]:
        """Return the powers of ten that get a label."""
        return list(range(self.low, self.high + 1, DECADES_BETWEEN_TICKS))


def step_plot(sweep: StepSweep, epsilon: float | str) -> str:
    """Return the plot: the errors joined, the round-off floor dashed, and a line at epsilon."""
    points = [(h, error) for h, error in zip(sweep.steps, sweep.errors, strict=True) if 0 < error < math.inf]
    floors = [(h, floor) for h in sweep.steps if 0 < (floor := sweep.floor(h)) < math.inf]
    if not points:
        return ""
    x = Axis(sweep.steps, LEFT, WIDTH - RIGHT)
    y = Axis([error for _, error in points + floors], HEIGHT - BOTTOM, TOP)
    places = [(x.place(h), y.place(error)) for h, error in points]
    marks = "".join(f"<circle cx='{h:.1f}' cy='{e:.1f}' r='2.5'/>" for h, e in places)
    return (
        f"<svg role='img' class='plot' width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}'>"
        "<title>error against step, on log axes; dashed: the round-off floor</title>"
        f"{frame(x, y)}{line(x, y, floors, 'floor')}{line(x, y, points, 'errors')}{marks}"
        f"{epsilon_line(x, epsilon)}</svg>"
    )


def frame(x: Axis, y: Axis) -> str:
    """Return the grid and its labels."""
    lines = []
    for power in x.ticks():
        at = x.place(10.0**power)
        lines.append(f"<path d='M{at:.1f} {TOP}V{HEIGHT - BOTTOM}' class='grid'/>")
        lines.append(f"<text x='{at:.1f}' y='{HEIGHT - BOTTOM + 14}' text-anchor='middle'>1e{power:+03d}</text>")
    for power in y.ticks():
        at = y.place(10.0**power)
        lines.append(f"<path d='M{LEFT} {at:.1f}H{WIDTH - RIGHT}' class='grid'/>")
        lines.append(f"<text x='{LEFT - 6}' y='{at + 4:.1f}' text-anchor='end'>1e{power:+03d}</text>")
    return "".join(lines)


def line(x: Axis, y: Axis, points: list[tuple[float, float]], kind: str) -> str:
    """Return points joined by a line."""
    path = " ".join(f"{x.place(h):.1f},{y.place(error):.1f}" for h, error in points)
    return f"<polyline class='{kind}' points='{path}'/>"


def epsilon_line(x: Axis, epsilon: float | str) -> str:
    """Return the upright line at epsilon, where there is a step."""
    if isinstance(epsilon, str):
        return ""
    at = x.place(epsilon)
    return (
        f"<path d='M{at:.1f} {TOP}V{HEIGHT - BOTTOM}' class='epsilon'/>"
        f"<text x='{at + 4:.1f}' y='{HEIGHT - BOTTOM - 6}'>epsilon {epsilon:g}</text>"
    )
