"""`gradcheck command`: the gradient of a program in any language."""

from __future__ import annotations

import dataclasses
import os
import shlex
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradcheck_cli.cli.completion import complete_file
from gradcheck_cli.cli.function_options import PointOptions, auto_options, checking_each, point_options, taken
from gradcheck_cli.cli.further_options import further_options
from gradcheck_cli.cli.help import Command, option
from gradcheck_cli.cli.large_options import large_options
from gradcheck_cli.cli.param_types import POSITIVE
from gradcheck_cli.cli.running import Case, Prepared, run_checks

if TYPE_CHECKING:
    from gradcheck_cli.problems.problem import Problem

__all__ = ["command", "prepare"]

EPILOG = """\b
Examples:
  gradcheck command './my_program' --params params.npz
  gradcheck command 'Rscript score.R' --params params.json --exchange json
  gradcheck command './solver {input} -o {output}' --params p.npz --timeout 300

The program gets the path of a file with all arrays by name, behind its own arguments or in the place of {input}.
It prints the answer, or writes it to {output}: 'loss' and, under each parameter's name, its gradient; as JSON or .npz.
GRADCHECK_GRADIENT is 1 in its environment where the gradient is read, and 0 where only the loss is.
With --batch each parameter has an axis of points in front, and so have the loss and the gradients.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("program", metavar="'PROGRAM ARGUMENTS'", shell_complete=complete_file)
@option(
    "--exchange",
    type=click.Choice(["npz", "json"]),
    default="npz",
    show_default=True,
    help="Kind of file that the program gets.",
)
@option(
    "--timeout",
    type=POSITIVE,
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Time limit of a call of the program.",
)
@option("--batch", type=click.IntRange(min=1), metavar="N", help="Pass up to N points per call.")
@point_options
@auto_options
@further_options
@large_options
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Check the gradient that a program in any language computes."""
    ctx.exit(run_checks(prepare(**options)))


def prepare(program: str, exchange: str, timeout: float, batch: int | None, **options: Any) -> Prepared:
    """Return what the command checks, and how."""
    points, chosen = checking_each(taken(PointOptions, options), options)
    make = partial(load_problem, program, exchange, timeout, batch)
    cases = [
        Case(f"command, {program}{where}", partial(make, point, where), None, {**files_of(program), **point.reads})
        for where, point in points
    ]
    return Prepared(cases, chosen)


def files_of(program: str) -> dict[str, Path | None]:
    """Return the files that a command line names, the program itself among them."""
    try:
        words = shlex.split(program)
    except ValueError:  # told where the problem is made
        return {}
    found = [(word, shutil.which(word) if number == 0 else word) for number, word in enumerate(words)]
    return {word: Path(path) for word, path in found if path and os.path.isfile(path)}  # noqa: PTH113


def load_problem(
    program: str, exchange: str, timeout: float, batch: int | None, point: PointOptions, where: str
) -> Problem:
    """Read the files and make a problem of the program; its name says where it is, if there are several points."""
    from gradcheck_cli.problems.functions.program import program_problem

    loaded = point.load()
    problem = program_problem(
        program,
        loaded.parameters,
        data=loaded.data,
        exchange=exchange,
        timeout=timeout,
        batch=batch,
        only=loaded.only,
        notes=loaded.notes,
    )
    return dataclasses.replace(problem, name=problem.name + where)
