"""Simple rules that would make a screened gradient right, told from a few slopes without the gradient itself.

Were c times an array H, or the claim plus c times H, the right gradient of a parameter, then its slopes along the
directions of the screen would be those of H in the same way. One number c is fitted to all slopes; a rule holds where
it leaves of them no more than noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.diagnosis.evidence import layer_of
from gradcheck_cli.numeric.slopes import Slope, Slopes
from gradcheck_cli.numeric.tolerances import SAFETY
from gradcheck_cli.vocabulary.parameters import PIECE, Array
from gradcheck_cli.vocabulary.results import Finding, ParameterResult, entry_name

__all__ = ["Explanation", "explanation", "grid", "is_clear", "largest_claims", "unexplained_finding"]

CLEAR = 30.0  # times the noise: what a slope must contradict its claim by for a rule to be told from a single entry
FEWEST = 2  # slopes, for one of them goes into c
SEEN = 10_000  # entries that the catalogue is shown of a large parameter
MOST_RANGES = 3  # that are named


class Rule(NamedTuple):
    """A guess: the right gradient is H times c, on top of the claim or in its place."""

    beside: Array
    """H, of the parameter's shape."""
    on_top: bool
    free: bool
    """Whether c is to be fitted; else it is 1."""


class Explanation(NamedTuple):
    """How a rule makes the right gradient of a parameter of the claim."""

    rule: Rule
    factor: float
    """c."""

    def of(self, claim: Array, beside: Array) -> Array:
        """Return what it makes of the claim and of H, or of a sample of both."""
        return np.asarray(claim * self.rule.on_top + self.factor * beside)


def explanation(name: str, slopes: Slopes, measured: Sequence[Slope]) -> Explanation | None:
    """Return the gradient of a parameter that a simple rule makes of the claim.

    Parameters
    ----------
    name : str
        The parameter.
    slopes : Slopes
        What measured it.
    measured : sequence of Slope
        Along directions through the parameter alone.

    Returns
    -------
    Explanation or None
        None where no rule agrees with all slopes.
    """
    if len(measured) < FEWEST or not is_clear(measured):
        return None
    for rule in rules(name, slopes):
        c = fitted(rule, name, slopes, measured)
        if c is not None:
            return Explanation(rule, c)
    return None


def is_clear(measured: Sequence[Slope]) -> bool:
    """Whether one of the slopes contradicts its claim by much more than noise, so that a rule can be told."""
    return any(abs(slope.residual) > CLEAR * SAFETY * slope.bar for slope in measured)


def rules(name: str, slopes: Slopes) -> Iterator[Rule]:
    """Yield the guesses, the likeliest first."""
    claim, parameters = slopes.claim, slopes.problem.parameters
    yield Rule(claim[name], on_top=False, free=True)
    yield Rule(parameters[name], on_top=True, free=True)
    yield Rule(np.broadcast_to(1.0, claim[name].shape), on_top=True, free=True)
    turned = claim[name].T
    if turned.ndim > 1 and turned.shape == claim[name].shape:
        yield Rule(np.ascontiguousarray(turned), on_top=False, free=False)
    for other, gradient in claim.items():
        if other != name and gradient.shape == claim[name].shape:
            yield Rule(gradient, on_top=False, free=False)


def fitted(rule: Rule, name: str, slopes: Slopes, measured: Sequence[Slope]) -> float | None:
    """Return the c with which a rule agrees with all slopes; None where there is none."""
    problem = slopes.problem
    beside = {**problem.parameters, name: rule.beside}
    guessed = [problem.along(slope.direction, beside)[0] for slope in measured]
    wanted = [slope.value - slope.claim * rule.on_top for slope in measured]
    squares = math.fsum(g * g for g in guessed)
    if not squares:
        return None
    c = math.fsum(g * w for g, w in zip(guessed, wanted, strict=True)) / squares if rule.free else 1.0
    left = [abs(w - c * g) for g, w in zip(guessed, wanted, strict=True)]
    holds = all(l <= SAFETY * s.bar + slopes.rounding(s) for l, s in zip(left, measured, strict=True))
    return c if holds else None


def largest_claims(claim: Array, count: int) -> list[int]:
    """Return the positions of the largest claims of a parameter, in their order."""
    flat, found = claim.reshape(-1), np.empty(0, dtype=np.intp)
    for start in range(0, len(flat), PIECE):
        found = np.concatenate([found, np.arange(start, min(start + PIECE, len(flat)))])
        found = found[np.argsort(-np.abs(flat[found]), kind="stable")[:count]]
    return sorted(map(int, found))


def grid(shape: tuple[int, ...], measured: Sequence[int]) -> NDArray[np.intp]:
    """Return the positions of some rows and columns of a large array, which is enough to tell one mistake from another.

    Parameters
    ----------
    shape : tuple of int
        The array's.
    measured : sequence of int
        Positions of entries that have to be among them.

    Returns
    -------
    ndarray of int
        Counted row by row; of as many dimensions as the array, so that its rows are still rows.
    """
    if not shape:
        return np.zeros((), dtype=np.intp)
    most = math.ceil(SEEN ** (1 / len(shape)))
    indices = np.unravel_index(np.array(measured, dtype=np.intp), shape)
    axes = []
    for length in shape:
        spread = np.linspace(0, length - 1, min(most, length)).astype(np.intp)
        found = [some for some, other in zip(indices, shape, strict=True) if other == length]  # a square stays one
        axes.append(np.unique(np.concatenate([spread, *found])))
    return np.asarray(np.ravel_multi_index(np.ix_(*axes), shape))


def unexplained_finding(parameter: ParameterResult, spread: Sequence[tuple[int, int]], *, ended: bool) -> Finding:
    """Say that a gradient is wrong and no rule tells how, but where.

    Parameters
    ----------
    parameter : ParameterResult
        What was found of it.
    spread : sequence of tuple of int
        First and last entry of the ranges that are wrong all over, counted row by row, in their order.
    ended : bool
        Whether the search for wrong entries came to its end.
    """
    where = f"d{parameter.name}"
    if not parameter.analytic_norm:
        return Finding(
            code="zero",
            where=where,
            layer=layer_of(parameter.name),
            message=f"{where} is zero at every entry, but its slopes are not",
            help="look for a gradient that is never filled in, or overwritten with zeros",
        )
    known = f" {extent(parameter, spread)}; no simple rule explains its slopes"
    return Finding(
        code="unknown",
        where=where,
        layer=layer_of(parameter.name),
        message=f"{where} is wrong{known if ended else '; the search for the wrong entries did not finish'}",
        help=f"look at how {where} is computed; --mode full on a smaller problem names more mistakes",
    )


def extent(parameter: ParameterResult, spread: Sequence[tuple[int, int]]) -> str:
    """Say where a gradient is wrong in many entries; ranges that touch are one."""
    joined: list[tuple[int, int]] = []
    for first, last in spread:
        if joined and joined[-1][1] + 1 == first:
            first, _ = joined.pop()  # noqa: PLW2901
        joined.append((first, last))
    if joined == [(0, parameter.size - 1)] or not (joined or parameter.entries):
        return "in many entries"
    names = [[entry_name(parameter.name, parameter.shape, k) for k in range_] for range_ in joined]
    places = [f"from {first} to {last}" for first, last in names[:MOST_RANGES]]
    return f"in many entries {' and '.join(places)}" if places else "in more entries than were found"
