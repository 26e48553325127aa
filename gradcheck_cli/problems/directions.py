"""Random directions through the parameters of a problem: a few numbers that stand for a vector as long as they are.

All entries of the checked parameters are counted through, one parameter after another and each row by row. The
component of a direction at entry i is s_i u_i: s_i is the size of the entry, and u_i lies between 1/2 and 3/2, with
either sign. So no entry is ignored, and no two can be sure to cancel.

The size of an entry is its magnitude, for entries of one array may have different units. One that is smaller than most
of its array by chance, by up to `BY_CHANCE`, takes a tenth of what is usual there, so that it is seen as well; one that
is 0, or 0 but for rounding, takes what is usual. So none is moved by more than a hundred times its magnitude without
need, and every entry but those of another unit by a tenth of the usual size at least. Those, which may just be small
by chance, have a direction of their own (`TINY`), for beside the others nothing would be seen of them.

u_i depends on the seed, the number of the direction and i alone, for it comes from a generator that counts
(`philox`): wherever and in whatever pieces a direction is made, it is the same, and its restrictions to disjoint ranges
add up. No vector is ever kept; they are made in pieces of `PIECE` entries, which stay in the processor's cache. Of one
that the parameters are moved along several times in turn, as to both sides of the point, the random bits are kept
meanwhile: two bytes an entry, of `MOST_KEPT` entries at most.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.philox import Stream
from gradcheck_cli.vocabulary.parameters import PIECE, Array, Parameters, norm

__all__ = [
    "ALL",
    "LEAST",
    "NONZERO",
    "SMALL",
    "TINY",
    "ZERO",
    "Direction",
    "Move",
    "along",
    "component",
    "entry_at",
    "in_turn",
    "losses_one_by_one",
    "move",
    "move_back",
    "moved_in_turn",
    "pieces",
    "sizes_of",
    "smallest_tiny",
    "start_of",
]

ALL, NONZERO, ZERO, TINY = range(4)
LEAST = 0.5  # magnitude of u
SMALL = 0.1  # of the usual size: what an entry is moved by at least, unless it has another unit
BY_CHANCE = 1e-3  # of the usual size: an entry below it is taken for one of another unit
DUST = 1e-12  # of the usual size: an entry below it is a zero but for rounding
MOST_KEPT = 2**25  # entries, whose random bits take 64 MiB
_HALF = 2.0**15
_SIGN = np.int16(-(2**15))


class Direction(NamedTuple):
    """A random vector that vanishes outside a range of entries."""

    seed: int
    number: int
    """Of the vector; directions that differ only in their range are restrictions of one vector."""
    start: int
    stop: int
    weighted: bool = False
    """Whether the components grow along the range: times 1 + position / length."""
    among: int = ALL
    """Which entries of the range it moves: `ALL`, those that are `NONZERO`, or `ZERO`, or of another unit, `TINY`."""

    @property
    def length(self) -> int:
        """How many entries it moves."""
        return self.stop - self.start

    def within(self, start: int, stop: int) -> Direction:
        """Return its restriction to another range, not weighted."""
        return self._replace(start=start, stop=stop, weighted=False)


Move: TypeAlias = "tuple[Direction, float]"
"""How the parameters are moved: along a direction, and how many times it."""


class Piece(NamedTuple):
    """A part of a direction that lies within one parameter."""

    name: str
    where: slice
    """Where it lies in the parameter, row by row."""
    components: Array
    """They stay until the next piece is made."""


def sizes_of(parameters: Parameters) -> dict[str, float]:
    """Return the usual size of an entry of each parameter: the median magnitude of those that are not 0.

    Where all are 0 it is the largest of the other parameters' usual sizes, and 1 where there are none. Of large
    parameters a sample is looked at.
    """
    usual = {name: _usual(values.reshape(-1)) for name, values in parameters.items()}
    of_all = max(usual.values(), default=0.0) or 1.0
    return {name: size or of_all for name, size in usual.items()}


def _usual(values: Array) -> float:
    some = np.abs(values[:: max(1, values.size // PIECE)])
    some = some[some > 0]
    return float(np.median(some)) if some.size else 0.0


def smallest_tiny(values: Array, usual: float) -> float:
    """Return the size of the smallest entry of a parameter that seems to have another unit; infinity without any."""
    flat, found = values.reshape(-1), math.inf
    for start in range(0, flat.size, PIECE):
        sizes = np.abs(flat[start : start + PIECE])
        found = min(found, float(np.min(sizes, where=_is_tiny(sizes, usual), initial=math.inf)))
    return found


def _is_among(among: int, values: Array, usual: float) -> NDArray[np.bool_]:
    """Return which entries a direction moves that does not move all."""
    return _is_tiny(np.abs(values), usual) if among == TINY else (values == 0) == (among == ZERO)


def _is_tiny(sizes: Array, usual: float) -> NDArray[np.bool_]:
    return (sizes < BY_CHANCE * usual) & (sizes >= DUST * usual)


class _Bits:
    """The random bits of one direction after another, 16 for each entry.

    Parameters
    ----------
    room : int, optional
        How many entries of the last direction are kept, from its beginning.
    """

    def __init__(self, room: int = 0) -> None:
        self.kept = np.empty(min(room, MOST_KEPT), dtype=np.int16)
        self.known = 0
        """How many are there."""
        self.vector: tuple[int, ...] = ()
        """Which they are of: seed, number and start of a direction."""

    def of(self, direction: Direction, start: int, stop: int) -> NDArray[np.int16]:
        """Return those of some entries in the range of a direction."""
        if self.vector != direction[:3]:
            self.vector, self.known = direction[:3], 0
            self.stream = Stream(direction.seed, direction.number)
        here = slice(start - direction.start, stop - direction.start)
        if here.stop <= self.known:
            return self.kept[here]
        bits = self.stream.bits(start, stop)
        if here.start == self.known and here.stop <= self.kept.size:
            self.kept[here], self.known = bits, here.stop
        return bits


class _Scratch:
    """Room to make a piece in, which every piece uses again: memory that is new costs more than what is done in it."""

    def __init__(self, most: int) -> None:
        self.components, self.sizes = np.empty((2, most))
        self.single = self.sizes.view(np.float32).reshape(2, most)
        """The same memory as the sizes, which are only wanted when the components are made."""


def _entry_sizes(values: Array, usual: float, out: Array) -> Array:
    """Return the sizes of some entries of a parameter."""
    sizes = np.abs(values, out=out)
    of_another_unit = np.flatnonzero(sizes < BY_CHANCE * usual)
    own = sizes[of_another_unit]
    np.clip(sizes, SMALL * usual, math.inf, out=sizes)  # a maximum with one number takes three times as long
    sizes[of_another_unit] = np.where(own < DUST * usual, usual, own)
    return sizes


def start_of(parameters: Parameters) -> dict[str, int]:
    """Return the number of each parameter's first entry, all entries counted through."""
    starts, count = {}, 0
    for name, values in parameters.items():
        starts[name] = count
        count += values.size
    return starts


def entry_at(parameters: Parameters, position: int) -> tuple[str, int]:
    """Return the parameter that an entry belongs to, and its place there."""
    for name, start in start_of(parameters).items():
        if position < start + parameters[name].size:
            return name, position - start
    raise IndexError(position)


def ranges(direction: Direction, parameters: Parameters) -> Iterator[tuple[str, slice]]:
    """Yield which entries of which parameters a direction moves, at most `PIECE` at a time."""
    for name, start in start_of(parameters).items():
        first, last = max(direction.start, start), min(direction.stop, start + parameters[name].size)
        for begin in range(first, last, PIECE):
            yield name, slice(begin - start, min(begin + PIECE, last) - start)


def pieces(
    direction: Direction, parameters: Parameters, sizes: dict[str, float], bits: _Bits | None = None
) -> Iterator[Piece]:
    """Yield the parts of a direction, one after another.

    Parameters
    ----------
    direction : Direction
        Its range counts the entries of all parameters through.
    parameters : mapping of str to ndarray
        What it leads through.
    sizes : dict
        The usual size of an entry of each parameter: see `sizes_of`.
    bits : _Bits, optional
        What makes its bits, where they may have been kept.
    """
    starts, scratch, bits = start_of(parameters), _Scratch(min(PIECE, direction.length)), bits or _Bits()
    for name, where in ranges(direction, parameters):
        values = parameters[name].reshape(-1)[where]
        components = _components(direction, starts[name] + where.start, values, sizes[name], bits, scratch)
        yield Piece(name, where, components)


def component(direction: Direction, position: int, parameters: Parameters, sizes: dict[str, float]) -> float:
    """Return the component of a direction at one entry of its range."""
    name, place = entry_at(parameters, position)
    value = parameters[name].reshape(-1)[place : place + 1]
    return float(_components(direction, position, value, sizes[name], _Bits(), _Scratch(1))[0])


def _components(direction: Direction, start: int, values: Array, usual: float, bits: _Bits, scratch: _Scratch) -> Array:
    """Return the components at some entries of one parameter, whose first has the number `start`."""
    raw, weights = bits.of(direction, start, start + values.size), _weights(direction, start, start + values.size)
    if direction.among == ALL:
        return _all_components(raw, weights, values, usual, scratch)
    chosen = np.flatnonzero(_is_among(direction.among, values, usual))
    weights = None if weights is None else weights[chosen]
    components = scratch.components[: values.size]
    components[:] = 0.0
    components[chosen] = _all_components(raw[chosen], weights, values[chosen], usual, _Scratch(chosen.size))
    return components


def _weights(direction: Direction, start: int, stop: int) -> Array | None:
    return 1 + (np.arange(start, stop) - direction.start) / direction.length if direction.weighted else None


def _all_components(
    raw: NDArray[np.int16], weights: Array | None, values: Array, usual: float, scratch: _Scratch
) -> Array:
    """Return the components at entries of which all are moved, from their random bits."""
    # (raw + 1/2) / 2^15 and a half of the same sign: 17 bits, so float32 holds each of these numbers to the last one
    whole, signs = scratch.single[:, : raw.size]
    np.copyto(whole, raw)  # a copy converts in half the time that arithmetic of two types takes
    np.copyto(signs, raw & _SIGN)  # -2^15 for a minus, else 0: from one half to the other
    whole += signs
    whole += np.float32(0.5 + LEAST * _HALF)
    whole *= np.float32(1 / _HALF)
    components = scratch.components[: raw.size]
    np.copyto(components, whole)
    if weights is not None:
        components *= weights
    components *= _entry_sizes(values, usual, scratch.sizes[: raw.size])
    return components


def along(
    direction: Direction, gradient: Parameters, parameters: Parameters, sizes: dict[str, float]
) -> tuple[float, float]:
    """Return the derivative along a direction that a gradient claims, and about how large it can be.

    Parameters
    ----------
    direction : Direction
        Where to.
    gradient : mapping of str to ndarray
        The claim.
    parameters, sizes : mapping of str to ndarray, dict
        As for `pieces`.

    Returns
    -------
    tuple of float
        The scalar product of the two, and the norm of their products entry by entry.
    """
    sums, norms = [], []
    for name, where, components in pieces(direction, parameters, sizes):
        terms = np.multiply(gradient[name].reshape(-1)[where], components, out=components)
        sums.append(float(np.sum(terms)))
        norms.append(norm(terms))
    return math.fsum(sums), norm(np.array(norms))


def move(
    moved: Parameters,
    parameters: Parameters,
    sizes: dict[str, float],
    direction: Direction,
    step: float,
    bits: _Bits | None = None,
) -> None:
    """Put parameters + step * direction into the arrays `moved`; what lies beside its range is left alone."""
    for name, where, components in pieces(direction, parameters, sizes, bits):
        np.multiply(components, step, out=components)
        np.add(parameters[name].reshape(-1)[where], components, out=moved[name].reshape(-1)[where])


def move_back(moved: Parameters, parameters: Parameters, direction: Direction) -> None:
    """Undo `move`, to the last bit."""
    for name, where in ranges(direction, parameters):
        moved[name].reshape(-1)[where] = parameters[name].reshape(-1)[where]


def moved_in_turn(
    moved: Parameters, parameters: Parameters, sizes: dict[str, float], moves: Iterable[Move]
) -> Iterator[None]:
    """Move the arrays along each of some directions in turn, and back at the end."""
    moves = list(moves)
    again = (direction.length for (direction, _), (following, _) in pairwise(moves) if direction == following)
    bits = _Bits(room=max(again, default=0))
    return in_turn(
        moves,
        lambda direction, step: move(moved, parameters, sizes, direction, step, bits),
        lambda direction: move_back(moved, parameters, direction),
    )


def in_turn(
    moves: Iterable[Move], move: Callable[[Direction, float], None], move_back: Callable[[Direction], None]
) -> Iterator[None]:
    """Make some moves in turn, wherever the arrays are, and the last one back at the end.

    Where the next direction covers the range of the last one, it overwrites what that has moved.

    Parameters
    ----------
    moves : iterable of Move
        What is to be made.
    move, move_back : callable
        Makes one, and undoes it.
    """
    last: Direction | None = None
    for direction, step in moves:
        if last is not None and not direction.start <= last.start <= last.stop <= direction.stop:
            move_back(last)
        move(direction, step)
        last = direction
        yield
    if last is not None:
        move_back(last)


def losses_one_by_one(loss: Callable[[Parameters], float], parameters: Parameters, moves: Sequence[Move]) -> Array:
    """Return the losses with the parameters moved, one call each: what any problem can do."""
    sizes, moved = sizes_of(parameters), {name: values.copy() for name, values in parameters.items()}
    return np.array([loss(moved) for _ in moved_in_turn(moved, parameters, sizes, moves)])
