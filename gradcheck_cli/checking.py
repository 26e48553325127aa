"""The one use case: a problem in, a report out. Here the stages run in their order."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.comparison.gradients import (
    compare_classic,
    compare_parameter,
    counted_difference,
    relative_difference,
)
from gradcheck_cli.comparison.precision import judge_precision
from gradcheck_cli.comparison.reasons import hidden_in_the_whole, reasons_for
from gradcheck_cli.comparison.verdicts import verdict_of, whole_verdict
from gradcheck_cli.errors import ProblemError
from gradcheck_cli.numeric.centred import centred_gradient, require_step_taken
from gradcheck_cli.numeric.counted import CountedProblem
from gradcheck_cli.numeric.reference import find_reference
from gradcheck_cli.numeric.step_error import find_step_error
from gradcheck_cli.numeric.step_sweep import problem_sweeps
from gradcheck_cli.parameters import Array, Parameters, dictionary_to_vector
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.problems.user_function import FunctionProblem
from gradcheck_cli.results import CheckReport
from gradcheck_cli.settings import DEFAULT_EPSILON, DEFAULT_THRESHOLD, Settings

__all__ = ["check", "check_gradient"]

Progress = Callable[[int], None]


def check(
    problem: Problem,
    *,
    epsilon: float | str = DEFAULT_EPSILON,
    threshold: float = DEFAULT_THRESHOLD,
    precision: str = "auto",
    classic: bool = False,
    require_sensitivity: float | None = None,
    seed: int = 0,
    sweep_steps: bool = False,
    progress: Progress = lambda _: None,
) -> CheckReport:
    """Check the gradient that a problem claims against differences of its loss.

    Parameters
    ----------
    problem : Problem
        What to check.
    epsilon : float or "auto", optional
        Step of the centred difference; ``"auto"`` takes the difference from the reference instead.
    threshold : float, optional
        What the difference may not exceed.
    precision : {"auto", "float32", "float64"}, optional
        The arithmetic that the claimed gradient may come from.
    classic : bool, optional
        Whether the course's rule alone decides, without a reference.
    require_sensitivity : float, optional
        The relative error of a single entry that a PASS must be able to see.
    seed : int, optional
        Of the random directions along which the noise of the loss is measured.
    sweep_steps : bool, optional
        Whether to take the worst entries' differences at many steps as well, for a picture.
    progress : callable, optional
        Called with the number of entries done since the last call.

    Returns
    -------
    CheckReport

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked: see `gradcheck_cli.errors`.
    """
    started = time.perf_counter()
    settings = Settings(epsilon, threshold, precision, classic, require_sensitivity, seed)
    counted = CountedProblem(problem)
    point = Point.of(counted, settings)
    report = (
        classic_report(counted, point, settings, progress)
        if classic
        else full_report(counted, point, settings, progress)
    )
    return dataclasses.replace(
        report,
        evaluations=counted.evaluations,
        settings=dataclasses.asdict(settings),
        sweeps=problem_sweeps(problem, report, seed) if sweep_steps else (),
        seconds=time.perf_counter() - started,
    )


@dataclass(frozen=True)
class Point:
    """What is known at the parameters before anything is differentiated."""

    loss: float
    analytic: Parameters

    @classmethod
    def of(cls, problem: Problem, settings: Settings) -> Point:
        """Ask the problem, and raise ProblemError where there is nothing to check."""
        require_something(problem.parameters)
        if settings.step is not None:
            require_step_taken(problem.parameters, settings.step)
        return cls(finite_loss(problem), problem.gradient(problem.parameters))


def classic_report(problem: CountedProblem, point: Point, settings: Settings, progress: Progress) -> CheckReport:
    """Judge by the course's rule: the difference of the whole at one step, and nothing else."""
    numeric = centred_differences(problem, settings, progress)
    parameters = tuple(
        compare_classic(name, point.analytic[name], numeric[name], settings.threshold) for name in numeric
    )
    difference = relative_difference(dictionary_to_vector(point.analytic), dictionary_to_vector(numeric))
    verdict = verdict_of(difference, settings.threshold)
    return CheckReport(
        name=problem.name,
        verdict=verdict,
        difference=difference,
        refined_difference=difference,
        threshold=settings.threshold,
        epsilon=settings.epsilon,
        loss=point.loss,
        evaluations=0,
        reference="",
        seconds=0.0,
        parameters=parameters,
        reasons=hidden_in_the_whole(parameters, verdict),
        notes=tuple(problem.notes),
    )


def full_report(problem: CountedProblem, point: Point, settings: Settings, progress: Progress) -> CheckReport:
    """Judge every entry by its reference; the difference at the chosen step stays the headline."""
    found = find_reference(problem, point.analytic, settings, progress)
    references, precision_notes = judge_precision(point.analytic, found.parameters, settings)
    values = {name: reference.values for name, reference in references.items()}
    numeric = values if settings.step is None else centred_differences(problem, settings, progress)
    parameters = tuple(
        compare_parameter(name, point.analytic[name], numeric[name], references[name], settings.threshold)
        for name in references
    )
    difference = counted_difference(point.analytic, numeric, references, settings)
    verdict = whole_verdict(parameters, difference, settings)
    report = CheckReport(
        name=problem.name,
        verdict=verdict,
        difference=difference,
        refined_difference=relative_difference(dictionary_to_vector(point.analytic), dictionary_to_vector(values)),
        threshold=settings.threshold,
        epsilon=settings.epsilon,
        loss=point.loss,
        evaluations=0,
        reference=found.method,
        seconds=0.0,
        parameters=parameters,
        notes=(*problem.notes, *precision_notes),
    )
    step_error = None
    if settings.step is not None and not difference <= settings.threshold:
        step_error = find_step_error(problem, numeric, values, settings.step, settings.seed)
    return dataclasses.replace(report, reasons=reasons_for(report, settings, step_error))


def centred_differences(problem: Problem, settings: Settings, progress: Progress) -> dict[str, Array]:
    """Return the course's numeric gradient at the chosen step."""
    return dict(centred_gradient(problem, float(settings.epsilon), progress))


def check_gradient(
    loss: Callable[[dict[str, Array]], Any],
    gradient: Callable[[dict[str, Array]], Any] | Mapping[str, Any],
    parameters: Mapping[str, Any],
    *,
    name: str = "function",
    **settings: Any,
) -> CheckReport:
    """Check the gradient of a function of named arrays.

    Parameters
    ----------
    loss : callable
        parameters -> float, where parameters is a dict of float64 arrays.
    gradient : callable or mapping of str to array_like
        parameters -> gradient, or the gradient itself: a dict with the parameters' names and shapes.
    parameters : mapping of str to array_like
        The point at which to check. It is copied, never changed.
    name : str, optional
        What the report calls it.
    **settings
        As for `check`.

    Returns
    -------
    CheckReport

    Raises
    ------
    GradcheckError
        As for `check`; among them UserFunctionError where one of the functions raises.

    Examples
    --------
    >>> report = check_gradient(lambda p: (p["w"] ** 2).sum(), lambda p: {"w": 2 * p["w"]}, {"w": [1.0, 2.0]})
    >>> report.passed
    True
    """
    point = {key: as_parameter(key, values) for key, values in parameters.items()}
    return check(FunctionProblem(point, loss, gradient, name), **settings)


def as_parameter(name: str, values: Any) -> Array:
    """Return `values` as a float64 array of its own.

    Raises
    ------
    ProblemError
        Where they are not real numbers, or one of them is not finite.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise ProblemError(f"parameter {name} has dtype {array.dtype}, expected real numbers")
    if not np.isfinite(array).all():
        raise ProblemError(f"parameter {name} holds NaN or infinity, expected finite numbers")
    return np.array(array, dtype=np.float64)


def require_something(parameters: Parameters) -> None:
    """Raise ProblemError where there is no entry to check, or an empty parameter."""
    empty = [name for name, values in parameters.items() if not values.size]
    if empty or not parameters:
        what = f"parameter {empty[0]} is empty" if empty else "there are no parameters"
        raise ProblemError(f"{what}: nothing to check")


def finite_loss(problem: Problem) -> float:
    """Return J at the problem's point, or raise ProblemError where it is not finite."""
    loss = problem.loss(problem.parameters)
    if not math.isfinite(loss):
        raise ProblemError(
            f"the loss of {problem.name} is {loss} at its parameters, expected a finite number",
            hint="a gradient can only be checked where the loss is finite",
        )
    return loss
