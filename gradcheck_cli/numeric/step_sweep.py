"""The error of one entry's centred difference against the step: whether the gradient or the step is to blame.

Truncation falls with the square of the step, round-off of J rises as noise / step. A right gradient's errors make a
valley between the two; a wrong gradient's do not fall below what is wrong with it, whatever the step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcheck_cli.vocabulary.results import CheckReport, Entry, EntryVerdict, ParameterResult, StepSweep, Verdict

if TYPE_CHECKING:
    from gradcheck_cli.problems.problem import Problem

__all__ = ["STEPS", "problem_sweeps", "sweep"]

STEPS = tuple(10.0 ** (-k / 2) for k in range(2, 25))  # 1e-1 to 1e-12
FLOORS_EXPLAINED = 30.0  # an error of that many round-off floors is not round-off
LEVEL = 1.5  # errors within this ratio of each other are on a level
VALLEY = range(4, 13)  # 1e-3 to 1e-7, where a right gradient's errors fall and rise by decades


def problem_sweeps(problem: Problem, report: CheckReport, seed: int) -> tuple[StepSweep, ...]:
    """Sweep the steps for the worst entry of every parameter that falls short.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken; its gradient is never asked for.
    report : CheckReport
        What was found.
    seed : int
        Of the direction in which the noise of the loss is measured.
    """
    from gradcheck_cli.numeric.noise import loss_noise

    if report.passed:
        return ()
    noise = loss_noise(problem, seed).deviation
    sweeps = []
    for parameter in (parameter for parameter in report.short if parameter.entries):
        k = worst_position(parameter)
        numeric = differences(problem, parameter.name, parameter.entries.place(k))
        sweeps.append(sweep(report, parameter, k, numeric, noise))
    return tuple(sweeps)


def differences(problem: Problem, parameter: str, position: int) -> list[float]:
    """Return the centred difference of an entry at every step."""
    import numpy as np

    steps = np.array(STEPS)
    entries = np.full(2 * len(steps), position)
    plus, minus = np.split(problem.loss_changes(parameter, entries, np.concatenate([steps, -steps])), 2)
    with np.errstate(invalid="ignore"):  # a loss may overflow: the difference is then not finite
        return [float(d) for d in (plus - minus) / (2 * steps)]


def worst_position(parameter: ParameterResult) -> int:
    """Return the position of the worst entry; where no entry is wrong, of the worst numeric value."""
    entries = parameter.entries
    if parameter.verdict is Verdict.FAIL:
        return next(k for k in range(len(entries)) if entries[k].name == parameter.worst.name)
    return max(range(len(entries)), key=lambda k: abs(entries.analytic[k] - entries.numeric[k]))


def sweep(
    report: CheckReport, parameter: ParameterResult, position: int, numeric: Sequence[float], noise: float
) -> StepSweep:
    """Make the record from the centred differences at `STEPS`."""
    entry = parameter.entries[position]
    errors = tuple(abs(entry.analytic - value) for value in numeric)
    slope = falling_slope(errors, noise)
    return StepSweep(parameter.name, entry.name, STEPS, errors, noise, slope, meaning(report, entry, errors, noise))


def falling_slope(errors: Sequence[float], noise: float) -> float | None:
    """Return the slope of the errors on log axes from the largest step down, as far as they fall; None where not."""
    falling = [(STEPS[0], errors[0])]
    for step, error in zip(STEPS[1:], errors[1:], strict=True):
        if not FLOORS_EXPLAINED * noise / step < error < falling[-1][1] / LEVEL:
            break
        falling.append((step, error))
    (first_step, first), (last_step, last) = falling[0], falling[-1]
    if len(falling) < 3 or not math.isfinite(first):
        return None
    return math.log(first / last) / math.log(first_step / last_step)


def meaning(report: CheckReport, entry: Entry, errors: Sequence[float], noise: float) -> str:
    """Say in one sentence whether the gradient or the step is to blame."""
    finite = [k for k, error in enumerate(errors) if math.isfinite(error)]
    if not math.isfinite(entry.analytic) or not finite:
        what = "analytic value" if finite or not math.isfinite(entry.analytic) else "loss"
        return f"is not finite at any step, for the {what} is not"
    best = min(finite, key=lambda k: errors[k])
    allowed = report.threshold * abs(entry.analytic) + entry.bar + FLOORS_EXPLAINED * noise / STEPS[best]
    if errors[best] <= allowed:
        fallen = f"falls to {errors[best]:.1e} at step {STEPS[best]:.0e}"
        if entry.verdict is EntryVerdict.DISAGREES:
            return f"{fallen}, as low as differences can show; the reference shows that the gradient is wrong"
        return f"{fallen}: the gradient is right{step_blame(report, best)}"
    valley = sorted(errors[k] for k in VALLEY)
    stays = valley[-1] <= LEVEL * valley[0]
    level = f"stays at {valley[0]:.1e} for every step" if stays else f"does not fall below {errors[best]:.1e}"
    if entry.verdict is EntryVerdict.KINK:
        return f"{level}: the entry is on a kink, where any slope between the two sides is right"
    if report.reference and entry.verdict is not EntryVerdict.DISAGREES:
        return f"{level}: differences are too coarse here to judge by"
    return f"{level}: the gradient is wrong, not the step"


def step_blame(report: CheckReport, best: int) -> str:
    """Say on which side of the best step epsilon lies."""
    if isinstance(report.epsilon, str):
        return ""
    side = "too small, its error is round-off" if report.epsilon < STEPS[best] else "too large, its error is truncation"
    return f", and epsilon {report.epsilon:g} is {side}"
