"""What the project's file gives to the options of the commands: it stands above their own defaults, below all else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from gradcheck_cli.config import TABLE, Config, find_config, known_key, read_config
from gradcheck_cli.errors import GradcheckError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Project", "apply_config", "by_key", "default_map"]


@dataclass
class Project:
    """What the file says; commands find it in the context."""

    config: Config | None = None
    is_program: bool = False
    """Whether this process is there for the command alone, and so may be divided in two."""
    error: GradcheckError | None = None
    """Why it could not be understood: for those who check something to raise, so that help is there all the same."""


def apply_config(ctx: click.Context, path: str | None) -> None:
    """Read the project's file and give each command its defaults."""
    project = ctx.ensure_object(Project)
    try:
        found = named_config(path) if path else find_config(os.getcwd())  # noqa: PTH109
        if found is not None:
            project.config = read_config(found)
            ctx.default_map = default_maps(project.config, ctx.command)
    except GradcheckError as error:
        project.error = error


def named_config(path: str) -> Path:
    """Return the file that the command line names."""
    from pathlib import Path

    return Path(path)


def default_maps(config: Config, group: click.Command) -> dict[str, Any]:
    """Return the defaults of every command.

    Raises
    ------
    InputError
        Where the file has a key that no command knows.
    """
    commands = commands_of(group)
    everywhere = {key for command in commands.values() if is_checking(command) for key in by_key(command)}
    for key in config.defaults:
        known_key(key, everywhere, f"{TABLE} in {config.path}")
    return {name: shared_defaults(config, command) for name, command in commands.items()}


def commands_of(group: click.Command) -> dict[str, click.Command]:
    """Return the commands of a group by name."""
    if not isinstance(group, click.Group):
        return {}
    context = click.Context(group)
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def is_checking(command: click.Command) -> bool:
    """Whether a command checks something, and so has the shared options."""
    return "epsilon" in by_key(command)


def shared_defaults(config: Config, command: click.Command) -> dict[str, Any]:
    """Return those defaults that are options of a command."""
    keys = by_key(command)
    return default_map(command, {key: value for key, value in config.defaults.items() if key in keys})


def by_key(command: click.Command) -> dict[str, click.Parameter]:
    """Return a command's parameters by the names that a user writes, with underscores."""
    keys = {}
    for parameter in command.params:
        names = [name[2:] for name in parameter.opts if name.startswith("--")] or [str(parameter.name)]
        keys.update({name.replace("-", "_"): parameter for name in names})
    return keys


def default_map(command: click.Command, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values under the names by which click looks for defaults; one value of many may stand alone."""
    keys = by_key(command)
    return {
        str(keys[key].name): [value] if keys[key].multiple and not isinstance(value, list) else value
        for key, value in values.items()
    }
