"""`gradcheck scalar`: the course's model J = theta x."""

from __future__ import annotations

from typing import Any

import click

from gradcheck_cli.cli.options import Checking, checking_options
from gradcheck_cli.cli.param_types import FINITE, NUMBER
from gradcheck_cli.cli.running import Case, Prepared, run_checks

__all__ = ["prepare", "scalar"]

EPILOG = """\b
Examples:
  gradcheck scalar --x 2 --theta 4
  gradcheck scalar --x 2 --theta 4 --dtheta 2.1
"""


@click.command(epilog=EPILOG)
@click.option("--x", type=FINITE, required=True, help="The input x.")
@click.option("--theta", type=FINITE, required=True, help="The parameter theta.")
@click.option("--dtheta", type=NUMBER, help="The gradient to check.  [default: x, the right one]")
@checking_options
@click.pass_context
def scalar(ctx: click.Context, /, **options: Any) -> None:
    """Check the gradient of J = theta x, which is dtheta = x."""
    ctx.exit(run_checks(prepare(**options)))


def prepare(x: float, theta: float, dtheta: float | None, **options: Any) -> Prepared:
    """Return what the command checks, and how."""
    from gradcheck_cli.problems.scalar import ScalarModel

    case = Case("scalar", lambda: ScalarModel(x, theta, dtheta), foreign=False)
    return Prepared([case], Checking(**options))
