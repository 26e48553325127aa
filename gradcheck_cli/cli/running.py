"""Make checks, show each as it comes, write the report files, and come to one exit code."""

from __future__ import annotations

import inspect
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import click

from gradcheck_cli.cli.defaults import Project
from gradcheck_cli.cli.exit_codes import COULD_NOT_CHECK, INTERRUPTED
from gradcheck_cli.cli.options import Checking
from gradcheck_cli.cli.output import can_show, show_failure, terminal_width, wants_color, write
from gradcheck_cli.errors import CheckInterrupted, GradcheckError, UserFunctionError
from gradcheck_cli.problems.scalar import ScalarModel
from gradcheck_cli.reporters.formats import renderer
from gradcheck_cli.results import CheckReport, Location, Outcome, RunReport, Unchecked, Verdict

if TYPE_CHECKING:
    from gradcheck_cli.problems.problem import Problem
    from gradcheck_cli.reporters.terminal import Style

__all__ = [
    "Case",
    "Collected",
    "outcomes_of",
    "publish",
    "record_failure",
    "run_checks",
    "unchecked",
]

EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3}
_WORST_FIRST = (COULD_NOT_CHECK, 1, 3, 0)


class Case(NamedTuple):
    """One problem that a command is to check."""

    name: str
    """What it is called where it cannot even be made."""
    make: Callable[[], Problem | ScalarModel]
    """Makes it, and may raise a GradcheckError."""
    gradient: str | None = None
    """``FILE.py:NAME`` of the function that gives the gradient, where the user wrote one."""


@dataclass
class Collected:
    """What `gradcheck run` puts in the context of another command to get its cases instead of their checks."""

    cases: list[Case] = field(default_factory=list)
    options: Checking | None = None


def run_checks(cases: Iterable[Case], options: Checking) -> int:
    """Check every case, tell and write what was found, and return the exit code.

    Parameters
    ----------
    cases : iterable of Case
        One that cannot be checked does not keep the others from it.
    options : Checking
        How to check and to show.

    Returns
    -------
    int
        The worst exit code: 2 before 1 before 3 before 0.
    """
    collected = click.get_current_context().find_object(Collected)
    if collected is not None:
        collected.cases, collected.options = list(cases), options
        return 0
    return publish(outcomes_of(cases, options), options)


def outcomes_of(cases: Iterable[Case], options: Checking) -> Iterator[Outcome]:
    """Check the cases one after another."""
    import gradcheck_cli.reporters.terminal  # noqa: F401  (before the folder of the user's file can hide a module)

    for case in cases:
        try:
            yield outcome_of(case, options)
        except CheckInterrupted as interruption:  # noqa: PERF203  (it ends the loop)
            if interruption.report is not None:
                yield interruption.report
            raise


def outcome_of(case: Case, options: Checking) -> Outcome:
    """Check one case."""
    try:
        # what the user's functions print does not belong in the report
        with redirect_stdout(sys.stderr):
            return replace(checked(case.make(), options), location=locate(case))
    except GradcheckError as error:
        return unchecked(case.name, error)


def locate(case: Case) -> Location | None:
    """Return where the user's gradient function begins; it is loaded by now."""
    if case.gradient is None:
        return None
    from pathlib import Path

    from gradcheck_cli.loading.functions import load_function

    code = getattr(inspect.unwrap(load_function(case.gradient)), "__code__", None)
    if code is None:
        return None
    file, here = Path(code.co_filename), Path.cwd()
    return Location((file.relative_to(here) if file.is_relative_to(here) else file).as_posix(), code.co_firstlineno)


def checked(problem: Problem | ScalarModel, options: Checking) -> CheckReport:
    """Check a problem; the scalar model without numpy."""
    if isinstance(problem, ScalarModel):
        from gradcheck_cli.scalar_checking import check_scalar

        return check_scalar(problem, sweep_steps=options.draws, **options.settings)
    from gradcheck_cli.checking import check
    from gradcheck_cli.cli.further_options import FurtherOptions
    from gradcheck_cli.cli.large_options import Keeper, LargeOptions
    from gradcheck_cli.cli.progress import Progress

    large, further = options.large or LargeOptions(), options.further or FurtherOptions()
    journal = large.journal()
    large.keep(journal)  # that it cannot be written is to be known now
    try:
        with Progress(quiet=options.verbosity < 0) as progress:
            watch = Keeper(progress, lambda: large.keep(journal)) if journal is not None else progress
            settings = {**options.settings, **large.settings, **further.settings, "journal": journal, "progress": watch}
            report = check(problem, **settings, sweep_steps=options.draws)
            further.keep(report)
            return report
    finally:
        large.keep(journal)


def unchecked(name: str, error: GradcheckError) -> Unchecked:
    """Return the record of a case that an error kept from being checked."""
    traceback = error.user_traceback if isinstance(error, UserFunctionError) else ""
    return Unchecked(name, error.message, error.hint, traceback)


# showing and writing


def publish(outcomes: Iterable[Outcome], options: Checking, *, table: bool = False) -> int:
    """Show outcomes as they come, then write what is written once, and return the exit code.

    Parameters
    ----------
    outcomes : iterable of Outcome
        Taken one by one; Ctrl-C ends them, and an error that it raises counts as a case of its own.
    options : Checking
        How to show, and what to write.
    table : bool, optional
        Whether one table at the end takes the place of the reports that passed.
    """
    found: list[Outcome] = []
    code = None
    try:
        require_ready(options)
        for outcome in outcomes:
            found.append(outcome)
            if not (table and passed(outcome) and options.verbosity < 1):
                show(outcome, options)
    except GradcheckError as error:
        table = False
        found.append(unchecked("gradcheck", error))
        show(found[-1], options)
    except KeyboardInterrupt:
        code = INTERRUPTED
        if not found:
            write("interrupted: nothing was checked\n", sys.stderr)
    except Exception as fault:  # whoever reads the files must not take them for the whole
        found.append(Unchecked("gradcheck", f"not finished: {type(fault).__name__}: {fault}"))
        write_files(run_report(found, COULD_NOT_CHECK, options), options.reports)
        raise
    run = run_report(found, final_code(found, options) if code is None else code, options)
    write_files(run, options.reports)
    write_once(run, options, table=table)
    return run.exit_code


def require_ready(options: Checking) -> None:
    """Raise what is wrong with the project's file, or ExtraError where a picture is wanted that cannot be drawn."""
    project = click.get_current_context().find_object(Project)
    if project is not None and project.error is not None:
        raise project.error
    if options.plot:
        from gradcheck_cli.reporters.pictures import require_plotting

        require_plotting()


def passed(outcome: Outcome) -> bool:
    """Whether nothing has to be told of a case but that it passed."""
    return isinstance(outcome, CheckReport) and outcome.passed


def show(outcome: Outcome, options: Checking) -> None:
    """Write a report to stdout where text is wanted there, and what could not be checked to stderr."""
    if isinstance(outcome, Unchecked):
        show_failure(outcome.error, outcome.hint, outcome.traceback)
    elif options.format == "text" and options.verbosity > -2:
        from gradcheck_cli.reporters.terminal import render

        write(render(outcome, style_of(options)), sys.stdout)


def style_of(options: Checking) -> Style:
    """Return how text on stdout is to look."""
    from gradcheck_cli.reporters.terminal import Style

    blocks = can_show(sys.stdout, "░▒▓█┌─")
    return Style(wants_color(options.color), terminal_width(), options.verbosity, options.plot, blocks)


def write_files(run: RunReport, reports: Iterable[tuple[str, str]]) -> None:
    """Write the report files that were asked for, each a format and a path."""
    for name, path in reports:
        from gradcheck_cli.cli.files import write_whole

        write_whole(path, renderer(name)(run))


def record_failure(ctx: click.Context, error: GradcheckError) -> None:
    """Write the files of a command that could not begin, so that a build reads no earlier run's."""
    failure = unchecked(ctx.command_path, error)
    write_files(RunReport((failure,), COULD_NOT_CHECK, versions()), ctx.params["reports"])


def write_once(run: RunReport, options: Checking, *, table: bool) -> None:
    """Write what can only be written when all is known."""
    if options.verbosity < -1:
        return
    if options.format != "text":
        write(renderer(options.format)(run), sys.stdout)
    elif run.exit_code != INTERRUPTED:
        write(closing(run, options, table=table), sys.stdout)
    if os.environ.get("GITHUB_ACTIONS") == "true" and options.format != "github":
        from gradcheck_cli.reporters.github import workflow_commands

        write(workflow_commands(run), sys.stderr)  # GitHub reads both streams, and stdout stays what was asked for


def closing(run: RunReport, options: Checking, *, table: bool) -> str:
    """Return what stands under several reports."""
    line = f"{summary(run.outcomes)}\n" if len(run.outcomes) > 1 else ""
    if not table:
        return line
    from gradcheck_cli.reporters.terminal import render_table

    shown = [outcome for outcome in run.outcomes if options.verbosity >= 0 or not passed(outcome)]
    told = options.verbosity > 0 or not all(map(passed, run.outcomes))
    return ("\n" if told else "") + (render_table(shown, style_of(options)) if shown else "") + line


def summary(outcomes: Iterable[Outcome]) -> str:
    """Return the line that counts the verdicts."""
    words = {0: "PASS", 1: "FAIL", 3: "INCONCLUSIVE", COULD_NOT_CHECK: "could not be checked"}
    counts = Counter(map(code_of, outcomes))
    return f"{counts.total()} cases: " + ", ".join(f"{counts[c]} {words[c]}" for c in _WORST_FIRST if counts[c])


# codes and versions


def code_of(outcome: Outcome) -> int:
    """Return the exit code of one case."""
    return COULD_NOT_CHECK if isinstance(outcome, Unchecked) else EXIT_CODES[outcome.verdict]


def final_code(outcomes: Iterable[Outcome], options: Checking) -> int:
    """Return the worst code; what was checked counts as 0 where that was asked for."""
    code = min(map(code_of, outcomes), key=_WORST_FIRST.index)
    return 0 if options.exit_zero and code != COULD_NOT_CHECK else code


def run_report(outcomes: Iterable[Outcome], code: int, options: Checking) -> RunReport:
    """Return the record of the whole run; text on stdout needs no versions, and looking them up takes its time."""
    written = options.reports or options.format != "text"
    return RunReport(tuple(outcomes), code, versions() if written else {})


def versions() -> dict[str, str]:
    """Return the versions of what the numbers depend on; numpy is not imported for that."""
    import platform
    from importlib.metadata import version

    from gradcheck_cli import __version__

    return {
        "gradcheck": __version__,
        "numpy": version("numpy"),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
