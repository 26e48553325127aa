"""A loss of a framework's arrays as a problem: what is as long as the parameters stays on the framework's device.

The point is put there once, and so is the claim. Parameters are moved there, and slopes are scalar products there; what
comes back is a number each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.devices.device import Mirror
from gradcheck_cli.problems.devices.directions import Field, along, move, move_back
from gradcheck_cli.problems.directions import Direction, Move, in_turn
from gradcheck_cli.problems.functions.autograd import converted, is_array
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["DeviceProblem"]


class DeviceArguments:
    """Arrays on a device for one function to do with as it likes: what `arguments.Arguments` is of numpy's.

    Parameters
    ----------
    mirror : Mirror
        Has the originals there.
    parameters, data, one_array
        As for `arguments.Arguments`.
    """

    def __init__(self, mirror: Mirror, parameters: Parameters, data: Mapping[str, Any], *, one_array: bool) -> None:
        self.mirror, self.device, self.one_array = mirror, mirror.device, one_array
        self.given = {name: self.device.own(mirror(values), watched=True) for name, values in parameters.items()}
        self.data = converted(dict(data), lambda array: self.device.own(mirror(array), watched=False))
        self.data_size = sum(array.nbytes for array in arrays_in(data))

    @property
    def first(self) -> Any:
        """The arrays in a dict that is new each time, or the one array."""
        return next(iter(self.given.values())) if self.one_array else dict(self.given)

    @property
    def size(self) -> int:
        """Bytes that the copies take."""
        return sum(int(array.nbytes) for array in self.given.values()) + self.data_size

    def put(self, parameters: Parameters) -> None:
        """Write other values into the same arrays, where that can be."""
        for name in self.given:
            self.write(name, 0, self.mirror(parameters[name]).reshape(-1))

    def write(self, name: str, start: int, values: Any) -> None:
        """Write entries of one parameter, from one of them on."""
        self.given[name] = self.device.written(self.given[name], start, values)

    def changed(self, parameters: Parameters, data: Mapping[str, Any]) -> list[str]:
        """Return the names of what is no longer as it was in the originals."""
        pairs = ((name, self.given[name], parameters[name]) for name in self.given)
        more = ((name, self.data[name], value) for name, value in data.items())
        return [name for name, value, original in chain(pairs, more) if not self.is_same(value, original)]

    def is_same(self, value: Any, original: Any) -> bool:
        """Whether the arrays in a value are what they were; what was not put there is not ours to look into."""
        if isinstance(original, dict):
            same = isinstance(value, dict) and set(value) == set(original)
            return same and all(self.is_same(value[key], original[key]) for key in original)
        return not is_array(original) or self.device.same(value, self.mirror(original))


def arrays_in(data: Any) -> Iterator[NDArray[Any]]:
    """Yield the arrays in a value that a framework has as well."""
    if isinstance(data, Mapping):
        for value in data.values():
            yield from arrays_in(value)
    elif is_array(data):
        yield data


@dataclass(frozen=True)
class DeviceProblem(FunctionProblem):
    """A loss and its gradient as functions of a framework's arrays."""

    mirror: Mirror = field(kw_only=True, repr=False, compare=False)
    """The arrays that are on the device, too."""

    @cached_property
    def originals(self) -> Mirror:
        """The arrays that are on the device, the point and the data among them."""
        for array in [*self.point.values(), *arrays_in(self.data)]:
            self.mirror.keep(array)
        return self.mirror

    @cached_property
    def there(self) -> Field:
        """The checked parameters as directions lead through them."""
        flat = {name: self.originals(values).reshape(-1) for name, values in self.parameters.items()}
        return Field.of(self.mirror.device, self.parameters, self.sizes, flat)

    # where FunctionProblem has numpy's arrays

    def at(self, parameters: Parameters) -> FunctionProblem:
        """Return the same functions at another point."""
        there = super().at(parameters)
        assert isinstance(there, DeviceProblem)  # noqa: S101  (for mypy: it is of this class)
        return replace(there, mirror=Mirror(self.mirror.device))  # what is there of this point is of no use

    def arguments(self, parameters: Parameters) -> Any:
        """Return copies on the device for one call, or for many on one copy."""
        arguments: Any = DeviceArguments(self.originals, parameters, self.data, one_array=self.one_array)
        return arguments if self.one_copy else self.handed.keep(arguments)

    def along(self, direction: Direction, gradient: Parameters) -> tuple[float, float]:
        """Return the derivative along a direction that a gradient claims, and about how large it can be."""
        claim = self.claim if isinstance(self.claim, Mapping) else {}
        found = {n: self.mirror.keep(g) if claim.get(n) is g else self.mirror(g) for n, g in gradient.items()}
        return along(self.there, direction, {name: slopes.reshape(-1) for name, slopes in found.items()})

    def move(self, arguments: Any, direction: Direction, step: float) -> None:
        """Put the point + step * direction into the arguments of a call."""
        move(self.there, arguments.given, direction, step)

    def moved_in_turn(self, arguments: Any, moves: Sequence[Move]) -> Iterator[None]:
        """Move the arguments along each of some directions in turn, and back at the end."""
        return in_turn(moves, partial(self.move, arguments), lambda last: move_back(self.there, arguments.given, last))

    def losses_on_one_copy(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array | None:
        """Return the losses with single entries moved; None where the function changed more than we did."""
        arguments, before = self.arguments(self.point), self.point[parameter].reshape(-1)[entries]
        losses = []
        for entry, moved, value in zip(entries.tolist(), (before + steps).tolist(), before.tolist(), strict=True):
            arguments.write(parameter, entry, moved)
            losses.append(self.loss_or_nan(arguments))
            arguments.write(parameter, entry, value)
        return None if arguments.changed(self.point, self.data) else np.array(losses)
