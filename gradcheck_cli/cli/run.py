"""`gradcheck run`: every check of the project's pyproject.toml."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from gradcheck_cli.cli.apart import Begun, Job, can_be_apart, made_apart, made_here
from gradcheck_cli.cli.completion import complete_check
from gradcheck_cli.cli.defaults import DISPLAY, Project
from gradcheck_cli.cli.ending import code_of_signal, ended_by
from gradcheck_cli.cli.help import OUTPUT, Command, option
from gradcheck_cli.cli.last_failed import LastFailed
from gradcheck_cli.cli.making import outcomes_of
from gradcheck_cli.cli.options import Checking, checking_options
from gradcheck_cli.cli.output import write
from gradcheck_cli.cli.planning import Plan, cases_of, described, inside, plans
from gradcheck_cli.cli.publishing import final_code, is_pass, publish
from gradcheck_cli.cli.report_files import ReportFiles, run_of
from gradcheck_cli.cli.running import (
    Prepared,
    in_order,
    require_all_writable,
    require_separate_files,
)
from gradcheck_cli.cli.selection import matcher
from gradcheck_cli.vocabulary.errors import GradcheckError
from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.results import NotRun, Outcome, Unchecked

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["run"]

NOT_RUN = "not run: one before it did not pass"
OF_A_RUN = {*DISPLAY, "reports", "exit_zero"}
"""The parameters that on the command line are of a whole run and not of one check."""
EPILOG = """\b
Examples:
  gradcheck run
  gradcheck run "hidden layers" loss -x
  gradcheck run -k "net and not slow" --jobs 2
  gradcheck run --last-failed --durations 3
  gradcheck run --list
"""


run_options = partial(checking_options, shown="auto, and 1e-07 for scalar and net")
"""Those of the checks that are run."""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("checks", nargs=-1, metavar="[CHECK]...", shell_complete=complete_check)
@option(
    "-k",
    "expression",
    common=True,
    metavar="EXPR",
    shell_complete=complete_check,
    help="Run only checks whose names match, such as 'net and not slow'.",
)
@option(
    "--last-failed",
    "--lf",
    common=True,
    is_flag=True,
    help="Run only checks that did not pass last time; all if all did.",
)
@option("-x", "--fail-fast", common=True, is_flag=True, help="Stop at the first check that does not pass.")
@option(
    "--jobs",
    common=True,
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Run up to N checks in parallel.",
)
@option(
    "--durations",
    group=OUTPUT,
    type=click.IntRange(min=0),
    is_flag=False,
    flag_value=10,
    metavar="[N]",
    help="Show the slowest N checks: 10 unless given, 0 for all.",
)
@option("--list", "only_list", common=True, is_flag=True, default=False, help="List the checks without running them.")
@run_options
@click.pass_context
def run(
    ctx: click.Context,
    /,
    checks: tuple[str, ...],
    expression: str | None,
    last_failed: bool,
    fail_fast: bool,
    jobs: int,
    durations: int | None,
    only_list: bool,
    **options: Any,
) -> None:
    """Run the checks that pyproject.toml lists: all, or those named."""
    project = ctx.ensure_object(Project)
    overrides = {name: value for name, value in options.items() if given(ctx, name) and name not in OF_A_RUN}
    chosen = Checking(**options)
    if not only_list:
        require_separate_files([], chosen.reports, project)  # at least the file that says what there is to check
    try:
        planned = plans(project, matcher(expression) if expression else lambda _: True, overrides, checks)
        memory = LastFailed(planned[0].folder, [check.name for check in planned[0].config.checks])
        if last_failed:
            planned = those_that_failed(planned, memory)
    except GradcheckError as error:
        if only_list:
            raise
        ctx.exit(publish(raising(error), chosen, table=True))
    if only_list:
        write("".join(f"{described(plan)}\n" for plan in planned), sys.stdout)
        return

    with inside(planned[0].folder):  # for that is where the paths of the checks begin
        prepared = [one for one in map(cases_of, planned) if isinstance(one, Prepared)]
        require_separate_files(prepared, [*chosen.reports, *(r for one in planned for r in one.reports)], project)
        made_of = Made(planned, Fuse(fail_fast), memory)
        outcomes = made_of.outcomes(prepared, jobs)
        ctx.exit(publish(outcomes, chosen, table=True, slowest=durations, forgiven=made_of.is_forgiven))


def those_that_failed(planned: list[Plan], memory: LastFailed) -> list[Plan]:
    """Return the checks that did not pass when they were made last, or all where all did; say which it is."""
    failed = memory.names()
    found = [one for one in planned if one.check.name in failed]
    told = f"{len(found)} of {len(planned)} checks did not pass last time: only they are made"
    if not found:
        told = f"none of the {len(planned)} checks failed last time: all are made"
    write(f"{said('note:')} {said(told)}\n", sys.stderr)
    return found or planned


def raising(error: GradcheckError) -> Iterator[Outcome]:
    """Raise an error in the place of outcomes."""
    raise error
    yield


@dataclasses.dataclass
class Fuse:
    """Blows at the first outcome that is no pass, where that is wanted; then no check is begun any more."""

    wanted: bool
    blown: bool = False

    def note(self, outcome: Outcome) -> Outcome:
        """Take note of an outcome, and return it."""
        self.blown = self.blown or (self.wanted and not is_pass(outcome))
        return outcome


@dataclasses.dataclass
class Made:
    """Checks, and what each has come to."""

    planned: Sequence[Plan]
    fuse: Fuse
    memory: LastFailed
    found: list[list[Outcome]] = dataclasses.field(init=False)
    """Of each check."""

    def __post_init__(self) -> None:
        self.found = [[] for _ in self.planned]

    def outcomes(self, prepared: Sequence[Prepared], jobs: int) -> Iterator[Outcome]:
        """Make the checks; each has its own report files besides those of the run."""
        require_all_writable(prepared)
        files = [ReportFiles(one.reports) for one in self.planned]
        under_way: int | None = None
        try:
            for one in files:
                one.begin()
                one.require_all()
            pairs = self.one_after_another() if jobs == 1 else side_by_side(self.planned, jobs, self.fuse)
            for under_way, outcome in pairs:
                self.found[under_way].append(self.fuse.note(outcome))
                yield outcome
            under_way = None
        finally:
            self.remember(under_way)
            for one, found in zip(files, self.found, strict=True):
                if found and one.reports:
                    code = final_code(found, self.is_forgiven)
                    one.write(run_of(found, code))
        for one in files:
            one.require_all()

    def one_after_another(self) -> Iterator[tuple[int, Outcome]]:
        """Make the checks one after another."""
        return in_order([Job(one.check.name, partial(made, one, self.fuse)) for one in self.planned], foreign=True)

    def remember(self, under_way: int | None) -> None:
        """Keep which checks did not pass; one that was under way when all ended has not passed either."""
        passed, failed = set(), set()
        for number, (one, found) in enumerate(zip(self.planned, self.found, strict=True)):
            if number == under_way or not all(isinstance(outcome, NotRun) or is_pass(outcome) for outcome in found):
                failed.add(one.check.name)
            elif any(map(is_pass, found)):
                passed.add(one.check.name)
        self.memory.keep(passed, failed)

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


def made(planned: Plan, fuse: Fuse, *, quiet: bool = False) -> Iterator[Outcome | Begun]:
    """Make one check; where the fuse has blown, not any more."""
    if fuse.blown:
        yield NotRun(planned.check.name, NOT_RUN)
        return
    prepared = cases_of(planned)
    if isinstance(prepared, Unchecked):
        yield fuse.note(prepared)
        return
    options = prepared.options._replace(quiet=2) if quiet else prepared.options
    names = deque(case.name for case in prepared.cases)
    several = len(names) > 1
    for outcome in outcomes_of(prepared.cases, options):
        if isinstance(outcome, Begun):
            yield outcome
            continue
        names.popleft()
        name = f"{planned.check.name}: {outcome.name}" if several else planned.check.name
        yield fuse.note(dataclasses.replace(outcome, name=name))
        if fuse.blown:
            yield from (NotRun(f"{planned.check.name}: {left}", NOT_RUN) for left in names)
            return


def made_quietly(planned: Plan, fuse: Fuse) -> list[Outcome]:
    """Make one check in a process of its own, where no progress is shown."""
    job = Job(planned.check.name, partial(made, planned, fuse, quiet=True))
    try:
        with inside(planned.folder):
            return [outcome for _, outcome in (made_apart([job]) if can_be_apart() else made_here([job]))]
    except KeyboardInterrupt:  # a worker that was told to end would take up the next check
        os._exit(code_of_signal(ended_by()))


def side_by_side(planned: Sequence[Plan], jobs: int, fuse: Fuse) -> Iterator[tuple[int, Outcome]]:
    """Make the checks in several processes; what they find comes in their order, with the number of the check."""
    from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait

    from gradcheck_cli.evaluating.pools import process_pools

    waiting, running = deque(enumerate(planned)), dict[Any, int]()
    done: dict[int, list[Outcome]] = {}
    with process_pools(jobs, fresh=True) as pools:
        pool, broken = pools.start(), False
        for number in range(len(planned)):
            while number not in done:
                while waiting and len(running) < jobs and not broken:  # those that wait may not have to begin
                    following, one = waiting.popleft()
                    if fuse.blown:
                        done[following] = [NotRun(one.check.name, NOT_RUN)]
                    else:
                        running[pool.submit(made_quietly, one, fuse)] = following
                for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                    ended = running.pop(future)
                    broken = broken or isinstance(future.exception(), BrokenExecutor)
                    done[ended] = [fuse.note(outcome) for outcome in result_of(planned[ended], future)]
                if broken and not running:
                    pool, broken = pools.start(), False
            yield from ((number, outcome) for outcome in done.pop(number))


def result_of(planned: Plan, future: Future[list[Outcome]]) -> list[Outcome]:
    """Return what a process found, or that it died."""
    from concurrent.futures import BrokenExecutor

    try:
        return future.result()
    except BrokenExecutor:
        return [Unchecked(planned.check.name, "the process that made this check died", "--jobs 1 makes it here")]
