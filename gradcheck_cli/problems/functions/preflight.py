"""What can be told of the user's functions at the point, before any difference is taken.

What would make a right gradient look wrong is an error here: a loss that is no number, one that differs from call to
call, a gradient that does not fit. What a reader of the report should know is a note.

The second call of the loss is on arrays that were handed over before, close to the point, and were then moved to
the point in place: a loss that remembers its arrays, by reference or by ``id``, gives the old loss there. The functions
are called last at the point itself, on arrays that stay there: a gradient may lean on what the loss has left behind.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.directions import Direction
from gradcheck_cli.problems.functions.arguments import Arguments, Handed, same_bytes
from gradcheck_cli.problems.functions.function import Asked, FunctionProblem, Losses, call
from gradcheck_cli.problems.functions.repeated import hint_of
from gradcheck_cli.problems.functions.returned import Misfit, by_name, claimed_gradient, scalar_loss
from gradcheck_cli.vocabulary.asking import asking, called
from gradcheck_cli.vocabulary.errors import ProblemError, UserFunctionError
from gradcheck_cli.vocabulary.parameters import Array, Parameters, dictionary_to_vector
from gradcheck_cli.vocabulary.results import entry_name
from gradcheck_cli.vocabulary.settings import DEFAULT_REPEAT

__all__ = ["CALLS", "ignored_by", "preflight"]

CALLS = 3  # of the loss, where nothing is the matter: at the point, a little beside it, at the point
SPREAD = 2.0  # standard deviations, or more, that a few calls lie apart
MOST_NOISE = 1e-5  # of the loss, from call to call; beyond it differences show nothing but noise
MOST_GRADIENT_NOISE = 1e-7  # of the gradient; below the threshold, so that it decides nothing
MEASURING_CALLS = 8
NUDGE = 1e-3  # of a parameter: enough to show even in float32
NUDGES = 2


def preflight(problem: FunctionProblem, *, repeat: int = DEFAULT_REPEAT) -> FunctionProblem:
    """Call the user's functions twice each, or more often, and look at what they do.

    Parameters
    ----------
    problem : FunctionProblem
        As the user gave it.
    repeat : int, optional
        How often each is called at the point; at least twice.

    Returns
    -------
    FunctionProblem
        The same with notes on what was found; its claim is then the gradient itself.

    Raises
    ------
    ProblemError
        Where the loss or the gradient is not what can be checked.
    UserFunctionError
        Where a function raises.
    """
    first, losses, beside, changes, remembers = first_calls(problem)
    losses += [_LossCall.of(problem).loss for _ in range(repeat - len(losses))]
    spread = loss_spread(losses, problem)
    widest = float(np.max(spread))
    claim = _Claim.of(problem) if problem.weighing is None else _Claim({}, (), ())
    name, one_copy = called(problem.loss_function), not (changes or remembers)
    notes = [
        *([f"the loss differs from call to call at one point, by {widest:.1e}: taken as its noise"] if widest else ()),
        *repeated_notes(problem, claim.gradient, repeat),
        *changed_notes(changes, name),
        *([f"{name} keeps the arrays that it was given, so every call gets new ones"] if remembers else ()),
        *changed_notes(claim.changed, "the gradient"),
        *extra_note(claim.extra),
    ]
    return dataclasses.replace(
        problem,
        claim=claim.gradient if problem.weighing is None else None,
        misfits=tuple(claim.misfits),
        asked=Asked(problem if problem.is_asked else None),
        notes=(*problem.notes, *notes),
        single=first.single or is_rounded(problem, first.loss, beside),
        one_copy=one_copy,
        scatter=spread / SPREAD,
        known=first.loss,
        beside=beside,
        handed=Handed() if one_copy else problem.handed,
    )


def first_calls(problem: FunctionProblem) -> tuple[_LossCall, list[Losses], Losses, Sequence[str], bool]:
    """Call the loss at the point, and once more there on arrays that were somewhere else before.

    Returns
    -------
    first : _LossCall
        At the point.
    losses : list of float
        At the point, that of the first call among them, so far as the arrays were right.
    beside : float
        The loss close to the point; NaN where it has no value there, or was not called.
    changes : sequence of str
        The arrays that the loss changed.
    remembers : bool
        Whether the loss may be that of where the arrays were before.
    """
    arguments = problem.arguments(problem.point)  # as long as they are here, no others have their ids
    first = _LossCall.of(problem, arguments)
    require_finite(first.loss, problem)
    if first.changed:
        return first, [first.loss, _LossCall.of(problem).loss], math.nan, first.changed, False
    moved, beside, again = loss_in_place(problem)
    changes = moved.changed(problem.point, problem.data)
    if np.array_equal(again, first.loss) and not changes:
        return first, [first.loss, again], beside, (), False
    nudge(moved, problem)  # where the loss believes it to be
    others = problem.arguments(problem.point)
    fresh = _LossCall.of(problem, others).loss
    if changes or not np.array_equal(fresh, first.loss):
        return first, [first.loss, fresh], beside, changes, False
    moved, _, stale = loss_in_place(problem)
    nudge(moved, problem)
    last = _LossCall.of(problem).loss
    if not np.array_equal(stale, again, equal_nan=True):
        return first, [first.loss, again, fresh, stale, last], beside, (), False
    problem.handed.keep_more()
    return first, [first.loss, fresh, last], beside, (), True


def loss_in_place(problem: FunctionProblem) -> tuple[Arguments, Losses, Losses]:
    """Call the loss close to the point, and on the same arrays at the point; return them and both losses."""
    arguments = problem.arguments(problem.point)
    nudge(arguments, problem)
    with np.errstate(all="ignore"):
        beside = loss_or_nan(problem, arguments)
        arguments.put(problem.point)
        return arguments, beside, loss_or_nan(problem, arguments)


def loss_or_nan(problem: FunctionProblem, arguments: Arguments) -> Losses:
    """Return the loss, or NaN where the function has no value; the call counts."""
    with problem.calls.one():
        return problem.loss_or_nan(arguments)


def nudge(arguments: Arguments, problem: FunctionProblem) -> None:
    """Move every entry that is checked a little, up or down, to the same place each time."""
    arguments.put(problem.point)
    count = sum(values.size for values in problem.parameters.values())
    problem.move(arguments, Direction(0, 0, 0, count), NUDGE)


@dataclasses.dataclass(frozen=True)
class _LossCall:
    """One call of the loss at the point."""

    loss: Losses
    single: bool
    """Whether the number came in less than float64."""
    changed: Sequence[str]

    @classmethod
    def of(cls, problem: FunctionProblem, arguments: Arguments | None = None) -> _LossCall:
        arguments = arguments or problem.arguments(problem.point)
        answer = problem.loss_returned(first_answer(problem, arguments))
        if problem.weighing is not None:
            return cls(problem.number(answer), single=False, changed=arguments.changed(problem.point, problem.data))
        loss = scalar_loss(answer, f"what {called(problem.loss_function)} returned")
        with asking("inspecting the loss raised"):
            dtype = np.asarray(answer).dtype
        return cls(loss, dtype.kind == "f" and dtype.itemsize < 8, arguments.changed(problem.point, problem.data))


@dataclasses.dataclass(frozen=True)
class _Claim:
    """One call of the gradient at the point."""

    gradient: Mapping[str, Array]
    extra: Sequence[str]
    """Keys that are no parameters."""
    changed: Sequence[str]
    misfits: Sequence[Misfit] = ()
    """Arrays of another shape, which were broadcast."""

    @classmethod
    def of(cls, problem: FunctionProblem, *, copy: bool = True) -> _Claim:
        arguments = problem.arguments(problem.point)
        with problem.calls.one() if problem.returns_both else nullcontext(), blamed_on_precision(problem):
            claimed = problem.claimed(arguments)
        claim = by_name(claimed, problem.point, "the gradient")
        misfits: list[Misfit] = []
        copy = copy and (problem.device is None or problem.device.on_cpu)  # what comes from elsewhere is new
        gradient = claimed_gradient(claim, problem.parameters, "the gradient", copy=copy, misfits=misfits)
        with asking("reading the keys of the gradient raised"):
            extra = [str(name) for name in claim if name not in problem.point]
        return cls(gradient, extra, arguments.changed(problem.point, problem.data), misfits)


@contextmanager
def blamed_on_precision(problem: FunctionProblem) -> Iterator[None]:
    """Say of what a gradient raises that it is computed in less than float64, where that is so."""
    try:
        yield
    except UserFunctionError as error:
        if problem.in_double is not None and problem.device is not None:
            arithmetic = problem.device.arithmetic
            error.hint = f"the gradient is computed in {arithmetic}, as asked for: does the loss have arrays of others?"
        raise


def repeated_notes(problem: FunctionProblem, gradient: Parameters, repeat: int) -> list[str]:
    """Ask for the gradient again, where it can be asked for, and say by how much it differs.

    Raises
    ------
    ProblemError
        Where it is so much that the verdict would hang on it.
    """
    if not problem.is_asked:
        return []
    largest = 0.0
    for number in range(2, repeat + 1):
        again = _Claim.of(problem, copy=False).gradient
        largest = max(largest, widest_gap(gradient, again))
        if largest and not largest <= MOST_GRADIENT_NOISE * largest_of(gradient):
            raise differs(problem, gradient, {name: values.copy() for name, values in again.items()}, number)
    return [f"the gradient differs between two calls at one point, by {largest:.1e} at most"] if largest else []


def first_answer(problem: FunctionProblem, arguments: Arguments) -> Any:
    """Call the loss function, and where it takes its one array for a dict, say that it is none."""
    try:
        with problem.calls.one():
            return call(problem.loss_function, arguments.first, **arguments.data)
    except UserFunctionError as error:
        if problem.one_array and "IndexError" in error.message:
            error.hint = "if there is one parameter, the functions get it as an array, not in a dict"
        raise


def require_finite(loss: Losses, problem: FunctionProblem) -> None:
    """Raise ProblemError where the loss at the point is not finite."""
    if not np.isfinite(loss).all():
        bad = loss if problem.weighing is None else loss[~np.isfinite(loss)][0]
        raise ProblemError(
            f"the loss of {problem.name} is {bad} at its parameters, expected a finite number",
            hint="a gradient can only be checked where the loss is finite",
        )


def loss_spread(losses: list[Losses], problem: FunctionProblem) -> Losses:
    """Return by how much the loss differs from call to call.

    Raises
    ------
    ProblemError
        Where it is so much that nothing can be told from differences.
    """
    if all(np.array_equal(loss, losses[0]) for loss in losses):
        return 0.0
    one_after_another = [_LossCall.of(problem).loss for _ in range(MEASURING_CALLS)]
    values = np.array([*losses, *one_after_another])
    spread = np.max(values, axis=0) - np.min(values, axis=0)
    noisy = ~(spread <= MOST_NOISE * np.max(np.abs(values)))  # an output may be near zero beside others
    if np.any(noisy):
        column = values.reshape(len(values), -1)[:, np.argmax(noisy)].tolist()
        raise ProblemError(
            f"the loss differs from call to call at one point: {column[0]!r}, then"
            f" {next(loss for loss in column if loss != column[0])!r}"
            f" (spread {max(column) - min(column):.1e} in {len(column)} calls), expected the same value",
            hint=hint_of(np.array(one_after_another).reshape(MEASURING_CALLS, -1), "loss"),
        )
    return spread


def widest_gap(first: Parameters, second: Parameters) -> float:
    """Return how far apart two gradients are where they are furthest."""
    return max(
        0.0 if same_bytes(first[name], second[name]) else float(np.max(gap(first[name], second[name])))
        for name in first
    )


def largest_of(gradient: Parameters) -> float:
    """Return the largest magnitude in a gradient."""
    return max(float(np.max(np.abs(values))) for values in gradient.values())


def differs(problem: FunctionProblem, first: Parameters, other: Parameters, number: int) -> ProblemError:
    """Make the error for a gradient that differs in one of its calls; more of them tell what kind of difference it is.

    Parameters
    ----------
    problem : FunctionProblem
        Is called.
    first, other : mapping of str to ndarray
        The gradient of the first call, and the other one.
    number : int
        Of the other call; those before it were like the first.
    """
    name = max(first, key=lambda key: float(np.max(gap(first[key], other[key]))))
    position = int(np.argmax(gap(first[name], other[name])))
    more = [_Claim.of(problem).gradient for _ in range(MEASURING_CALLS)]
    calls = [first] * (number - 1) + [other, *more]
    values = np.array([dictionary_to_vector(gradient) for gradient in calls])
    late = f" in call {number}" if number > 2 else ""
    return ProblemError(
        f"the gradient differs between two calls at one point: {entry_name(name, first[name].shape, position)} is"
        f" {first[name].reshape(-1)[position]}, then {other[name].reshape(-1)[position]}{late},"
        " expected the same value",
        hint=hint_of(values, "gradient"),
    )


def gap(first: Array, second: Array) -> Array:
    """Return how far apart two gradients are, entry by entry; infinite where one of two is not finite."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(first - second).reshape(-1)
    same = np.equal(first, second) | (np.isnan(first) & np.isnan(second))
    return np.where(same.reshape(-1), 0.0, np.nan_to_num(apart, nan=np.inf))


def changed_notes(names: Sequence[str], function: str) -> list[str]:
    """Say which of its arrays a function changed."""
    return [f"{function} modifies its input {', '.join(names)} (a copy; your arrays are safe)"] if names else []


def extra_note(names: Sequence[str]) -> list[str]:
    """Say which gradients are of nothing that there is."""
    return [f"ignored {', '.join(names)} in the gradient: not a parameter"] if names else []


def is_rounded(problem: FunctionProblem, here: Losses, beside: Losses) -> bool:
    """Return whether the loss moves in steps of float32; of a loss in float64 the two values tell, without a call."""
    losses = set(np.append(here, beside).tolist())
    if are_single(losses):
        losses.update(np.ravel(nudged_losses(counted(problem), problem.point, problem.parameters)).tolist())
    return len(broken(losses)) > 2 and are_single(losses)


def counted(problem: FunctionProblem) -> Callable[[Parameters], Losses]:
    """Return the loss, each call of which counts."""

    def loss(parameters: Parameters) -> Losses:
        with problem.calls.one():
            return problem.loss(parameters)

    return loss


def ignored_by(
    loss: Callable[[Parameters], Losses], point: Parameters, names: Collection[str], here: Losses
) -> Sequence[str]:
    """Return with which parameters the loss does not change: all are moved at once, and only if it does, each alone.

    Parameters
    ----------
    loss : callable
        Of named arrays.
    point : mapping of str to ndarray
        The parameters.
    names : collection of str
        Those that the loss seems not to depend on.
    here : float
        The loss at the point.
    """

    def is_still(some: Collection[str]) -> bool:
        return all(moved == here for moved in nudged_losses(loss, point, some))

    if is_still(names):
        return list(names)
    return [name for name in names if len(names) > 1 and is_still([name])]


def nudged_losses(loss: Callable[[Parameters], Losses], point: Parameters, names: Collection[str]) -> list[Losses]:
    """Return the losses with all entries of some parameters moved a little."""
    random = np.random.default_rng(0)

    def moved() -> Parameters:
        return {name: point[name] + little(point[name], largest_entry(point[name]), random) for name in names}

    return [loss({**point, **moved()}) for _ in range(NUDGES)]


def largest_entry(values: Array) -> float:
    """Return the largest magnitude; 1 where all are zero."""
    return max(float(np.max(values)), -float(np.min(values))) or 1.0


def little(values: Array, size: float, random: np.random.Generator) -> Array:
    """Return for each entry a small part of it; of a zero, of the size."""
    return np.asarray(NUDGE * random.uniform(0.5, 1.5, values.shape) * np.where(values == 0, size, values))


def are_single(losses: set[float]) -> bool:
    """Whether losses are float32 numbers, but for those that are whole or not finite."""
    numbers: NDArray[Any] = np.array(broken(losses))
    with np.errstate(all="ignore"):
        return bool(np.all(numbers.astype(np.float32) == numbers))


def broken(losses: set[float]) -> list[float]:
    """Return the losses that are no whole numbers: those are float32 numbers whatever they come from."""
    return [loss for loss in losses if math.isfinite(loss) and loss != round(loss)]
