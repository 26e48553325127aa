"""`gradcheck func`: the gradient of a function of the user's own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from gradcheck_cli.cli.function_options import PointOptions, auto_options, checking, point_options
from gradcheck_cli.cli.running import Case, run_checks

if TYPE_CHECKING:
    from gradcheck_cli.problems.problem import Problem

__all__ = ["func"]

REFERENCE = "FILE.py:NAME"
EPILOG = """\b
Examples:
  gradcheck func model.py:loss --grad model.py:grad --params params.npz --data data.npz
  gradcheck func mypkg.losses:loss_and_grad --params params.npz
  gradcheck func scipy.optimize:rosen --grad scipy.optimize:rosen_der --at 1.3,0.7,0.8
  gradcheck func model.py:loss --autograd torch --params params.npz

\b
The loss is called as loss(params, **data). params is a dict of float64 arrays, or one array where there is one
parameter. The gradient has the same form, or is a tuple in the parameters' order. Without --grad and --autograd the
function returns the pair (loss, gradient).
"""


@click.command(epilog=EPILOG)
@click.argument("loss", metavar=REFERENCE)
@click.option("--grad", metavar=REFERENCE, help="The gradient to check; also MODULE:NAME.")
@click.option(
    "--autograd",
    type=click.Choice(["torch", "jax", "autograd"]),
    help="Check this framework's own gradient of the loss, which takes its arrays.",
)
@point_options
@auto_options
@click.pass_context
def func(
    ctx: click.Context,
    /,
    loss: str,
    grad: str | None,
    autograd: str | None,
    **options: Any,
) -> None:
    """Check the gradient of a function of your own, from a FILE.py:NAME or a MODULE:NAME."""
    if grad and autograd:
        raise click.UsageError("Give either --grad or --autograd: there is one gradient to check.")
    point = PointOptions(**{name: options.pop(name) for name in PointOptions.__dataclass_fields__})
    case = Case(f"func, {loss}", partial(load_problem, loss, grad, autograd, point), grad)
    ctx.exit(run_checks([case], checking(options)))


def load_problem(loss: str, grad: str | None, autograd: str | None, point: PointOptions) -> Problem:
    """Load the functions and the arrays that they are called with."""
    from gradcheck_cli.loading.functions import load_function
    from gradcheck_cli.problems.autograd import import_framework
    from gradcheck_cli.problems.functions import function_problem

    loaded = point.load()
    if autograd:
        import_framework(autograd)  # before the user's file makes arrays of the wrong precision
    return function_problem(
        load_function(loss),
        load_function(grad) if grad else None,
        loaded.parameters,
        data=loaded.data,
        autograd=autograd,
        name=loss,
        one_array=len(loaded.parameters) == 1,
        only=loaded.only,
        notes=loaded.notes,
    )
