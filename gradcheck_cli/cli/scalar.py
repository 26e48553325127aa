"""`gradcheck scalar`: the course's model J = theta x."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from gradcheck_cli.cli.code_options import code_option, found, sources
from gradcheck_cli.cli.help import Command, option
from gradcheck_cli.cli.options import Checking, checking_options
from gradcheck_cli.cli.param_types import FINITE, NUMBER, REFERENCE
from gradcheck_cli.cli.running import Case, Prepared, run_checks

if TYPE_CHECKING:
    from gradcheck_cli.problems.problem import Problem
    from gradcheck_cli.problems.scalar import ScalarModel

__all__ = ["prepare", "scalar"]

EPILOG = """\b
Examples:
  gradcheck scalar --x 2 --theta 4
  gradcheck scalar --x 2 --theta 4 --dtheta 2.1
  gradcheck scalar --x 2 --theta 4 --backward hw.py:backward_propagation
"""


@click.command(cls=Command, epilog=EPILOG)
@option("--x", common=True, type=FINITE, required=True, help="The input x.")
@option("--theta", common=True, type=FINITE, required=True, help="The parameter theta.")
@option("--dtheta", common=True, type=NUMBER, show_default="x, the right one", help="The gradient to check.")
@option("--forward", common=True, type=REFERENCE, help="Your forward function: (x, theta) -> J.")
@option("--backward", common=True, type=REFERENCE, help="Your backward function: (x, theta) -> dtheta.")
@code_option
@checking_options
@click.pass_context
def scalar(ctx: click.Context, /, **options: Any) -> None:
    """Check the gradient of J = theta x, or of your own J(x, theta)."""
    ctx.exit(run_checks(prepare(**options)))


def prepare(
    x: float,
    theta: float,
    dtheta: float | None,
    *,
    forward: str | None = None,
    backward: str | None = None,
    defs_only: bool = False,
    **options: Any,
) -> Prepared:
    """Return what the command checks, and how."""
    if dtheta is not None and (forward or backward):
        raise click.UsageError("Give the gradient either by --dtheta or by --backward, and --forward with the latter.")
    forward, backward = (name and found(name, only_defs=defs_only) for name in (forward, backward))
    own = sources({"forward": forward, "backward": backward})
    case = Case("scalar", partial(load, x, theta, dtheta, forward, backward), backward, own, foreign=bool(own))
    return Prepared([case], Checking(**options))


def load(
    x: float, theta: float, dtheta: float | None, forward: str | None, backward: str | None
) -> Problem | ScalarModel:
    """Return the model, with the user's own functions in the place of its own; without any it needs no numpy."""
    if forward is None and backward is None:
        from gradcheck_cli.problems.scalar import ScalarModel

        return ScalarModel(x, theta, dtheta)
    from gradcheck_cli.loading.functions import load_function
    from gradcheck_cli.problems.functions.own_scalar import own_scalar

    own = [load_function(name) if name else None for name in (forward, backward)]
    return own_scalar(x, theta, *own)
