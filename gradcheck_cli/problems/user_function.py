"""The user's own functions as a problem.

They get copies, never the caller's arrays. Copying everything for each loss would cost more than a small loss does: the
losses with single entries moved are taken on one copy, in which an entry is set and set back. Afterwards the copy is
compared with the original; where a function has changed it, every loss is taken anew on a copy of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.errors import GradcheckError, UserFunctionError
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.arguments import Arguments
from gradcheck_cli.problems.directions import Move, move, move_back, sizes_of
from gradcheck_cli.problems.problem import ENTRIES_AT_ONCE
from gradcheck_cli.problems.returned import by_name, claimed_gradient, loss_and_gradient, scalar_loss

__all__ = ["FunctionProblem", "Recipe", "call", "name_of", "raised"]

WORDS_OF_PROGRESS = 20  # for a large parameter
SAME = 1e-9  # relative: what a loss may differ by from one machine to another
OF_SCATTER = 10.0  # standard deviations that a random loss may differ by

NO_VALUE_THERE = (ArithmeticError, ValueError)
"""What a loss may raise beside the point, where it is not defined: the logarithm of a negative number."""


class Recipe(Protocol):
    """How to make a problem anew from files."""

    @property
    def files(self) -> Sequence[Path]:
        """The files that it is made of, absolute."""

    def make(self, places: Mapping[Path, Path]) -> FunctionProblem:
        """Make the problem; a file that is in `places` is read from there."""


@dataclass(frozen=True)
class FunctionProblem:
    """A loss and its gradient as two functions, or as one that returns both."""

    point: Parameters
    """All parameters, those too that are not checked."""
    loss_function: Callable[..., Any]
    """(parameters, **data) -> float; a pair (loss, gradient) where `claim` is None."""
    claim: Any
    """(parameters, **data) -> gradient, the gradient itself, or None."""
    name: str = "function"
    notes: Sequence[str] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    one_array: bool = False
    """Whether the functions take the one parameter as an array and not in a dict."""
    only: Sequence[str] = ()
    """The parameters that are checked; empty for all."""
    returns_both: bool = False
    keeps_inputs: bool = True
    """Whether the loss leaves the arrays that it is given as they are."""
    scatter: float = 0.0
    """Standard deviation of the loss from call to call at one point; 0 where it is always the same."""
    saved_in: Mapping[str, str] = field(default_factory=dict)
    """By parameter, the dtype of a gradient that was handed over as arrays, where that is less than float64."""
    recipe: Recipe | None = None
    """How another process makes the same problem; None where it has to be handed over."""

    @cached_property
    def parameters(self) -> Parameters:
        """The point, but what is not checked."""
        return {name: values for name, values in self.point.items() if not self.only or name in self.only}

    def loss(self, parameters: Parameters) -> float:
        """Return the loss, that at the point itself from memory; not a number where the function has no value."""
        if parameters is self.parameters:
            return self.here
        with np.errstate(all="ignore"):
            return self.loss_or_nan(self.arguments({**self.point, **parameters}))

    def gradient(self, parameters: Parameters) -> Parameters:
        """Return the claimed gradient, its shapes checked."""
        asked = self.returns_both or callable(self.claim)
        claim = self.claimed(self.arguments({**self.point, **parameters})) if asked else self.claim
        named = by_name(claim, self.point, "the gradient")
        return claimed_gradient(named, self.parameters, "the gradient", copy=asked)

    def entries_at_once(self, parameter: str) -> int:
        """Return a number for which progress is seen, and nothing but it is noticed of a trivial loss."""
        return max(ENTRIES_AT_ONCE, self.point[parameter].size // WORDS_OF_PROGRESS)

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the changes of the loss, one call each."""
        with np.errstate(invalid="ignore"):
            return self.moved_losses(parameter, entries, steps) - self.here

    def moved_losses(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the losses with single entries moved, one call each."""
        with np.errstate(all="ignore"):
            losses = self.losses_on_one_copy(parameter, entries, steps) if self.keeps_inputs else None
            return self.losses_on_copies(parameter, entries, steps) if losses is None else losses

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the losses with the parameters moved along directions, one call each."""
        with np.errstate(all="ignore"):
            losses = self.losses_on_moved_copy(moves) if self.keeps_inputs else None
            if losses is None:
                return np.concatenate([np.empty(0), *(self.losses_on_moved_copy([move]) for move in moves)])
            return losses

    @cached_property
    def here(self) -> float:
        """The loss at the point."""
        with np.errstate(all="ignore"):
            return self.loss_or_nan(self.arguments(self.point))

    def is_loss_here(self, loss: float) -> bool:
        """Whether a loss may be that at the point, evaluated at another time or on another machine."""
        return abs(loss - self.here) <= SAME * abs(loss) + OF_SCATTER * self.scatter

    @cached_property
    def sizes(self) -> dict[str, float]:
        """The sizes of the parameters, by which directions are measured."""
        return sizes_of(self.parameters)

    # how the functions are called

    def arguments(self, parameters: Parameters) -> Arguments:
        """Return copies for one call."""
        return Arguments(parameters, self.data, one_array=self.one_array)

    def claimed(self, arguments: Arguments) -> Any:
        """Return what is claimed, as it comes."""
        if self.returns_both:
            answer = call(self.loss_function, arguments.first, **arguments.data)
            return loss_and_gradient(answer, name_of(self.loss_function))[1]
        return call(self.claim, arguments.first, **arguments.data) if callable(self.claim) else self.claim

    def loss_returned(self, answer: Any) -> Any:
        """Return the loss in what the function returned, as it comes."""
        return loss_and_gradient(answer, name_of(self.loss_function))[0] if self.returns_both else answer

    def loss_or_nan(self, arguments: Arguments) -> float:
        """Return the loss, or NaN where the function has no value there."""
        try:
            answer = self.loss_function(arguments.first, **arguments.data)
        except BaseException as error:  # noqa: BLE001  (sorted out there)
            return self.no_value(error)
        return self.number(answer)

    def no_value(self, error: BaseException) -> float:
        """Return NaN for what the function raised, where that says that it is not defined there.

        Raises
        ------
        UserFunctionError
            For anything else.
        """
        if isinstance(error, NO_VALUE_THERE):
            return math.nan
        if isinstance(error, KeyboardInterrupt | GradcheckError):
            raise error
        raise raised(self.loss_function, error) from error

    def number(self, answer: Any) -> float:
        """Return the loss in what the function returned."""
        return scalar_loss(self.loss_returned(answer), f"what {name_of(self.loss_function)} returned")

    # the losses beside the point

    def losses_on_one_copy(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array | None:
        """Return the losses with single entries moved; None where the function changed more than we did."""
        arguments = self.arguments(self.point)
        function, first, data = self.loss_function, arguments.first, arguments.data
        values = arguments.parameters[parameter].reshape(-1)
        moves = zip(entries.tolist(), (values[entries] + steps).tolist(), values[entries].tolist(), strict=True)
        losses = []
        # a loss may take a microsecond: nothing is done here that could be done before or after
        for entry, moved, before in moves:
            values[entry] = moved
            try:
                answer = function(first, **data)
            except BaseException as error:  # noqa: BLE001  (sorted out there)
                answer = self.no_value(error)
            losses.append(answer if isinstance(answer, float) else self.number(answer))
            values[entry] = before
        return None if arguments.changed(self.point, self.data) else np.array(losses)

    def losses_on_copies(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the losses with single entries moved, each from copies of its own."""
        losses = np.empty(len(entries))
        for k, (entry, step) in enumerate(zip(entries.tolist(), steps.tolist(), strict=True)):
            arguments = self.arguments(self.point)
            arguments.parameters[parameter].reshape(-1)[entry] += step
            losses[k] = self.loss_or_nan(arguments)
        return losses

    def losses_on_moved_copy(self, moves: Sequence[Move]) -> Array | None:
        """Return the losses with the parameters moved; None where the function changed more than we did."""
        arguments = self.arguments(self.point)
        arrays = dict(arguments.parameters)
        losses = np.empty(len(moves))
        for k, (direction, step) in enumerate(moves):
            move(arrays, self.parameters, self.sizes, direction, step)
            losses[k] = self.loss_or_nan(arguments)
            move_back(arrays, self.parameters, direction)
        return None if len(moves) > 1 and arguments.changed(self.point, self.data) else losses


def name_of(function: Callable[..., Any]) -> str:
    """Return what the messages call a function."""
    return getattr(function, "__name__", None) or repr(function)


def call(function: Callable[..., Any], *arguments: Any, **data: Any) -> Any:
    """Call the user's function; what it raises becomes an error of ours that carries its traceback.

    Raises
    ------
    UserFunctionError
        Where the function raises anything, or exits.
    """
    try:
        return function(*arguments, **data)
    except (KeyboardInterrupt, GradcheckError):  # the latter from functions of ours around the user's
        raise
    except BaseException as error:  # sys.exit and pytest.fail are no Exceptions
        raise raised(function, error) from error


def raised(function: Callable[..., Any], error: BaseException) -> UserFunctionError:
    """Return the error for what a function raised."""
    return UserFunctionError.of(f"{name_of(function)} raised", error)
