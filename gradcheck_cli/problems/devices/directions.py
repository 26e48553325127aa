"""What `problems.directions` does with numpy's arrays, where the arrays are: the same numbers, to the bit."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from gradcheck_cli.problems.devices.device import Device
from gradcheck_cli.problems.directions import ALL, BY_CHANCE, DUST, NONZERO, SMALL, TINY, Direction, start_of
from gradcheck_cli.vocabulary.parameters import Parameters

__all__ = ["Field", "along", "move", "move_back"]

_HALF = 2.0**15


class Field(NamedTuple):
    """The parameters that directions lead through, here and there."""

    device: Device
    parameters: Parameters
    sizes: Mapping[str, float]
    """The usual size of an entry of each parameter: see `directions.sizes_of`."""
    there: Mapping[str, Any]
    """The parameters on the device, row by row, without a graph."""
    mixed: Collection[str]
    """The parameters with entries of another unit than usual, or of 0: few have any, and to look each time is dear."""

    @classmethod
    def of(cls, device: Device, parameters: Parameters, sizes: Mapping[str, float], there: Mapping[str, Any]) -> Field:
        """Look at the parameters once."""
        mixed = {name for name, values in there.items() if bool((abs(values) < BY_CHANCE * sizes[name]).any())}
        return cls(device, parameters, sizes, there, mixed)

    def entry_sizes(self, name: str, start: int, stop: int, among: int) -> Any:
        """Return the sizes of some entries of a parameter, 0 for those that a direction does not move."""
        values, usual = self.there[name][start:stop], self.sizes[name]
        own = abs(values)
        sizes = own.clip(SMALL * usual)
        if name in self.mixed:
            where, is_dust, is_other = self.device.xp.where, own < DUST * usual, own < BY_CHANCE * usual
            sizes = where(is_dust, usual, where(is_other, own, sizes))
        if among == TINY:
            return sizes * (is_other & ~is_dust) if name in self.mixed else sizes * 0.0
        return sizes if among == ALL else sizes * ((values != 0) == (among == NONZERO))


class Range(NamedTuple):
    """Some entries of one parameter, row by row."""

    name: str
    start: int
    stop: int


def ranges(field: Field, start: int, stop: int) -> Iterator[Range]:
    """Yield which entries of which parameters lie between two places, all entries counted through."""
    for name, of_name in start_of(field.parameters).items():
        first, last = max(start, of_name), min(stop, of_name + field.parameters[name].size)
        if first < last:
            yield Range(name, first - of_name, last - of_name)


def pieces(field: Field, direction: Direction) -> Iterator[tuple[Range, Any]]:
    """Yield the parts of a direction, one after another; its bits are made for many parameters at once."""
    for begin in range(direction.start, direction.stop, field.device.piece):
        end = min(begin + field.device.piece, direction.stop)
        units, done = _units(field.device, direction, begin, end), 0
        for part in ranges(field, begin, end):
            length = part.stop - part.start
            yield part, units[done : done + length] * field.entry_sizes(*part, direction.among)
            done += length


def _units(device: Device, direction: Direction, start: int, stop: int) -> Any:
    """Return the components of a direction for entries of size 1."""
    raw = (device.bits(direction.seed, direction.number, start, stop) + 0.5) / _HALF
    units = raw + device.xp.copysign(device.least, raw)
    if direction.weighted:
        units = units * (1 + (device.places(start, stop) - direction.start) / direction.length)
    return units


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
    for (name, start, stop), components in pieces(field, direction):
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
    for (name, start, stop), components in pieces(field, direction):
        values = field.there[name][start:stop] + components * step
        moved[name] = field.device.written(moved[name], start, values)


def move_back(field: Field, moved: dict[str, Any], direction: Direction) -> None:
    """Undo `move`, to the last bit."""
    for name, start, stop in ranges(field, direction.start, direction.stop):
        moved[name] = field.device.written(moved[name], start, field.there[name][start:stop])
