"""What the user's functions are called with, and whether they left it as it was."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.functions.own_arrays import is_sparse, numpy_array
from gradcheck_cli.vocabulary.asking import asking, kind_of
from gradcheck_cli.vocabulary.errors import ProblemError
from gradcheck_cli.vocabulary.parameters import PIECE, Array, Parameters

__all__ = ["Arguments", "Handed", "as_parameter", "copied", "refuse_masked", "require_separate", "same_bytes"]

MOST_WORK: Any = 100_000  # candidates that are looked at before two arrays are taken to overlap
MOST_KEPT = 2**26  # bytes of arrays that were handed out, where the function remembers them
UNTIL_KNOWN = 2**20  # the same until it is known
OF_ONE = 2**10  # bytes that the arrays of one call take besides their numbers


class Arguments:
    """Private copies of the parameters and of the data for one function to do with as it likes.

    Parameters
    ----------
    parameters : mapping of str to ndarray
        The point.
    data : mapping of str to object
        What is handed over by keyword; arrays are copied, anything else is not.
    one_array : bool
        Whether the function takes its one parameter as an array and not in a dict.
    """

    def __init__(self, parameters: Parameters, data: Mapping[str, Any], *, one_array: bool) -> None:
        self.parameters = copied(parameters)
        with asking("copying the data raised"):  # an array may be of the user's own kind
            self.data = {
                name: value.copy(order="K") if isinstance(value, np.ndarray) else value for name, value in data.items()
            }
        self.first: Any = next(iter(self.parameters.values())) if one_array else self.parameters
        self.given = dict(self.parameters)
        """The arrays of the parameters, whatever the function puts in their place."""

    @property
    def size(self) -> int:
        """Bytes that the copies take."""
        arrays = [*self.given.values(), *(value for value in self.data.values() if isinstance(value, np.ndarray))]
        return sum(array.nbytes for array in arrays)

    def put(self, parameters: Parameters) -> None:
        """Write other values into the same arrays."""
        for name, array in self.given.items():
            array.flags.writeable = True  # it is ours, whatever the function has done to it
            array[...] = parameters[name]

    def write(self, name: str, entry: int, value: float) -> None:
        """Write one entry of a parameter, counted row by row."""
        self.given[name].reshape(-1)[entry] = value

    def changed(self, parameters: Parameters, data: Mapping[str, Any]) -> list[str]:
        """Return the names of what is no longer as it was in the originals."""
        names = [name for name in self.parameters if name not in self.given]
        for name, array in self.given.items():
            same = self.parameters.get(name) is array and array.flags.writeable
            if not (same and same_bytes(array, parameters[name])):
                names.append(name)
        pairs = ((name, self.data[name], value) for name, value in data.items() if isinstance(value, np.ndarray))
        return names + [name for name, array, value in pairs if not same_bytes(array, value)]


class Handed:
    """What the functions were called with last, as much as there is room for; it does not travel.

    Parameters
    ----------
    most : int, optional
        Bytes that there are for it.
    least : int, optional
        Of how many calls the arrays are kept whatever they take.
    """

    def __init__(self, most: int = UNTIL_KNOWN, least: int = 0) -> None:
        self.most, self.least = most, least
        self.kept: deque[Arguments] = deque()

    def __reduce__(self) -> tuple[type[Handed], tuple[int, int]]:
        return Handed, (self.most, self.least)

    def keep(self, arguments: Arguments) -> Arguments:
        """Keep the arguments of one more call."""
        self.kept.append(arguments)
        while len(self.kept) > max(self.least, self.most // (arguments.size + OF_ONE)):
            self.kept.popleft()
        return arguments

    def keep_more(self) -> None:
        """Keep as many as can be, for a function that remembers them: those of the call before at the least."""
        self.most, self.least = MOST_KEPT, 1


def same_bytes(array: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two arrays hold the same, to the last bit."""
    if array.shape != other.shape or array.dtype != other.dtype:
        return False
    if array.dtype.hasobject:
        return True  # what objects refer to is not ours to look into
    ours, others = raw(array), raw(other)
    return all(np.array_equal(ours[k : k + PIECE], others[k : k + PIECE]) for k in range(0, len(ours), PIECE))


def raw(array: NDArray[Any]) -> NDArray[Any]:
    """Return the bytes of an array in the order of its entries, eight at a time where they are that wide."""
    wide = np.uint64 if array.dtype.itemsize == np.uint64().itemsize else np.uint8
    return np.ascontiguousarray(array).reshape(-1).view(wide)


def copied(arrays: Parameters) -> dict[str, Array]:
    """Return copies, so that nothing the user's function does to them reaches the caller's arrays."""
    return {name: array.copy() for name, array in arrays.items()}


def as_parameter(name: str, values: Any) -> Array:
    """Return `values` as a float64 array of its own, row by row.

    Raises
    ------
    ProblemError
        Where they are not real numbers, or one of them is not finite.
    """
    with asking(f"converting parameter {name} to an array raised"):
        try:
            own = values if is_sparse(values) else numpy_array(values)
            array = np.ma.asarray(own) if isinstance(own, np.ma.MaskedArray) else np.asarray(own)
        except Exception as error:  # ragged lists, and what the __array__ of the user's own kind may raise
            raise ProblemError(f"parameter {name} is {kind_of(values)}, expected an array of real numbers") from error
    if array.dtype.kind not in "fiu":
        found = f"is {kind_of(values)}" if array.dtype.hasobject else f"has dtype {array.dtype}"
        raise ProblemError(f"parameter {name} {found}, expected an array of real numbers")
    refuse_masked(array, f"parameter {name}")
    if not np.isfinite(array).all():
        raise ProblemError(f"parameter {name} contains NaN or infinity, expected finite numbers")
    return np.array(array, dtype=np.float64, order="C")


def refuse_masked(array: NDArray[Any] | None, what: str) -> None:
    """Raise ProblemError where entries of an array are masked: their numbers are not meant."""
    if isinstance(array, np.ma.MaskedArray) and np.ma.getmaskarray(array).any():
        count = int(np.ma.getmaskarray(array).sum())
        raise ProblemError(
            f"{what} has {count} masked {'entry' if count == 1 else 'entries'}, expected a number in each",
            hint="array.filled(0.0) fills them",
        )


def require_separate(arrays: Mapping[str, Any]) -> None:
    """Raise ProblemError where two of the caller's parameters share memory.

    The check copies its arrays; for the caller's functions the two would be one, and so would be their gradients.
    """
    named = [(name, array) for name, array in arrays.items() if isinstance(array, np.ndarray)]
    for k, (name, array) in enumerate(named):
        for other, earlier in named[:k]:
            if share_memory(array, earlier):
                raise ProblemError(
                    f"parameters {other} and {name} share memory, expected each to have its own",
                    hint=f"pass {name}.copy(), or leave one of the two out",
                )


def share_memory(array: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether an entry of one is an entry of the other."""
    try:
        return bool(np.shares_memory(array, other, max_work=MOST_WORK))
    except RuntimeError:  # numpy's TooHardError: overlapping strides that would take long to solve
        return bool(np.may_share_memory(array, other))
