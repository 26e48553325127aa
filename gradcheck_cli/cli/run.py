"""`gradcheck run`: every check of the project's pyproject.toml."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from gradcheck_cli.cli.apart import Begun, Job, can_be_apart, made_apart, made_here
from gradcheck_cli.cli.defaults import DISPLAY, HOW, Project, by_key, default_map, for_all, where_for_all
from gradcheck_cli.cli.ending import code_of_signal, ended_by
from gradcheck_cli.cli.making import outcomes_of, unchecked
from gradcheck_cli.cli.options import Checking, checking_options
from gradcheck_cli.cli.output import write
from gradcheck_cli.cli.param_types import REPORT
from gradcheck_cli.cli.publishing import final_code, publish
from gradcheck_cli.cli.report_files import ReportFiles, versions
from gradcheck_cli.cli.running import (
    Collected,
    Prepared,
    in_order,
    require_all_writable,
    require_separate_files,
)
from gradcheck_cli.cli.selection import matcher
from gradcheck_cli.config import CHECKS, Check, Config, known_key
from gradcheck_cli.errors import GradcheckError, InputError, did_you_mean
from gradcheck_cli.results import Outcome, RunReport, Unchecked
from gradcheck_cli.text import printable

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["run"]

Selected = Callable[[str], bool]
KINDS = ("scalar", "net", "func", "compare", "command")
"""The commands that a check may name."""
OF_A_RUN = {*DISPLAY, "reports", "exit_zero"}
"""The parameters that on the command line are of a whole run and not of one check."""
EPILOG = """\b
Examples:
  gradcheck run
  gradcheck run -k "net and not slow" --jobs 2
  gradcheck run --list
"""


@dataclasses.dataclass(frozen=True)
class Plan:
    """A check with everything that another process needs to make it."""

    check: Check
    config: Config
    folder: Path
    """Where its paths begin."""
    values: dict[str, Any]
    """Values that the file gives, by click's names."""
    overrides: dict[str, Any]
    """Values from the command line and the environment, which stand above the file's."""
    reports: tuple[tuple[str, str], ...] = ()
    """Format and path of the files that are of this check alone."""
    exit_zero: bool = False
    """Whether what is found counts as 0."""


@click.command(epilog=EPILOG)
@click.option("-k", "expression", metavar="EXPR", help="Only checks whose names match, as 'net and not slow'.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Checks made side by side.")
@click.option("--list", "only_list", is_flag=True, default=False, help="Show the checks and make none.")
@checking_options
@click.pass_context
def run(ctx: click.Context, /, expression: str | None, jobs: int, only_list: bool, **options: Any) -> None:
    """Make every check of [[tool.gradcheck.checks]] in pyproject.toml."""
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


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Be in a folder for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


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
                if found:
                    code = final_code(found, self.is_forgiven)
                    one.write(RunReport(tuple(found), code, versions() if one.reports else {}))
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


def plans(project: Project, selected: Selected, overrides: dict[str, Any]) -> list[Plan]:
    """Return the checks that are to be made, each held against the options of its command.

    Raises
    ------
    InputError
        Where there is nothing to check, or a key or a value that the command does not know.
    """
    if project.error is not None:
        raise project.error
    config = project.config
    if config is None or not config.checks:
        where = f"{config.path} has no {CHECKS}" if config else f"there is no pyproject.toml with {CHECKS}"
        raise InputError(f"{where}: nothing to check")
    made = [plan(config, check, overrides) for check in config.checks]
    chosen = [one for one in made if selected(one.check.name)]
    if not chosen:
        raise InputError(f"no check matches: nothing to check; there are {', '.join(c.name for c in config.checks)}")
    return chosen


def plan(config: Config, check: Check, overrides: dict[str, Any]) -> Plan:
    """Return one check with all its values; its own stand above those for all."""
    where = f"check {check.name!r} in {config.path}"
    command = command_of(check.kind, where)
    keys = [key for key in by_key(command) if key not in {*DISPLAY, "help"}]
    for key in check.options:
        known_key(key, keys, where)
    shared = {key: value for key, value in for_all(config, command).items() if key in HOW}
    values = default_map(command, shared, where_for_all(config)) | default_map(command, check.options, where)
    folder = config.path.resolve().parent
    with inside(folder):
        reports = [REPORT.convert(value, None, None) for value in values.pop("reports", [])]
        exit_zero = values.pop("exit_zero", False)
        overrides = {name: value for name, value in overrides.items() if has(command, name)}
        made = Plan(check, config, folder, values, overrides, tuple(reports), exit_zero)
        try:
            with context_of(command, made):
                pass
        except click.UsageError as error:
            raise InputError(f"{where}: {error.format_message()}") from error
    return made


def command_of(kind: str, where: str) -> click.Command:
    """Return the command that makes checks of a kind."""
    from gradcheck_cli.cli.main import main

    command = main.get_command(click.Context(main), kind) if kind in KINDS else None
    if command is None:
        raise InputError(
            f"{where} is of kind {kind!r}, expected one of {', '.join(KINDS)}", hint=did_you_mean(kind, KINDS)
        )
    return command


def has(command: click.Command, name: str) -> bool:
    """Whether a command has a parameter."""
    return any(parameter.name == name for parameter in command.params)


def context_of(command: click.Command, planned: Plan) -> click.Context:
    """Return the context in which the command would be called."""
    words = arguments_of(command, planned.values)
    ctx = command.make_context(
        planned.check.kind,
        words,
        default_map=planned.values,
        obj=Collected(planned.config, {*planned.check.options, *planned.overrides}),
    )
    ctx.params.update(planned.overrides)
    return ctx


def arguments_of(command: click.Command, values: Mapping[str, Any]) -> list[str]:
    """Return the values of a command's arguments as words: click 8.2 takes no list of them for a default."""
    names = [parameter.name for parameter in command.params if isinstance(parameter, click.Argument)]
    given = [values[name] for name in names if name in values]
    words = [str(word) for value in given for word in (value if isinstance(value, list) else [value])]
    return ["--", *words] if words else []


def described(planned: Plan) -> str:
    """Return the line of a check in the list."""
    values = ", ".join(f"{key} = {value}" for key, value in planned.check.options.items())
    return printable(f"{planned.check.name}  ({planned.check.kind})  {values}".rstrip())


# making


def cases_of(planned: Plan) -> Prepared | Unchecked:
    """Return the cases of a check: its command is asked for them; or why there are none."""
    with context_of(command_of(planned.check.kind, planned.check.name), planned) as ctx:
        try:
            ctx.command.invoke(ctx)
        except click.exceptions.Exit:
            pass
        except GradcheckError as error:
            return unchecked(planned.check.name, error)
        except click.UsageError as error:
            return Unchecked(planned.check.name, error.format_message())
        return Prepared(ctx.obj.cases, ctx.obj.options)


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
    from gradcheck_cli.problems.sharing.pools import process_pools

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
