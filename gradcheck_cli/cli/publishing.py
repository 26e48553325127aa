"""Show each outcome as it comes, write the report files, and come to one exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import click

from gradcheck_cli.cli.defaults import Project
from gradcheck_cli.cli.ending import code_of_signal, ended_by
from gradcheck_cli.cli.exit_codes import COULD_NOT_CHECK
from gradcheck_cli.cli.making import unchecked
from gradcheck_cli.cli.options import Checking
from gradcheck_cli.cli.output import can_show, say, show_failure, terminal_width, wants_color, write
from gradcheck_cli.cli.report_files import ReportFiles, run_of
from gradcheck_cli.reporters.formats import renderer
from gradcheck_cli.vocabulary.errors import GradcheckError
from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.results import CheckReport, NotRun, Outcome, RunReport, Unchecked, Verdict
from gradcheck_cli.vocabulary.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from gradcheck_cli.reporters.terminal import Style

__all__ = ["EXIT_CODES", "WORST_FIRST", "final_code", "is_pass", "publish", "record_failure"]

EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3}
WORST_FIRST = (COULD_NOT_CHECK, 1, 3, 0)


def publish(
    outcomes: Iterable[Outcome],
    options: Checking,
    *,
    table: bool = False,
    slowest: int | None = None,
    forgiven: Callable[[Outcome], bool] = lambda _: False,
) -> int:
    """Show outcomes as they come, then write what is written once, and return the exit code.

    Parameters
    ----------
    outcomes : iterable of Outcome
        Taken one by one; a signal ends them, and an error that it raises counts as a case of its own.
    options : Checking
        How to show, and what to write.
    table : bool, optional
        Whether one table at the end takes the place of the reports that passed.
    slowest : int, optional
        How many of the slowest cases are listed at the end; 0 for all, None for none.
    forgiven : callable, optional
        Whether what was checked counts as 0, as with ``--exit-zero``.

    Raises
    ------
    InputError
        Where a report file cannot be written, after all else is.
    """
    found: list[Outcome] = []
    code, interrupted = None, False
    files = ReportFiles(options.reports)
    try:
        require_ready()
        files.begin()
        files.require_all()
        for outcome in outcomes:
            found.append(outcome)
            if not (table and is_pass(outcome) and options.verbosity < 1):
                show(outcome, options)
    except GradcheckError as error:
        table, files.error = False, None
        found.append(unchecked("gradcheck", error))
        show(found[-1], options)
    except KeyboardInterrupt as interruption:
        code, interrupted = code_of_signal(ended_by(interruption)), True
        if not found:
            lines = ["interrupted: nothing was checked"]
            if options.large and options.large.going_on:
                lines.append(f"hint: {options.large.going_on}")
            say("\n".join(lines), sys.stderr)
    except Exception as fault:  # whoever reads the files must not take them for the whole
        found.append(Unchecked("gradcheck", f"not finished: {type(fault).__name__}: {fault}"))
        files.write(run_report(found, COULD_NOT_CHECK, options))
        raise
    if code is None:
        code = final_code(found, lambda outcome: options.exit_zero or forgiven(outcome))
    run = run_report(found, code, options)
    files.write(run)
    write_once(run, options, table=table, whole=not interrupted, slowest=slowest)
    if run.exit_code != COULD_NOT_CHECK:
        files.require_all()
    return run.exit_code


def require_ready() -> None:
    """Raise what is wrong with the project's file."""
    project = click.get_current_context().find_object(Project)
    if project is not None and project.error is not None:
        raise project.error


def is_pass(outcome: Outcome) -> bool:
    """Whether a case was checked and passed."""
    return isinstance(outcome, CheckReport) and outcome.passed


def show(outcome: Outcome, options: Checking) -> None:
    """Write a report to stdout where text is wanted there, and what could not be checked, but was begun, to stderr."""
    if isinstance(outcome, NotRun):
        return
    if isinstance(outcome, Unchecked):
        show_failure(outcome.error, outcome.hint, outcome.traceback)
        if outcome.suggestion is not None and options.verbosity > -2:
            from gradcheck_cli.reporters.excerpt import unchecked_lines

            for line in unchecked_lines(outcome):
                say(line, sys.stderr)
    elif options.format == "text" and options.verbosity > -2:
        from gradcheck_cli.reporters.terminal import render

        write(render(outcome, style_of(options)), sys.stdout)


def style_of(options: Checking) -> Style:
    """Return how text on stdout is to look."""
    from gradcheck_cli.reporters.terminal import Style

    blocks = can_show(sys.stdout, "░▒▓█┌─")
    return Style(wants_color(options.color), terminal_width(), options.verbosity, options.plot, blocks)


def record_failure(ctx: click.Context, error: GradcheckError) -> None:
    """Write the files of a command that could not begin, so that a build reads no earlier run's."""
    from pathlib import Path

    from gradcheck_cli.cli.files import require_apart

    reports = ctx.params["reports"]
    require_apart([(f"--report {name}", Path(path)) for name, path in reports], named_files(sys.argv[1:]))
    files = ReportFiles(reports)
    files.begin()
    files.write(run_of([unchecked(ctx.command_path, error)], COULD_NOT_CHECK))
    files.require_all()


def named_files(words: Iterable[str]) -> Mapping[str, Path]:
    """Return the files that a command line names besides those that it writes, by how it names them."""
    from pathlib import Path

    named = [(word, word) for word in words] + [(word, word.rpartition(":")[0]) for word in words]
    return {word: Path(name) for word, name in named if name and os.path.isfile(name)}  # noqa: PTH113


def write_once(run: RunReport, options: Checking, *, table: bool, whole: bool, slowest: int | None) -> None:
    """Write what can only be written when all is known; no closing line where the run was interrupted."""
    if options.verbosity < -1:
        return
    if options.format != "text":
        write(renderer(options.format)(run), sys.stdout)
    elif whole:
        write(closing(run, options, table=table) + durations(run.outcomes, slowest), sys.stdout)
    if os.environ.get("GITHUB_ACTIONS") == "true" and options.format != "github":
        from gradcheck_cli.reporters.github import workflow_commands

        write(workflow_commands(run), sys.stderr)  # GitHub reads both streams, and stdout stays what was asked for


def closing(run: RunReport, options: Checking, *, table: bool) -> str:
    """Return what stands under several reports."""
    if len(run.outcomes) < 2 and not table:
        return ""
    from gradcheck_cli.reporters.tally import run_sentence

    line = f"{said(run_sentence(run))}\n" if len(run.outcomes) > 1 else ""
    if not table:
        return line
    from gradcheck_cli.reporters.terminal import render_table

    shown = [outcome for outcome in run.outcomes if options.verbosity >= 0 or not is_pass(outcome)]
    told = options.verbosity > 0 or not all(map(is_pass, run.outcomes))
    return ("\n" if told else "") + (render_table(shown, style_of(options)) if shown else "") + line


def durations(outcomes: Iterable[Outcome], slowest: int | None) -> str:
    """Return the slowest cases, so many of them or for 0 all, each with its seconds; nothing where none is wanted."""
    if slowest is None:
        return ""
    made = [outcome for outcome in outcomes if isinstance(outcome, CheckReport)]
    made.sort(key=lambda report: report.seconds, reverse=True)
    lines = [f"{report.seconds:8.2f} s  {printable(report.name)}\n" for report in made[: slowest or None]]
    return "".join([f"{said('slowest:')}\n", *lines]) if lines else ""


def code_of(outcome: Outcome) -> int:
    """Return the exit code of one case."""
    return COULD_NOT_CHECK if isinstance(outcome, Unchecked) else EXIT_CODES[outcome.verdict]


def final_code(outcomes: Collection[Outcome], forgiven: Callable[[Outcome], bool]) -> int:
    """Return the worst code, and that of nothing begun at all; what was checked counts as 0 where it is forgiven."""
    begun = [outcome for outcome in outcomes if not isinstance(outcome, NotRun)]
    codes = (code_of(outcome) for outcome in begun if isinstance(outcome, Unchecked) or not forgiven(outcome))
    return min(codes, key=WORST_FIRST.index, default=0) if begun else COULD_NOT_CHECK


def run_report(outcomes: Iterable[Outcome], code: int, options: Checking) -> RunReport:
    """Return the record of the whole run; text on stdout needs no versions, and looking them up takes its time."""
    written = options.reports or options.format != "text"
    return run_of(outcomes, code) if written else RunReport(tuple(outcomes), code, {})
