"""Whether a claimed gradient is the gradient of anything: then its derivative J is symmetric, u.(Jv) = v.(Ju).

Only the claim is called, never the loss: twice along each of two random directions, at two steps. The derivative is the
centred difference with its first error removed (Richardson); what the two steps differ by, and rounding, make the bar.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from gradcheck_cli.numeric.tolerances import EPS
from gradcheck_cli.vocabulary.parameters import Array, Parameters, norm

__all__ = ["CALLS", "Symmetry", "symmetry"]

CALLS = 8  # of the claim: two directions, two steps, two sides
STEP = 2.0**-15  # of a parameter's size
DIFFERENCE = 0.1  # of what two steps differ by: what the better of them, its first error removed, may be off by
ROUNDINGS = 8.0  # machine epsilons of the claim that each of its values may be off by
CHANCE = 5.0  # times their norm: what a sum of many errors of random signs hardly ever exceeds
SYMMETRIC = 1e-7  # of the products' norm: right gradients stay a hundred times below it
CLEAR = 10.0  # bars
MOST_BLOCKS = 12  # parameters that are looked at one by one
MOST_ENTRIES = 2**20  # of the claim: some ten arrays of so many are held

Gradient = Callable[[Parameters], Parameters]


@dataclass(frozen=True)
class Symmetry:
    """What the derivative of a claim tells of it."""

    is_symmetric: bool
    """Whether the claim is the gradient of some function."""
    asymmetry: float
    """How far u.(Jv) and v.(Ju) are apart, relative to the norm of their products entry by entry."""
    blocks: Mapping[str, bool] = field(default_factory=dict)
    """By parameter, so far as it can be told, whether its own part of the claim is the gradient of some function."""


class Along(NamedTuple):
    """The derivative of the claim along a direction."""

    direction: Parameters
    values: Parameters
    bars: Parameters


def symmetry(gradient: Gradient, point: Parameters, sizes: Mapping[str, float], seed: int) -> Symmetry | None:
    """Ask whether a claim is the gradient of anything, and where it is not, each parameter's part for itself.

    Parameters
    ----------
    gradient : callable
        The claim, at any point.
    point : mapping of str to ndarray
        Where.
    sizes : mapping of str to float
        The usual size of an entry of each parameter.
    seed : int
        Of the directions.

    Returns
    -------
    Symmetry or None
        None where it cannot be told: at a kink, of a claim that is constant, or of entries that know nothing of each
        other, of which any function is a gradient.
    """
    random = np.random.default_rng(seed)
    names, entries = list(point), sum(values.size for values in point.values())
    if entries > MOST_ENTRIES:
        return None

    def pair(some: Sequence[str]) -> tuple[Along, Along]:
        return along(gradient, point, sizes, some, random), along(gradient, point, sizes, some, random)

    found = verdict(*pair(names), names)
    is_cheap = CALLS * len(names) <= 2 * entries  # no more calls than the check has made of the loss
    if found is None or found[0] or not (1 < len(names) <= MOST_BLOCKS and is_cheap):
        return None if found is None else Symmetry(*found)
    own = {name: verdict(*pair([name]), [name]) for name in names if point[name].size > 1}
    return Symmetry(*found, {name: block[0] for name, block in own.items() if block is not None})


def along(
    gradient: Gradient,
    point: Parameters,
    sizes: Mapping[str, float],
    some: Sequence[str],
    random: np.random.Generator,
) -> Along:
    """Return the derivative of the claim along a random direction through some of the parameters."""
    direction = {
        name: sizes[name] * moves(values, random) if name in some else np.zeros(values.shape)
        for name, values in point.items()
    }

    def difference(step: float) -> dict[str, Array]:
        sides = [gradient({n: v + side * direction[n] for n, v in point.items()}) for side in (step, -step)]
        for name in point:
            largest[name] = np.maximum(largest[name], np.abs(sides[0][name]))
        return {name: (sides[0][name] - sides[1][name]) / (2 * step) for name in point}

    largest = {name: np.zeros(values.shape) for name, values in point.items()}
    fine, coarse = difference(STEP), difference(2 * STEP)
    values = {name: (4 * fine[name] - coarse[name]) / 3 for name in point}
    bars = {
        name: DIFFERENCE * np.abs(fine[name] - coarse[name]) + ROUNDINGS * EPS * largest[name] / STEP for name in point
    }
    return Along(direction, values, bars)


def moves(values: Array, random: np.random.Generator) -> Array:
    """Return random moves; of a symmetric matrix such as keep it so, for many a gradient is right for those alone."""
    drawn = random.normal(size=values.shape)
    is_square = values.ndim == 2 and values.shape[0] == values.shape[1] > 1
    return drawn + drawn.T if is_square and norm(values - values.T) <= ROUNDINGS * EPS * norm(values) else drawn


def verdict(u: Along, v: Along, names: Sequence[str]) -> tuple[bool, float] | None:
    """Return whether u.(Jv) = v.(Ju) over some parameters, and by how much it is not; None where it cannot be told."""

    def products(of: Parameters, by: Parameters) -> Array:
        return np.concatenate([np.ravel(of[name] * by[name]) for name in names])

    one, other = products(u.direction, v.values), products(v.direction, u.values)
    bars = np.hypot(products(u.direction, v.bars), products(v.direction, u.bars))
    size, bar = max(norm(one), norm(other)), CHANCE * norm(bars)
    is_diagonal = norm(one - other) <= max(bar, SYMMETRIC * size)
    if not np.isfinite(size) or not bar <= size or is_diagonal:
        return None
    apart = abs(float(np.sum(one - other)))
    if apart > max(CLEAR * bar, SYMMETRIC * size):
        return False, apart / size
    return (True, apart / size) if max(apart, bar) <= SYMMETRIC * size else None
