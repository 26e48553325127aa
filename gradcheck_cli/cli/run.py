"""`gradcheck run`: every check of the project's pyproject.toml."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from gradcheck_cli.cli.apart import Begun, Job, can_be_apart, made_apart, made_here
from gradcheck_cli.cli.completion import complete_check
from gradcheck_cli.cli.defaults import DISPLAY, Project
from gradcheck_cli.cli.ending import code_of_signal, ended_by
from gradcheck_cli.cli.help import Command, option
from gradcheck_cli.cli.making import outcomes_of
from gradcheck_cli.cli.options import Checking, checking_options
from gradcheck_cli.cli.output import write
from gradcheck_cli.cli.planning import Plan, cases_of, described, inside, plans
from gradcheck_cli.cli.publishing import final_code, publish
from gradcheck_cli.cli.report_files import ReportFiles, run_of
from gradcheck_cli.cli.running import (
    Prepared,
    in_order,
    require_all_writable,
    require_separate_files,
)
from gradcheck_cli.cli.selection import matcher
from gradcheck_cli.vocabulary.errors import GradcheckError
from gradcheck_cli.vocabulary.results import Outcome, Unchecked

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["run"]

OF_A_RUN = {*DISPLAY, "reports", "exit_zero"}
"""The parameters that on the command line are of a whole run and not of one check."""
EPILOG = """\b
Examples:
  gradcheck run
  gradcheck run -k "net and not slow" --jobs 2
  gradcheck run --list
"""


run_options = partial(checking_options, shown="auto, and 1e-07 for scalar and net")
"""Those of the checks that are run."""


@click.command(cls=Command, epilog=EPILOG)
@option(
    "-k",
    "expression",
    common=True,
    metavar="EXPR",
    shell_complete=complete_check,
    help="Run only checks whose names match, such as 'net and not slow'.",
)
@option(
    "--jobs",
    common=True,
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Run up to N checks in parallel.",
)
@option("--list", "only_list", common=True, is_flag=True, default=False, help="List the checks without running them.")
@run_options
@click.pass_context
def run(ctx: click.Context, /, expression: str | None, jobs: int, only_list: bool, **options: Any) -> None:
    """Run all checks that pyproject.toml lists."""
    selected = matcher(expression) if expression else lambda _: True
    overrides = {name: value for name, value in options.items() if given(ctx, name) and name not in OF_A_RUN}
    if only_list:
        write(
            "".join(f"{described(plan)}\n" for plan in plans(ctx.ensure_object(Project), selected, overrides)),
            sys.stdout,
        )
        return

    chosen = Checking(**options)
    project = ctx.ensure_object(Project)
    require_separate_files([], chosen.reports, project)  # at least the file that says what there is to check
    try:
        planned = plans(project, selected, overrides)
    except GradcheckError as error:
        ctx.exit(publish(raising(error), chosen, table=True))
    with inside(planned[0].folder):  # for that is where the paths of the checks begin
        prepared = [one for one in map(cases_of, planned) if isinstance(one, Prepared)]
        require_separate_files(prepared, [*chosen.reports, *(r for one in planned for r in one.reports)], project)
        made_of = Made(planned)
        ctx.exit(publish(made_of.outcomes(prepared, jobs), chosen, table=True, forgiven=made_of.is_forgiven))


def raising(error: GradcheckError) -> Iterator[Outcome]:
    """Raise an error in the place of outcomes."""
    raise error
    yield


@dataclasses.dataclass
class Made:
    """Checks, and what each has come to."""

    planned: Sequence[Plan]
    found: list[list[Outcome]] = dataclasses.field(init=False)
    """Of each check."""

    def __post_init__(self) -> None:
        self.found = [[] for _ in self.planned]

    def outcomes(self, prepared: Sequence[Prepared], jobs: int) -> Iterator[Outcome]:
        """Make the checks; each has its own report files besides those of the run."""
        require_all_writable(prepared)
        files = [ReportFiles(one.reports) for one in self.planned]
        try:
            for one in files:
                one.begin()
                one.require_all()
            for number, outcome in self.one_after_another() if jobs == 1 else side_by_side(self.planned, jobs):
                self.found[number].append(outcome)
                yield outcome
        finally:
            for one, found in zip(files, self.found, strict=True):
                if found and one.reports:
                    code = final_code(found, self.is_forgiven)
                    one.write(run_of(found, code))
        for one in files:
            one.require_all()

    def one_after_another(self) -> Iterator[tuple[int, Outcome]]:
        """Make the checks one after another."""
        return in_order([Job(one.check.name, partial(made, one)) for one in self.planned], foreign=True)

    def is_forgiven(self, outcome: Outcome) -> bool:
        """Whether the check of an outcome says that it counts as 0."""
        return any(
            one.exit_zero and any(outcome is other for other in found)
            for one, found in zip(self.planned, self.found, strict=True)
        )


def given(ctx: click.Context, name: str) -> bool:
    """Whether the user gave an option, on the command line or in the environment."""
    return ctx.get_parameter_source(name) in {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT}


# making


def made(planned: Plan, *, quiet: bool = False) -> Iterator[Outcome | Begun]:
    """Make one check."""
    prepared = cases_of(planned)
    if isinstance(prepared, Unchecked):
        yield prepared
        return
    options = prepared.options._replace(quiet=2) if quiet else prepared.options
    several = len(prepared.cases) > 1
    for outcome in outcomes_of(prepared.cases, options):
        if isinstance(outcome, Begun):
            yield outcome
        else:
            name = f"{planned.check.name}: {outcome.name}" if several else planned.check.name
            yield dataclasses.replace(outcome, name=name)


def made_quietly(planned: Plan) -> list[Outcome]:
    """Make one check in a process of its own, where no progress is shown."""
    job = Job(planned.check.name, partial(made, planned, quiet=True))
    try:
        with inside(planned.folder):
            return [outcome for _, outcome in (made_apart([job]) if can_be_apart() else made_here([job]))]
    except KeyboardInterrupt:  # a worker that was told to end would take up the next check
        os._exit(code_of_signal(ended_by()))


def side_by_side(planned: Sequence[Plan], jobs: int) -> Iterator[tuple[int, Outcome]]:
    """Make the checks in several processes; what they find comes in their order, with the number of the check."""
    from gradcheck_cli.evaluating.pools import process_pools

    with process_pools(jobs, fresh=True) as pools:
        pool = pools.start()
        futures = [pool.submit(made_quietly, one) for one in planned]
        for number, (one, future) in enumerate(zip(planned, futures, strict=True)):
            yield from ((number, outcome) for outcome in result_of(one, future))


def result_of(planned: Plan, future: Future[list[Outcome]]) -> list[Outcome]:
    """Return what a process found, or that it died."""
    from concurrent.futures.process import BrokenProcessPool

    try:
        return future.result()
    except BrokenProcessPool:
        return [Unchecked(planned.check.name, "the process that made this check died", "--jobs 1 makes it here")]
