"""What the project's file gives to the options of the commands: it stands above their own defaults, below all else.

A file that lies about in a folder, or in one above it, decides only how something is checked. Which functions, programs
and files, where it is done, and that a wrong gradient is to be exit code 0, it says only of the checks that it lists.
"""

from __future__ import annotations

import os
from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from gradcheck_cli.cli.config import TABLE, Config, find_config, known_key, read_config, require_trusted
from gradcheck_cli.cli.toml_values import option_value
from gradcheck_cli.vocabulary.errors import GradcheckError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "DISPLAY",
    "HOW",
    "Project",
    "apply_config",
    "by_key",
    "default_map",
    "for_all",
    "keys_of",
    "origins",
    "where_for_all",
]

HOW = {
    "epsilon", "threshold", "precision", "classic", "require_sensitivity", "mode", "max_evals", "time", "locate",
    "seed", "repeat", "points", "evaluation",
}  # fmt: skip
"""The keys that say how something is checked."""
DISPLAY = {"verbose", "quiet", "color", "format", "plot", "suggest"}
"""The keys that say how it is shown."""


class Project:
    """What the file says; commands find it in the context.

    Parameters
    ----------
    is_program : bool, optional
        Whether this process is there for the command alone, and so may be divided in two.
    """

    def __init__(self, *, is_program: bool = False) -> None:
        self.is_program = is_program
        self.config: Config | None = None
        self.error: GradcheckError | None = None
        """Why it could not be understood: for those who check something to raise, so that help is there all the
        same."""


def apply_config(ctx: click.Context, path: str | None) -> None:
    """Read the project's file and give each command its defaults."""
    project = ctx.ensure_object(Project)
    try:
        found = named_config(path) if path else find_config(os.getcwd())  # noqa: PTH109
        if found is None:
            return
        if not path:  # who names a file trusts it
            require_trusted(found)
        project.config = read_config(found)
        ctx.default_map = default_maps(project.config, ctx.command)
    except GradcheckError as error:
        project.error = error


def named_config(path: str) -> Path:
    """Return the file that the command line names."""
    from pathlib import Path

    return Path(os.path.abspath(path))  # noqa: PTH100  (a link stays a link)


def default_maps(config: Config, group: click.Command) -> dict[str, Any]:
    """Return the defaults of every command.

    Raises
    ------
    InputError
        Where the file has a key that no command knows, or a value that is none for its key.
    """
    commands = commands_of(group)
    everywhere = {key for command in commands.values() if is_checking(command) for key in by_key(command)}
    for key in config.defaults:
        known_key(key, everywhere, where_for_all(config))
    for command in commands.values():  # those as well that count only in a check
        keys = by_key(command)
        default_map(command, {k: value for k, value in config.defaults.items() if k in keys}, where_for_all(config))
    return {
        name: default_map(command, for_all(config, command), where_for_all(config))
        for name, command in commands.items()
    }


def where_for_all(config: Config) -> str:
    """Return what the messages call the place of what the file says for all checks."""
    return f"{TABLE} in {config.path}"


def for_all(config: Config, command: click.Command) -> dict[str, Any]:
    """Return what the file says for all checks and a command has an option for."""
    keys = by_key(command)
    return {key: value for key, value in config.defaults.items() if key in keys and key in HOW | DISPLAY}


def origins(ctx: click.Context, config: Config | None, own: Container[str] = ()) -> tuple[str, ...]:
    """Return notes on which settings of a check stand neither on the command line nor in the check itself.

    Parameters
    ----------
    ctx : click.Context
        Of the command.
    config : Config, optional
        The project's file.
    own : container of str
        Keys that the check gives for itself, or that the command line gives for all.
    """
    sources = {key: ctx.get_parameter_source(str(parameter.name)) for key, parameter in by_key(ctx.command).items()}
    notes = []
    of_environment = [
        shown(key) for key, source in sources.items() if source is ParameterSource.ENVIRONMENT and key not in DISPLAY
    ]
    if of_environment:
        notes.append(f"settings of the environment: {', '.join(of_environment)}")
    if config is None:
        return tuple(notes)
    shared = {key: value for key, value in for_all(config, ctx.command).items() if key in HOW and key not in own}
    said = [f"{shown(key)} = {value}" for key, value in shared.items() if sources[key] is ParameterSource.DEFAULT_MAP]
    left_out = [shown(key) for key in config.defaults if key not in HOW | DISPLAY]
    if said:
        notes.append(f"settings of {where_for_all(config)}: {', '.join(said)}")
    if left_out:
        notes.append(f"{where_for_all(config)} has {', '.join(left_out)}: of no effect but in a check of its own")
    return tuple(notes)


def shown(key: str) -> str:
    """Return a key as it is written in the file and on the command line."""
    return key.replace("_", "-")


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


def by_key(command: click.Command) -> dict[str, click.Parameter]:
    """Return a command's parameters by the names that a user writes, with underscores."""
    told = (parameter for parameter in command.params if parameter.expose_value)  # --watch says nothing of a check
    return {key: parameter for parameter in told for key in keys_of(parameter)}


def keys_of(parameter: click.Parameter) -> list[str]:
    """Return the names of a parameter: those of its long flags, or else of its short ones."""
    names = [name[2:] for name in parameter.opts if name.startswith("--")]
    return [name.replace("-", "_") for name in names] or [name.strip("-") for name in parameter.opts]


def default_map(command: click.Command, values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return values of the file under the names by which click looks for defaults.

    Raises
    ------
    InputError
        Where a value is none for its key.
    """
    keys = by_key(command)
    return {str(keys[key].name): option_value(keys[key], value, key, where) for key, value in values.items()}
