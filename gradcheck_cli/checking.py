"""The one use case: a problem in, a report out."""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np

from gradcheck_cli.alarm import GRACE, LateError, raised_after
from gradcheck_cli.errors import CheckInterrupted, InputError, ProblemError, SettingError
from gradcheck_cli.modes import chosen_mode
from gradcheck_cli.numeric.journal import MADE_AGAIN, Journal, fingerprint
from gradcheck_cli.parameters import Parameters
from gradcheck_cli.points import over_points
from gradcheck_cli.problems.functions import function_problem
from gradcheck_cli.problems.identity import identity_of
from gradcheck_cli.problems.meter import Meter
from gradcheck_cli.problems.preflight import preflight
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.problems.sharing.shared import shared_out
from gradcheck_cli.problems.user_function import FunctionProblem
from gradcheck_cli.results import CheckReport
from gradcheck_cli.settings import (
    AUTO,
    DEFAULT_EPSILON,
    DEFAULT_LOCATE,
    DEFAULT_REPEAT,
    DEFAULT_THRESHOLD,
    SCREEN,
    Settings,
    require_whole,
)
from gradcheck_cli.stages import Run
from gradcheck_cli.watch import InTurn, Watch, watch_of

__all__ = ["check", "check_gradient", "require_plain_arguments"]

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
    progress : callable, optional
        Called with the number of entries done since the last call, of a screen with the number of evaluations.

    Returns
    -------
    CheckReport

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked: see `gradcheck_cli.errors`.
    """
    asked = Settings(
        epsilon, threshold, precision, classic, require_sensitivity, 0 if seed is None else seed, mode, max_evals,
        time_limit, locate, repeat, points,
    )  # fmt: skip
    require_workers(jobs, executor)
    if not callable(progress):
        raise SettingError(f"progress is {progress!r}, expected a function of a number")
    if not (journal is None or isinstance(journal, Journal)):
        raise SettingError(f"journal is {journal!r}, expected a Journal")
    require_something(problem.parameters)
    if repeat > DEFAULT_REPEAT and not isinstance(problem, FunctionProblem):
        raise SettingError(f"repeat is {repeat}, and there is no function of yours to call again", hint="leave it out")
    if points and journal is not None:
        raise SettingError("a saved state is of one point", hint="leave --save and --resume out, or --points")

    watch = InTurn(watch_of(progress))

    def at_one_point(there: Problem, settings: Settings, seed: int | None = seed) -> CheckReport:
        watch.begin()
        return checked_at_the_point(
            there, settings, seed, jobs=jobs, executor=executor, journal=journal, sweep_steps=sweep_steps, watch=watch
        )

    return over_points(problem, asked, at_one_point) if points else at_one_point(problem, asked)


def checked_at_the_point(
    problem: Problem,
    settings: Settings,
    seed: int | None,
    *,
    jobs: int,
    executor: Executor | str | None,
    journal: Journal | None,
    sweep_steps: bool,
    watch: Watch,
) -> CheckReport:
    """Check the gradient where the problem's parameters are; the arguments are those of `check`."""
    started = time.perf_counter()
    meter = Meter()
    problem = meter.on(problem)
    if isinstance(problem, FunctionProblem):
        problem = preflight_in_time(problem, settings)
    settings, why = decided(problem, settings, seed, journal, meter.shortest, jobs)
    problem = meter.off(problem)
    if journal is not None:
        open_journal(journal, problem, settings)
    until = None if settings.time_limit is None else meter.started + settings.time_limit + GRACE
    with shared_out(problem, jobs=jobs, executor=executor, until=until) as shared:
        run = Run.at_the_point(shared, settings, watch, journal, meter)
        report = run.whole_report(sweep_steps=sweep_steps)
    report = dataclasses.replace(report, notes=(*why, *report.notes), seconds=time.perf_counter() - started)
    if run.interrupted:
        raise CheckInterrupted(report if report.parameters else None)
    return report


def require_workers(jobs: object, executor: object) -> None:
    """Raise SettingError where there cannot be such workers."""
    require_whole("jobs", jobs, 1)
    if not (executor is None or isinstance(executor, str) or callable(getattr(executor, "submit", None))):
        raise SettingError(f"executor is {executor!r}, expected an executor, or dask://HOST:PORT")


def preflight_in_time(problem: FunctionProblem, settings: Settings) -> FunctionProblem:
    """Call the user's functions for the first time.

    Raises
    ------
    ProblemError
        Where they do not return in time.
    """
    limit = settings.time_limit
    try:
        with raised_after(None if limit is None else limit + GRACE):
            return preflight(problem, repeat=settings.repeat)
    except LateError:
        raise ProblemError(
            f"{problem.name} did not return its first values within {limit:g} s and {GRACE:g} s more",
            hint="does the loss return at all? a limit of time has to allow some evaluations",
        ) from None


def require_something(parameters: Parameters) -> None:
    """Raise ProblemError where there is no entry to check, or an empty parameter."""
    empty = [name for name, values in parameters.items() if not values.size]
    if empty or not parameters:
        what = f"parameter {empty[0]} is empty" if empty else "there are no parameters"
        raise ProblemError(f"{what}: nothing to check")


def decided(
    problem: Problem, settings: Settings, seed: int | None, journal: Journal | None, seconds: float, jobs: int
) -> tuple[Settings, Sequence[str]]:
    """Return the settings with their mode and seed, and why the mode is what it is.

    Raises
    ------
    InputError
        Where a journal has another mode or seed than was asked for.
    """
    if journal is None or not journal.mode:
        mode, why = chosen_mode(problem, settings, seconds, jobs)
        fresh = secrets.randbits(32) if seed is None and mode == SCREEN else settings.seed
        epsilon = AUTO if settings.mode == SCREEN else settings.epsilon  # there is no step that a screen were at
        return dataclasses.replace(settings, mode=mode, seed=fresh, epsilon=epsilon), [why] if why else []
    if settings.mode not in (AUTO, journal.mode) or seed not in (None, journal.seed):
        raise InputError(
            f"the saved state is of mode {journal.mode} and seed {journal.seed}, not of what is asked for",
            hint="leave --mode and --seed out to go on with it",
        )
    again = min(MADE_AGAIN, len(journal.losses))
    why = f"gone on with after {len(journal.losses):,} evaluations, of which {again} were made again"
    return dataclasses.replace(settings, mode=journal.mode, seed=journal.seed), [why]


def open_journal(journal: Journal, problem: Problem, settings: Settings) -> None:
    """Begin a journal, or see that one that was begun is of this check.

    Raises
    ------
    InputError
        Where it is of another one.
    """
    asked = (settings.epsilon, settings.threshold, settings.precision, settings.locate, problem.name)
    data = problem.data if isinstance(problem, FunctionProblem) else {}
    plain = {name: value for name, value in data.items() if isinstance(value, np.ndarray | int | float | str)}
    code = identity_of(problem) if isinstance(problem, FunctionProblem) else ""
    print_ = fingerprint([problem.parameters, problem.gradient(problem.parameters), plain], *asked, code)
    if journal.mode and journal.problem != print_:
        raise InputError(
            "the saved state is of another check: its point, gradient, data, code, name or settings were others",
            hint="--resume goes on with the same command; without it the check begins anew",
        )
    journal.seed, journal.mode, journal.problem = settings.seed, settings.mode, print_
    if not isinstance(problem, FunctionProblem):
        return
    if journal.losses and not problem.is_loss_here(journal.losses[0]):
        raise of_another_loss("at the point", journal.losses[0], problem.here)
    if not problem.is_loss_beside(journal.beside):
        raise of_another_loss("a little beside the point", journal.beside, problem.beside)
    if not journal.losses:
        journal.beside = problem.beside


def of_another_loss(where: str, before: float, now: float) -> InputError:
    """Make the error for a state whose loss is not what it was."""
    return InputError(
        f"the saved state is of another loss: {where} it was {before!r} and is {now!r}",
        hint="without --resume the check begins anew",
    )


def require_plain_arguments(name: object, data: object) -> None:
    """Raise SettingError where a name is no text, or data cannot be handed over by keyword."""
    if not isinstance(name, str):
        raise SettingError(f"name is {name!r}, expected text")
    if not (data is None or (isinstance(data, Mapping) and all(isinstance(key, str) for key in data))):
        raise SettingError(f"data is {type(data).__name__}, expected a dict of what the functions get by keyword")


def check_gradient(
    loss: Callable[..., Any],
    gradient: Any,
    parameters: Any,
    *,
    data: Mapping[str, Any] | None = None,
    autograd: str | None = None,
    name: str = "function",
    epsilon: float | str | None = None,
    classic: bool = False,
    **settings: Any,
) -> CheckReport:
    """Check the gradient of a function of named arrays, or of one array, in whatever form it takes them.

    Parameters
    ----------
    loss : callable
        (parameters, **data) -> float. It gets float64 arrays in the form of `parameters`; each by its own name, where
        it has an argument for each; and where it raises at the first call, each in order, or the one parameter alone.
    gradient : callable, mapping of str to array_like, array_like or None
        (parameters, **data) -> gradient, or the gradient itself: in the same form as the parameters, under their names
        or any usual ones (dW, grad_W, W.grad), or a tuple in their order; dense or sparse. None where `loss` returns
        the pair (loss, gradient), in either order, and with `autograd`.
    parameters : array_like, or dict, list or tuple of such, one inside of another
        The point at which to check. It is copied, never changed. What stands in containers is called by its place, as
        ``layers[0].W``; numbers in lists are one array.
    data : mapping of str to object, optional
        What both functions get by keyword. Arrays are copied, never changed.
    autograd : {"torch", "jax", "autograd"}, optional
        The framework whose arrays the loss takes and whose gradient of it is checked.
    name : str, optional
        What the report calls it.
    epsilon : float or "auto", optional
        As for `check`, but ``"auto"`` unless given or `classic`.
    classic : bool, optional
        As for `check`.
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
    >>> check_gradient(lambda x: (x**2).sum(), lambda x: 3 * x, [1.0, 2.0]).passed
    False
    """
    require_plain_arguments(name, data)
    problem = function_problem(loss, gradient, parameters, data=data or {}, autograd=autograd, name=name)
    if epsilon is None:
        epsilon = DEFAULT_EPSILON if classic else AUTO
    return check(problem, epsilon=epsilon, classic=classic, **settings)
