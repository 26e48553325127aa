"""Whether to check every entry or to screen, where the user leaves the choice."""

from __future__ import annotations

from gradcheck_cli.numeric.screen import evaluations_of
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.vocabulary.settings import AUTO, FULL, SCREEN, Settings

__all__ = ["FEW", "chosen_mode", "evaluations_of_all"]

FEW = 16  # entries: to check them all takes hardly more evaluations than a screen, and sees more
MOST = 200_000  # evaluations, where there is no budget
LONGEST = 60.0  # seconds, where there is no budget
ALL_THE_SAME = "--mode full checks every entry all the same"
OF_ENTRY = 2.0  # evaluations: one step to either side; more only for entries that are not clear at once
OF_ALL = 12.0  # evaluations for what precedes the first entry: calls at the point, and the noise


def chosen_mode(problem: Problem, settings: Settings, seconds: float, jobs: int = 1) -> tuple[str, str]:
    """Return the mode of a check, and why it is that.

    Parameters
    ----------
    problem : Problem
        What is to be checked.
    settings : Settings
        With the mode that was asked for, and the budget.
    seconds : float
        That one evaluation takes, as measured.
    jobs : int, optional
        How many evaluations are made at a time.

    Returns
    -------
    tuple of str
        ``full`` or ``screen``, and a sentence for the report; empty where nothing had to be chosen.
    """
    entries = sum(values.size for values in problem.parameters.values())
    if settings.mode == SCREEN and entries <= FEW and not settings.limited:
        return FULL, f"every entry was checked instead of a screen: there are only {entries}"
    if settings.mode != AUTO:
        return settings.mode, ""
    if settings.classic or not isinstance(problem, FunctionProblem):
        return FULL, ""
    needed = evaluations_of_all(problem, settings)
    affordable, limit = budget(settings, max(seconds, 1e-9), jobs)
    if needed > affordable and (settings.limited or needed > evaluations_of(problem.parameters)):
        return SCREEN, f"screened: checking every entry takes about {needed:,} evaluations, more than {limit}"
    why = f"every entry was checked: that takes about {needed:,} evaluations, no more than {limit}"
    return FULL, why if settings.limited else ""


def evaluations_of_all(problem: Problem, settings: Settings) -> int:
    """Return about how many evaluations it takes to check every entry."""
    entries = sum(values.size for values in problem.parameters.values())
    if settings.classic:
        return 2 * entries + 1
    passes = OF_ENTRY if settings.step is None else OF_ENTRY + 2
    return round(passes * entries + OF_ALL)


def budget(settings: Settings, seconds: float, jobs: int) -> tuple[float, str]:
    """Return how many evaluations of so many seconds there may be, and what says so."""
    limits = []
    if settings.max_evals is not None:
        limits.append((float(settings.max_evals), f"--max-evals {settings.max_evals:,}"))
    if settings.time_limit is not None:
        in_time = settings.time_limit * jobs / seconds
        limits.append((in_time, f"the {in_time:,.0f} that fit into --time {settings.time_limit:g} s"))
    if not settings.limited:
        in_time = LONGEST * jobs / seconds
        in_words = f"the {in_time:,.0f} of {seconds:.2g} s that fit into {LONGEST:g} s"
        limits += [(float(MOST), f"{MOST:,}; {ALL_THE_SAME}"), (in_time, f"{in_words}; {ALL_THE_SAME}")]
    return min(limits)
