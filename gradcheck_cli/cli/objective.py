"""`gradcheck objective`: the gradient and the Hessian of an objective for a boosting library."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradcheck_cli.cli.code_options import code_option, found, sources
from gradcheck_cli.cli.function_options import KINDS, comparing_options
from gradcheck_cli.cli.help import Command, option
from gradcheck_cli.cli.options import Checking
from gradcheck_cli.cli.param_types import FILE, REFERENCE
from gradcheck_cli.cli.running import Case, Prepared, run_checks
from gradcheck_cli.vocabulary.settings import AUTO

if TYPE_CHECKING:
    from gradcheck_cli.cli.making import Checked
    from gradcheck_cli.vocabulary.results import CheckReport

__all__ = ["objective", "prepare"]

OF_CLAIMS = ("threshold", "precision", "require_sensitivity")

EPILOG = """\b
Examples:
  gradcheck objective focal.py:focal --loss focal.py:loss --labels y.npz
  gradcheck objective f.py:focal --loss f.py:loss --labels y.csv --params s.csv

The objective is called as (scores, labels), as (y_true, y_pred) where its arguments are called so, or with labels that
have get_label() where one is called dtrain or train_data. It returns the gradient and the Hessian of each sample. The
loss takes the same, and returns a number, or one for each sample.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("reference", type=REFERENCE)
@option("--loss", common=True, type=REFERENCE, required=True, help="The loss that the objective is the derivative of.")
@option(
    "--labels",
    "--data",
    "labels",
    common=True,
    type=FILE,
    required=True,
    metavar="FILE",
    help=f"The labels: {KINDS}, or - for stdin.",
)
@option(
    "--params",
    common=True,
    type=FILE,
    metavar="FILE",
    show_default="drawn from -3 to 3",
    help="The scores: such a file.",
)
@option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N", help="Seed of such scores.")
@code_option
@comparing_options
@click.pass_context
def objective(ctx: click.Context, /, **options: Any) -> None:
    """Check an objective for XGBoost or LightGBM, sample by sample."""
    ctx.exit(run_checks(prepare(**options)))


def prepare(
    reference: str, loss: str, labels: Path, params: Path | None, seed: int, *, defs_only: bool = False, **options: Any
) -> Prepared:
    """Return what the command checks, and how."""
    reads = {**sources({"the objective": reference, "the loss": loss}), "the labels": labels}
    own, own_loss = (found(name, only_defs=defs_only) for name in (reference, loss))
    make = partial(load, own, own_loss, labels, params, seed, reference)
    case = Case(f"objective, {reference}", make, own, {**reads, "the scores": params})
    return Prepared([case], Checking(epsilon=AUTO, classic=False, **options))


def load(reference: str, loss: str, labels: Path, params: Path | None, seed: int, name: str) -> Checked:
    """Load the functions and the files, and return what checks them."""
    from gradcheck_cli.loading.functions import load_function

    functions = load_function(reference), load_function(loss)
    known, scores = only_array(labels), only_array(params) if params else None

    def check(**settings: Any) -> CheckReport:
        from gradcheck_cli.checks.objective import check_objective

        given = {key: settings[key] for key in OF_CLAIMS}
        return check_objective(*functions, known, scores, seed=seed, name=name, **given)

    return check


def only_array(path: Path) -> Any:
    """Return the one array of a file.

    Raises
    ------
    InputError
        Where there are more.
    """
    from gradcheck_cli.loading.arrays import read_arrays
    from gradcheck_cli.vocabulary.errors import InputError

    arrays = read_arrays(path)
    if len(arrays) != 1:
        raise InputError(f"{path} contains {len(arrays)} arrays, expected one: {', '.join(list(arrays)[:10])}")
    return next(iter(arrays.values()))
