"""Why a verdict is what it is, in plain sentences, where the difference alone does not say it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gradcheck_cli.judging.precision import doubt_reason
from gradcheck_cli.judging.verdicts import blind_parameters
from gradcheck_cli.results import CheckReport, EntryVerdict, ParameterResult, StepError, StepFault, Verdict
from gradcheck_cli.settings import Settings

__all__ = ["blind", "hidden_in_the_whole", "non_finite", "passed_by_the_norm", "reasons_for"]


def hidden_in_the_whole(parameters: Sequence[ParameterResult], verdict: Verdict) -> tuple[str, ...]:
    """Name the parameters that fall short while the whole passes: what the course's rule does not see."""
    hidden = [p.name for p in parameters if p.verdict is not Verdict.PASS]
    if verdict is not Verdict.PASS or not hidden:
        return ()
    return (f"{', '.join(hidden)}: above the threshold alone, hidden in the difference of the whole",)


def reasons_for(
    report: CheckReport, settings: Settings, step_error: StepError | None, doubts: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the sentences, the most important first; `doubts` are parameters whose errors look like float32's."""
    reasons = [
        *non_finite(report),
        *passed_by_the_norm(report),
        *step_to_blame(report, step_error),
        *doubt_reason(doubts),
        *unresolved(report, doubts),
        *blind(report, settings),
        *kinks(report),
        *both_zero(report),
    ]
    return tuple(reasons)


def non_finite(report: CheckReport) -> list[str]:
    """Name an analytic entry of each parameter that has some that are not finite."""
    bad = [f"{p.worst.name} is {p.worst.analytic}" for p in report.parameters if not p.worst.error < float("inf")]
    return [f"the analytic gradient is not finite: {', '.join(bad)}"] if bad else []


def passed_by_the_norm(report: CheckReport) -> list[str]:
    """Say which wrong parameter a difference within the threshold hides."""
    wrong = [p for p in report.parameters if p.verdict is Verdict.FAIL]
    if not (wrong and report.difference <= report.threshold):
        return []
    worst = max(wrong, key=lambda p: p.refined_difference)
    largest = max(p.analytic_norm for p in report.parameters)
    return [
        f"difference {report.difference:.1e} hides it: {worst.name} (norm {worst.analytic_norm:.1e} beside"
        f" {largest:.1e}) has a difference of {worst.refined_difference:.1e}"
    ]


def step_to_blame(report: CheckReport, error: StepError | None) -> list[str]:
    """Say what the step epsilon did, where the difference exceeds the threshold and the reference does not."""
    if error is None or report.verdict is Verdict.FAIL:
        return []
    cause = {
        StepFault.ROUND_OFF: f"is round-off of J (noise floor {error.floor:.1e})",
        StepFault.KINK: f"comes from a kink within epsilon of {error.where}",
        StepFault.TRUNCATION: f"is truncation: epsilon is too large, most at {error.where}",
    }[error.fault]
    return [
        f"difference {report.difference:.1e} at epsilon {report.epsilon:g} {cause};"
        f" the reference agrees to {report.refined_difference:.0e}: try --epsilon auto"
    ]


def unresolved(report: CheckReport, doubts: Collection[str]) -> list[str]:
    """Name the parameters whose reference is too coarse."""
    own = [p for p in report.parameters if p.name not in doubts]
    coarse = [(p.name, p.count(EntryVerdict.UNRESOLVED), len(p.entries)) for p in own]
    return [f"{name}: the numeric side cannot resolve {k} of {n} entries" for name, k, n in coarse if k]


def blind(report: CheckReport, settings: Settings) -> list[str]:
    """Name the parameters in which a required error could hide."""
    if report.verdict is Verdict.FAIL:
        return []
    return [
        f"{p.name}: an entry off by {p.sensitivity.relative:.0e} of the largest would not have been seen,"
        f" required is {settings.require_sensitivity:g}"
        for p in blind_parameters(report.parameters, settings)
        if p.sensitivity
    ]


def kinks(report: CheckReport) -> list[str]:
    """Name the parameters with entries at a kink."""
    counts = [(p.name, p.count(EntryVerdict.KINK)) for p in report.parameters]
    found = ", ".join(f"{k} of {name}" for name, k in counts if k)
    return [f"entries on a kink, where any slope between the two sides is right: {found}"] if found else []


def both_zero(report: CheckReport) -> list[str]:
    """Say that there was nothing but zeros to compare."""
    if not (report.passed and report.difference == 0 and report.refined_difference != 0):
        return []
    zero = all(
        abs(value) <= bar
        for p in report.parameters
        for value, bar in zip(p.entries.analytic, p.entries.bars, strict=True)
    )
    return ["both gradients are zero to rounding"] if zero else []
