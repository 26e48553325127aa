"""Two saved gradients as a problem: the one under test, and one that is known to be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.errors import ProblemError, did_you_mean
from gradcheck_cli.parameters import Array, Parameters

__all__ = ["SavedGradients", "saved_gradients"]

ERROR = "__error"  # what follows a name where the error bars of its gradient stand
ROUNDING = 16.0  # machine epsilons, of a parameter's largest entry: what its smaller ones may lose


@dataclass(frozen=True)
class SavedGradients:
    """A gradient and its reference, without a loss."""

    name: str
    analytic: Parameters
    """The gradient under test."""
    reference: Parameters
    bars: Parameters
    """The error bars that came with the reference."""
    machine_epsilon: float
    """Of the arithmetic that the reference was saved in."""
    notes: Sequence[str] = ()

    @property
    def parameters(self) -> Parameters:
        """Zeros of the right shapes: where the parameters stood is not known."""
        return {name: np.zeros(values.shape) for name, values in self.analytic.items()}

    def gradient(self, parameters: Parameters) -> Parameters:  # noqa: ARG002
        """Return the gradient under test."""
        return self.analytic

    def loss(self, parameters: Parameters) -> float:  # noqa: ARG002
        """Raise ProblemError: whoever asks for a loss wanted steps to be taken."""
        raise ProblemError(
            f"{self.name} are two gradients without a loss: there are no steps to take",
            hint="a step and the course's rule need a function: gradcheck func",
        )

    def entries_at_once(self, parameter: str) -> int:
        """Return all: there is no step to wait for."""
        return self.analytic[parameter].size

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:  # noqa: ARG002
        """Raise ProblemError, as `loss` does."""
        return np.array(self.loss(self.parameters))

    def known_gradient(self) -> Parameters:
        """Return the reference."""
        return self.reference

    def known_bars(self, machine_epsilon: float) -> Parameters:
        """Return the error bars that were given, or what is lost by rounding to the machine epsilon of either side."""
        unit = ROUNDING * max(machine_epsilon, self.machine_epsilon)
        return {
            name: self.bars.get(name, np.full(values.shape, unit * largest_of(values)))
            for name, values in self.reference.items()
        }


def largest_of(values: Array) -> float:
    """Return the largest magnitude."""
    return float(np.max(np.abs(values), initial=0.0))


def saved_gradients(analytic: Mapping[str, Any], reference: Mapping[str, Any], name: str) -> SavedGradients:
    """Pair the arrays of two files by their names.

    Parameters
    ----------
    analytic : mapping of str to ndarray
        The gradient under test.
    reference : mapping of str to ndarray
        The right one: the same names and shapes, and ``NAME__error`` for error bars.
    name : str
        What the report calls the pair.

    Raises
    ------
    ProblemError
        Where names or shapes differ, or what stands there are no finite numbers.
    """
    right, errors = divided(reference, analytic)
    require_same_names(analytic, right)
    for key, array in right.items():
        require_shape(key, array, np.shape(analytic[key]), "the first file")
    for key, array in errors.items():
        require_shape(key + ERROR, array, np.shape(right[key]), key)
    single = any(array.dtype.kind == "f" and array.dtype.itemsize < 8 for array in right.values())
    return SavedGradients(
        name,
        {key: as_gradient(key, array) for key, array in analytic.items()},
        {key: as_reference(key, right[key]) for key in analytic},
        {key: as_bars(key + ERROR, array) for key, array in errors.items()},
        float(np.finfo(np.float32 if single else np.float64).eps),
        ("the reference is in float32, and is taken for no better than that",) if single else (),
    )


def divided(
    reference: Mapping[str, NDArray[Any]], analytic: Mapping[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """Return the gradients and the error bars of a file; a name that is in the first file too is a gradient."""
    bars = {key for key in reference if key.endswith(ERROR) and key not in analytic}
    errors = {key.removesuffix(ERROR): array for key, array in reference.items() if key in bars}
    right = {key: array for key, array in reference.items() if key not in bars}
    for key in errors:
        if key not in right:
            raise ProblemError(f"{key + ERROR} has error bars for {key}, which the reference does not have")
    return right, errors


def require_same_names(analytic: Mapping[str, Any], reference: Mapping[str, Any]) -> None:
    """Raise ProblemError for the first gradient that only one of the files has."""
    for here, there, where in ((analytic, reference, "the reference"), (reference, analytic, "the first file")):
        for key in here:
            if key not in there:
                raise ProblemError(f"there is no {key} in {where}", hint=did_you_mean(key, there))


def require_shape(name: str, array: NDArray[Any], shape: tuple[int, ...], of: str) -> None:
    """Raise ProblemError where an array has another shape; nothing is broadcast."""
    if array.shape != shape:
        raise ProblemError(
            f"{name} of the reference has shape {array.shape}, expected {shape} as in {of}", hint="nothing is broadcast"
        )


def as_gradient(name: str, array: NDArray[Any]) -> Array:
    """Return numbers as float64; whether they are finite is for the check to judge."""
    if array.dtype.kind not in "fiub":
        raise ProblemError(f"{name} has dtype {array.dtype}, expected real numbers")
    return array.astype(np.float64)


def as_reference(name: str, array: NDArray[Any]) -> Array:
    """Return the numbers of a reference, which must be finite."""
    values = as_gradient(name, array)
    if not np.isfinite(values).all():
        raise ProblemError(f"{name} of the reference holds NaN or infinity, expected finite numbers")
    return values


def as_bars(name: str, array: NDArray[Any]) -> Array:
    """Return error bars, which must not be negative."""
    values = as_reference(name, array)
    if (values < 0).any():
        raise ProblemError(f"{name} holds {values.min():g}, expected error bars of 0 or more")
    return values
