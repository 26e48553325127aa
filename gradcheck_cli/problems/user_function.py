"""The user's own functions as a problem, and what they may return."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.errors import GradcheckError, ProblemError, UserFunctionError, did_you_mean
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.problem import ENTRIES_AT_ONCE, changes_one_by_one

__all__ = ["FunctionProblem", "call", "claimed_gradient", "copied", "name_of", "scalar_loss"]


@dataclass(frozen=True)
class FunctionProblem:
    """A loss and its gradient as two functions of a dict of arrays.

    Parameters
    ----------
    loss_function : callable
        parameters -> float; it gets a copy of the arrays.
    claim : callable or mapping of str to array_like
        parameters -> gradient, or the gradient itself; the parameters' names and shapes.
    """

    parameters: Parameters
    loss_function: Callable[[dict[str, Array]], Any]
    claim: Callable[[dict[str, Array]], Any] | Mapping[str, Any]
    name: str = "function"
    notes: Sequence[str] = ()

    def loss(self, parameters: Parameters) -> float:
        """Return what the loss function returns, as one number."""
        return scalar_loss(call(self.loss_function, copied(parameters)), f"what {name_of(self.loss_function)} returned")

    def gradient(self, parameters: Parameters) -> Parameters:
        """Return the claimed gradient, its shapes checked."""
        claim = call(self.claim, copied(parameters)) if callable(self.claim) else self.claim
        return claimed_gradient(claim, parameters, "the gradient")

    def entries_at_once(self, parameter: str) -> int:  # noqa: ARG002
        """Return a number for which progress is seen."""
        return ENTRIES_AT_ONCE

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the changes of the loss, one call each."""
        return changes_one_by_one(self, parameter, entries, steps)


def copied(arrays: Parameters) -> dict[str, Array]:
    """Return copies, so that nothing the user's function does to them reaches the caller's arrays."""
    return {name: array.copy() for name, array in arrays.items()}


def name_of(function: Callable[..., Any]) -> str:
    """Return what the messages call a function."""
    return getattr(function, "__name__", None) or repr(function)


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call the user's function; what it raises becomes an error of ours that carries its traceback.

    Raises
    ------
    UserFunctionError
        Where the function raises anything, or exits.
    """
    try:
        return function(*arguments)
    except (KeyboardInterrupt, GradcheckError):
        raise
    except BaseException as error:  # sys.exit and pytest.fail are no Exceptions
        raise UserFunctionError.of(f"{name_of(function)} raised", error) from error


def scalar_loss(value: Any, what: str) -> float:
    """Return the one real number that `value` is.

    Raises
    ------
    ProblemError
        Where it is anything else.
    """
    array = _as_array(value)
    if array is not None and array.size == 1 and array.dtype.kind in "fiub":
        return float(array.reshape(-1)[0])
    shown = type(value).__name__ if array is None or not array.shape else f"an array of shape {array.shape}"
    raise ProblemError(f"{what} is {shown}, expected one real number")


def claimed_gradient(claim: Any, parameters: Parameters, source: str, *, prefix: str = "") -> dict[str, Array]:
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

    Raises
    ------
    ProblemError
        Where it is no mapping, a parameter is missing, or a shape or a dtype does not fit.
    """
    if not isinstance(claim, Mapping):
        keys = ", ".join(prefix + name for name in parameters)
        raise ProblemError(f"{source} returned {type(claim).__name__}, expected a dict with {keys}")
    return {name: _claimed_array(claim, prefix + name, values.shape, source) for name, values in parameters.items()}


def _claimed_array(claim: Mapping[str, Any], key: str, shape: tuple[int, ...], source: str) -> Array:
    if key not in claim:
        raise ProblemError(
            f"{source} has no {key}; it has {', '.join(map(str, claim)) or 'nothing'}",
            hint=did_you_mean(key, [str(k) for k in claim]),
        )
    array = _as_array(claim[key])
    if array is None or array.dtype.kind not in "fiub":
        kind = type(claim[key]).__name__ if array is None else f"of dtype {array.dtype}"
        raise ProblemError(f"{key} from {source} is {kind}, expected real numbers of shape {shape}")
    if array.shape != shape:
        fits = "its transpose would fit" if array.T.shape == shape else "nothing is broadcast"
        raise ProblemError(f"{key} from {source} has shape {array.shape}, expected {shape}", hint=fits)
    return array.astype(np.float64)


def _as_array(value: Any) -> NDArray[Any] | None:
    try:
        return np.asarray(value)
    except Exception:  # noqa: BLE001  (ragged lists, and what the __array__ of the user's own kind may raise)
        return None
