"""`gradcheck cases`: the built-in cases, and one of them as a fixture."""

from __future__ import annotations

import sys

import click

from gradcheck_cli.cli.completion import complete_built_in
from gradcheck_cli.cli.help import Command, option
from gradcheck_cli.cli.output import say, write

__all__ = ["cases"]

EPILOG = """\b
Examples:
  gradcheck cases
  gradcheck cases default --save default.npz
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("name", required=False, shell_complete=complete_built_in)
@option("--save", type=click.Path(), metavar="FILE.npz", help="Write the case NAME to FILE.npz.")
@option("--force", is_flag=True, default=False, help="Replace FILE.npz if it exists.")
def cases(name: str | None, save: str | None, force: bool) -> None:
    """List the built-in cases, or write one as an .npz fixture."""
    if save is None:
        write(describe_cases(name), sys.stdout)
    elif name is None:
        raise click.UsageError("--save needs the NAME of a case.")
    else:
        save_case(name, save, force=force)


def describe_cases(name: str | None) -> str:
    """Return a line for each case: its name, its layers and what it is."""
    from gradcheck_cli.problems.networks.cases import CASES, built_in_case

    lines = []
    for case in [name] if name else CASES:
        network = built_in_case(case)
        sizes = "-".join(
            str(n) for n in [network.X.shape[0], *(b.shape[0] for k, b in network.parameters.items() if k[0] == "b")]
        )
        lines.append(
            f"{case:14}{sizes:10}{', '.join(network.activations)}; {network.loss_name}, m = {network.sample_count}"
        )
    return "\n".join(lines) + "\n"


def save_case(name: str, path: str, *, force: bool) -> None:
    """Write a built-in case to a file that does not exist, or that may be replaced."""
    from pathlib import Path

    from gradcheck_cli.problems.networks.cases import built_in_case
    from gradcheck_cli.problems.networks.fixtures import save_fixture
    from gradcheck_cli.vocabulary.errors import InputError
    from gradcheck_cli.vocabulary.text import printable

    network = built_in_case(name)
    if not path.endswith(".npz"):  # by that `gradcheck net --case` tells a file from a built-in case
        raise InputError(f"{path} cannot be the fixture's name, expected one that ends in .npz")
    try:
        if Path(path).exists() and not force:
            raise InputError(f"{path} exists already", hint="--force replaces it")
        save_fixture(network, path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
    say(f"{printable(path)}: {name} as a fixture; gradcheck net --case {printable(path)} checks it", sys.stdout)
