"""Functions of more than one number: their outputs by name, and one loss for each way of weighing them.

A loss ``u . F(p)`` has the gradient ``J^T u``: what a backward pass computes from the cotangent u, and where u is the
unit vector i, row i of the Jacobian. So every derivative of F is checked as gradients of losses are, and one evaluation
of F serves all the losses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.problems.functions.arguments import refuse_masked
from gradcheck_cli.problems.functions.complex_numbers import CONVENTIONS, Convention, as_halves, from_halves, is_complex
from gradcheck_cli.vocabulary.asking import asking, kind_of
from gradcheck_cli.vocabulary.errors import ProblemError
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import entry_name

__all__ = ["MOST_KEPT", "Outputs", "Weighing", "outputs_of", "parted", "real_array", "require_finite"]

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
    with asking(f"unpacking what {source} returned raised"):
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
    empty = [name for name, array in arrays.items() if not array.size]
    if not arrays or empty:
        what = f"returned {', '.join(empty)} with no entry" if empty and len(arrays) > 1 else "returned nothing"
        raise ProblemError(f"{source} {what}, expected numbers")
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


@dataclass(frozen=True)
class Weighing:
    """How the outputs of a function become losses: ``u . F`` for each cotangent u, or each entry of F for itself."""

    source: str
    """What the messages call the function."""
    size: int
    """Entries of all outputs together, m."""
    weights: Array | None = None
    """The cotangents, shape (k, m); None for each entry alone."""
    convention: Convention = CONVENTIONS["torch"]
    """What the cotangent of a complex output means."""
    cached: bool = False
    """Whether the function may return the pair (outputs, cache)."""

    @property
    def count(self) -> int:
        """Of the losses."""
        return self.size if self.weights is None else len(self.weights)

    def losses(self, answer: Any) -> Array:
        """Return the losses of what the function returned.

        Returns
        -------
        ndarray of shape (count,)

        Raises
        ------
        ProblemError
            Where it returned something else than at the point.
        """
        outputs = parted(answer)[0] if self.cached else answer
        values = outputs_of(outputs, self.source, self.convention).vector()
        if values.size != self.size:
            raise ProblemError(f"{self.source} returned {values.size} numbers, but at the point it was {self.size}")
        if self.weights is None:
            return values
        return np.array([float(weights @ values) for weights in self.weights])


def parted(answer: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the outputs of what a forward pass returned, and the cache where there is one.

    The second of a pair is a cache whatever it is; the last of more is one where it is no array but all others are, as
    in ``return next_h, next_c, cache``.
    """
    if isinstance(answer, tuple) and len(answer) == 2:
        return answer[0], (answer[1],)
    if isinstance(answer, tuple) and len(answer) > 2 and not hasattr(answer, "_fields"):
        *outputs, last = answer
        if all(map(is_array, outputs)) and not is_array(last):
            return tuple(outputs), (last,)
    return answer, ()


def is_array(value: Any) -> bool:
    """Whether a value is an array of numbers, or one number."""
    return isinstance(value, int | float | complex) or getattr(getattr(value, "dtype", None), "kind", "") in tuple(
        "fiubc"
    )


def require_finite(outputs: Outputs, source: str) -> None:
    """Raise ProblemError where an output at the point is not finite."""
    for name, array in outputs.arrays.items():
        if not np.isfinite(array).all():
            raise ProblemError(f"{name} from {source} contains NaN or infinity, expected finite numbers")
