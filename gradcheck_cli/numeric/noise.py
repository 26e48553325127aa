"""The evaluation noise of a loss: how far one value of it is off because numbers have 16 digits.

Values at equal spacings along a line make a table of differences. The k-th differences of a smooth function vanish with
the spacing; what is left of them is noise, and if the errors of the values are independent with standard deviation
sigma, the mean square of the k-th differences is sigma^2 (2k)! / (k!)^2. So every column of the table estimates sigma,
and where neighbouring columns agree the estimate is trusted (ECnoise: More and Wild, "Estimating computational noise",
SIAM Journal on Scientific Computing 33, 2011).

What spacing is right is not known beforehand:

- Too small, most neighbours are equal. Then the loss goes in stairs, and the smallest stair is the noise; where nothing
  changes at all, wider spacings follow.
- Too large, curvature or a kink remains in the differences, which only makes the estimate larger. So of a few spacings
  the smallest estimate counts. The line starts beside the point and goes one way: a kink at the point is not crossed.
- Noise can hide from small spacings: log(1 - A) beside a saturated unit is a staircase, smooth on every step of it.
  `noise_plateau` looks for it: noise does not grow with the spacing, as curvature and kinks do. That takes many
  evaluations and is asked only where a gradient looks wrong.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from gradcheck_cli.parameters import Array, dictionary_to_vector, vector_to_dictionary
from gradcheck_cli.problems.problem import Problem

__all__ = ["EPS", "line_through", "measured_noise", "noise_plateau", "table_noise", "typical_sizes"]

EPS = float(np.finfo(np.float64).eps)
SPACINGS = (1e-9, 1e-11, 1e-7)  # relative to the parameters: curvature vanishes from such a table
WIDER_SPACINGS = (1e-6, 1e-5, 1e-4, 1e-3)  # in turn, until the loss changes: it may be rounded on its way
PLATEAU_SPACINGS = (1e-8, 1e-7, *WIDER_SPACINGS)
POINTS = 8  # More and Wild: six to eight are enough
STABLE = 4.0  # More and Wild: the ratio within which neighbouring columns agree
STAIR_NOISE = 0.5  # of the stair: the most that rounding to it is off


def typical_sizes(values: Array) -> Array:
    """Return the size of each entry, against which a step is small: its own or, if larger, its parameter's rms.

    Parameters
    ----------
    values : ndarray
        A parameter.

    Returns
    -------
    ndarray
        The same shape; 1 where the whole parameter is zero.
    """
    largest = float(np.max(np.abs(values), initial=0.0))
    if largest == 0:
        return np.ones_like(values)
    return np.maximum(np.abs(values), largest * float(np.sqrt(np.mean((values / largest) ** 2))))


def line_through(problem: Problem, seed: int) -> Callable[[float], float]:
    """Return t -> J(theta + t u), u random: each entry half to one and a half times as large as the entry's size."""
    random = np.random.default_rng(seed)
    point = dictionary_to_vector(problem.parameters)
    sizes = dictionary_to_vector({name: typical_sizes(values) for name, values in problem.parameters.items()})
    direction = sizes * random.uniform(0.5, 1.5, point.size) * random.choice([-1.0, 1.0], point.size)
    return lambda t: problem.loss(vector_to_dictionary(point + t * direction, problem.parameters))


def measured_noise(problem: Problem, seed: int) -> float:
    """Measure the standard deviation of the rounding errors in the loss around the problem's point.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    seed : int
        Of the random direction.

    Returns
    -------
    float
        At least eps |J| / 2, and what the loss differs by from call to call; eps where the loss does not change at all.
    """
    line = line_through(problem, seed)
    estimates = [_noise_along(line, spacing) for spacing in SPACINGS]
    for spacing in WIDER_SPACINGS:
        if any(estimates):
            break
        estimates.append(_noise_along(line, spacing))
    scatter = float(getattr(problem, "scatter", 0.0))  # where the problem knows of any
    smallest = min((estimate for estimate in estimates if estimate), default=EPS)
    return max(smallest, EPS * abs(problem.loss(problem.parameters)) / 2, scatter)


def noise_plateau(problem: Problem, seed: int) -> float:
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
    estimates = [_noise_along(line, spacing) for spacing in PLATEAU_SPACINGS]
    pairs = itertools.combinations(estimates, 2)
    return max((min(pair) for pair in pairs if pair[1] <= STABLE * pair[0]), default=0.0)


def _noise_along(line: Callable[[float], float], spacing: float) -> float:
    return table_noise(np.array([line(k * spacing) for k in range(1, POINTS + 1)]))


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
    if np.mean(stairs == 0) > 0.5:
        return STAIR_NOISE * float(np.min(stairs, where=stairs > 0, initial=np.inf)) if stairs.any() else 0.0
    estimates = [_column_noise(losses, k) for k in range(1, len(losses) - 1)]
    triples = zip(estimates, estimates[1:], estimates[2:], strict=False)
    return next((triple[0] for triple in triples if max(triple) <= STABLE * min(triple)), min(estimates))


def _column_noise(losses: Array, k: int) -> float:
    column = np.diff(losses, k)
    largest = float(np.max(np.abs(column)))
    if largest in {0.0, math.inf}:
        return largest
    scaled = math.sqrt(float(np.mean((column / largest) ** 2)))
    return largest * scaled * math.sqrt(math.factorial(k) ** 2 / math.factorial(2 * k))
