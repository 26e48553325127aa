"""The use case of several points: a gradient that is right at one may be wrong where the loss takes another branch.

A further point is the given one with every entry moved by about so many times its own size, to either side: so signs
change, thresholds are passed, and zeros are left. Where the loss has no value there, or nothing can be told, another
one is drawn: then every entry is multiplied by a random number, so that what has to be positive stays so.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from gradcheck_cli.checks.mode import FEW
from gradcheck_cli.judging.joined import WORST_FIRST
from gradcheck_cli.problems.directions import sizes_of
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.functions.preflight import CALLS
from gradcheck_cli.problems.problem import Directional, Movable, Problem
from gradcheck_cli.vocabulary.errors import CheckInterrupted, ProblemError, SettingError, UserFunctionError
from gradcheck_cli.vocabulary.parameters import Parameters
from gradcheck_cli.vocabulary.results import CheckReport, FurtherPoint, PointFacts, Verdict
from gradcheck_cli.vocabulary.settings import AUTO, FULL, SCREEN, Settings

__all__ = ["moved", "over_points"]

LEAST, MOST = 0.1, 10.0  # times the size of an entry
TRIES = 4  # points that are drawn for one


def over_points(problem: Problem, settings: Settings, check_at: Callable[..., CheckReport]) -> CheckReport:
    """Check a gradient at its point and at further ones, and return the report of the worst verdict.

    Parameters
    ----------
    problem : Problem
        At the given point.
    settings : Settings
        Says at how many further points; the budget is for all together.
    check_at : callable
        (problem, settings, seed) -> CheckReport, of the problem's own point; without a seed, of the caller's.

    Returns
    -------
    CheckReport
        Of the given point where no other is worse; its `points` tell of all.

    Raises
    ------
    SettingError
        Where the gradient is saved numbers.
    CheckInterrupted
        With the report on the points before.
    """
    if not isinstance(problem, Movable):
        raise SettingError("the gradient is saved numbers, which belong to one point", hint="leave out --points")
    problem.at(problem.parameters)  # raises where it cannot be asked for elsewhere
    started = time.perf_counter()
    tour = _Tour(problem, settings, check_at, check_at(problem, settings))
    try:
        tour.run()
    except KeyboardInterrupt:
        left = settings.points - len(tour.found)
        report = doubted(tour.report(), f"interrupted: {left} of {settings.points} further points not checked")
        raise CheckInterrupted(report) from None
    return dataclasses.replace(tour.report(), seconds=time.perf_counter() - started)


@dataclass
class _Tour:
    """Goes from point to point, and keeps the worst report."""

    problem: Movable
    settings: Settings
    check_at: Callable[..., CheckReport]
    given: CheckReport
    """Of the given point."""
    found: list[FurtherPoint] = field(default_factory=list)
    spent: bool = False
    """Whether the budget ended before the last point."""
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.worst, self.worst_number, self.where = self.given, 0, self.problem.parameters
        self.evaluations = self.given.evaluations
        self.seed = int(self.given.settings["seed"] or 0)

    def run(self) -> None:
        """Go on until something is wrong."""
        sizes = np.geomspace(LEAST, MOST, self.settings.points).tolist() if self.settings.points > 1 else [1.0]
        for number, size in enumerate(sizes, start=1):
            if self.worst.verdict is Verdict.FAIL or self.spent:
                return
            self.visit(number, size)

    def visit(self, number: int, size: float) -> None:
        """Check at one further point: the first that is drawn where something can be told."""
        told = None
        for there in self.drawn(number, size):
            report = self.checked(there)
            if report is not None:
                told = report, there
                if report.verdict is not Verdict.INCONCLUSIVE:
                    break
            if self.spent:
                break
        if told is None:
            self.found.extend([] if self.spent else [FurtherPoint(number, size, None, None)])
            return
        report, there = told
        self.found.append(FurtherPoint(number, size, report.verdict, report.difference, report.screen is not None))
        if WORST_FIRST.index(report.verdict) < WORST_FIRST.index(self.worst.verdict):
            self.worst, self.worst_number, self.where = report, number, there.parameters

    def drawn(self, number: int, size: float) -> Iterator[Problem]:
        """Yield the problem at points that are drawn for one, those where the loss has a value."""
        for attempt in range(TRIES):
            random = np.random.default_rng([self.seed, number, attempt])
            there = self.problem.at(moved(self.problem.parameters, size, random, signs=attempt % 2 == 0))
            self.evaluations += 1
            if math.isfinite(loss_at(there)):
                yield there

    def checked(self, there: Problem) -> CheckReport | None:
        """Return the report at another point; None where no check can be made there, or no more."""
        if self.settings.max_evals is not None and self.settings.max_evals - self.evaluations < CALLS:
            self.spent = True
            return None
        try:
            report = self.check_at(there, self.settings_at(there), self.seed)
        except SettingError:  # what is left of the budget is too little
            self.spent = True
            return None
        except (ProblemError, UserFunctionError):
            return None
        self.evaluations += report.evaluations
        return report

    def settings_at(self, there: Problem) -> Settings:
        """Return the settings there: the rest of the budget, and a screen unless there are few entries."""
        left: dict[str, float | None] = {
            "max_evals": self.settings.max_evals and self.settings.max_evals - self.evaluations,
            "time_limit": self.settings.time_limit and self.settings.time_limit - (time.monotonic() - self.started),
        }
        if self.settings.classic:
            return dataclasses.replace(self.settings, **left)  # type: ignore[arg-type]  # the fields are of these types
        settings = dataclasses.replace(self.settings, **left, epsilon=AUTO)  # type: ignore[arg-type]  # as above
        if not isinstance(there, Directional):
            return settings
        entries = sum(values.size for values in there.parameters.values())
        return dataclasses.replace(settings, mode=FULL if entries <= FEW else SCREEN)

    def report(self) -> CheckReport:
        """Return the worst report, and what was found at all points."""
        facts = PointFacts(self.settings.points, self.given.verdict, self.seed, tuple(self.found), self.worst_number)
        point = {**getattr(self.problem, "point", {}), **self.where}
        if isinstance(self.problem, FunctionProblem) and self.problem.complex_view is not None:
            point = self.problem.complex_view.complex_point(point)
        whole = {**self.worst.settings, "points": self.settings.points, "mode": self.given.settings["mode"]}
        report = dataclasses.replace(
            self.worst, evaluations=self.evaluations, points=facts, point=point, settings=whole
        )
        if self.spent:
            return doubted(report, "the budget is spent before all further points were checked")
        if report.passed and not facts.checked:
            return doubted(report, "no further point was found at which the gradient could be checked")
        return report


def doubted(report: CheckReport, reason: str) -> CheckReport:
    """Return a report that is no pass any more, for a reason."""
    verdict = Verdict.FAIL if report.verdict is Verdict.FAIL else Verdict.INCONCLUSIVE
    return dataclasses.replace(report, verdict=verdict, reasons=(reason, *report.reasons))


def loss_at(problem: Problem) -> float:
    """Return the loss at a problem's point; not a number where it cannot be had."""
    try:
        return problem.loss(problem.parameters)
    except (ProblemError, UserFunctionError):
        return math.nan


def moved(parameters: Parameters, size: float, random: np.random.Generator, *, signs: bool) -> Parameters:
    """Return a point about another one.

    Parameters
    ----------
    parameters : mapping of str to ndarray
        The other one.
    size : float
        By how many times its own size an entry is moved, about; a zero counts as large as the root mean square of its
        parameter, or where that is 0 too, as the whole.
    random : Generator
        Says to which side, and how far.
    signs : bool
        Whether entries may change their signs: they are x + size |x| u with u in 1/2 ... 3/2 of either sign; else they
        are x (1 + size)^u with u in -1 ... 1.
    """
    whole = sizes_of(parameters)
    point = {}
    for name, values in parameters.items():
        sides = random.choice([-1.0, 1.0], values.shape) * random.uniform(0.5, 1.5, values.shape)
        steps = size * np.where(values == 0, whole[name], np.abs(values)) * sides
        stretched = values * (1 + size) ** random.uniform(-1, 1, values.shape)
        point[name] = np.asarray(values + steps if signs else np.where(values == 0, steps, stretched))
    return point
