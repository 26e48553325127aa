"""Options in the environment: each under the name of its flag, and what no option reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence

import click

from gradcheck_cli.cli.defaults import DISPLAY, HOW, keys_of
from gradcheck_cli.cli.output import say
from gradcheck_cli.vocabulary.errors import nearest
from gradcheck_cli.vocabulary.text import printable

__all__ = ["FOR_ALL", "shared_options", "value_in_environment", "variables_of", "warn_of_unread"]

PREFIX = "GRADCHECK_"
FOR_ALL = HOW | DISPLAY | {"report", "exit_zero"}
"""The keys of options that GRADCHECK_KEY sets for all commands, where GRADCHECK_COMMAND_KEY does not for one."""
OURS = {"GRADCHECK_DEBUG", "GRADCHECK_GRADIENT"}
"""What is no option: it shows the traceback of a fault of ours, and it is what `gradcheck command` tells a program."""


def shared_options(group: click.Group) -> list[click.Parameter]:
    """Return the options that commands share; `func` has them."""
    func = group.get_command(click.Context(group), "func")
    return [one for one in (func.params if func else []) if FOR_ALL.intersection(keys_of(one))]


def value_in_environment(option: click.Parameter, ctx: click.Context) -> str | None:
    """Return what the environment says of an option; the checks of a project have no command, and no names of one."""
    prefixes = [f"{ctx.auto_envvar_prefix}_"] if ctx.auto_envvar_prefix else []
    return next(filter(None, map(os.environ.get, variables_of(option, prefixes))), None)


def variables_of(option: click.Parameter, prefixes: list[str]) -> Iterator[str]:
    """Yield the names that an option has in the environment: for its command, which counts more, and for all."""
    keys = keys_of(option)
    yield from (f"{prefix}{key.upper()}" for prefix in prefixes for key in keys)
    yield from (f"{PREFIX}{key.upper()}" for key in keys if key in FOR_ALL)


def warn_of_unread(group: click.Group, environment: Mapping[str, str]) -> None:
    """Write a line to stderr on the variables that look like options of ours, and that no option reads."""
    unread = [name for name in sorted(environment) if name.startswith(PREFIX) and not is_read(name, group)]
    if not unread:
        return
    known = [name for command in ("", *group.list_commands(click.Context(group))) for name in names_of(group, command)]
    told = [f"{printable(name)}{f' (did you mean {near}?)' if (near := meant(name, known)) else ''}" for name in unread]
    say(f"warning: no option reads {', '.join(told)}", sys.stderr)


def meant(name: str, known: Sequence[str]) -> str | None:
    """Return the variable that is meant by a name: that of a command, or the nearest."""
    key = name.removeprefix(PREFIX)
    of_command = (one for one in known if one.endswith(f"_{key}"))
    near = nearest(key, [one.removeprefix(PREFIX) for one in known])
    return next(of_command, near and PREFIX + near)


def is_read(name: str, group: click.Group) -> bool:
    """Whether a variable is read; of all commands only the one that it names is imported."""
    key = name.removeprefix(PREFIX).lower()
    return name in OURS or key in FOR_ALL or name in names_of(group, "") or name in names_of(group, key.split("_")[0])


def names_of(group: click.Group, name: str) -> list[str]:
    """Return the names of a command's options; of the group's own without a name, and none where it is no command."""
    command = group.get_command(click.Context(group), name) if name else group
    prefix = f"{PREFIX}{name.upper()}_" if name else PREFIX
    options = [one for one in (command.params if command else []) if isinstance(one, click.Option)]
    return [variable for one in options for variable in variables_of(one, [prefix])]
