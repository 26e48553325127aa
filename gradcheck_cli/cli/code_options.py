"""How the commands take references to the user's code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from gradcheck_cli.cli.help import option

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["code_option", "found", "sources"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def code_option(command: _Command) -> _Command:
    """Add the option for scripts of which not everything is to be run; of notebooks it never is."""
    return option(
        "--defs-only",
        is_flag=True,
        default=False,
        help="Run only the imports, definitions and plain assignments of FILE.py that are needed.",
    )(command)


def found(reference: str, *, only_defs: bool) -> str:
    """Return a reference as it is loaded, from whatever folder."""
    from gradcheck_cli.loading.functions import absolute, defs_only  # which takes its time

    return absolute(defs_only(reference) if only_defs else reference)


def sources(references: Mapping[str, str | None]) -> dict[str, Path | None]:
    """Return the files of the functions that are given, by what each is; there is nothing to load without any."""
    given = {what: reference for what, reference in references.items() if reference}
    if not given:
        return {}
    from gradcheck_cli.loading.functions import source_of

    return {what: source_of(reference) for what, reference in given.items()}
