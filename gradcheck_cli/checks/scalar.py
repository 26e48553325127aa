"""The check of the scalar model: what `checking` does, for one number and in plain floats, so without numpy.

The rules are those of `gradcheck_cli.judging.entries`; a test holds the two against each other.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from array import array
from typing import Any

from gradcheck_cli.judging.ruling import Facts, difference_verdict, ruling
from gradcheck_cli.problems.scalar import ScalarModel
from gradcheck_cli.vocabulary.errors import ProblemError, vanishing_step
from gradcheck_cli.vocabulary.results import (
    CheckReport,
    Entries,
    EntryVerdict,
    Finding,
    ParameterResult,
    Sensitivity,
    StepError,
    StepFault,
    StepSweep,
    Verdict,
)
from gradcheck_cli.vocabulary.settings import AUTO, MACHINE_EPSILON, Settings

__all__ = ["check_scalar"]

MOST_TIMES = 1e6  # a ratio beyond it says nothing
SMALLEST = 1e-200  # what cannot be told from zero


def check_scalar(model: ScalarModel, *, sweep_steps: bool = False, **settings: Any) -> CheckReport:
    """Check the gradient that the scalar model claims.

    Parameters
    ----------
    model : ScalarModel
        What to check.
    sweep_steps : bool, optional
        Whether to take the difference at many steps as well, for a picture.
    **settings
        As for `gradcheck_cli.checks.check.check`.

    Returns
    -------
    CheckReport

    Raises
    ------
    ProblemError
        Where J is not finite, or the step vanishes beside theta.
    """
    started = time.perf_counter()
    chosen = Settings(**settings)
    loss = model.loss(model.theta)
    if not math.isfinite(loss):
        raise ProblemError(f"J = theta x is {loss}, expected a finite number")
    reference = model.complex_step_derivative()
    numeric = reference if chosen.step is None else centred_difference(model, chosen.step)
    report = judge(model, loss, numeric, numeric if chosen.classic else reference, chosen)
    return dataclasses.replace(
        report,
        settings=dataclasses.asdict(chosen),
        sweeps=scalar_sweeps(model, report) if sweep_steps else (),
        seconds=time.perf_counter() - started,
    )


def scalar_sweeps(model: ScalarModel, report: CheckReport) -> tuple[StepSweep, ...]:
    """Return the error of the centred difference at many steps, where the check did not pass."""
    if report.passed:
        return ()
    from gradcheck_cli.numeric.step_sweep import STEPS, sweep

    differences = [(model.loss(model.theta + h) - model.loss(model.theta - h)) / (2 * h) for h in STEPS]
    noise = sys.float_info.epsilon * abs(report.loss or 0.0) / 2
    return (sweep(report, report.parameters[0], 0, differences, noise),)


def centred_difference(model: ScalarModel, epsilon: float) -> float:
    """Return (J(theta + epsilon) - J(theta - epsilon)) / (2 epsilon)."""
    plus, minus = model.theta + epsilon, model.theta - epsilon
    if model.theta in (plus, minus):
        raise vanishing_step("theta", model.theta, epsilon)
    return (model.loss(plus) - model.loss(minus)) / (2 * epsilon)


def judge(model: ScalarModel, loss: float, numeric: float, reference: float, settings: Settings) -> CheckReport:
    """Compare the three derivatives and make the report."""
    analytic = model.gradient()
    rounding = abs(reference) * MACHINE_EPSILON["float64" if settings.precision == AUTO else settings.precision]
    bar = 0.0 if settings.classic else rounding + SMALLEST
    parameter = compare(analytic, numeric, reference, bar, settings)
    low = settings.precision not in (AUTO, "float64") and not settings.classic
    held = relative_difference(reference, numeric) if low else parameter.difference
    facts = Facts(
        settings=settings,
        parameters=[parameter],
        difference=parameter.difference,
        refined_difference=parameter.refined_difference,
        sizes={"theta": 1},
        held=held,
        low_precision=["theta"] if low else [],
        step_error=step_error(held, settings, loss, numeric, reference),
    )
    verdict, reasons = ruling(facts)
    return CheckReport(
        name=model.name,
        verdict=verdict,
        difference=parameter.difference,
        refined_difference=parameter.refined_difference,
        threshold=settings.threshold,
        epsilon=settings.epsilon,
        loss=loss,
        evaluations=1 if settings.step is None else 3,
        reference="" if settings.classic else "complex step",
        seconds=0.0,
        parameters=(parameter,),
        reasons=reasons,
        findings=(finding(analytic, parameter.worst.reference),) if verdict is Verdict.FAIL else (),
    )


def finding(claim: float, right: float) -> Finding:
    """Say what one number that is wrong tells: how many times the right one it is, and no more."""
    if not math.isfinite(claim):
        return Finding("non-finite", "dtheta", f"dtheta is {claim}", help="look for what overflows or divides by zero")
    ratio = claim / right if right else math.inf
    times = f", {ratio:.6g} times that" if abs(ratio) < MOST_TIMES else ""
    return Finding(
        code="unknown",
        where="dtheta",
        message=f"dtheta is {claim:.7g} where {right:.7g} is right{times}",
        help="look at how dtheta is computed: the derivative of J = theta x is x",
    )


def compare(analytic: float, numeric: float, reference: float, bar: float, settings: Settings) -> ParameterResult:
    """Compare the claim with both derivatives."""
    allowed = settings.threshold * max(abs(analytic), abs(reference)) + bar
    agrees = settings.classic or (math.isfinite(analytic) and abs(analytic - reference) <= allowed)
    difference = relative_difference(analytic, numeric)
    verdict = Verdict.PASS if agrees else Verdict.FAIL
    columns = [array("d", [value]) for value in (analytic, numeric, reference, bar)]
    found = EntryVerdict.AGREES if agrees else EntryVerdict.DISAGREES
    entries = Entries("theta", (), bytes([found]), *columns)
    return ParameterResult(
        name="theta",
        shape=(),
        verdict=difference_verdict(difference, settings.threshold) if settings.classic else verdict,
        difference=difference,
        refined_difference=relative_difference(analytic, reference),
        analytic_norm=abs(analytic),
        numeric_norm=abs(numeric),
        worst=entries[0],
        sensitivity=None if settings.classic else sensitivity(reference, bar, settings.threshold),
        entries=entries,
    )


def relative_difference(analytic: float, numeric: float) -> float:
    """Return |analytic - numeric| / (|analytic| + |numeric|); 0 where both are 0."""
    if analytic == numeric == 0:
        return 0.0
    if not (math.isfinite(analytic) and math.isfinite(numeric)):
        return math.nan
    largest = max(abs(analytic), abs(numeric))
    return abs(analytic / largest - numeric / largest) / (abs(analytic) / largest + abs(numeric) / largest)


def sensitivity(reference: float, bar: float, threshold: float) -> Sensitivity:
    """Return what would have failed."""
    caught = threshold * abs(reference) + bar
    share = caught / abs(reference) if reference else math.inf
    return Sensitivity(caught, share, share)


def step_error(
    difference: float, settings: Settings, loss: float, numeric: float, reference: float
) -> StepError | None:
    """Return the error of the centred difference: of a linear J it can only be round-off."""
    if settings.classic or settings.step is None or difference <= settings.threshold:
        return None
    size = abs(numeric) + abs(reference)
    noise = sys.float_info.epsilon * abs(loss) / 2
    floor = noise / settings.step / size if size else 0.0
    return StepError(StepFault.ROUND_OFF, floor, "theta")
