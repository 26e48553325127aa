"""What one check is of, and what all ways of checking have in common: how they end, and how their report is made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gradcheck_cli.checks.mode import evaluations_of_all
from gradcheck_cli.evaluating.budget import BudgetSpentError
from gradcheck_cli.evaluating.evaluator import Evaluator
from gradcheck_cli.evaluating.rows import Row
from gradcheck_cli.judging.remarks import remarks
from gradcheck_cli.judging.ruling import Facts, ruling
from gradcheck_cli.numeric.screen import evaluations_of
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.problems.problem import KnownGradient, Problem
from gradcheck_cli.problems.views.sampled import Positions
from gradcheck_cli.vocabulary.alarm import GRACE
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError
from gradcheck_cli.vocabulary.parameters import Parameters
from gradcheck_cli.vocabulary.results import CheckReport, ScreenFacts
from gradcheck_cli.vocabulary.settings import SCREEN, Settings
from gradcheck_cli.vocabulary.watch import SILENT, Stages, Watch

__all__ = ["Subject", "gathered", "report_of", "untold"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class Subject:
    """One claimed gradient at one point, its losses, and how it is to be checked."""

    problem: Problem
    losses: Evaluator | Row
    """The problem's losses as far as they may be evaluated; of a problem with several, one of them."""
    analytic: Parameters
    """The claim."""
    loss: float | None
    """J at the point; None where there are two gradients and no loss."""
    settings: Settings
    watch: Watch
    rounds: list[int] | None
    """How many entries each round of a sample drew so far; None where all are measured together if that is quick."""
    places: Positions | None = None
    """By parameter, the entries that are claimed, where the claim is of these alone: it then has the shape (k,)."""

    @classmethod
    def of(
        cls,
        problem: Problem,
        losses: Evaluator | Row,
        claim: Parameters | None,
        settings: Settings,
        watch: Watch,
        rounds: list[int] | None,
        places: Positions | None = None,
    ) -> Subject:
        """Ask for the loss at the point, and for the claim where it is the problem's own.

        Raises
        ------
        ProblemError
            Where the loss is not finite there.
        SettingError
            Where the budget does not have this one evaluation.
        """
        try:
            loss = None if isinstance(problem, KnownGradient) else finite_loss(losses)
        except BudgetSpentError:
            raise too_small(losses, settings) from None
        analytic = problem.gradient(problem.parameters) if claim is None else claim
        return cls(problem, losses, analytic, loss, settings, watch, rounds, places)

    @property
    def evaluator(self) -> Evaluator:
        """What makes the evaluations."""
        return self.losses.problem if isinstance(self.losses, Row) else self.losses

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C came; then only what was whole by then is in the report."""
        return self.evaluator.budget.closed

    @property
    def is_single(self) -> bool:
        """Whether the user's loss was seen to be computed in float32."""
        return isinstance(self.problem, FunctionProblem) and self.problem.single

    @property
    def sizes(self) -> dict[str, int]:
        """The number of entries of every parameter that are claimed."""
        return {name: claim.size for name, claim in self.analytic.items()}

    @property
    def entries_done(self) -> Watch:
        """Who is told of entries that were differentiated: nobody where single evaluations are told of."""
        return self.watch if self.evaluator.fewest is None else Stages(SILENT, self.watch)

    def expect(self) -> None:
        """Tell the watch how much there is to do where every entry is checked."""
        self.watch.at("entries")
        if self.evaluator.fewest is None:
            self.watch.expect(sum(self.sizes.values()), "entries")
        else:
            made = 1 if self.settings.classic else self.evaluator.evaluations  # of those that it counts
            self.expect_more(evaluations_of_all(self.problem, self.settings) - made)

    def expect_more(self, evaluations: float) -> None:
        """Tell the watch how many evaluations there are to come, as far as the budget has them."""
        evaluator = self.evaluator
        more = min(evaluations, evaluator.budget.left)
        self.watch.expect(evaluator.evaluations + round(more), "evaluations")


def gathered(stage: Iterator[tuple[str, Result]], evaluator: Evaluator) -> tuple[dict[str, Result], bool]:
    """Take what a stage yields, parameter by parameter, until it ends, Ctrl-C comes or the budget is spent.

    Returns
    -------
    dict
        The results that were whole by then.
    bool
        Whether the stage came to its end.
    """
    results = {}
    try:
        for name, result in stage:
            results[name] = result  # noqa: PERF403  (what is there when Ctrl-C comes must stay)
    except KeyboardInterrupt:
        evaluator.budget.closed = True
        return results, False
    except BudgetSpentError:
        return results, False
    return results, True


def report_of(
    subject: Subject,
    facts: Facts,
    *,
    reference: str = "",
    notes: Sequence[str] = (),
    screen: ScreenFacts | None = None,
) -> CheckReport:
    """Return the report on what was found, but for its findings.

    Parameters
    ----------
    subject : Subject
        What was checked.
    facts : Facts
        What there is to judge.
    reference : str, optional
        The way in which the reference was found; empty where there is none.
    notes : sequence of str, optional
        What a reader should know besides what the facts say.
    screen : ScreenFacts, optional
        How it was screened.
    """
    problem, settings = subject.problem, facts.settings
    verdict, reasons = ruling(facts)
    structured = "structured" if isinstance(problem, Network) and problem.is_structured else "plain"
    return CheckReport(
        name=problem.name,
        verdict=verdict,
        difference=facts.difference,
        refined_difference=facts.refined_difference,
        threshold=settings.threshold,
        epsilon=settings.epsilon,
        loss=subject.loss,
        evaluations=subject.evaluator.evaluations,
        reference=reference,
        seconds=0.0,
        parameters=tuple(facts.parameters),
        reasons=reasons,
        notes=(*problem.notes, *remarks(facts), *notes),
        evaluation=structured if isinstance(problem, Network) else "",
        screen=screen,
    )


def untold(subject: Subject) -> CheckReport:
    """Return the report where nothing is known: Ctrl-C came, or the budget was spent on other losses.

    Raises
    ------
    SettingError
        Where the budget is too small to tell anything.
    """
    first = not isinstance(subject.losses, Row) or subject.losses.number == 0
    if first and not subject.interrupted:
        raise too_small(subject.losses, subject.settings)
    spent = "" if subject.interrupted else subject.evaluator.budget.words
    return report_of(
        subject,
        Facts(subject.settings, [], math.nan, math.nan, subject.sizes, interrupted=subject.interrupted, spent=spent),
    )


def too_small(losses: Evaluator | Row, settings: Settings) -> SettingError:
    """Return the error for a budget that nothing can be told with."""
    evaluator = losses.problem if isinstance(losses, Row) else losses
    screen, full = evaluations_of(losses.parameters), evaluations_of_all(evaluator, settings)
    needed = f"a screen of these parameters takes about {screen:,} evaluations"
    if evaluator.late:
        needed = f"an evaluation did not return within it and {GRACE:g} s more: does the loss return at all?"
    elif settings.mode != SCREEN:
        needed = f"checking every entry takes about {full:,} evaluations, more if the loss is not smooth; {needed}"
    return SettingError(f"the budget of {evaluator.budget.words} is too small to reach a verdict", hint=needed)


def finite_loss(losses: Evaluator | Row) -> float:
    """Return J at the point, or raise ProblemError where it is not finite."""
    loss: float = losses.loss(losses.parameters)
    if not math.isfinite(loss):
        raise ProblemError(
            f"the loss of {losses.name} is {loss} at its parameters, expected a finite number",
            hint="a gradient can only be checked where the loss is finite",
        )
    return loss
