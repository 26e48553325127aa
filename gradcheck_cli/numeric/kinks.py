"""Kinks at the point itself: is there one, and which gradients are right there.

Along a single entry a kink shows as a gap between the one-sided slopes. That is not enough: two samples of one relu
unit may turn on and off together, so that the loss is smooth along the entry while a backward pass that takes
relu'(0) = 0 claims neither slope. What is right at a kink is the convex hull of the gradients around it (Clarke's
generalised gradient), and a sample of that are the slopes of the entry at a few random points nearby.

Nor is it enough that every entry lies between its own slopes: max(a, b) at a tie has (1, 0), (0, 1) and what lies
between for gradients, not (1, 1). So the claim is judged along random directions through all its kinked entries, too.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.numeric.noise import LossNoise, line_through, moved_along, random_direction
from gradcheck_cli.numeric.scales import entry_sizes
from gradcheck_cli.numeric.tolerances import NOISE_BARS, SAFETY
from gradcheck_cli.problems.problem import Problem, losses_at
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["Hull", "Side", "joint_hulls", "on_kink", "other_side", "slopes_nearby"]

STEPS = (1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7)
VISIBLE = 1e-3  # of the slope: noise that would not hide a gap worth the name
CLEAR = 8.0  # the gap is the difference of four noisy slopes
SHORTEST, LONGEST = 1e-12, 1e-6  # steps: as short as noise allows, for a kink beside the point is none at the point
NEAR = 100.0  # steps: the radius of the sample; most of its slopes are then taken on one side of every kink
NEARER, STAYS = 10.0, 0.5  # the radius of a second sample, and the part of the width that a kink leaves it at least
POINTS = 16
JOINT_POINTS, MORE_POINTS = 12, 48
JOINTLY_VISIBLE = 1e-5  # of the slope, as above: where entries are tied the hull along a direction is a single slope
MARGIN = 0.05  # of the width of the sample: what the noise of slopes over such a step may be
WIDENED = 0.5  # the same where an end was met only once: with many kinks the sample hardly reaches the ends
BENT = 1e-5  # of a slope: what it may change by from the point to a point nearby


def on_kink(problem: Problem, noise: float, seed: int) -> bool:
    """Return whether the loss has a kink at the problem's point.

    Along a random line its two slopes differ, or, as those of a median at a tie do not, the slopes along two lines do
    not add up to that along their sum.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    noise : float
        Standard deviation of the loss.
    seed : int
        Of the random lines.
    """
    u, v = random_direction(problem, seed + 1), random_direction(problem, seed + 2)
    both = {name: u[name] + v[name] for name in u}
    middle = problem.loss(problem.parameters)
    bends = (_bends(problem, (u, v), middle, step) for step in STEPS)
    for step, (near, far) in zip(STEPS, itertools.pairwise(bends), strict=False):
        bar = CLEAR * NOISE_BARS * noise / step  # what curvature makes of gaps grows with the step
        if not max(abs(10 * a.gap - b.gap) / 9 for a, b in zip(near, far, strict=True)) <= bar:
            return True
        if bar < VISIBLE * near[0].steepness:
            (jointly,) = _bends(problem, (both,), middle, step)
            return not abs(jointly.slope - sum(bend.slope for bend in near)) <= bar
    return False


class Side(NamedTuple):
    """What one loss on the other side of the point says."""

    kink: bool
    """Whether the loss bends at the point as no smooth one does."""
    visible: float
    """How large a gap of slopes would have been seen, times the sizes of the entries."""


def other_side(problem: Problem, noise: LossNoise, seed: int) -> Side:
    """Look across the point along the line on which noise was measured, at the price of a single evaluation.

    The third difference of a smooth loss vanishes with the spacing; a gap of the slopes stays, times the spacing.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    noise : LossNoise
        Its noise, measured with the same seed.
    seed : int
        Of the line.
    """
    half = (len(noise.losses) - 1) // 2
    step = half * noise.spacing
    ahead, far = noise.losses[half], noise.losses[2 * half]
    third = far - 3 * ahead + 3 * noise.losses[0] - line_through(problem, seed)([-step])[0]
    bar = CLEAR * NOISE_BARS * noise.deviation
    return Side(not abs(third) <= bar, bar / step)


class _Bend(NamedTuple):
    """The loss on both sides of the point, along a line."""

    gap: float
    """The right slope less the left."""
    slope: float
    """The centred one."""
    steepness: float
    """The mean magnitude of both sides."""


def _bends(problem: Problem, directions: Sequence[Parameters], middle: float, step: float) -> list[_Bend]:
    """Return what the loss does on both sides of the point along some lines; `middle` is the loss at the point."""
    moved = (moved_along(problem, direction, t) for direction in directions for t in (step, -step))
    changes = [loss - middle for loss in losses_at(problem, moved).tolist()]
    return [
        _Bend((rise + fall) / step, (rise - fall) / (2 * step), (abs(rise) + abs(fall)) / (2 * step))
        for rise, fall in zip(changes[::2], changes[1::2], strict=True)
    ]


def slopes_nearby(
    problem: Problem, parameter: str, entries: NDArray[np.intp], steepness: Array, noise: float, seed: int
) -> tuple[Array, Array]:
    """Return between which slopes any claim for an entry is right at a kink.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    parameter : str
        Name of the parameter.
    entries : ndarray of shape (k,)
        Positions in it, counted row by row.
    steepness : ndarray of shape (k,)
        About how large the slopes are, in the units of the gradient.
    noise : float
        Standard deviation of the loss: what it makes of the slopes is no width.
    seed : int
        Of the random points.

    Returns
    -------
    tuple of ndarray of shape (k,)
        The lowest and the highest; NaN if noise alone makes them differ, or curvature: slopes that are nearer then
        differ by less, and at a kink they do not.
    """
    random = np.random.default_rng(seed)
    sizes = entry_sizes(problem.parameters)[parameter].reshape(-1)
    low, high = np.full(len(entries), np.nan), np.full(len(entries), np.nan)
    for k, entry in enumerate(entries):
        step = _step(noise, VISIBLE * steepness[k] * sizes[entry])
        move = {parameter: np.zeros(sizes.size)}
        move[parameter][entry] = sizes[entry]
        far, near = (
            Hull.of(
                _slopes_along(problem, move, step, POINTS, random, radius) / sizes[entry],
                NOISE_BARS * noise / (step * sizes[entry]),
            )
            for radius in (NEAR, NEARER)
        )
        if far.width > 0 and near.width >= STAYS * far.width:
            low[k], high[k] = far
    return low, high


def joint_hulls(
    problem: Problem,
    kinked: Mapping[str, NDArray[np.intp]],
    claims: Parameters,
    bars: Parameters,
    steepness: Parameters,
    noise: float,
    seed: int,
) -> list[tuple[float, Hull]]:
    """Return what is claimed along a few directions through kinked entries, and between which slopes it is right.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    kinked : mapping of str to ndarray
        By parameter, the positions of the entries on a kink, counted row by row.
    claims : mapping of str to ndarray
        What is claimed of them, in the same order. Where it seems to be wrong more points are looked at.
    bars : mapping of str to ndarray
        What a right claim of each may be off by.
    steepness : mapping of str to ndarray
        About how large their slopes are.
    noise : float
        Standard deviation of the loss.
    seed : int
        Of directions and points.

    Returns
    -------
    list of tuple of float and Hull
        One pair for each direction.
    """
    random = np.random.default_rng(seed)
    sizes = entry_sizes(problem.parameters)
    found: list[tuple[float, Hull]] = []
    for weights, signs in ((1.0, (1.0,)), (0.5, (1.0,)), (0.5, (-1.0, 1.0)), (0.5, (-1.0, 1.0))):
        direction = {
            name: sizes[name].reshape(-1)[entries]
            * random.uniform(weights, 2 - weights, len(entries))
            * random.choice(signs, len(entries))
            for name, entries in kinked.items()
        }
        move = {name: np.zeros(problem.parameters[name].size) for name in kinked}
        for name, entries in kinked.items():
            move[name][entries] = direction[name]
        steep = sum(float(np.sum(np.abs(steepness[name] * direction[name]))) for name in kinked)
        step = _step(noise, JOINTLY_VISIBLE * steep)
        bar = SAFETY * NOISE_BARS * noise / step + BENT * steep
        bar += sum(float(bars[name] @ np.abs(components)) for name, components in direction.items())
        claimed = sum(float(claims[name] @ components) for name, components in direction.items())
        sides, slopes = _one_sided(problem, move, step), _slopes_along(problem, move, step, JOINT_POINTS, random)
        hull = Hull.beyond(sides, slopes, bar).widened(bar)
        if not hull.low <= claimed <= hull.high:  # with many kinks a few points miss many of the gradients around
            more = _slopes_along(problem, move, step, MORE_POINTS, random)
            hull = Hull.beyond(sides, np.concatenate([slopes, more]), bar).widened(bar)
        found.append((claimed, hull))
    return found


class Hull(NamedTuple):
    """Between which slopes a claim is right, as a sample of the slopes around the point tells."""

    low: float
    high: float

    @classmethod
    def of(cls, slopes: Array, bar: float) -> Hull:
        """Return the hull of a sample, whose slopes are off by `bar` for noise, with room for what it did not reach."""
        low, high = float(np.min(slopes)) + bar, float(np.max(slopes)) - bar
        slack = MARGIN * (high - low)
        reached = np.sum(slopes <= low + slack) > 1 and np.sum(slopes >= high - slack) > 1
        widening = slack if reached else WIDENED * (high - low)
        return cls(low - widening, high + widening)

    @classmethod
    def beyond(cls, ends: Array, slopes: Array, bar: float) -> Hull:
        """Return the hull whose ends are the one-sided slopes, if no slope nearby lies beyond these by more than `bar`.

        Where the loss is convex beside the point, or concave, these are its ends; a sample hardly reaches them.
        """
        sides = cls(float(np.min(ends)), float(np.max(ends)))
        within = sides.low - bar <= float(np.min(slopes)) and float(np.max(slopes)) <= sides.high + bar
        return sides if within else cls.of(np.concatenate([ends, slopes]), 0.0)

    @property
    def width(self) -> float:
        """How far apart its ends are; not positive if noise alone makes the slopes differ."""
        return self.high - self.low

    def widened(self, by: float) -> Hull:
        """Return it with both ends moved outwards."""
        return Hull(self.low - by, self.high + by)


def _step(noise: float, visible: float) -> float:
    """Return the step, relative to the sizes, over which noise hides no part `visible` of a slope."""
    wanted = NOISE_BARS * noise / visible if visible > 0 else LONGEST
    return min(max(wanted, SHORTEST), LONGEST)


def _slopes_along(
    problem: Problem, move: Parameters, step: float, points: int, random: np.random.Generator, radius: float = NEAR
) -> Array:
    """Return the centred differences along a direction at random points nearby, within so many steps."""
    sizes = entry_sizes(problem.parameters)
    near = (
        {n: v + radius * step * sizes[n] * random.uniform(-1, 1, v.shape) for n, v in problem.parameters.items()}
        for _ in range(points)
    )
    return _slopes_at(problem, near, move, step)


def _one_sided(problem: Problem, move: Parameters, step: float) -> Array:
    """Return the slopes along a direction at the points to either side of it."""
    return _slopes_at(problem, (_moved(problem.parameters, move, t) for t in (-NEAR * step, NEAR * step)), move, step)


def _slopes_at(problem: Problem, points: Iterable[Parameters], move: Parameters, step: float) -> Array:
    """Return the centred differences along a direction at some points."""
    losses = losses_at(problem, (_moved(point, move, side * step) for point in points for side in (1.0, -1.0)))
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray((losses[::2] - losses[1::2]) / (2 * step))


def _moved(point: Parameters, move: Parameters, by: float) -> Parameters:
    return {**point, **{name: point[name] + by * d.reshape(point[name].shape) for name, d in move.items()}}
