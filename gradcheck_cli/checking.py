"""The one use case: a problem in, a report out. Here the stages run in their order."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcheck_cli.comparison import compare_parameter, relative_difference, verdict_of
from gradcheck_cli.errors import ProblemError
from gradcheck_cli.numeric.centred import centred_gradient, require_step_taken
from gradcheck_cli.parameters import Array, Parameters, dictionary_to_vector
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.problems.user_function import FunctionProblem
from gradcheck_cli.results import CheckReport
from gradcheck_cli.settings import DEFAULT_EPSILON, DEFAULT_THRESHOLD, Settings

__all__ = ["check", "check_gradient"]


def check(
    problem: Problem,
    *,
    epsilon: float = DEFAULT_EPSILON,
    threshold: float = DEFAULT_THRESHOLD,
    progress: Callable[[int], None] = lambda _: None,
) -> CheckReport:
    """Check the gradient that a problem claims against centred differences of its loss.

    Parameters
    ----------
    problem : Problem
        What to check.
    epsilon : float, optional
        Step of the centred difference.
    threshold : float, optional
        What the difference may not exceed.
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
    settings = Settings(epsilon, threshold)
    require_something(problem.parameters)
    require_step_taken(problem.parameters, settings.epsilon)
    loss = finite_loss(problem)
    analytic = problem.gradient(problem.parameters)
    numeric = dict(centred_gradient(problem, settings.epsilon, progress))
    difference = relative_difference(dictionary_to_vector(analytic), dictionary_to_vector(numeric))
    return CheckReport(
        name=problem.name,
        verdict=verdict_of(difference, settings.threshold),
        difference=difference,
        threshold=settings.threshold,
        epsilon=settings.epsilon,
        loss=loss,
        evaluations=1 + 2 * sum(values.size for values in problem.parameters.values()),
        seconds=time.perf_counter() - started,
        parameters=tuple(
            compare_parameter(name, analytic[name], numeric[name], settings.threshold) for name in numeric
        ),
        notes=tuple(problem.notes),
    )


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
