"""What a shell is offered for names: built-in cases, fixtures and their parameters. None of it imports numpy."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["BUILT_IN", "complete_built_in", "complete_case", "complete_parameter", "complete_topic"]

BUILT_IN = ("default", "planted-bugs")
"""`gradcheck_cli.problems.networks.cases` has them; a test holds that these are all."""
BUILT_IN_PARAMETERS = ("W1", "b1", "W2", "b2", "W3", "b3")
DATA = {"X", "Y", "activations", "loss", "l2"}
"""Keys of a fixture that are no parameters, besides D1, D2, ... and the claimed gradient."""


def complete_built_in(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Offer the built-in cases."""
    return [name for name in BUILT_IN if name.startswith(incomplete)]


def complete_case(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the built-in cases, and what a file name may begin with."""
    from click.shell_completion import CompletionItem

    names = [CompletionItem(name) for name in complete_built_in(ctx, param, incomplete)]
    return [*names, *(CompletionItem(path) for path in fixtures(incomplete))]


def fixtures(incomplete: str) -> list[str]:
    """Return folders and .npz files whose paths begin so."""
    beginning = incomplete.rpartition(os.sep)[2]
    spelled = incomplete[: len(incomplete) - len(beginning)]
    try:
        inside = sorted(Path(spelled or ".").iterdir())
    except OSError:
        return []
    found = [path for path in inside if path.name.startswith(beginning) and (path.is_dir() or path.suffix == ".npz")]
    return [f"{spelled}{path.name}{os.sep if path.is_dir() else ''}" for path in found]


def complete_parameter(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Offer the parameters of the cases, or of the file of parameters, that stand on the command line already."""
    given = ctx.params.get("cases") or [ctx.params.get("params")]
    names = dict.fromkeys(name for case in given if case for name in parameters_of(str(case)))
    return [name for name in names if name.startswith(incomplete)]


def complete_topic(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Offer the pages of the manual and the codes of findings."""
    from gradcheck_cli.manual import codes, topics

    return [name for name in [*topics(), *codes()] if name.startswith(incomplete)]


def parameters_of(case: str) -> list[str]:
    """Return the parameters of a built-in case or of an .npz file, from its list of contents alone."""
    if case in BUILT_IN:
        return list(BUILT_IN_PARAMETERS)
    try:
        with zipfile.ZipFile(case) as archive:
            keys = [name.removesuffix(".npy") for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile):
        return []
    return [key for key in keys if key not in DATA and key[:1] != "D" and not (key[:1] == "d" and key[1:] in keys)]
