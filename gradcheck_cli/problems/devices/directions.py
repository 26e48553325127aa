"""What `problems.directions` does with numpy's arrays, where the arrays are: the same numbers, to the bit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gradcheck_cli.problems.devices.device import Device
from gradcheck_cli.problems.directions import ALL, BY_CHANCE, DUST, LEAST, NONZERO, SMALL, TINY, Direction, start_of
from gradcheck_cli.vocabulary.parameters import Parameters

__all__ = ["Field", "along", "move"]

_HALF = 2.0**15


class Field(NamedTuple):
    """The parameters that directions lead through, here and there."""

    device: Device
    parameters: Parameters
    sizes: Mapping[str, float]
    """The usual size of an entry of each parameter: see `directions.sizes_of`."""
    there: Mapping[str, Any]
    """The parameters on the device, row by row, without a graph."""


class Piece(NamedTuple):
    """A part of a direction that lies within one parameter."""

    name: str
    start: int
    stop: int
    """Where it lies in the parameter, row by row."""
    components: Any


def pieces(field: Field, direction: Direction) -> Iterator[Piece]:
    """Yield the parts of a direction, one after another; its bits are made for many parameters at once."""
    device, starts = field.device, start_of(field.parameters)
    for begin in range(direction.start, direction.stop, device.piece):
        end = min(begin + device.piece, direction.stop)
        units = _units(device, direction, begin, end)
        for name, of_name in starts.items():
            first, last = max(begin, of_name), min(end, of_name + field.parameters[name].size)
            if first < last:
                values = field.there[name][first - of_name : last - of_name]
                sizes = _entry_sizes(device, values, field.sizes[name], direction.among)
                yield Piece(name, first - of_name, last - of_name, units[first - begin : last - begin] * sizes)


def _units(device: Device, direction: Direction, start: int, stop: int) -> Any:
    """Return the components of a direction for entries of size 1."""
    raw = device.bits(direction.seed, direction.number, start, stop)
    units = (raw + device.xp.where(raw < 0, 0.5 - LEAST * _HALF, 0.5 + LEAST * _HALF)) / _HALF
    if direction.weighted:
        units = units * (1 + (device.places(start, stop) - direction.start) / direction.length)
    return units


def _entry_sizes(device: Device, values: Any, usual: float, among: int) -> Any:
    """Return the sizes of some entries of a parameter, 0 for those that a direction does not move."""
    where, own = device.xp.where, abs(values)
    is_dust, is_other = own < DUST * usual, own < BY_CHANCE * usual
    sizes = where(is_dust, usual, where(is_other, own, where(own < SMALL * usual, SMALL * usual, own)))
    if among == ALL:
        return sizes
    return sizes * (is_other & ~is_dust if among == TINY else (values != 0) == (among == NONZERO))


def along(field: Field, direction: Direction, gradient: Mapping[str, Any]) -> tuple[float, float]:
    """Return the derivative along a direction that a gradient claims, and about how large it can be.

    Parameters
    ----------
    field : Field
        What the direction leads through.
    direction : Direction
        Where to.
    gradient : mapping of str to array
        The claim, there and row by row.

    Returns
    -------
    tuple of float
        As of `directions.along`.
    """
    sums, norms = [0.0], [0.0]
    for name, start, stop, components in pieces(field, direction):
        terms = gradient[name][start:stop] * components
        largest = float(abs(terms).max())
        sums.append(float(terms.sum()))
        if 0 < largest < math.inf:
            terms = terms / largest  # so that no square overflows or vanishes
            largest *= math.sqrt(float((terms * terms).sum()))
        norms.append(largest)
    return math.fsum(sums), math.hypot(*norms)


def move(field: Field, moved: dict[str, Any], direction: Direction, step: float) -> None:
    """Put parameters + step * direction into the arrays `moved`; what lies beside its range is left alone."""
    for name, start, stop, components in pieces(field, direction):
        values = field.there[name][start:stop] + components * step
        moved[name] = field.device.written(moved[name], start, values)
