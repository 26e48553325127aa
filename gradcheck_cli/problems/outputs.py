"""Functions of more than one number: their outputs by name, and one loss for each way of weighing them.

A loss ``u . F(p)`` has the gradient ``J^T u``: what a backward pass computes from the cotangent u, and where u is the
unit vector i, row i of the Jacobian. So every derivative of F is checked as gradients of losses are. One
evaluation of F serves all the losses: what they are at a point is kept until each of them has asked for it once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from gradcheck_cli.asking import asking, kind_of
from gradcheck_cli.errors import ProblemError
from gradcheck_cli.parameters import Array
from gradcheck_cli.problems.arguments import refuse_masked
from gradcheck_cli.problems.complex_numbers import CONVENTIONS, Convention, as_halves, from_halves, is_complex
from gradcheck_cli.results import entry_name

__all__ = ["MOST_KEPT", "Outputs", "Shared", "outputs_of", "real_array", "require_finite"]

ONE_OUTPUT = "y"  # the name of an output that comes without one
MOST_KEPT = 2**27  # numbers that are kept of evaluations: a gigabyte


@dataclass(frozen=True)
class Outputs:
    """What a function returned, by name, and in which form."""

    arrays: Mapping[str, Array]
    made: Callable[[list[Array]], Any]
    """Makes of other arrays, in this order, what the function would return."""
    alone: bool = False
    """Whether it is one array without a name."""
    complex_names: frozenset[str] = frozenset()
    """Of the outputs that are complex: their arrays here are real, with an axis of both halves at the end."""
    convention: Convention = CONVENTIONS["torch"]
    """What the cotangent of a complex output means."""

    @property
    def size(self) -> int:
        """The number of entries of all."""
        return sum(array.size for array in self.arrays.values())

    def vector(self) -> Array:
        """Return all entries as one vector."""
        return np.concatenate([array.reshape(-1) for array in self.arrays.values()])

    def entry(self, position: int) -> str:
        """Name an entry by its place in the vector of all, as ``y[4, 0]``."""
        for name, array in self.arrays.items():
            if position < array.size:
                return entry_name(name, array.shape, position, halves=name in self.complex_names)
            position -= array.size
        raise IndexError

    def in_form(self, arrays: Mapping[str, Array]) -> Any:
        """Return other arrays of the same names as the function returns its own; complex ones by the convention."""
        return self.made(
            [
                self.convention.of(from_halves(arrays[name])) if name in self.complex_names else arrays[name]
                for name in self.arrays
            ]
        )

    def magnitudes(self, name: str) -> Array:
        """Return the magnitudes of an output's entries; of a complex one both halves have that of the number."""
        array = np.abs(self.arrays[name])
        return np.repeat(np.hypot(array[..., :1], array[..., 1:]), 2, -1) if name in self.complex_names else array


def outputs_of(answer: Any, source: str, convention: Convention = CONVENTIONS["torch"]) -> Outputs:
    """Take apart what a function returned: an array, a tuple of arrays, or arrays by name.

    Raises
    ------
    ProblemError
        Where it is none of these, or one of them is no array of real numbers.
    """
    with asking(f"taking apart what {source} returned raised"):
        if isinstance(answer, Mapping):
            keys = list(answer)
            named = {str(key): answer[key] for key in keys}

            def made(arrays: list[Array]) -> Any:
                return dict(zip(keys, arrays, strict=True))

        elif isinstance(answer, tuple):
            fields = getattr(answer, "_fields", None)  # of a named tuple
            named = dict(zip(fields or [f"{ONE_OUTPUT}{k}" for k in range(len(answer))], answer, strict=True))
            kind = type(answer)

            def made(arrays: list[Array]) -> Any:
                return kind(*arrays) if fields else tuple(arrays)

        else:
            named = {ONE_OUTPUT: answer}

            def made(arrays: list[Array]) -> Any:
                return arrays[0]

        complex_names = frozenset(name for name, value in named.items() if is_complex(value))
        named |= {name: halves(named[name], f"{name} from {source}") for name in complex_names}
        arrays = {name: real_array(value, f"{name} from {source}") for name, value in named.items()}
    if not arrays or not all(array.size for array in arrays.values()):
        raise ProblemError(f"{source} returned nothing, expected numbers")
    return Outputs(arrays, made, not isinstance(answer, Mapping | tuple), complex_names, convention)


def halves(value: Any, what: str) -> Array:
    """Return complex numbers as real ones, with an axis of both halves at the end."""
    array = np.asanyarray(value)
    refuse_masked(array, what)
    return as_halves(np.asarray(array))


def real_array(value: Any, what: str) -> Array:
    """Return a value as a float64 array."""
    try:
        array = np.asanyarray(value)
    except Exception as error:  # ragged lists, and what the __array__ of the user's own kind may raise
        raise ProblemError(f"{what} is {kind_of(value)}, expected an array of real numbers") from error
    refuse_masked(array, what)
    if array.dtype.kind not in "fiub":
        raise ProblemError(f"{what} is {kind_of(value)} of {array.dtype}, expected real numbers")
    return np.array(array, dtype=np.float64)


@dataclass
class Shared:
    """Losses of one function, of which each evaluation serves all."""

    function: Callable[..., Outputs]
    """(parameters, **data) -> outputs."""
    name: str
    """What the messages call the function."""
    weights: Sequence[Array] | None
    """For each loss how the entries of the outputs are weighed; None for each entry alone."""
    count: int
    """Of the losses."""
    calls: int = 0
    """Of the function."""
    kept: dict[bytes, tuple[Array, set[int]]] = field(default_factory=dict)
    """By the point: the losses there, and which of them have been asked for."""

    def losses(self) -> Sequence[Callable[..., float]]:
        """Return the losses."""
        losses = [partial(self.loss, number) for number in range(self.count)]
        for loss in losses:
            loss.__name__ = self.name  # type: ignore[attr-defined]  # by which messages call it
        return losses

    def loss(self, number: int, first: Any, **data: Any) -> float:
        """Return one loss; asked for a second time at a point it is evaluated anew, for it may not be the same."""
        point = digest_of(first)
        losses, asked = self.kept.get(point, (None, set[int]()))
        if losses is None or number in asked:
            losses, asked = self.evaluated(first, data), set()
            if (len(self.kept) + 1) * self.count > MOST_KEPT:
                self.kept.clear()
            self.kept[point] = losses, asked
        asked.add(number)
        if len(asked) == self.count:
            del self.kept[point]
        return float(losses[number])

    def evaluated(self, first: Any, data: Mapping[str, Any]) -> Array:
        """Return all losses at a point."""
        self.calls += 1
        values = self.function(first, **data).vector()
        if self.weights is None:
            return values
        return np.array([float(weights @ values) for weights in self.weights])


def digest_of(point: Any) -> bytes:
    """Return what tells a point, a dict of arrays or one array, from others."""
    digest = hashlib.blake2b(digest_size=16)
    for values in point.values() if isinstance(point, dict) else [point]:
        digest.update(np.ascontiguousarray(values).view(np.uint8).data)
    return digest.digest()


def require_finite(outputs: Outputs, source: str) -> None:
    """Raise ProblemError where an output at the point is not finite."""
    for name, array in outputs.arrays.items():
        if not np.isfinite(array).all():
            raise ProblemError(f"{name} from {source} holds NaN or infinity, expected finite numbers")
