"""What the user's functions may return: a loss, a gradient, or both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.functions.arguments import refuse_masked
from gradcheck_cli.problems.functions.gradient_names import under_their_names
from gradcheck_cli.problems.functions.own_arrays import is_sparse, numpy_array
from gradcheck_cli.problems.functions.trees import flattened, is_tree
from gradcheck_cli.vocabulary.asking import asking, kind_of
from gradcheck_cli.vocabulary.errors import ProblemError, did_you_mean
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.settings import MACHINE_EPSILON

VECTOR = "--backward (check_layer in Python) checks a layer; --jac (check_jacobian) a Jacobian"

__all__ = [
    "ManyNumbersError",
    "Misfit",
    "by_name",
    "claimed_gradient",
    "is_real",
    "less_than_double",
    "loss_and_gradient",
    "scalar_loss",
]


class ManyNumbersError(ProblemError):
    """A loss is an array of several numbers: what it has is a Jacobian."""


@dataclass(frozen=True)
class Misfit:
    """An array of a gradient that has another shape than its parameter."""

    name: str
    key: str
    source: str
    array: NDArray[Any]
    shape: tuple[int, ...]
    """The parameter's."""

    @property
    def is_broadcast(self) -> bool:
        """Whether numpy makes the parameter's shape of it where the two meet, as in an update in place."""
        try:
            return np.broadcast_shapes(self.array.shape, self.shape) == self.shape
        except ValueError:
            return False

    def error(self) -> ProblemError:
        """Return the error that it is by itself."""
        return misshapen(self.key, self.source, self.array.shape, self.shape)

    def note(self) -> str:
        """Say how it was checked where something is wrong besides its shape."""
        cause = cause_of(self.array.shape, self.shape)
        return f"{self.error().message}, and was checked as numpy broadcasts it{cause and f': {cause}'}"


def scalar_loss(value: Any, what: str) -> float:
    """Return the one real number that `value` is.

    Raises
    ------
    ProblemError
        Where it is anything else.
    """
    with asking(f"converting {what} to a number raised"):
        array = _as_array(value)
        refuse_masked(array, what)
        if array is not None and array.size == 1 and array.dtype.kind in "fiub":
            return float(array.reshape(-1)[0])
        shown = kind_of(value) if array is None or not array.shape else f"an array of shape {array.shape}"
    hint = VECTOR if array is not None and array.size > 1 else None
    if array is not None and array.size == 1 and array.dtype.kind == "c":
        hint = "take its real part, with .real, if that is what it is"
    kind = ManyNumbersError if hint is VECTOR else ProblemError
    raise kind(f"{what} is {shown}, expected one real number", hint=hint)


def loss_and_gradient(value: Any, source: str) -> tuple[Any, Any]:
    """Take apart what a function returns that computes the loss and its gradient at once.

    The loss comes first, or last where nothing but the last is a single number; the gradient may be the arrays of
    several parameters, one after another.

    Raises
    ------
    ProblemError
        Where it is no pair.
    """
    with asking(f"unpacking what {source} returned raised"):
        if isinstance(value, tuple | list) and len(value) >= 2:
            first, *rest = value
            if len(rest) == 1 and (type(first) is float or not is_number(rest[0]) or is_number(first)):
                return first, rest[0]
            if is_number(first):
                return first, rest[0] if isinstance(rest[0], Mapping) else tuple(rest)
            if is_number(rest[-1]):
                return rest[-1], first if len(rest) == 1 else tuple(value[:-1])
            if len(rest) == 1:
                return first, rest[0]
    raise ProblemError(
        f"{source} returned {kind_of(value)}, expected a pair (loss, gradient)",
        hint="--grad (gradient= in Python) names a separate gradient function",
    )


def is_number(value: Any) -> bool:
    """Whether a value is a single real number, in an array or not."""
    if isinstance(value, Mapping | list | tuple):
        return False
    array = _as_array(value)
    return array is not None and array.size == 1 and array.dtype.kind in "fiub"


def by_name(claim: Any, parameters: Parameters, source: str) -> Mapping[str, Any]:
    """Return a gradient as a mapping, whatever form it has.

    It may be a mapping under any usual names, a tuple in the parameters' order, either of them with others inside of
    it, or where there is one parameter, an array.

    Raises
    ------
    ProblemError
        Where it is a tuple of another length, or a single array for several parameters.
    """
    with asking(f"unpacking what {source} returned raised"):
        if isinstance(claim, tuple) and set(parameters) <= set(getattr(claim, "_fields", ())):
            claim = claim._asdict()  # type: ignore[attr-defined]  # of a named tuple
        if isinstance(claim, Mapping):
            return named(claim, parameters)
        if len(parameters) == 1:
            (name,) = parameters
            return {name: _only(claim, parameters)}
        if isinstance(claim, tuple | list) and (arrays := in_order(claim, parameters)) is not None:
            return dict(zip(parameters, arrays, strict=True))
        found = f"{len(claim)} arrays" if isinstance(claim, tuple | list) else kind_of(claim)
    raise ProblemError(
        f"{source} returned {found}, expected a dict with {', '.join(parameters)},"
        f" or a tuple of {len(parameters)} arrays in this order"
    )


def named(claim: Mapping[str, Any], parameters: Parameters) -> Mapping[str, Any]:
    """Return a mapping under the names of the parameters; what has others inside of it is laid flat."""
    if not all(name in claim for name in parameters):
        nested = any(map(is_tree, claim.values()))
        claim = flattened(claim) if nested else {str(key): value for key, value in claim.items()}
    return under_their_names(claim, parameters)


def in_order(claim: Sequence[Any], parameters: Parameters) -> Sequence[Any] | None:
    """Return the arrays of a tuple in the order of the parameters; None where it is not told which ones they are.

    A longer tuple has something before them, as the gradient of a layer's input, or behind them, as a state: they are
    those that follow each other and have the parameters' shapes, if there is one such place.
    """
    count = len(parameters)
    candidates = [one for one in (list(claim), list(flattened(claim).values())) if len(one) == count]
    fitting = [one for one in candidates if fits(one, parameters)]
    if candidates:
        return [*fitting, *candidates][0]
    within = [claim[k : k + count] for k in range(len(claim) - count + 1)]
    fitting = [list(one) for one in within if fits(one, parameters)]
    return fitting[0] if len(fitting) == 1 else None


def fits(arrays: Sequence[Any], parameters: Parameters) -> bool:
    """Whether arrays have the parameters' shapes, in their order."""
    found = [_as_array(value) for value in arrays]
    return [None if array is None else array.shape for array in found] == [p.shape for p in parameters.values()]


def _only(claim: Any, parameters: Parameters) -> Any:
    """Return the array of a gradient with one parameter, alone or in a tuple."""
    if not (isinstance(claim, tuple | list) and claim) or fits([claim], parameters):
        return claim
    arrays = in_order(claim, parameters)
    return claim if arrays is None else arrays[0]


def claimed_gradient(
    claim: Any,
    parameters: Parameters,
    source: str,
    *,
    prefix: str = "",
    copy: bool = True,
    misfits: list[Misfit] | None = None,
) -> dict[str, Array]:
    """Return the claim as float64 arrays by parameter name; extra keys are left out.

    Parameters
    ----------
    claim : mapping of str to array_like
        For each parameter, under its name behind `prefix`, an array of its shape.
    parameters : mapping of str to ndarray
        Names and shapes to be met.
    source : str
        Who claims it, for the messages.
    prefix : str, optional
        ``"d"`` where the gradient of W1 stands under dW1.
    copy : bool, optional
        Whether the arrays are to be new ones, as they must where whoever claims may write to his own again.
    misfits : list of Misfit, optional
        Gets what has another shape, which is then broadcast where numpy does so, and where others can be checked beside
        it; without it nothing is broadcast.

    Raises
    ------
    ProblemError
        Where it is no mapping, a parameter is missing, or a shape or a dtype does not fit.
    """
    with asking(f"converting {source} to arrays raised"):
        if not isinstance(claim, Mapping):
            keys = ", ".join(prefix + name for name in parameters)
            raise ProblemError(f"{source} returned {kind_of(claim)}, expected a dict with {keys}")
        claim = under_their_names(claim, parameters, prefix)
        arrays = {n: _claimed_array(claim, prefix + n, values.shape, source) for n, values in parameters.items()}
        found = [
            Misfit(name, prefix + name, source, array, parameters[name].shape)
            for name, array in arrays.items()
            if array.shape != parameters[name].shape
        ]
        if found and (misfits is None or len(found) == len(arrays) or not all(one.is_broadcast for one in found)):
            raise found[0].error()
        for one in found:
            arrays[one.name] = np.broadcast_to(one.array, one.shape)
        if misfits is not None:
            misfits += found
        return {name: array.astype(np.float64, copy=copy) for name, array in arrays.items()}


def less_than_double(arrays: Mapping[str, Any]) -> dict[str, str]:
    """Return by name the dtypes of arrays that hold fewer digits than float64; what has no dtype is left out."""
    with asking("inspecting the arrays of the gradient raised"):
        dtypes = {name: str(getattr(getattr(array, "dtype", None), "name", "")) for name, array in arrays.items()}
    return {name: dtype for name, dtype in dtypes.items() if MACHINE_EPSILON.get(dtype, 0) > MACHINE_EPSILON["float64"]}


def is_real(dtype: np.dtype[Any]) -> bool:
    """Whether numbers of a dtype are real; bfloat16 comes from packages that add it to numpy's."""
    return dtype.kind in "fiub" or dtype.name == "bfloat16"


def _claimed_array(claim: Mapping[str, Any], key: str, shape: tuple[int, ...], source: str) -> NDArray[Any]:
    if key not in claim:
        raise ProblemError(
            f"{source} has no {key}; it has {', '.join(map(str, claim)) or 'nothing'}",
            hint=did_you_mean(key, [str(k) for k in claim]),
        )
    value = claim[key]
    array = _as_array(value)
    refuse_masked(array, f"{key} from {source}")
    if array is None or not is_real(array.dtype):
        kind = kind_of(value) if array is None else f"of dtype {array.dtype}"
        raise ProblemError(f"{key} from {source} is {kind}, expected real numbers of shape {shape}")
    if is_sparse(value) and len(shape) == 1 and sorted(array.shape) == [1, *shape]:
        array = array.reshape(shape)  # a sparse matrix has two axes
    return np.asarray(array)


def misshapen(key: str, source: str, found: tuple[int, ...], expected: tuple[int, ...]) -> ProblemError:
    """Return the error for a gradient of another shape than its parameter, with what may have made it so."""
    hint = cause_of(found, expected)
    if not (hint and math.prod(found) == math.prod(expected) and len(found) >= len(expected)):
        hint = f"{hint} nothing is broadcast".lstrip()
    return ProblemError(f"{key} from {source} has shape {found}, expected {expected}", hint=hint)


def cause_of(found: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """Say what may have made one shape of another; nothing where that cannot be told."""
    if math.prod(found) == math.prod(expected):
        if len(found) < len(expected):
            return "an axis of length 1 is missing: was a sum taken without keepdims=True?"
        if found[::-1] == expected:
            return "its transpose would fit"
        return f"it has as many numbers: reshape{expected} would fit" if 0 not in found else ""
    return "" if found else f"a number instead of shape {expected}: was a sum taken without axis and keepdims=True?"


def is_masked(value: Any) -> bool:
    """Whether a value may have masked entries: an array that knows of such, or a list of what came out of one."""
    items = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(item, np.ma.MaskedArray) for item in items)


def _as_array(value: Any) -> NDArray[Any] | None:
    try:
        return np.ma.asarray(value) if is_masked(value) else np.asarray(numpy_array(value))
    except Exception:  # noqa: BLE001  (ragged lists, and what the __array__ of the user's own kind may raise)
        return None
