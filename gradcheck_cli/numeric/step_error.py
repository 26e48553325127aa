"""What is wrong with a numeric gradient at one step, where the reference does not share its difference."""

from __future__ import annotations

import math

import numpy as np

from gradcheck_cli.numeric.noise import loss_noise
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.vocabulary.parameters import Parameters, dictionary_to_vector
from gradcheck_cli.vocabulary.results import StepError, StepFault, entry_name

__all__ = ["find_step_error"]


def find_step_error(
    problem: Problem, numeric: Parameters, reference: Parameters, epsilon: float, seed: int
) -> StepError:
    """Find why the centred difference at `epsilon` is not the derivative.

    Round-off: n differences, each off by about the noise of J over epsilon, are off together by sqrt(n / 2) times that.
    Truncation shrinks with the square of the step; what does neither comes from a kink within the step.
    """
    errors = {name: np.abs(numeric[name] - reference[name]) for name in reference}
    name = max(errors, key=lambda key: float(np.max(np.nan_to_num(errors[key], nan=math.inf))))
    position = int(np.argmax(np.nan_to_num(errors[name], nan=math.inf)))
    error = float(errors[name].ravel()[position])
    n, r = dictionary_to_vector(numeric), dictionary_to_vector(reference)
    size = float(np.linalg.norm(n) + np.linalg.norm(r))
    noise = loss_noise(problem, seed).deviation
    return StepError(
        fault=find_fault(problem, name, position, reference, epsilon, error, noise),
        floor=math.sqrt(len(r) / 2) * noise / epsilon / size if size else 0.0,
        where=entry_name(name, reference[name].shape, position),
    )


def find_fault(
    problem: Problem, name: str, position: int, reference: Parameters, epsilon: float, error: float, noise: float
) -> StepFault:
    """Tell the kinds of error apart at the entry that is off by most."""
    if not error > 8 * noise / epsilon:
        return StepFault.ROUND_OFF
    step = epsilon / 4
    plus, minus = problem.loss_changes(name, np.array([position, position]), np.array([step, -step]))
    smaller = abs((plus - minus) / (2 * step) - reference[name].ravel()[position])
    # a quarter of the step leaves a sixteenth of the truncation
    return StepFault.TRUNCATION if error / 32 < smaller < error / 8 else StepFault.KINK
