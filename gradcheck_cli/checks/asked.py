"""What is asked of a claim once it is known to be wrong: single samples, and whether it is the gradient of anything."""

from __future__ import annotations

import contextlib

import numpy as np

from gradcheck_cli.checks.subject import Subject
from gradcheck_cli.diagnosis.consistency import with_consistency
from gradcheck_cli.diagnosis.one_by_one import with_single_samples
from gradcheck_cli.evaluating.budget import BudgetSpentError
from gradcheck_cli.numeric.symmetry import symmetry
from gradcheck_cli.problems.functions.elsewhere import asked_gradient
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.problems.networks.probes import single_samples
from gradcheck_cli.vocabulary.errors import GradcheckError
from gradcheck_cli.vocabulary.parameters import Parameters
from gradcheck_cli.vocabulary.results import CheckReport

__all__ = ["asked"]


def asked(subject: Subject, report: CheckReport) -> CheckReport:
    """Return a report with what the claim's own function tells of its mistake."""
    if not report.findings or subject.interrupted:
        return report
    if isinstance(subject.problem, Network):
        return of_single_samples(subject.problem, subject.settings.seed, report)
    if isinstance(subject.problem, FunctionProblem):
        return of_consistency(subject, subject.problem, report)
    return report


def of_single_samples(network: Network, seed: int, report: CheckReport) -> CheckReport:
    """Ask a network's own backward pass for single samples, where its mistake is not known."""
    if all(finding.code != "unknown" for finding in report.findings):
        return report
    probes = single_samples(network, seed)
    return report if probes is None else with_single_samples(report, probes)


def of_consistency(subject: Subject, problem: FunctionProblem, report: CheckReport) -> CheckReport:
    """Say whether the claim is the gradient of anything, where it is a function and the budget allows to ask it."""
    if problem.asked.problem is None or subject.losses.scatter:
        return report
    gradient = asked_gradient(problem.asked.problem, subject.losses.unkept_loss)

    def ask(parameters: Parameters) -> Parameters:
        subject.evaluator.budget.require(0)  # it may take any time
        return gradient(parameters)

    with contextlib.suppress(BudgetSpentError, GradcheckError), np.errstate(all="ignore"):
        found = symmetry(ask, problem.parameters, problem.sizes, subject.settings.seed)
        return report if found is None else with_consistency(report, found)
    return report
