"""The checks of a project's file: each held against the options of its command, and what it comes to check."""

from __future__ import annotations

import dataclasses
import importlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from gradcheck_cli.cli.config import CHECKS, KINDS, Check, Config, known_key
from gradcheck_cli.cli.defaults import DISPLAY, HOW, Project, by_key, default_map, for_all, origins, where_for_all
from gradcheck_cli.cli.making import unchecked
from gradcheck_cli.cli.param_types import REPORT
from gradcheck_cli.cli.running import Prepared
from gradcheck_cli.vocabulary.errors import GradcheckError, InputError, did_you_mean
from gradcheck_cli.vocabulary.results import Unchecked
from gradcheck_cli.vocabulary.text import printable

__all__ = ["Plan", "Selected", "cases_of", "context_of", "described", "inside", "plans"]

Selected = Callable[[str], bool]


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


def plans(project: Project, selected: Selected, overrides: dict[str, Any], names: Collection[str] = ()) -> list[Plan]:
    """Return the checks that are to be made, each held against the options of its command.

    Parameters
    ----------
    project : Project
        With its file.
    selected : callable
        Whether the check of a name is wanted.
    overrides : dict
        Values that stand above those of the file, by click's names.
    names : collection of str, optional
        Of the checks that are wanted; of all where there are none.

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
    known = [check.name for check in config.checks]
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or "'gradcheck run --list' shows them"
            raise InputError(f"{config.path} has no check {name!r}", hint=hint)
    made = [plan(config, check, overrides) for check in config.checks]
    chosen = [one for one in made if selected(one.check.name) and (not names or one.check.name in names)]
    if not chosen:
        raise InputError(f"no check matches: nothing to check; there are {', '.join(known)}")
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
            f"{where} has the kind {kind!r}, expected one of {', '.join(KINDS)}", hint=did_you_mean(kind, KINDS)
        )
    return command


def has(command: click.Command, name: str) -> bool:
    """Whether a command has a parameter."""
    return any(parameter.name == name for parameter in command.params)


def context_of(command: click.Command, planned: Plan) -> click.Context:
    """Return the context in which the command would be called."""
    words = arguments_of(command, planned.values)
    helps = ["-h", "--help"]  # a command keeps those of its first context
    ctx = command.make_context(planned.check.kind, words, default_map=planned.values, help_option_names=helps)
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


def cases_of(planned: Plan) -> Prepared | Unchecked:
    """Return the cases of a check, which its command knows; or why there are none."""
    with context_of(command_of(planned.check.kind, planned.check.name), planned) as ctx:
        try:
            prepared: Prepared = importlib.import_module(f"gradcheck_cli.cli.{planned.check.kind}").prepare(
                **ctx.params
            )
        except GradcheckError as error:
            return unchecked(planned.check.name, error)
        except click.UsageError as error:
            return Unchecked(planned.check.name, error.format_message())
        notes = origins(ctx, planned.config, {*planned.check.options, *planned.overrides})
        return Prepared(prepared.cases, prepared.options._replace(notes=notes))


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Be in a folder for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
