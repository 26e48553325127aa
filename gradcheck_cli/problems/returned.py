"""What the user's functions may return: a loss, a gradient, or both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.asking import asking, kind_of
from gradcheck_cli.errors import ProblemError, did_you_mean
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.arguments import refuse_masked
from gradcheck_cli.settings import MACHINE_EPSILON

VECTOR = "a layer is checked by --backward, check_layer in Python; a Jacobian by --jac, check_jacobian"

__all__ = ["by_name", "claimed_gradient", "is_real", "less_than_double", "loss_and_gradient", "scalar_loss"]


def scalar_loss(value: Any, what: str) -> float:
    """Return the one real number that `value` is.

    Raises
    ------
    ProblemError
        Where it is anything else.
    """
    with asking(f"taking {what} for a number raised"):
        array = _as_array(value)
        refuse_masked(array, what)
        if array is not None and array.size == 1 and array.dtype.kind in "fiub":
            return float(array.reshape(-1)[0])
        shown = kind_of(value) if array is None or not array.shape else f"an array of shape {array.shape}"
    hint = VECTOR if array is not None and array.size > 1 else None
    if array is not None and array.size == 1 and array.dtype.kind == "c":
        hint = "take its real part, with .real, if that is what it is"
    raise ProblemError(f"{what} is {shown}, expected one real number", hint=hint)


def loss_and_gradient(value: Any, source: str) -> tuple[Any, Any]:
    """Take apart what a function returns that computes the loss and its gradient at once.

    Raises
    ------
    ProblemError
        Where it is no pair.
    """
    with asking(f"taking apart what {source} returned raised"):
        if isinstance(value, tuple | list) and len(value) == 2:
            return value[0], value[1]
    raise ProblemError(
        f"{source} returned {kind_of(value)}, expected a pair (loss, gradient)",
        hint="a gradient function of its own is named by --grad, the gradient argument in Python",
    )


def by_name(claim: Any, parameters: Parameters, source: str) -> Mapping[str, Any]:
    """Return a gradient as a mapping: it may be a tuple in the parameters' order, or where there is one, an array.

    Raises
    ------
    ProblemError
        Where it is a tuple of another length, or a single array for several parameters.
    """
    with asking(f"taking apart what {source} returned raised"):
        if isinstance(claim, Mapping):
            return claim
        if len(parameters) == 1:
            (name,) = parameters
            return {name: _only(claim, parameters[name].shape)}
        if isinstance(claim, tuple | list) and len(claim) == len(parameters):
            return dict(zip(parameters, claim, strict=True))
        found = f"{len(claim)} arrays" if isinstance(claim, tuple | list) else kind_of(claim)
    raise ProblemError(
        f"{source} returned {found}, expected a dict with {', '.join(parameters)},"
        f" or a tuple of {len(parameters)} arrays in this order"
    )


def _only(claim: Any, shape: tuple[int, ...]) -> Any:
    """Return the array of a gradient with one parameter, alone or in a tuple of one."""
    if not (isinstance(claim, tuple | list) and len(claim) == 1):
        return claim
    array = _as_array(claim)
    return claim if array is not None and array.shape == shape else claim[0]


def claimed_gradient(
    claim: Any, parameters: Parameters, source: str, *, prefix: str = "", copy: bool = True
) -> dict[str, Array]:
    """Return the claim as float64 arrays by parameter name; extra keys are left out, nothing is broadcast.

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

    Raises
    ------
    ProblemError
        Where it is no mapping, a parameter is missing, or a shape or a dtype does not fit.
    """
    with asking(f"taking {source} for arrays raised"):
        if not isinstance(claim, Mapping):
            keys = ", ".join(prefix + name for name in parameters)
            raise ProblemError(f"{source} returned {kind_of(claim)}, expected a dict with {keys}")
        arrays = {n: _claimed_array(claim, prefix + n, values.shape, source) for n, values in parameters.items()}
        return {name: array.astype(np.float64, copy=copy) for name, array in arrays.items()}


def less_than_double(arrays: Mapping[str, Any]) -> dict[str, str]:
    """Return by name the dtypes of arrays that hold fewer digits than float64; what has no dtype is left out."""
    with asking("looking at the arrays of the gradient raised"):
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
    if array.shape != shape:
        fits = "its transpose would fit" if array.T.shape == shape else "nothing is broadcast"
        raise ProblemError(f"{key} from {source} has shape {array.shape}, expected {shape}", hint=fits)
    return np.asarray(array)


def is_masked(value: Any) -> bool:
    """Whether a value may have masked entries: an array that knows of such, or a list of what came out of one."""
    items = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(item, np.ma.MaskedArray) for item in items)


def _as_array(value: Any) -> NDArray[Any] | None:
    try:
        return np.ma.asarray(value) if is_masked(value) else np.asarray(value)
    except Exception:  # noqa: BLE001  (ragged lists, and what the __array__ of the user's own kind may raise)
        return None
