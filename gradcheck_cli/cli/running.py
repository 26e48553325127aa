"""Run checks one after another, write each report, and come to one exit code."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

from gradcheck_cli.cli.options import Checking
from gradcheck_cli.cli.output import show_error, terminal_width, wants_color, write
from gradcheck_cli.errors import CheckInterrupted, GradcheckError
from gradcheck_cli.problems.scalar import ScalarModel
from gradcheck_cli.results import CheckReport, Verdict
from gradcheck_cli.settings import AUTO

if TYPE_CHECKING:
    from gradcheck_cli.problems.problem import Problem

__all__ = ["COULD_NOT_CHECK", "INTERRUPTED", "run_checks"]

EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3}
COULD_NOT_CHECK = 2
INTERRUPTED = 130
_WORST_FIRST = (COULD_NOT_CHECK, 1, 3, 0)


def run_checks(problems: Iterable[Callable[[], Problem | ScalarModel]], options: Checking) -> int:
    """Make and check every problem; one that cannot be checked does not keep the others from it.

    Parameters
    ----------
    problems : iterable of callable
        Each makes one problem, and may raise a GradcheckError.
    options : Checking
        How to check and to show.

    Returns
    -------
    int
        The worst exit code: 2 before 1 before 3 before 0.
    """
    codes = []
    for problem in problems:
        codes.append(run_check(problem, options))
        if codes[-1] == INTERRUPTED:
            return INTERRUPTED
    if len(codes) > 1 and options.verbosity > -2:
        write(summary(codes) + "\n", sys.stdout)
    return min(codes, key=_WORST_FIRST.index)


def run_check(make_problem: Callable[[], Problem | ScalarModel], options: Checking) -> int:
    """Check one problem, write its report or its error, and return its exit code."""
    import gradcheck_cli.reporters.terminal  # noqa: F401  (before the folder of the user's file can hide a module)

    try:
        # what the user's functions print does not belong in the report
        with redirect_stdout(sys.stderr):
            report = checked(make_problem(), options)
    except GradcheckError as error:
        show_error(error)
        return COULD_NOT_CHECK
    except CheckInterrupted as interruption:
        show(interruption.report, options)
        return INTERRUPTED
    show(report, options)
    return EXIT_CODES[report.verdict]


def show(report: CheckReport | None, options: Checking) -> None:
    """Write a report to stdout."""
    from gradcheck_cli.reporters.terminal import Style, render

    if report is None:
        write("interrupted: nothing was checked\n", sys.stderr)
    elif options.verbosity > -2:
        style = Style(wants_color(options.color), terminal_width(), options.verbosity)
        write(render(report, style), sys.stdout)


def checked(problem: Problem | ScalarModel, options: Checking) -> CheckReport:
    """Check a problem; the scalar model without numpy."""
    if isinstance(problem, ScalarModel):
        from gradcheck_cli.scalar_checking import check_scalar

        return check_scalar(problem, **options.settings)
    from gradcheck_cli.checking import check
    from gradcheck_cli.cli.progress import Progress
    from gradcheck_cli.problems.problem import ComplexSafe

    entries = sum(values.size for values in problem.parameters.values())
    ladder = not options.classic and not isinstance(problem, ComplexSafe)
    passes = ladder + (options.epsilon != AUTO)
    with Progress(entries * passes, quiet=options.verbosity < 0) as progress:
        return check(problem, **options.settings, progress=progress)


def summary(codes: list[int]) -> str:
    """Return the line that stands under several cases."""
    words = {0: "PASS", 1: "FAIL", 3: "INCONCLUSIVE", COULD_NOT_CHECK: "could not be checked"}
    counts = Counter(codes)
    return f"{len(codes)} cases: " + ", ".join(f"{counts[c]} {words[c]}" for c in _WORST_FIRST if counts[c])
