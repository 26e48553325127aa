"""Kinks at the point itself: is there one, and which gradients are right there.

Along a single entry a kink shows as a gap between the one-sided slopes. That is not enough: two samples of one relu
unit may turn on and off together, so that the loss is smooth along the entry while a backward pass that takes
relu'(0) = 0 claims neither slope. What is right at a kink is the convex hull of the gradients around it (Clarke's
generalised gradient), and a sample of that are the slopes of the entry at a few random points nearby.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.numeric.noise import line_through, typical_sizes
from gradcheck_cli.numeric.rungs import NOISE_BARS
from gradcheck_cli.parameters import Array
from gradcheck_cli.problems.problem import Problem

__all__ = ["on_kink", "slopes_nearby"]

DIRECTIONS = 2
STEPS = (1e-12, 1e-11, 1e-10, 1e-9, 1e-8)  # and each times ten
VISIBLE = 1e-3  # of the slope: noise that would not hide a gap worth the name
CLEAR = 8.0  # the gap is the difference of four noisy slopes
NEAR = 1e-7  # radius of the sample, relative to the parameters
STEP = 1e-9  # a slope is taken on one side of most kinks that are that near
POINTS = 16
MARGIN = 0.05  # of the width of the sample: what the noise of slopes over such a step may be
WIDENED = 0.5  # the same where an end was met only once: with many kinks the sample hardly reaches the ends


def on_kink(problem: Problem, noise: float, seed: int) -> bool:
    """Return whether the loss has a kink at the problem's point: along a random line its two slopes differ.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    noise : float
        Standard deviation of the loss.
    seed : int
        Of the random lines.
    """
    return any(_gap_along(problem, noise, seed + 1 + k) for k in range(DIRECTIONS))


def _gap_along(problem: Problem, noise: float, seed: int) -> bool:
    """Return what the smallest step says at which noise would not hide a gap."""
    line = line_through(problem, seed)
    middle = line(0.0)
    for step in STEPS:
        (gap, steepness), (wider_gap, _) = (_bend(line, middle, t) for t in (step, 10 * step))
        bar = CLEAR * NOISE_BARS * noise / step
        if abs(10 * gap - wider_gap) / 9 > bar:
            return True
        if bar < VISIBLE * steepness:
            return False
    return False


def _bend(line: Callable[[float], float], middle: float, step: float) -> tuple[float, float]:
    """Return the right slope less the left, and the mean of their magnitudes."""
    rise, fall = line(step) - middle, line(-step) - middle
    return (rise + fall) / step, (abs(rise) + abs(fall)) / (2 * step)


def slopes_nearby(problem: Problem, parameter: str, entries: NDArray[np.intp], seed: int) -> tuple[Array, Array]:
    """Return between which slopes any claim for an entry is right at a kink.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    parameter : str
        Name of the parameter.
    entries : ndarray of shape (k,)
        Positions in it, counted row by row.
    seed : int
        Of the random points.

    Returns
    -------
    tuple of ndarray of shape (k,)
        The lowest and the highest.
    """
    random = np.random.default_rng(seed)
    slopes = np.array([_slopes_at_random_point(problem, parameter, entries, random) for _ in range(POINTS)])
    low, high = np.fmin.reduce(slopes), np.fmax.reduce(slopes)
    slack = MARGIN * (high - low)
    reached = (np.sum(slopes <= low + slack, axis=0) > 1) & (np.sum(slopes >= high - slack, axis=0) > 1)
    widening = np.where(reached, slack, WIDENED * (high - low))
    return low - widening, high + widening


def _slopes_at_random_point(
    problem: Problem, parameter: str, entries: NDArray[np.intp], random: np.random.Generator
) -> list[float]:
    moved = {
        name: values + NEAR * typical_sizes(values) * random.uniform(-1, 1, values.shape)
        for name, values in problem.parameters.items()
    }
    sizes = typical_sizes(problem.parameters[parameter]).reshape(-1)
    return [_slope(problem, moved, moved[parameter].reshape(-1), entry, STEP * sizes[entry]) for entry in entries]


def _slope(problem: Problem, moved: dict[str, Array], values: Array, entry: int, step: float) -> float:
    """Return the centred difference of one entry of `values`, which is a view into `moved`."""
    before = values[entry]
    values[entry] = right = before + step
    rise = problem.loss(moved)
    values[entry] = left = before - step
    fall = problem.loss(moved)
    values[entry] = before
    return float((rise - fall) / (right - left))
