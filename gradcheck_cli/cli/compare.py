"""`gradcheck compare`: two saved gradients."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradcheck_cli.cli.function_options import comparing_options
from gradcheck_cli.cli.help import Command
from gradcheck_cli.cli.options import Checking
from gradcheck_cli.cli.param_types import FILE
from gradcheck_cli.cli.running import Case, Prepared, run_checks
from gradcheck_cli.vocabulary.settings import AUTO

if TYPE_CHECKING:
    from gradcheck_cli.problems.problem import Problem

__all__ = ["compare", "prepare"]

EPILOG = """\b
Examples:
  gradcheck compare mine.npz reference.npz
  gradcheck compare mine.json reference.npz --threshold 1e-5
  gradcheck compare half.safetensors reference.npz --precision bfloat16
  my_program | gradcheck compare - reference.csv

Both files hold one array for each parameter, under the same names, and are .npz, .npy, .json, .csv, .txt, .mat or
.safetensors; - is stdin. The reference may have error bars: W1__error is what W1 itself may be off by. Entries that are
NaN in the reference are not checked. A gradient that was saved in float16 or float32 is judged by that.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("mine", type=FILE, metavar="MINE")
@click.argument("reference", type=FILE, metavar="REFERENCE")
@comparing_options
@click.pass_context
def compare(ctx: click.Context, /, **options: Any) -> None:
    """Check a saved gradient against the right one in another file."""
    ctx.exit(run_checks(prepare(**options)))


def prepare(mine: Path, reference: Path, **options: Any) -> Prepared:
    """Return what the command checks, and how."""
    reads = {"the gradient": mine, "the reference": reference}
    case = Case(f"compare, {mine}", partial(load_gradients, mine, reference), None, reads, foreign=False)
    return Prepared([case], Checking(epsilon=AUTO, classic=False, **options))


def load_gradients(mine: Path, reference: Path) -> Problem:
    """Read both files."""
    from gradcheck_cli.loading.arrays import read_arrays
    from gradcheck_cli.problems.saved_gradients import saved_gradients

    return saved_gradients(read_arrays(mine), read_arrays(reference), f"{mine.name} against {reference.name}")
