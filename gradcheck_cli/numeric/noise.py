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
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.numeric.scales import entry_sizes, largest_size, scale_of_motion
from gradcheck_cli.numeric.tolerances import EPS
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.problem import Problem

__all__ = ["LossNoise", "finer_noise", "hidden_noise", "line_through", "loss_noise", "rough_noise", "table_noise"]

SPACING = 1e-9  # relative to the parameters: curvature vanishes from such a table
NARROWER_SPACINGS = (1e-11, 1e-13)  # in turn, while curvature is all that the table shows
WIDER_SPACINGS = (1e-6, 1e-5, 1e-4, 1e-3)  # in turn, until the loss changes: it may be rounded on its way
HIDING_SPACINGS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
POINTS = 6  # More and Wild: six to eight are enough
STABLE = 4.0  # More and Wild: the ratio within which neighbouring columns agree
MOSTLY = 0.5  # of neighbours that are equal: a staircase
STAIR_NOISE = 0.5  # of the stair: the most that rounding to it is off
VISIBLE = 8.0  # standard deviations: a change along the table that is no noise


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


def whole_point(problem: Problem) -> Parameters:
    """Return all parameters of the loss, those too that are not checked: its noise is nothing of one of them."""
    return getattr(problem, "point", problem.parameters)


def line_through(problem: Problem, seed: int, names: Collection[str] = ()) -> Callable[[float], float]:
    """Return t -> J(theta + t u), u random: each entry half to one and a half times as large as the entry's size.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    seed : int
        Of the direction.
    names : collection of str, optional
        The parameters that it leads through; all unless given.
    """
    random = np.random.default_rng(seed)
    point = problem.parameters if names else whole_point(problem)
    direction = {
        name: sizes * random.uniform(0.5, 1.5, sizes.shape) * random.choice([-1.0, 1.0], sizes.shape)
        for name, sizes in entry_sizes(point).items()
        if not names or name in names
    }

    def loss(t: float) -> float:
        with np.errstate(over="ignore"):
            return problem.loss({**point, **{name: point[name] + t * step for name, step in direction.items()}})

    return loss


def loss_noise(problem: Problem, seed: int) -> LossNoise:
    """Measure the noise at once: see `rough_noise` and `finer_noise`."""
    return finer_noise(problem, seed, rough_noise(problem, seed))


def rough_noise(problem: Problem, seed: int) -> LossNoise:
    """Measure the rounding errors in the loss around the problem's point, and whether there is anything else in it.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    seed : int
        Of the random direction.

    Returns
    -------
    LossNoise
        The deviation is at least eps |J| / 2, and what the loss differs by from call to call. It may be too large
        where the loss is curved: `finer_noise` tells.
    """
    line, spacings = line_through(problem, seed), iter((SPACING, *WIDER_SPACINGS))
    at_point = problem.loss(problem.parameters)
    spacing = next(spacings)
    table = _table(line, spacing)
    while np.isfinite(table).all() and not np.ptp(table) and (wider := next(spacings, None)):
        table, spacing = _table(line, wider), wider
    noise = _noise_of(problem, np.concatenate([[at_point], table]), spacing)
    if not abs(float(table[-1] - table[0])) <= VISIBLE * noise.deviation or scatter_of(problem):
        return noise
    return replace(noise, constant=_still_reach(line, noise.deviation, whole_point(problem)))


def finer_noise(problem: Problem, seed: int, noise: LossNoise) -> LossNoise:
    """Measure the noise at narrower spacings while curvature is all that its table shows.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    seed : int
        Of the random direction.
    noise : LossNoise
        As `rough_noise` has measured it with that seed.
    """
    line = line_through(problem, seed)
    for spacing in NARROWER_SPACINGS if noise.spacing == SPACING else ():
        if settles(noise.losses[1:]) or is_rounding(noise.losses[1:], noise.here):
            break
        noise = _noise_of(problem, np.concatenate([noise.losses[:1], _table(line, spacing)]), spacing)
    return noise


def scatter_of(problem: Problem) -> float:
    """Return the standard deviation of the loss from call to call, where the problem knows of any."""
    return float(getattr(problem, "scatter", 0.0))


def _noise_of(problem: Problem, losses: Array, spacing: float) -> LossNoise:
    """Return what losses at equal spacings say, the first of them that at the point."""
    here, table = abs(float(losses[0])), losses[1:]
    change = abs(float(table[-1] - table[0])) if np.isfinite(table).all() else math.inf
    return LossNoise(
        here=here,
        deviation=max(table_noise(table), EPS * here / 2, scatter_of(problem)),
        reach=change / ((POINTS - 1) * spacing) if math.isfinite(change) else 0.0,
        constant=None,
        spacing=spacing,
        losses=losses,
    )


def _still_reach(line: Callable[[float], float], deviation: float, point: Parameters) -> float | None:
    smallest = min((float(np.min(sizes, initial=math.inf)) for sizes in entry_sizes(point).values()), default=1.0)
    far = largest_size(point) / smallest
    return None if scale_of_motion(line, deviation, far) is not None else max(far, 1.0)


def hidden_noise(problem: Problem, seed: int, names: Collection[str] = ()) -> float:
    """Return the largest noise that shows at two spacings without having grown from the smaller to the larger.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    seed : int
        Of the random direction.
    names : collection of str, optional
        The parameters along which it is looked for; all unless given.

    Returns
    -------
    float
        0 where there is none.
    """
    line = line_through(problem, seed, names)
    estimates = [table_noise(_table(line, spacing)) for spacing in HIDING_SPACINGS]
    pairs = itertools.combinations(estimates, 2)
    return max((min(pair) for pair in pairs if pair[1] <= STABLE * pair[0]), default=0.0)


def _table(line: Callable[[float], float], spacing: float) -> Array:
    return np.array([line(k * spacing) for k in range(1, POINTS + 1)])


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
