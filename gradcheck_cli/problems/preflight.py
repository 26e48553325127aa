"""What can be told of the user's functions at the point, before any difference is taken.

What would make a right gradient look wrong is an error here: a loss that is no number, one that differs from call to
call, a gradient that does not fit. What a reader of the report should know is a note.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.errors import ProblemError, UserFunctionError
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.arguments import Arguments, same_bytes
from gradcheck_cli.problems.returned import by_name, claimed_gradient, scalar_loss
from gradcheck_cli.problems.user_function import FunctionProblem, call, name_of
from gradcheck_cli.results import entry_name

__all__ = ["preflight"]

SPREAD = 2.0  # standard deviations, or more, that a few calls lie apart
MOST_NOISE = 1e-5  # of the loss, from call to call; beyond it differences show nothing but noise
MOST_GRADIENT_NOISE = 1e-7  # of the gradient; below the threshold, so that it decides nothing
MEASURING_CALLS = 8
NUDGE = 1e-3  # of a parameter: enough to show even in float32
NUDGES = 2
SEED_HINT = "seed its random numbers inside the function: np.random.default_rng(0), torch.manual_seed(0)"


def preflight(problem: FunctionProblem, *, nudge: bool = True) -> FunctionProblem:
    """Call the user's functions twice each and look at what they do.

    Parameters
    ----------
    problem : FunctionProblem
        As the user gave it.
    nudge : bool, optional
        Whether to move each parameter, too, and see what the loss does.

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
    first, second = _LossCall.of(problem), _LossCall.of(problem)
    require_finite(first.loss, problem)
    spread = loss_spread([first.loss, second.loss], problem)
    claim = _Claim.of(problem)
    notes = [
        *([f"the loss differs from call to call at one point, by {spread:.1e}: taken as its noise"] if spread else ()),
        *repeated_notes(problem, claim.gradient),
        *changed_notes(first.changed, name_of(problem.loss_function)),
        *changed_notes(claim.changed, "the gradient"),
        *extra_note(claim.extra),
        *(nudge_notes(problem, first, claim.gradient, noisy=bool(spread)) if nudge else ()),
    ]
    return dataclasses.replace(
        problem,
        claim=claim.gradient,
        notes=(*problem.notes, *notes),
        keeps_inputs=not first.changed,
        scatter=spread / SPREAD,
    )


@dataclasses.dataclass(frozen=True)
class _LossCall:
    """One call of the loss at the point."""

    loss: float
    single: bool
    """Whether the number came in less than float64."""
    changed: Sequence[str]

    @classmethod
    def of(cls, problem: FunctionProblem) -> _LossCall:
        arguments = problem.arguments(problem.point)
        answer = problem.loss_returned(first_answer(problem, arguments))
        loss = scalar_loss(answer, f"what {name_of(problem.loss_function)} returned")
        dtype = np.asarray(answer).dtype
        return cls(loss, dtype.kind == "f" and dtype.itemsize < 8, arguments.changed(problem.point, problem.data))


@dataclasses.dataclass(frozen=True)
class _Claim:
    """One call of the gradient at the point."""

    gradient: Mapping[str, Array]
    extra: Sequence[str]
    """Keys that are no parameters."""
    changed: Sequence[str]

    @classmethod
    def of(cls, problem: FunctionProblem, *, copy: bool = True) -> _Claim:
        arguments = problem.arguments(problem.point)
        claim = by_name(problem.claimed(arguments), problem.point, "the gradient")
        return cls(
            claimed_gradient(claim, problem.parameters, "the gradient", copy=copy),
            [str(name) for name in claim if name not in problem.point],
            arguments.changed(problem.point, problem.data),
        )


def repeated_notes(problem: FunctionProblem, gradient: Parameters) -> list[str]:
    """Ask for the gradient once more, where it can be asked for, and say by how much it differs."""
    if not (problem.returns_both or callable(problem.claim)):
        return []
    return gradient_noise_note(gradient, _Claim.of(problem, copy=False).gradient)


def first_answer(problem: FunctionProblem, arguments: Arguments) -> Any:
    """Call the loss function, and where it takes its one array for a dict, say that it is none."""
    try:
        return call(problem.loss_function, arguments.first, **arguments.data)
    except UserFunctionError as error:
        if problem.one_array and "IndexError" in error.message:
            error.hint = "where there is one parameter the functions get it as an array, not in a dict"
        raise


def require_finite(loss: float, problem: FunctionProblem) -> None:
    """Raise ProblemError where the loss at the point is not finite."""
    if not math.isfinite(loss):
        raise ProblemError(
            f"the loss of {problem.name} is {loss} at its parameters, expected a finite number",
            hint="a gradient can only be checked where the loss is finite",
        )


def loss_spread(losses: list[float], problem: FunctionProblem) -> float:
    """Return by how much the loss differs from call to call.

    Raises
    ------
    ProblemError
        Where it is so much that nothing can be told from differences.
    """
    if losses[0] == losses[1]:
        return 0.0
    losses = losses + [_LossCall.of(problem).loss for _ in range(MEASURING_CALLS)]
    spread = max(losses) - min(losses)
    if not spread <= MOST_NOISE * max(map(abs, losses)):
        raise ProblemError(
            f"the loss differs from call to call at one point: {losses[0]!r}, then {losses[1]!r}"
            f" (spread {spread:.1e} in {len(losses)} calls), expected the same value",
            hint=SEED_HINT,
        )
    return spread


def gradient_noise_note(first: Parameters, second: Parameters) -> list[str]:
    """Say that the gradient differs between two calls at one point.

    Raises
    ------
    ProblemError
        Where it is so much that the verdict would hang on it.
    """
    if all(same_bytes(first[name], second[name]) or not gap(first[name], second[name]).any() for name in first):
        return []
    name = max(first, key=lambda key: float(np.max(gap(first[key], second[key]))))
    gaps = gap(first[name], second[name])
    position, largest = int(np.argmax(gaps)), max(float(np.max(np.abs(values))) for values in first.values())
    if not gaps[position] <= MOST_GRADIENT_NOISE * largest:
        raise ProblemError(
            f"the gradient differs between two calls at one point: {entry_name(name, first[name].shape, position)} is"
            f" {first[name].reshape(-1)[position]}, then {second[name].reshape(-1)[position]}, expected the same value",
            hint=SEED_HINT,
        )
    return [f"the gradient differs between two calls at one point, by {gaps[position]:.1e} at most"]


def gap(first: Array, second: Array) -> Array:
    """Return how far apart two gradients are, entry by entry; infinite where one of two is not finite."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(first - second).reshape(-1)
    same = np.equal(first, second) | (np.isnan(first) & np.isnan(second))
    return np.where(same.reshape(-1), 0.0, np.nan_to_num(apart, nan=np.inf))


def changed_notes(names: Sequence[str], function: str) -> list[str]:
    """Say which of its arrays a function changed."""
    return [f"{function} changes what it is given: {', '.join(names)}; it was given copies"] if names else []


def extra_note(names: Sequence[str]) -> list[str]:
    """Say which gradients are of nothing that there is."""
    return [f"the gradient has {', '.join(names)} as well: no parameter, left out"] if names else []


def nudge_notes(problem: FunctionProblem, first: _LossCall, gradient: Parameters, *, noisy: bool) -> Iterator[str]:
    """Move each parameter as a whole, and say where the loss does not care, or moves in steps of float32."""
    losses = {name: list(nudged_losses(problem, name)) for name in problem.parameters}
    every = {first.loss}.union(*losses.values())
    if first.single or are_single(every):
        yield "the loss is computed in float32, and is judged by its noise; gradients are best checked in float64"
    for name, values in losses.items():
        if not noisy and set(values) == {first.loss}:
            zero = "both gradients are zero there" if not gradient[name].any() else "the claimed gradient is not zero"
            yield f"the loss does not change with {name}: {zero}"


def nudged_losses(problem: FunctionProblem, name: str) -> Iterator[float]:
    """Yield the losses with all entries of one parameter moved a little."""
    random = np.random.default_rng(0)
    values = problem.point[name]
    size = float(np.max(np.abs(values), initial=0.0)) or 1.0
    for _ in range(NUDGES):
        moves = NUDGE * random.uniform(0.5, 1.5, values.shape) * np.where(values == 0, size, values)
        yield problem.loss({name: values + moves})


def are_single(losses: set[float]) -> bool:
    """Whether losses that differ are float32 numbers, and not for being whole numbers."""
    broken = [loss for loss in losses if math.isfinite(loss) and loss != round(loss)]
    numbers: NDArray[Any] = np.array(broken)
    with np.errstate(all="ignore"):
        return len(broken) > 2 and bool(np.all(numbers.astype(np.float32) == numbers))
