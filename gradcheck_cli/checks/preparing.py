"""What precedes a check's first evaluation: whether there is something to check, the mode, and a saved state."""

from __future__ import annotations

import dataclasses
import math
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from gradcheck_cli.checks.mode import chosen_mode
from gradcheck_cli.evaluating.journal import MADE_AGAIN, Journal, fingerprint
from gradcheck_cli.problems.functions.function import Calls, FunctionProblem
from gradcheck_cli.problems.functions.identity import identity_of
from gradcheck_cli.problems.functions.preflight import preflight
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.vocabulary.alarm import GRACE, LateError, raised_after
from gradcheck_cli.vocabulary.errors import InputError, ProblemError, SettingError
from gradcheck_cli.vocabulary.parameters import Parameters
from gradcheck_cli.vocabulary.settings import AUTO, SCREEN, Settings, require_whole
from gradcheck_cli.vocabulary.watch import Watch

__all__ = [
    "decided",
    "in_time",
    "open_journal",
    "prepared",
    "require_means",
    "require_one_process",
    "require_something",
]


def require_means(jobs: object, executor: object, progress: object, journal: object) -> None:
    """Raise SettingError where there cannot be such workers, or nobody can be told, or nothing be kept."""
    require_whole("jobs", jobs, 1)
    if not (executor is None or isinstance(executor, str) or callable(getattr(executor, "submit", None))):
        raise SettingError(f"executor is {executor!r}, expected an executor, or dask://HOST:PORT")
    if not callable(progress):
        raise SettingError(f"progress is {progress!r}, expected a function of a number")
    if not (journal is None or isinstance(journal, Journal)):
        raise SettingError(f"journal is {journal!r}, expected a Journal")


def require_one_process(problem: Problem, jobs: int, executor: object) -> None:
    """Raise SettingError where several processes would share a device: each would need the parameters there again."""
    device = problem.device if isinstance(problem, FunctionProblem) else None
    if device is not None and not device.on_cpu and (jobs > 1 or executor is not None):
        raise SettingError(
            f"the loss is evaluated on {device.name}, by one process", hint="leave out --jobs and --executor"
        )


def prepared(problem: Problem, settings: Settings, watch: Watch) -> Problem:
    """Return the problem after the user's functions were called for the first time; any other as it is.

    Raises
    ------
    ProblemError
        Where they do not return in time, or are none that can be checked: see `preflight`.
    """
    if not isinstance(problem, FunctionProblem):
        return problem
    calls = Calls(told=watch)
    with in_time(problem.name, settings.time_limit):
        made = preflight(dataclasses.replace(problem, calls=calls), repeat=settings.repeat)
    calls.told = None  # the problem travels to workers, and who watches does not
    return made


@contextmanager
def in_time(name: str, limit: float | None) -> Iterator[None]:
    """Let the user's functions be called, for as long as a check may take.

    Raises
    ------
    ProblemError
        Where they do not return in time.
    """
    try:
        with raised_after(None if limit is None else limit + GRACE):
            yield
    except LateError:
        raise ProblemError(
            f"{name} did not return its first values within {limit:g} s and {GRACE:g} s more",
            hint="does the loss return at all? the time limit has to allow a few evaluations",
        ) from None


def require_something(parameters: Parameters) -> None:
    """Raise ProblemError where there is no entry to check, or an empty parameter."""
    empty = [name for name, values in parameters.items() if not values.size]
    if empty or not parameters:
        what = f"parameter {empty[0]} is empty" if empty else "there are no parameters"
        raise ProblemError(f"{what}: nothing to check")


def decided(
    problem: Problem, settings: Settings, seed: int | None, journal: Journal | None, jobs: int
) -> tuple[Settings, Sequence[str]]:
    """Return the settings with their mode and seed, and why the mode is what it is.

    Raises
    ------
    InputError
        Where a journal has another mode or seed than was asked for.
    """
    if journal is None or not journal.mode:
        seconds = problem.calls.shortest if isinstance(problem, FunctionProblem) else math.inf
        mode, why = chosen_mode(problem, settings, seconds, jobs)
        fresh = secrets.randbits(32) if seed is None and mode == SCREEN else settings.seed
        epsilon = AUTO if settings.mode == SCREEN else settings.epsilon  # there is no step that a screen were at
        return dataclasses.replace(settings, mode=mode, seed=fresh, epsilon=epsilon), [why] if why else []
    if settings.mode not in (AUTO, journal.mode) or seed not in (None, journal.seed):
        raise InputError(
            f"the saved state is of mode {journal.mode} and seed {journal.seed}, not of those asked for",
            hint="leave out --mode and --seed to continue it",
        )
    made = len(journal.losses) // math.prod(getattr(problem, "outputs", ()))
    why = f"resumed after {made:,} evaluations, of which {min(MADE_AGAIN, made)} were made again"
    return dataclasses.replace(settings, mode=journal.mode, seed=journal.seed), [why]


def open_journal(
    journal: Journal, problem: Problem, claims: Sequence[Parameters] | None, settings: Settings
) -> None:  # fmt: skip
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
    claimed = [problem.gradient(problem.parameters)] if claims is None else claims
    print_ = fingerprint([problem.parameters, *claimed, plain], *asked, code)
    if journal.mode and journal.problem != print_:
        raise InputError(
            "the saved state belongs to a different check: point, gradient, data, code, name or settings differ",
            hint="--resume continues the same command; leave it out to start over",
        )
    journal.seed, journal.mode, journal.problem = settings.seed, settings.mode, print_
    if not isinstance(problem, FunctionProblem):
        return
    if journal.losses:
        before = np.array(journal.losses[: math.prod(problem.outputs)]).reshape(problem.outputs)
        if not problem.is_loss_here(before):
            raise of_another_loss("at the point", before.tolist(), problem.here)
    if problem.weighing is not None:
        return
    if not problem.is_loss_beside(journal.beside):
        raise of_another_loss("close to the point", journal.beside, problem.beside)
    if not journal.losses:
        journal.beside = problem.beside


def of_another_loss(where: str, before: object, now: object) -> InputError:
    """Make the error for a state whose loss is not what it was."""
    return InputError(
        f"the loss has changed since the state was saved: {where} it was {before!r} and is {now!r}",
        hint="leave out --resume to start over",
    )
