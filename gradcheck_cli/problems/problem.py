"""The one seam of the program: what every problem answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.directions import Direction, Move
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = [
    "ENTRIES_AT_ONCE",
    "ComplexSafe",
    "Directional",
    "KnownGradient",
    "Movable",
    "Moved",
    "Problem",
    "Saved",
    "Shared",
    "changes_in_turn",
    "changes_one_by_one",
    "losses_at",
    "saved_in",
]

ENTRIES_AT_ONCE = 64  # where each takes a call of the loss

Moved: TypeAlias = "tuple[str, NDArray[np.intp], Array]"  # what `Problem.loss_changes` is asked for


class Problem(Protocol):
    """Parameters, their loss and the gradient under test.

    The numeric side asks for losses only, never for `gradient`: a numeric gradient that leans on the code it judges
    proves nothing.
    """

    @property
    def name(self) -> str:
        """What the report calls it."""

    @property
    def parameters(self) -> Parameters:
        """The point at which the gradient is checked."""

    @property
    def notes(self) -> Sequence[str]:
        """What a reader of the report should know about how the problem was understood."""

    def loss(self, parameters: Parameters) -> float:
        """Return the loss J at `parameters`."""

    def gradient(self, parameters: Parameters) -> Parameters:
        """Return the claimed (analytic) gradient at `parameters`: the same names and shapes."""

    def entries_at_once(self, parameter: str) -> int:
        """Return how many entries of a parameter to ask for at a time, between two words of progress."""

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return by how much the loss changes when single entries of one parameter are moved: an evaluation for each.

        A change, and not the loss itself, so that a problem that knows its structure can answer without the
        cancellation that two nearly equal losses suffer in their difference.

        Parameters
        ----------
        parameter : str
            Name of the parameter.
        entries : ndarray of shape (k,)
            Positions in the parameter, counted row by row.
        steps : ndarray of shape (k,)
            How far each is moved, in the parameter's units.

        Returns
        -------
        ndarray of shape (k,)
            J with only that entry moved, less J at the point, for each of them.
        """


@runtime_checkable
class ComplexSafe(Problem, Protocol):
    """What a problem may offer besides, whose losses take complex numbers: its reference then needs no ladder.

    All is asked for some rows at a time, a slice of a parameter's first axis, for the whole may be very large.
    """

    def complex_step_gradients(self, parameter: str, rows: slice) -> Sequence[Array]:
        """Return some rows of the gradient of the loss by the complex step.

        Returns
        -------
        sequence of ndarray
            One; at a kink several, for slopes of both its sides and between.
        """

    def rounding_floor(self, parameter: str, rows: slice, machine_epsilon: float) -> Array:
        """Return what rows of a right gradient, computed with that machine epsilon, may be off by for rounding."""


@runtime_checkable
class Directional(Problem, Protocol):
    """What a problem offers besides that can be moved as a whole: it can be screened."""

    @property
    def sizes(self) -> dict[str, float]:
        """The usual size of an entry of each parameter: see `directions.sizes_of`."""

    @property
    def scatter(self) -> float:
        """Standard deviation of the loss from call to call at one point; 0 where it is always the same."""

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the losses with the parameters moved along directions, one for each move."""

    def along(self, direction: Direction, gradient: Parameters) -> tuple[float, float]:
        """Return the derivative along a direction that a gradient claims, and about how large it can be."""


@runtime_checkable
class Shared(Protocol):
    """What is offered besides where evaluations may be made side by side: the more of them are known, the better."""

    def losses_at(self, points: Iterable[Parameters]) -> Array:
        """Return the loss at each of some points."""

    def changes_in_turn(self, asked: Iterable[Moved]) -> Iterator[Array]:
        """Yield what `Problem.loss_changes` returns, for one question after another."""


@runtime_checkable
class KnownGradient(Protocol):
    """What a problem offers that has the right gradient itself in the place of a loss."""

    def known_gradient(self) -> Parameters:
        """Return the right gradient."""

    def known_bars(self, machine_epsilon: float) -> Parameters:
        """Return what a claim, computed with that machine epsilon, may be off by, whatever the threshold."""


@runtime_checkable
class Movable(Problem, Protocol):
    """What a problem offers besides that can be checked at other points than its own."""

    def at(self, parameters: Parameters) -> Problem:
        """Return the same problem at another point.

        Raises
        ------
        SettingError
            Where its claim is saved numbers.
        """


@runtime_checkable
class Saved(Protocol):
    """What a problem offers besides whose claim was saved, and may have been in less than float64."""

    @property
    def saved_in(self) -> Mapping[str, str]:
        """By parameter, the arithmetic that its claim was saved in, ``"float16"`` say; none where that is float64."""


def saved_in(problem: object) -> Mapping[str, str]:
    """Return `Saved.saved_in`, nothing of a problem that does not have it."""
    return problem.saved_in if isinstance(problem, Saved) else {}


def losses_at(problem: Problem, points: Iterable[Parameters]) -> Array:
    """Return the loss at each of some points, which do not depend on each other's losses."""
    if isinstance(problem, Shared):
        return problem.losses_at(points)
    return np.array([problem.loss(point) for point in points])


def changes_in_turn(problem: Problem, asked: Iterable[Moved]) -> Iterator[Array]:
    """Yield the changes of the loss for one question after another, none of which depends on an answer before it.

    Where workers evaluate, they are at later questions before earlier ones are answered.
    """
    if isinstance(problem, Shared):
        return problem.changes_in_turn(asked)
    return (problem.loss_changes(*moved) for moved in asked)


def changes_one_by_one(problem: Problem, here: float, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
    """Answer `Problem.loss_changes` with one call of the loss for each entry; `here` is the loss at the point."""
    moved = {name: array.copy() for name, array in problem.parameters.items()}
    values = moved[parameter].reshape(-1)
    losses = np.empty(len(entries))
    for k, (entry, step) in enumerate(zip(entries, steps, strict=True)):
        before = values[entry]
        values[entry] = before + step
        losses[k] = problem.loss(moved)
        values[entry] = before
    with np.errstate(invalid="ignore"):  # a loss may overflow: its change is then not finite
        return losses - here
