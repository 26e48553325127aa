"""The evaluation noise of a loss: how far one value of it is off because numbers have 16 digits.

Eight values at equal spacings along a line make a table of differences. Of a smooth function the k-th differences
vanish with the spacing; what is left of them is noise, and if the errors of the values are independent with standard
deviation sigma, the k-th differences have sigma^2 (2k)! / (k!)^2. So every column of the table estimates sigma, and
where neighbouring columns agree the estimate is trusted (ECnoise: More and Wild, "Estimating computational noise",
SIAM Journal on Scientific Computing 33, 2011).

The spacing is not known beforehand. Where the values hardly differ from each other it is too small; where curvature
or a kink remains in the differences it is too large, which only makes the estimate larger. So a few spacings are
tried, larger ones until the values differ, and the smallest estimate counts; never less than half a unit in the last
place of J.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from gradcheck_cli.parameters import Array, dictionary_to_vector, vector_to_dictionary
from gradcheck_cli.problems.problem import Problem

__all__ = ["line_through", "measured_noise", "table_noise", "typical_sizes"]

EPS = float(np.finfo(np.float64).eps)
SPACINGS = (1e-9, 1e-11, 1e-7)  # relative to the parameters: small enough for curvature to vanish in the table
WIDER_SPACINGS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)  # in turn, until the values differ: a loss rounded on its way
POINTS = 8  # More and Wild find 6 to 8 enough
STABLE = 4.0  # their ratio within which three neighbouring columns agree


def typical_sizes(values: Array) -> Array:
    """Return the size of each entry, against which a step is small: its own or, if larger, that of its parameter.

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
    """Return t -> J(theta + t u): u random, each entry between half and one and a half times the entry's size."""
    random = np.random.default_rng(seed)
    point = dictionary_to_vector(problem.parameters)
    sizes = dictionary_to_vector({name: typical_sizes(values) for name, values in problem.parameters.items()})
    direction = sizes * random.uniform(0.5, 1.5, point.size) * random.choice([-1.0, 1.0], point.size)
    return lambda t: problem.loss(vector_to_dictionary(point + t * direction, problem.parameters))


def measured_noise(problem: Problem, seed: int) -> float:
    """Measure the standard deviation of the rounding errors in the loss at the problem's point.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken.
    seed : int
        Of the random direction.

    Returns
    -------
    float
        At least eps |J| / 2.
    """
    smallest = EPS * abs(problem.loss(problem.parameters)) / 2
    return max(smallest, min(_estimates(line_through(problem, seed)), default=0.0))


def _estimates(line: Callable[[float], float]) -> Iterator[float]:
    found = False
    for spacing in SPACINGS + WIDER_SPACINGS:
        if found and spacing in WIDER_SPACINGS:
            return
        noise = table_noise(np.array([line(k * spacing) for k in range(-POINTS // 2, POINTS // 2)]))
        if noise is not None:
            found = True
            yield noise


def table_noise(losses: Array) -> float | None:
    """Estimate the noise of losses at equal spacings from their table of differences.

    Parameters
    ----------
    losses : ndarray of shape (k,)
        At least 6 of them.

    Returns
    -------
    float or None
        The first estimate on which three columns agree, or if none do the smallest of all; None where the losses are
        not finite, or more than half of the neighbours are equal.
    """
    if not np.isfinite(losses).all() or np.mean(np.diff(losses) == 0) > 0.5:
        return None
    estimates = [_column_noise(losses, k) for k in range(1, len(losses) - 1)]
    stable = [e[0] for e in zip(estimates, estimates[1:], estimates[2:], strict=False) if max(e) <= STABLE * min(e)]
    return stable[0] if stable else min(estimates)


def _column_noise(losses: Array, k: int) -> float:
    column = np.diff(losses, k)
    return math.sqrt(math.factorial(k) ** 2 / math.factorial(2 * k) * float(np.mean(column**2)))
