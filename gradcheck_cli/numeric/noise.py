"""The evaluation noise of a loss: how far one value of it is off because numbers have 16 digits.

Values at equal spacings along a line make a table of differences. The k-th differences of a smooth function vanish with
the spacing; what is left of them is noise, and if the errors of the values are independent with standard deviation
sigma, the mean square of the k-th differences is sigma^2 (2k)! / (k!)^2. So every column of the table estimates sigma,
and where neighbouring columns agree the estimate is trusted (ECnoise: More and Wild, "Estimating computational noise",
SIAM Journal on Scientific Computing 33, 2011).

What spacing is right is not known beforehand:

- Too small, most neighbours are equal. Then the loss goes in stairs, and the smallest stair is the noise; where nothing
  changes at all, wider spacings follow.
- Too large, curvature or a kink remains in the differences, which only makes the estimate larger. The line starts
  beside the point and goes one way: a kink at the point is not crossed.
- Noise can hide from a small spacing: log(1 - A) beside a saturated unit is a staircase, smooth on each step of it, and
  a parameter that is rounded to float32 does not move at all. `hidden_noise` looks for it: noise does not grow with the
  spacing, as curvature and kinks do. That takes more evaluations and is asked only where something is in doubt.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from gradcheck_cli.numeric.scales import entry_sizes, largest_size, scale_of_motion
from gradcheck_cli.numeric.tolerances import DUST, EPS
from gradcheck_cli.problems.problem import Problem, losses_at
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = [
    "POINTS",
    "STAIR_NOISE",
    "Line",
    "LossNoise",
    "Noise",
    "finer_noise",
    "hidden_noise",
    "jump",
    "line_through",
    "loss_noise",
    "moved_along",
    "rough_noise",
    "table_noise",
]

SPACING = 1e-9  # relative to the parameters: curvature vanishes from such a table
NARROWER_SPACINGS = (1e-11, 1e-13)  # in turn, while curvature is all that the table shows
WIDER_SPACINGS = (1e-6, 1e-5, 1e-4, 1e-3)  # in turn, until the loss changes: it may be rounded on its way
HIDING_SPACINGS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
POINTS = 6  # More and Wild: six to eight are enough
STABLE = 4.0  # More and Wild: the ratio within which neighbouring columns agree
MOSTLY = 0.5  # of neighbours that are equal: a staircase
STAIR_NOISE = 0.5  # of the stair: the most that rounding to it is off
HALVINGS = 24  # of a stretch: no wave is as short as what is left of it, which smaller steps would not have shown
SUSPICIOUS = 1e3  # machine epsilons of the loss: noise as large as that is looked at twice
NEAR = (1e-10, 1e-12, 1e-14, 1e-16, 1e-18)  # of sizes that were borrowed
STILL_WITHIN = 0.1  # of the sizes: where a loss cannot be evaluated that near, nobody knows that it is constant
VISIBLE = 8.0  # standard deviations: a change along the table that is no noise


Losses: TypeAlias = Callable[[Sequence[float]], Array]  # along a line


@dataclass(frozen=True)
class LossNoise:
    """What one line through the point says about the loss, in its own units."""

    here: float
    """|J| at the point."""
    deviation: float
    """Standard deviation of one value."""
    reach: float
    """By how much the loss changes per relative change of the parameters, to first order: the size of its gradient."""
    constant: float | None
    """How far, in sizes of the entries, the loss was followed without a change; None if it does change."""
    spacing: float
    """Of the line's points, in sizes of the entries."""
    losses: Array
    """J at the point and at so many more on one side of it."""

    @property
    def table(self) -> Array:
        """The losses beside the point."""
        return self.losses[1:]

    @property
    def curvature(self) -> float:
        """By how much the loss changes per square of a relative change of the parameters, to second order, at most."""
        bend = float(np.max(np.abs(np.diff(self.losses, 2))))
        return bend / self.spacing**2 if math.isfinite(bend) else 0.0


def whole_point(problem: Problem) -> Parameters:
    """Return all parameters of the loss, those too that are not checked: its noise is nothing of one of them."""
    return getattr(problem, "point", problem.parameters)


def line_through(problem: Problem, seed: int) -> Losses:
    """Return the losses along a random line: see `random_direction`.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    seed : int
        Of the direction.
    """
    return line_along(problem, random_direction(problem, seed))


def random_direction(problem: Problem, seed: int) -> Parameters:
    """Return a direction whose entries are half to one and a half times as large as the entries' sizes."""
    random = np.random.default_rng(seed)
    return {
        name: sizes * random.uniform(0.5, 1.5, sizes.shape) * random.choice([-1.0, 1.0], sizes.shape)
        for name, sizes in entry_sizes(whole_point(problem)).items()
    }


def line_along(problem: Problem, direction: Parameters) -> Losses:
    """Return steps t -> J(theta + t u) for a direction u through all parameters."""
    return lambda steps: losses_at(problem, (moved_along(problem, direction, t) for t in steps))


def moved_along(problem: Problem, direction: Parameters, step: float) -> Parameters:
    """Return theta + t u for a step t along a direction u through all parameters."""
    point = whole_point(problem)
    with np.errstate(over="ignore"):
        return {**point, **{name: point[name] + step * values for name, values in direction.items()}}


@dataclass(frozen=True)
class Line:
    """A line through the point of a problem, along which noise is measured."""

    losses: Losses
    """Steps, in sizes of the entries, to the losses there."""
    at_point: float
    scatter: float
    """Standard deviation of the loss from call to call, where that is known."""
    far: float
    """How far the line is followed if the loss does not move."""
    borrowed: bool = False
    """Whether some entries are zero: their sizes are those of others, and may be far too large for them."""

    def change(self, step: float) -> float:
        """Return by how much the loss differs from that at the point."""
        return float(self.losses([step])[0]) - self.at_point


def line_of(problem: Problem, seed: int) -> Line:
    """Return a random line through all parameters of a problem."""
    point = whole_point(problem)
    smallest = min((float(np.min(sizes, initial=math.inf)) for sizes in entry_sizes(point).values()), default=1.0)
    largest = largest_size(point)
    return Line(
        losses=line_through(problem, seed),
        at_point=problem.loss(problem.parameters),
        scatter=float(getattr(problem, "scatter", 0.0)),
        far=largest / smallest if smallest < DUST * largest else 1.0,
        borrowed=any(values.any() for values in point.values()) and not all(values.all() for values in point.values()),
    )


@dataclass
class Noise:
    """The noise of a loss along a random line, measured where it is asked for, and once."""

    problem: Problem
    seed: int

    @cached_property
    def line(self) -> Line:
        """Where it is measured."""
        return line_of(self.problem, self.seed)

    @cached_property
    def rough(self) -> LossNoise:
        """See `rough_noise`."""
        return rough_noise(self.line)

    @cached_property
    def finer(self) -> LossNoise:
        """See `finer_noise`."""
        return finer_noise(self.line, self.rough)


def loss_noise(problem: Problem, seed: int) -> LossNoise:
    """Measure the noise along a random line at once: see `rough_noise` and `finer_noise`."""
    return Noise(problem, seed).finer


def rough_noise(line: Line) -> LossNoise:
    """Measure the rounding errors in the loss around the point, and whether there is anything else in it.

    Returns
    -------
    LossNoise
        The deviation is at least eps |J| / 2, and what the loss differs by from call to call. It may be too large
        where the loss is curved: `finer_noise` tells.
    """
    spacings = iter((SPACING, *WIDER_SPACINGS))
    noise = _noise_of(line, next(spacings))
    while np.isfinite(noise.table).all() and not np.ptp(noise.table) and (wider := next(spacings, None)):
        noise = _noise_of(line, wider)
    if line.scatter or not is_lost(noise):
        return noise
    noise = finer_noise(line, noise)
    if not is_lost(noise) or not np.isfinite(line.losses([STILL_WITHIN])).all():
        return noise
    still = all(is_still(line, noise.deviation, side) for side in (1.0, -1.0))  # a unit may be off on one side
    if still and line.borrowed:  # the loss may be saturated in them so far away
        still = not any(line.change(step) for step in NEAR)
    return replace(noise, constant=line.far if still else None)


def is_still(line: Line, noise: float, side: float) -> bool:
    """Whether the loss stays what it is on one side of the point, as far as the line is followed."""
    return scale_of_motion(lambda t: line.losses([side * t])[0] if t else line.at_point, noise, line.far) is None


def is_lost(noise: LossNoise) -> bool:
    """Whether noise is all that the table shows: nothing of the loss's slope."""
    return abs(float(noise.table[-1] - noise.table[0])) <= VISIBLE * noise.deviation


def finer_noise(line: Line, noise: LossNoise) -> LossNoise:
    """Measure the noise at narrower spacings while curvature is all that its table shows.

    Parameters
    ----------
    line : Line
        Along which it is measured.
    noise : LossNoise
        As `rough_noise` has measured it there.
    """
    for spacing in NARROWER_SPACINGS if noise.spacing == SPACING else ():
        if (settles(noise.table) or is_rounding(noise.table, noise.here)) and _is_noise(line, noise):
            break
        finer = _noise_of(line, spacing)
        if not np.ptp(finer.table):  # a stair hides from it
            stair = jump(line.change, noise.spacing, EPS * noise.here)
            return replace(noise, deviation=max(EPS * noise.here / 2, STAIR_NOISE * stair, line.scatter))
        noise = finer
    return noise


def _is_noise(line: Line, noise: LossNoise) -> bool:
    """Whether what a table shows is as small as rounding, or else no wave that is shorter than its spacing."""
    found = table_noise(noise.table)
    suspicious = found > SUSPICIOUS * EPS * float(np.max(np.abs(noise.table)))
    return not suspicious or jump(line.change, POINTS * noise.spacing, found / 2) > 0


def _noise_of(line: Line, spacing: float) -> LossNoise:
    table = line.losses([k * spacing for k in range(1, POINTS + 1)])
    change = abs(float(table[-1] - table[0])) if np.isfinite(table).all() else math.inf
    return LossNoise(
        here=abs(line.at_point),
        deviation=max(table_noise(table), EPS * abs(line.at_point) / 2, line.scatter),
        reach=change / ((POINTS - 1) * spacing) if math.isfinite(change) else 0.0,
        constant=None,
        spacing=spacing,
        losses=np.concatenate([[line.at_point], table]),
    )


def hidden_noise(problem: Problem, seed: int) -> float:
    """Return the largest noise that shows at two spacings without having grown from the smaller to the larger.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    seed : int
        Of the random direction.

    Returns
    -------
    float
        0 where there is none.
    """
    line = line_through(problem, seed)
    steps = [k * spacing for spacing in HIDING_SPACINGS for k in range(1, POINTS + 1)]
    estimates = [table_noise(table) for table in np.split(line(steps), len(HIDING_SPACINGS))]
    pairs = itertools.combinations(estimates, 2)
    return max((min(pair) for pair in pairs if pair[1] <= STABLE * pair[0]), default=0.0)


def jump(change: Callable[[float], float], far: float, visible: float) -> float:
    """Return by how much the loss differs between two points that are next to each other, somewhere on a stretch.

    The stretch is halved again and again, towards where the loss changes more. What is continuous, however short its
    waves and however sharp its kinks, changes by less and less; a stair, or an error of rounding, stays what it is.

    Parameters
    ----------
    change : callable
        t -> J(x + t) - J(x), for a single entry.
    far : float
        The end of the stretch, which begins at 0.
    visible : float
        What is of interest, in the units of the loss.

    Returns
    -------
    float
        0 where no change as large as `visible` is left.
    """
    near, at_near, at_far = 0.0, 0.0, change(far)
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        at_middle = change(middle)
        if abs(at_middle - at_near) >= abs(at_far - at_middle):
            far, at_far = middle, at_middle
        else:
            near, at_near = middle, at_middle
        if not abs(at_far - at_near) >= visible:
            return 0.0
    return abs(at_far - at_near)


def table_noise(losses: Array) -> float:
    """Estimate the noise of losses at equal spacings from their table of differences.

    Parameters
    ----------
    losses : ndarray of shape (k,)
        At least 5 of them.

    Returns
    -------
    float
        The first estimate on which three columns agree, or if none do the smallest of all; where most neighbours are
        equal, that of the smallest stair; 0 where all are equal, or one is not finite.
    """
    if not np.isfinite(losses).all():
        return 0.0
    stairs = np.abs(np.diff(losses))
    if np.mean(stairs == 0) > MOSTLY:
        return STAIR_NOISE * float(np.min(stairs, where=stairs > 0, initial=np.inf)) if stairs.any() else 0.0
    return next(_agreeing(losses), min(_columns(losses)))


def settles(losses: Array) -> bool:
    """Whether the table of differences shows noise, or stairs, and not curvature down to its last column."""
    flat = np.isfinite(losses).all() and np.mean(np.diff(losses) == 0) > MOSTLY
    return bool(flat) or any(True for _ in _agreeing(losses))


def is_rounding(losses: Array, here: float) -> bool:
    """Whether what a table shows is hardly more than the rounding of the loss itself: there is nothing below that."""
    return bool(np.isfinite(losses).all()) and table_noise(losses) <= STABLE * EPS * here / 2


def _columns(losses: Array) -> list[float]:
    return [_column_noise(losses, k) for k in range(1, len(losses) - 1)]


def _agreeing(losses: Array) -> Iterator[float]:
    """Yield the estimates that agree with the two that follow, from columns of both signs: a trend has one."""
    columns = _columns(losses)
    for k, triple in enumerate(zip(columns, columns[1:], columns[2:], strict=False), start=1):
        signs = np.sign(np.diff(losses, k))
        if max(triple) <= STABLE * min(triple) and signs.min() < 0 < signs.max():
            yield triple[0]


def _column_noise(losses: Array, k: int) -> float:
    column = np.diff(losses, k)
    largest = float(np.max(np.abs(column)))
    if largest in {0.0, math.inf}:
        return largest
    scaled = math.sqrt(float(np.mean((column / largest) ** 2)))
    return largest * scaled * math.sqrt(math.factorial(k) ** 2 / math.factorial(2 * k))
