"""The course's rule: the difference of the whole at one step decides, and nothing else."""

from __future__ import annotations

from gradcheck_cli.checks.subject import Subject, gathered, report_of
from gradcheck_cli.judging.difference import Difference
from gradcheck_cli.judging.entries import compare_classic
from gradcheck_cli.judging.ruling import Facts
from gradcheck_cli.numeric.centred import centred_gradient
from gradcheck_cli.vocabulary.parameters import Parameters
from gradcheck_cli.vocabulary.results import CheckReport

__all__ = ["classic_report"]


def classic_report(subject: Subject, step: float) -> CheckReport:
    """Judge by the difference between the claim and centred differences.

    Parameters
    ----------
    subject : Subject
        What is checked.
    step : float
        Of the differences, in the units of the parameters.
    """
    subject.expect()
    analytic, threshold = subject.analytic, subject.settings.threshold
    search = centred_gradient(subject.losses, subject.problem.parameters, step, subject.entries_done)
    numeric, _ = gathered(search, subject.evaluator)
    difference = whole_difference(analytic, numeric)
    facts = Facts(
        settings=subject.settings,
        parameters=[compare_classic(name, analytic[name], numeric[name], threshold) for name in numeric],
        difference=difference,
        refined_difference=difference,
        sizes=subject.sizes,
        interrupted=subject.interrupted,
        single=subject.is_single,
    )
    return report_of(subject, facts)


def whole_difference(analytic: Parameters, numeric: Parameters) -> float:
    """Return the relative difference of all parameters that `numeric` has."""
    difference = Difference()
    for name, values in numeric.items():
        difference.add(analytic[name].reshape(-1), values.reshape(-1))
    return difference.value
