"""What every command that checks something does with its cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import click

from gradcheck_cli.cli.apart import Job, can_be_apart, made_apart, made_here
from gradcheck_cli.cli.defaults import Project, origins
from gradcheck_cli.cli.making import Case, outcomes_of
from gradcheck_cli.cli.options import Checking
from gradcheck_cli.cli.publishing import publish
from gradcheck_cli.vocabulary.results import Outcome

__all__ = ["Case", "Prepared", "in_order", "require_all_writable", "require_separate_files", "run_checks"]


class Prepared(NamedTuple):
    """Cases that are checked in one way."""

    cases: Sequence[Case]
    options: Checking


def run_checks(prepared: Prepared) -> int:
    """Check every case, tell and write what was found, and return the exit code.

    Parameters
    ----------
    prepared : Prepared
        What the command checks, and how. A case that cannot be checked does not keep the others from it.

    Returns
    -------
    int
        The worst exit code: 2 before 1 before 3 before 0.

    Raises
    ------
    InputError
        Where a file that is to be written is read, or written by another as well.
    """
    context = click.get_current_context()
    project = context.find_object(Project)
    notes = origins(context, project.config if project else None)
    told = Prepared(prepared.cases, prepared.options._replace(notes=notes))
    require_separate_files([told], told.options.reports, project)
    return publish(outcomes_in_order(told), told.options)


def outcomes_in_order(prepared: Prepared) -> Iterator[Outcome]:
    """Check cases one after another."""
    require_all_writable([prepared])
    jobs = [Job(case.name, partial(outcomes_of, [case], prepared.options)) for case in prepared.cases]
    yield from (outcome for _, outcome in in_order(jobs, foreign=any(case.foreign for case in prepared.cases)))


def in_order(jobs: Sequence[Job], *, foreign: bool) -> Iterator[tuple[int, Outcome]]:
    """Do jobs one after another, and yield the number of each with what it comes to.

    They are done in a process of their own where the code is not ours and this process is the whole program.
    """
    project = click.get_current_context().find_object(Project)
    apart = foreign and project is not None and project.is_program and can_be_apart()
    return made_apart(jobs, meanwhile=load_terminal_reporter) if apart else made_here(jobs)


def load_terminal_reporter() -> None:
    """Load what most reports are shown by."""
    import gradcheck_cli.reporters.terminal  # noqa: F401


def require_separate_files(
    every: Sequence[Prepared], reports: Iterable[tuple[str, str]], project: Project | None
) -> None:
    """See that the files of some checks get into nobody's way, before anything is evaluated.

    Raises
    ------
    InputError
        Where one that is to be written is read, or written by another as well.
    """
    outputs = [(f"--report {name}", path) for name, path in reports]
    outputs += [(option, str(path)) for one in every for option, path in one.options.kept]
    if not outputs:
        return
    from gradcheck_cli.cli.files import require_apart

    reads = {what: path for one in every for case in one.cases for what, path in case.reads.items() if path}
    reads |= {what: path for one in every for what, path in one.options.gone_on_with}
    if project is not None and project.config is not None:
        reads["the project's settings"] = project.config.path
    require_apart(outputs, reads)


def require_all_writable(every: Sequence[Prepared]) -> None:
    """Raise InputError where a file that a check is to write cannot be written; reports are tried by themselves."""
    for one in every:
        for _, path in one.options.kept:
            from gradcheck_cli.cli.files import require_writable

            require_writable(path, may_be=".npz")  # a point is kept over an earlier one
