"""The way of a check: prepared, decided, evaluated, measured, judged, told."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from typing import Any

from gradcheck_cli.checks.asked import asked
from gradcheck_cli.checks.classic import classic_report
from gradcheck_cli.checks.full import full_report
from gradcheck_cli.checks.mode import evaluations_of_all
from gradcheck_cli.checks.points import over_points
from gradcheck_cli.checks.preparing import (
    decided,
    open_journal,
    prepared,
    require_means,
    require_one_process,
    require_something,
)
from gradcheck_cli.checks.screened import screened_report
from gradcheck_cli.checks.subject import Subject
from gradcheck_cli.diagnosis.complex_numbers import in_complex_numbers
from gradcheck_cli.evaluating.budget import Budget
from gradcheck_cli.evaluating.evaluator import Evaluator, evaluating
from gradcheck_cli.evaluating.journal import Journal
from gradcheck_cli.evaluating.rows import Row, rows_of
from gradcheck_cli.evaluating.workers import make_ready_for
from gradcheck_cli.judging.precision import lost_to_rounding
from gradcheck_cli.numeric.centred import require_step_taken
from gradcheck_cli.numeric.screen import evaluations_of
from gradcheck_cli.numeric.step_sweep import problem_sweeps
from gradcheck_cli.problems.functions.function import FunctionProblem, Recipe
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.problems.problem import Movable, Problem
from gradcheck_cli.problems.views.sampled import Positions
from gradcheck_cli.vocabulary.errors import CheckInterrupted, ProblemError, SettingError, UserFunctionError
from gradcheck_cli.vocabulary.parameters import Parameters
from gradcheck_cli.vocabulary.results import CheckReport, Verdict
from gradcheck_cli.vocabulary.settings import (
    AUTO,
    DEFAULT_EPSILON,
    DEFAULT_LOCATE,
    DEFAULT_REPEAT,
    DEFAULT_THRESHOLD,
    SCREEN,
    Settings,
)
from gradcheck_cli.vocabulary.watch import Watch, watch_of

__all__ = ["check", "check_rows"]

Progress = Callable[[int], None]


def check(
    problem: Problem,
    *,
    epsilon: float | str = DEFAULT_EPSILON,
    threshold: float = DEFAULT_THRESHOLD,
    precision: str = "auto",
    classic: bool = False,
    require_sensitivity: float | None = None,
    seed: int | None = None,
    mode: str = AUTO,
    max_evals: int | None = None,
    time_limit: float | None = None,
    locate: int = DEFAULT_LOCATE,
    repeat: int = DEFAULT_REPEAT,
    points: int = 0,
    jobs: int = 1,
    executor: Executor | str | None = None,
    journal: Journal | None = None,
    sweep_steps: bool = False,
    suggest: bool | str = False,
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
    precision : {"auto", "float16", "bfloat16", "float32", "float64"}, optional
        The arithmetic that the claimed gradient may come from; ``"auto"`` tells by the dtype that it was saved in, or
        by its values.
    classic : bool, optional
        Whether the course's rule alone decides, without a reference.
    require_sensitivity : float, optional
        The relative error of a single entry that a PASS must be able to see.
    seed : int, optional
        Of the random directions, and of the order in which entries are sampled; where it is not given, 0 for a check of
        every entry and a fresh one for a screen. The report has it.
    mode : {"auto", "full", "screen"}, optional
        Whether to check every entry or to screen the gradient along random directions; ``"auto"`` checks every entry
        where the budget, or without one a minute, allows it.
    max_evals : int, optional
        How often the loss may be evaluated.
    time_limit : float, optional
        Seconds that the check may take.
    locate : int, optional
        How many wrong entries a screen looks for.
    repeat : int, optional
        How often the user's loss and gradient are called at the point, to see that they are the same each time.
    points : int, optional
        At how many further points, about the given one and moved by 0.1 to 10 times the entries' sizes, the gradient
        is checked as well; it must be a function. The report is that of the worst verdict.
    jobs : int, optional
        Processes that evaluate the loss, or how many workers the executor has; the numbers are the same with any.
    executor : concurrent.futures.Executor or str, optional
        Somebody else's workers in their place: any executor, or ``"dask://HOST:PORT"`` for a cluster.
    journal : Journal, optional
        Where to keep every loss; one that has some goes on where it ends.
    sweep_steps : bool, optional
        Whether to take the worst entries' differences at many steps as well, for a picture.
    suggest : bool or str, optional
        Whether to look for a change of the user's code that makes a wrong gradient right, in a child process and for
        some seconds at most: see `gradcheck_cli.repair`. Files are named from the current folder on, or from the one
        that is given.
    progress : callable, optional
        Called with the number of entries done since the last call, of a screen with the number of evaluations.

    Returns
    -------
    CheckReport

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked: see `gradcheck_cli.vocabulary.errors`.
    """
    asked = Settings(
        epsilon, threshold, precision, classic, require_sensitivity, 0 if seed is None else seed, mode, max_evals,
        time_limit, locate, repeat, points,
    )  # fmt: skip
    require_means(jobs, executor, progress, journal)
    require_something(problem.parameters)
    if repeat > DEFAULT_REPEAT and not isinstance(problem, FunctionProblem):
        raise SettingError(f"repeat is {repeat}, but there is no function of yours to call again", hint="leave it out")
    if points and journal is not None:
        raise SettingError("a saved state belongs to one point", hint="leave out --save and --resume, or --points")

    means = Means(jobs, executor, journal, watch_of(progress), sweep_steps)

    def at_one_point(there: Problem, settings: Settings, seed: int | None = seed) -> CheckReport:
        ((report,), interrupted) = checked(there, None, settings, seed, means)
        if interrupted:
            raise CheckInterrupted(report)
        if report.verdict is Verdict.FAIL and isinstance(there, FunctionProblem) and there.in_double is not None:
            return looked_at_in_double(there.in_double, report, settings, seed, means)
        return report

    try:
        report = over_points(problem, asked, at_one_point) if points else at_one_point(problem, asked)
    except (ProblemError, UserFunctionError) as error:
        error.problem = problem  # where the mistake can be looked for
        raise
    if not suggest or report.verdict is not Verdict.FAIL or asked.limited:
        return report
    from gradcheck_cli.repair.suggest import suggested  # of use here alone

    means.watch.begin()
    means.watch.at("looking for the line that is wrong")
    try:
        there = problem if report.point is None else moved_to(problem, report.point)
        return suggested(there, report, "." if suggest is True else suggest)
    except KeyboardInterrupt:
        raise CheckInterrupted(report) from None


def looked_at_in_double(
    problem: FunctionProblem, report: CheckReport, settings: Settings, seed: int | None, means: Means
) -> CheckReport:
    """Return the report on a wrong gradient, or what is to be said if it is right where it is computed in float64.

    Parameters
    ----------
    problem : FunctionProblem
        Its gradient is in float64.
    report : CheckReport
        On the one in less.
    settings, seed, means
        As for `checked`; what the first look has left of the budget is there for this one.

    Raises
    ------
    CheckInterrupted
        Where Ctrl-C came; with the report as it was.
    """
    evals, seconds = settings.max_evals, settings.time_limit
    alone = dataclasses.replace(means, journal=None)  # a state is of one claim
    try:
        left = dataclasses.replace(
            settings,
            precision="float64",
            max_evals=None if evals is None else evals - report.evaluations,
            time_limit=None if seconds is None else seconds - report.seconds,
        )
        ((double,), interrupted) = checked(problem, None, left, seed, alone)
    except SettingError:  # the budget is too small for a second look
        return report
    except CheckInterrupted:
        raise CheckInterrupted(report) from None
    if interrupted:
        raise CheckInterrupted(report)
    return lost_to_rounding(report, double, settings.precision) if double.passed else report


def moved_to(problem: Problem, point: Parameters) -> Problem:
    """Return a problem at another point, where it can be moved."""
    return problem.at(point) if isinstance(problem, Movable) else problem


def check_rows(
    problem: FunctionProblem,
    claims: Sequence[Parameters],
    *,
    places: Sequence[Positions | None] | None = None,
    recipe: Recipe | None = None,
    seed: int | None = None,
    jobs: int = 1,
    executor: Executor | str | None = None,
    journal: Journal | None = None,
    progress: Progress = lambda _: None,
    **settings: Any,
) -> tuple[list[CheckReport], bool]:
    """Check the gradients of all losses that a function's outputs are weighed to; each evaluation serves all of them.

    Parameters
    ----------
    problem : FunctionProblem
        With its weighing.
    claims : sequence of mapping of str to ndarray
        The claimed gradient of each loss.
    places : sequence of mapping of str to ndarray of int, optional
        By parameter, the entries that are claimed of each loss, where it is not all of them; counted row by row. The
        claims then have the shapes of these.
    recipe : Recipe, optional
        How another process makes the function; without one it has to be pickled, or inherited.
    seed, jobs, executor, journal, progress, **settings
        As for `check`.

    Returns
    -------
    list of CheckReport
        One for each loss, whose `evaluations` are those of all of them.
    bool
        Whether Ctrl-C came: what was not evaluated by then is in none of the reports.

    Raises
    ------
    GradcheckError
        As for `check`.
    """
    asked = Settings(epsilon=AUTO, seed=0 if seed is None else seed, **settings)
    require_means(jobs, executor, progress, journal)
    means = Means(jobs, executor, journal, watch_of(progress))
    return checked(dataclasses.replace(problem, recipe=recipe), claims, asked, seed, means, places)


@dataclasses.dataclass(frozen=True)
class Means:
    """By whom evaluations are made, where they are kept, and who is told of them."""

    jobs: int
    executor: Executor | str | None
    journal: Journal | None
    watch: Watch
    sweep_steps: bool = False


def checked(
    problem: Problem,
    claims: Sequence[Parameters] | None,
    settings: Settings,
    seed: int | None,
    means: Means,
    places: Sequence[Positions | None] | None = None,
) -> tuple[list[CheckReport], bool]:
    """Check a gradient where the problem's parameters are, or one for each of its losses.

    Parameters
    ----------
    problem : Problem
        What is checked.
    claims : sequence of mapping of str to ndarray, or None
        The claimed gradients of a problem with several losses; None where it has one, and claims its gradient itself.
    settings, seed, means
        How; without a seed, one that is fresh where that is of use.
    places : sequence of mapping of str to ndarray of int, optional
        Of each loss, by parameter, the entries that are claimed where it is not all of them.

    Returns
    -------
    list of CheckReport
        One for each loss.
    bool
        Whether Ctrl-C came.

    Raises
    ------
    CheckInterrupted
        Where it came before anything could be told.
    """
    started, budget = time.perf_counter(), Budget(settings.max_evals, settings.time_limit)
    journal, watch = means.journal, means.watch
    watch.begin()
    require_one_process(problem, means.jobs, means.executor)
    make_ready_for(problem, means.jobs, means.executor)
    problem = prepared(problem, settings, watch)
    settings, why = decided(problem, settings, seed, journal, means.jobs)
    if journal is not None:
        open_journal(journal, problem, claims, settings)
    if settings.step is not None:
        require_step_taken(problem.parameters, settings.step)
    rounds: list[int] | None = [] if settings.limited else None
    if journal is not None:
        rounds = journal.rounds
    screens = settings.mode == SCREEN
    expected = evaluations_of(problem.parameters) if screens else evaluations_of_all(problem, settings)
    with evaluating(problem, budget, journal, means.jobs, means.executor, expected, watch) as evaluator:
        each: Iterable[tuple[Evaluator | Row, Parameters | None, Positions | None]] = [(evaluator, None, None)]
        if claims is not None:
            each = zip(rows_of(evaluator), claims, places or [None] * len(claims), strict=True)
        reports = [
            report_on(Subject.of(problem, losses, claim, settings, watch, rounds, of), sweep_steps=means.sweep_steps)
            for losses, claim, of in each
        ]
    if budget.closed and not any(report.parameters for report in reports):
        raise CheckInterrupted(None)
    seconds = time.perf_counter() - started
    told = [dataclasses.replace(report, notes=(*why, *report.notes), seconds=seconds) for report in reports]
    if claims is None and not budget.closed:
        told = [with_misfits(problem, report) for report in told]
    if claims is None and isinstance(problem, FunctionProblem) and problem.complex_view is not None:
        told = [in_complex_numbers(report, problem.complex_view) for report in told]
    return told, budget.closed


def with_misfits(problem: Problem, report: CheckReport) -> CheckReport:
    """Return a report that says what was broadcast.

    Raises
    ------
    ProblemError
        Where nothing is wrong but the shape of that: it is no gradient of its parameter, and never passes for one.
    """
    misfits = problem.misfits if isinstance(problem, FunctionProblem | Network) else ()
    if misfits and report.verdict is not Verdict.FAIL:
        raise misfits[0].error()
    return dataclasses.replace(report, notes=(*(misfit.note() for misfit in misfits), *report.notes))


def report_on(subject: Subject, *, sweep_steps: bool) -> CheckReport:
    """Return the report in the mode that was chosen, with what it cost."""
    settings, step = subject.settings, subject.settings.step
    if settings.mode == SCREEN:
        report = screened_report(subject)
    elif settings.classic and step is not None:
        report = classic_report(subject, step)
    else:
        report = full_report(subject)
    report = asked(subject, report)
    sweeps = sweep_steps and not subject.interrupted and not settings.limited
    return dataclasses.replace(
        report,
        evaluations=subject.evaluator.evaluations,
        settings=dataclasses.asdict(settings),
        sweeps=problem_sweeps(subject.problem, report, settings.seed) if sweeps else (),
    )
