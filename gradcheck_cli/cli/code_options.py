"""How the commands take references to the user's code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from gradcheck_cli.loading.functions import absolute, defs_only

__all__ = ["code_option", "found"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def code_option(command: _Command) -> _Command:
    """Add the option for scripts of which not everything is to be run; of notebooks it never is."""
    return click.option(
        "--defs-only",
        is_flag=True,
        default=False,
        help="Run only what the functions need of a FILE.py: imports, definitions, plain assignments.",
    )(command)


def found(reference: str, *, only_defs: bool) -> str:
    """Return a reference as it is loaded, from whatever folder."""
    return absolute(defs_only(reference) if only_defs else reference)
