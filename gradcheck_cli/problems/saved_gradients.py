"""Two saved gradients as a problem: the one under test, and one that is known to be right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.functions.gradient_names import under_their_names
from gradcheck_cli.problems.functions.returned import is_real, less_than_double
from gradcheck_cli.vocabulary.errors import ProblemError, did_you_mean
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.settings import MACHINE_EPSILON

__all__ = ["SavedGradients", "saved_gradients"]

ERROR = "__error"  # what follows a name where the error bars of its gradient stand
ROUNDING = 16.0  # machine epsilons, of a parameter's largest entry: what any of its entries may lose


@dataclass(frozen=True)
class SavedGradients:
    """A gradient and its reference, without a loss."""

    name: str
    analytic: Parameters
    """The gradient under test."""
    reference: Parameters
    """What is right; NaN where that is not known."""
    bars: Parameters
    """What the reference itself may be off by."""
    saved_in: Mapping[str, str] = field(default_factory=dict)
    """By parameter, the dtype that the gradient under test was saved in, where that is less than float64."""
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
        """Return the reference's own error bars, and what a claim loses by rounding to that machine epsilon."""
        return {name: self.bars[name] + rounding_of(values, machine_epsilon) for name, values in self.reference.items()}


def rounding_of(values: Array, machine_epsilon: float) -> float:
    """Return what an entry of an array may lose by rounding: sums of terms as large as its largest entry."""
    return ROUNDING * machine_epsilon * float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))


def saved_gradients(analytic: Mapping[str, Any], reference: Mapping[str, Any], name: str) -> SavedGradients:
    """Pair the arrays of two files by their names.

    Parameters
    ----------
    analytic : mapping of str to ndarray
        The gradient under test.
    reference : mapping of str to ndarray
        The right one: the same names, or W for dW, and the same shapes, NaN where an entry is not known, and
        ``NAME__error`` for error bars.
    name : str
        What the report calls the pair.

    Raises
    ------
    ProblemError
        Where names or shapes differ, or what stands there are no finite numbers.
    """
    right, errors = divided(reference, analytic)
    analytic = under_their_names(analytic, right)
    require_same_names(analytic, right)
    for key, array in right.items():
        require_shape(key, array, np.shape(analytic[key]), "the first file")
    for key, array in errors.items():
        require_shape(key + ERROR, array, np.shape(right[key]), key)
    values = {key: as_reference(key, right[key]) for key in analytic}
    rounded = less_than_double(right)
    return SavedGradients(
        name,
        {key: as_gradient(key, array) for key, array in analytic.items()},
        values,
        {key: own_bars(key, values[key], errors.get(key), rounded.get(key)) for key in analytic},
        less_than_double(analytic),
        tuple(notes_on(values, rounded)),
    )


def notes_on(reference: Parameters, rounded: Mapping[str, str]) -> Iterator[str]:
    """Say what the reference is no better than, and how much of it there is.

    Raises
    ------
    ProblemError
        Where there is none of it.
    """
    if rounded:
        yield f"the reference is in {' and '.join(sorted({*rounded.values()}))}, so it is trusted only that far"
    known = sum(int(np.isfinite(values).sum()) for values in reference.values())
    size = sum(values.size for values in reference.values())
    if size and not known:
        raise ProblemError(
            "no entry has a reference: it is NaN everywhere", hint="use NaN for what is not to be checked"
        )
    if known < size:
        yield f"{known:,} of {size:,} entries have a reference; the others are not checked"


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
    if not is_real(array.dtype):
        raise ProblemError(f"{name} has dtype {array.dtype}, expected real numbers")
    return array.astype(np.float64)


def as_reference(name: str, array: NDArray[Any]) -> Array:
    """Return the numbers of a reference, finite or NaN."""
    values = as_gradient(name, array)
    if np.isinf(values).any():
        raise ProblemError(
            f"{name} of the reference contains infinity, expected finite numbers", hint="use NaN for what is not known"
        )
    return values


def own_bars(name: str, values: Array, errors: NDArray[Any] | None, rounded: str | None) -> Array:
    """Return what a reference may be off by: its error bars where they came with it, or what it lost by rounding."""
    if errors is None:
        return np.full(values.shape, rounding_of(values, MACHINE_EPSILON[rounded]) if rounded else 0.0)
    bars = as_reference(name + ERROR, errors)
    if (bars < 0).any():
        raise ProblemError(f"{name + ERROR} holds {np.nanmin(bars):g}, expected error bars of 0 or more")
    if (np.isnan(bars) & ~np.isnan(values)).any():
        raise ProblemError(f"{name + ERROR} holds NaN where {name} is a number, expected error bars of 0 or more")
    return bars
