"""The user's own functions as a problem: of one loss, or of several that one function's outputs are weighed to.

They get copies, never the caller's arrays. Copying everything for each loss would cost more than a small loss does: the
losses with single entries moved are taken on one copy, in which an entry is set and set back. Afterwards the copy is
compared with the original; where a function has changed it, every loss is taken anew on a copy of its own. So it is
from the beginning where a function remembers what it is given: arrays that were handed out are then never changed, and
kept for a while, so that no new one takes the place in memory, and with it the ``id``, of one that is gone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.directions import Direction, Move, along, move, moved_in_turn, sizes_of
from gradcheck_cli.problems.functions.arguments import Arguments, Handed
from gradcheck_cli.problems.functions.complex_numbers import ComplexView
from gradcheck_cli.problems.functions.outputs import Weighing
from gradcheck_cli.problems.functions.returned import (
    Misfit,
    by_name,
    claimed_gradient,
    loss_and_gradient,
    scalar_loss,
)
from gradcheck_cli.problems.problem import ENTRIES_AT_ONCE
from gradcheck_cli.vocabulary.alarm import LateError
from gradcheck_cli.vocabulary.asking import asking, called
from gradcheck_cli.vocabulary.errors import GradcheckError, SettingError, UserFunctionError
from gradcheck_cli.vocabulary.parameters import Array, Parameters

if TYPE_CHECKING:
    from gradcheck_cli.problems.devices.device import Device
    from gradcheck_cli.problems.networks.network import Network

__all__ = ["OF_SCATTER", "SAME", "Asked", "Calls", "FunctionProblem", "Losses", "Recipe", "call"]

WORDS_OF_PROGRESS = 20  # for a large parameter
SAME = 1e-9  # relative: what a loss may differ by from one machine to another
OF_SCATTER = 10.0  # standard deviations that a random loss may differ by

FLOATS = frozenset({float, np.float64})  # whose conversion is nobody's but ours

Losses: TypeAlias = Any  # a float of one loss, an ndarray of shape (m,) of m of them

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
class MovedRecipe:
    """Another recipe, at another point."""

    recipe: Recipe
    point: Parameters

    @property
    def files(self) -> Sequence[Path]:
        """Those of the other."""
        return self.recipe.files

    def make(self, places: Mapping[Path, Path]) -> FunctionProblem:
        """Make the problem and put it there."""
        return replace(self.recipe.make(places), point=self.point)


@dataclass
class Calls:
    """How often the loss was called before the check itself began: that is within the budget, too."""

    count: int = 0
    seconds: float = 0.0
    """That the calls took."""
    shortest: float = math.inf
    """Seconds of the shortest: the first may have had to load something."""
    told: Callable[[int], None] | None = None
    """Called with 1 after each."""

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count and time a call."""
        started = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - started
            self.count += 1
            self.seconds += took
            self.shortest = min(self.shortest, took)
            if self.told is not None:
                self.told(1)


class Asked:
    """A gradient that can be asked for at any point, as long as it stays in this process: it does not travel.

    Parameters
    ----------
    problem : FunctionProblem, optional
        Whose functions are asked; none where the gradient is saved numbers.
    """

    def __init__(self, problem: FunctionProblem | None = None) -> None:
        self.problem = problem

    def __reduce__(self) -> tuple[type[Asked], tuple[()]]:
        return Asked, ()


@dataclass(frozen=True)
class FunctionProblem:
    """A loss and its gradient as two functions, or as one that returns both."""

    point: Parameters
    """All parameters, those too that are not checked."""
    loss_function: Callable[..., Any]
    """(parameters, **data) -> float; a pair (loss, gradient) where `claim` is None; outputs where they are weighed."""
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
    one_copy: bool = False
    """Whether one copy, moved and moved back, serves many calls: the loss neither changes nor remembers its arrays."""
    scatter: Losses = 0.0
    """Standard deviation of the loss from call to call at one point; 0 where it is always the same."""
    misfits: Sequence[Misfit] = ()
    """Arrays of the gradient that were broadcast: they have another shape than their parameters."""
    saved_in: Mapping[str, str] = field(default_factory=dict)
    """By parameter, the dtype of a gradient that was handed over as arrays, where that is less than float64."""
    weighing: Weighing | None = None
    """Makes several losses of outputs; the claims are then not the problem's own."""
    recipe: Recipe | None = None
    """How another process makes the same problem; None where it has to be handed over."""
    known: Losses = None
    """The loss at the point; None where it was not called there yet."""
    beside: Losses = math.nan
    """The loss beside the point, every entry moved a little and the same way each time; NaN where it is not known."""
    single: bool = False
    """Whether the loss was seen to be computed in float32."""
    asked: Asked = field(default_factory=Asked, repr=False, compare=False)
    """The gradient where it is a function, at any point: `claim` is that of the point, once it was asked for."""
    network: Network | None = field(default=None, repr=False, compare=False)
    """The network whose loss this may be, for a diagnosis to lean on where it has the same gradient."""
    calls: Calls = field(default_factory=Calls, repr=False, compare=False)
    """Of the loss, so far as they were counted."""
    handed: Handed = field(default_factory=Handed, repr=False, compare=False)
    """What the functions were called with."""
    complex_view: ComplexView | None = None
    """The view by which the point is real; None where it is real by itself."""
    device: Device | None = field(default=None, repr=False, compare=False)
    """Where the framework keeps its arrays that the functions take; None where they are numpy's."""
    in_double: FunctionProblem | None = field(default=None, repr=False, compare=False)
    """The same with a gradient in float64, where the framework computes it in less."""

    @cached_property
    def parameters(self) -> Parameters:
        """The point, but what is not checked."""
        return {name: values for name, values in self.point.items() if not self.only or name in self.only}

    @property
    def outputs(self) -> tuple[int, ...]:
        """The shape of what one evaluation gives: () of one loss, (m,) of m of them."""
        return () if self.weighing is None else (self.weighing.count,)

    @property
    def is_asked(self) -> bool:
        """Whether the gradient comes from a function, and so can be had again and elsewhere."""
        return self.returns_both or callable(self.claim)

    def at(self, parameters: Parameters) -> FunctionProblem:
        """Return the same functions at another point.

        Raises
        ------
        SettingError
            Where the gradient is no function.
        """
        if not self.is_asked:
            raise SettingError(
                "the gradient is saved numbers, which belong to one point; other points need a function",
                hint="name the function that makes them, or leave out --points",
            )
        if self.device is not None and self.complex_view is None:
            parameters = {name: self.device.rounded(values) for name, values in parameters.items()}
        point = {**self.point, **parameters}
        double = None if self.in_double is None else self.in_double.at(parameters)
        recipe = None if self.recipe is None else MovedRecipe(self.recipe, point)
        return replace(self, point=point, recipe=recipe, known=None, in_double=double)

    def loss(self, parameters: Parameters) -> Losses:
        """Return the loss, that at the point itself from memory; not a number where the function has no value."""
        if parameters is self.parameters:
            return self.here
        with np.errstate(all="ignore"):
            return self.loss_or_nan(self.arguments({**self.point, **parameters}))

    def gradient(self, parameters: Parameters, arguments: Arguments | None = None) -> Parameters:
        """Return the claimed gradient, its shapes checked; the function gets `arguments`, where they are given."""
        given = arguments or self.arguments({**self.point, **parameters})
        claim = self.claimed(given) if self.is_asked else self.claim
        named = by_name(claim, self.point, "the gradient")
        return claimed_gradient(named, self.parameters, "the gradient", copy=self.is_asked, misfits=[])

    def entries_at_once(self, parameter: str) -> int:
        """Return a number for which progress is seen, and nothing but it is noticed of a trivial loss."""
        return max(ENTRIES_AT_ONCE, self.point[parameter].size // WORDS_OF_PROGRESS)

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the changes of the loss, one call each."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.moved_losses(parameter, entries, steps) - self.here)

    def moved_losses(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the losses with single entries moved, one call each."""
        with np.errstate(all="ignore"):
            losses = self.losses_on_one_copy(parameter, entries, steps) if self.one_copy else None
            return self.losses_on_copies(parameter, entries, steps) if losses is None else losses

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the losses with the parameters moved along directions, one call each."""
        with np.errstate(all="ignore"):
            losses = self.losses_on_moved_copy(moves) if self.one_copy else None
            return self.losses_on_moved_copies(moves) if losses is None else losses

    def along(self, direction: Direction, gradient: Parameters) -> tuple[float, float]:
        """Return the derivative along a direction that a gradient claims, and about how large it can be."""
        return along(direction, gradient, self.parameters, self.sizes)

    @cached_property
    def here(self) -> Losses:
        """The loss at the point."""
        if self.known is not None:
            return self.known
        with np.errstate(all="ignore"):
            return self.loss_or_nan(self.arguments(self.point))

    def is_loss_here(self, loss: Losses) -> bool:
        """Whether a loss may be that at the point, evaluated at another time or on another machine."""
        return self.is_same(loss, self.here)

    def is_loss_beside(self, loss: Losses) -> bool:
        """Whether a loss may be that beside the point; so it is where none is known there."""
        unknown = np.isnan(loss) | np.isnan(self.beside)
        return bool(np.all(unknown | self.same(loss, self.beside)))

    def is_same(self, loss: Losses, other: Losses) -> bool:
        """Whether two losses may be of one point."""
        return bool(np.all(self.same(loss, other)))

    def same(self, loss: Losses, other: Losses) -> NDArray[np.bool_]:
        """Return which of some losses may be of one point."""
        return np.asarray(np.abs(loss - other) <= SAME * np.abs(loss) + OF_SCATTER * self.scatter)

    @cached_property
    def sizes(self) -> dict[str, float]:
        """The sizes of the parameters, by which directions are measured."""
        return sizes_of(self.parameters)

    # how the functions are called

    def arguments(self, parameters: Parameters) -> Arguments:
        """Return copies for one call, or for many on one copy."""
        arguments = Arguments(parameters, self.data, one_array=self.one_array)
        return arguments if self.one_copy else self.handed.keep(arguments)

    def claimed(self, arguments: Arguments) -> Any:
        """Return what is claimed, as it comes."""
        if self.returns_both:
            answer = call(self.loss_function, arguments.first, **arguments.data)
            return loss_and_gradient(answer, called(self.loss_function))[1]
        return call(self.claim, arguments.first, **arguments.data) if callable(self.claim) else self.claim

    def loss_returned(self, answer: Any) -> Any:
        """Return the loss in what the function returned, as it comes."""
        return loss_and_gradient(answer, called(self.loss_function))[0] if self.returns_both else answer

    def loss_or_nan(self, arguments: Arguments) -> Losses:
        """Return the loss, or NaN where the function has no value there."""
        try:
            answer = self.loss_function(arguments.first, **arguments.data)
        except BaseException as error:  # noqa: BLE001  (sorted out there)
            return self.no_value(error)
        return self.number(answer)

    def no_value(self, error: BaseException) -> Losses:
        """Return NaN for what the function raised, where that says that it is not defined there.

        Raises
        ------
        UserFunctionError
            For anything else.
        """
        if isinstance(error, NO_VALUE_THERE):
            return math.nan if self.weighing is None else np.full(self.outputs, math.nan)
        if isinstance(error, KeyboardInterrupt | LateError | GradcheckError):
            raise error
        raise UserFunctionError.of(f"{called(self.loss_function)} raised", error) from error

    def number(self, answer: Any) -> Losses:
        """Return the loss in what the function returned."""
        if self.weighing is not None:
            return self.weighing.losses(answer)
        return scalar_loss(self.loss_returned(answer), f"what {called(self.loss_function)} returned")

    # the losses beside the point

    def losses_on_one_copy(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array | None:
        """Return the losses with single entries moved; None where the function changed more than we did."""
        arguments = self.arguments(self.point)
        function, first, data = self.loss_function, arguments.first, arguments.data
        plain = FLOATS if self.weighing is None else frozenset()
        values = arguments.parameters[parameter].reshape(-1)
        moves = zip(entries.tolist(), (values[entries] + steps).tolist(), values[entries].tolist(), strict=True)
        losses = []
        # a loss may take a microsecond: nothing is done here that could be done before or after
        for entry, moved, before in moves:
            values[entry] = moved
            try:
                answer = function(first, **data)
            except BaseException as error:  # noqa: BLE001  (sorted out there)
                losses.append(self.no_value(error))
            else:
                losses.append(answer if type(answer) in plain else self.number(answer))
            values[entry] = before
        return None if arguments.changed(self.point, self.data) else np.array(losses)

    def losses_on_copies(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the losses with single entries moved, each from copies of its own."""
        losses = np.empty((len(entries), *self.outputs))
        for k, (entry, step) in enumerate(zip(entries.tolist(), steps.tolist(), strict=True)):
            arguments = self.arguments(self.point)
            arguments.write(parameter, entry, self.point[parameter].reshape(-1)[entry] + step)
            losses[k] = self.loss_or_nan(arguments)
        return losses

    def losses_on_moved_copy(self, moves: Sequence[Move]) -> Array | None:
        """Return the losses with the parameters moved; None where the function changed more than we did."""
        arguments = self.arguments(self.point)
        losses = np.empty((len(moves), *self.outputs))
        for k, _ in enumerate(self.moved_in_turn(arguments, moves)):
            losses[k] = self.loss_or_nan(arguments)
        return None if len(moves) > 1 and arguments.changed(self.point, self.data) else losses

    def losses_on_moved_copies(self, moves: Sequence[Move]) -> Array:
        """Return the losses with the parameters moved, each from copies of its own."""
        losses = np.empty((len(moves), *self.outputs))
        for k, (direction, step) in enumerate(moves):
            arguments = self.arguments(self.point)
            self.move(arguments, direction, step)
            losses[k] = self.loss_or_nan(arguments)
        return losses

    def move(self, arguments: Arguments, direction: Direction, step: float) -> None:
        """Put the point + step * direction into the arguments of a call."""
        move(arguments.given, self.parameters, self.sizes, direction, step)

    def moved_in_turn(self, arguments: Arguments, moves: Sequence[Move]) -> Iterator[None]:
        """Move the arguments along each of some directions in turn, and back at the end."""
        return moved_in_turn(arguments.given, self.parameters, self.sizes, moves)


def call(function: Callable[..., Any], *arguments: Any, **data: Any) -> Any:
    """Call the user's function; what it raises becomes an error of ours that carries its traceback.

    Raises
    ------
    UserFunctionError
        Where the function raises anything, or exits.
    """
    with asking(f"{called(function)} raised"):
        return function(*arguments, **data)
