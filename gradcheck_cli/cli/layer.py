"""`gradcheck layer`: the backward pass of a layer; what `gradcheck func --backward` does, under its own name."""

from __future__ import annotations

from typing import Any

import click

from gradcheck_cli.cli import func as functions
from gradcheck_cli.cli.code_options import code_option
from gradcheck_cli.cli.faces import FACES
from gradcheck_cli.cli.function_options import auto_options, point_options, without
from gradcheck_cli.cli.further_options import further_options
from gradcheck_cli.cli.help import Command, option
from gradcheck_cli.cli.large_options import large_options
from gradcheck_cli.cli.param_types import REFERENCE
from gradcheck_cli.cli.running import Prepared, run_checks

__all__ = ["layer", "prepare"]

OF_GRADIENTS: dict[str, Any] = {
    "epsilon": None,
    "classic": False,
    "points": 0,
    "save_point": None,
    "only": (),
    "skip": (),
    "why": None,
}
"""The options of `func` that are for gradients only, as they are where nobody gives them."""
EPILOG = """\b
Examples:
  gradcheck layer l.py:affine_forward --backward l.py:affine_backward --at 1,2
  gradcheck layer l.py:conv --backward l.py:dconv --params c.npz --data s.json
  gradcheck layer l.py:pool.forward --backward l.py:pool.backward --params x.npy

The forward pass returns the pair (outputs, cache), or several outputs and behind them a cache; the backward pass takes
(cotangents, cache), or (dh, dc, cache), and returns a gradient by name or in the order of the parameters. The forward
pass gets each parameter by name where it has such arguments. Both may be methods of one object, which keeps what is
needed, or begin with ctx, as those of an autograd Function do.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("forward", type=REFERENCE)
@option(
    "--backward",
    common=True,
    type=REFERENCE,
    required=True,
    help="The backward pass to check: (cotangents, cache) -> gradient.",
)
@without(*OF_GRADIENTS)
@code_option
@point_options
@auto_options
@further_options
@large_options
@click.pass_context
def layer(ctx: click.Context, /, **options: Any) -> None:
    """Check the backward pass of a layer."""
    ctx.exit(run_checks(prepare(**options)))


def prepare(forward: str, backward: str, **options: Any) -> Prepared:
    """Return what the command checks, and how."""
    faces: dict[str, Any] = {**dict.fromkeys(FACES), "backward": backward}
    return functions.prepare(forward, None, None, None, no_double=False, **faces, shape=None, **OF_GRADIENTS, **options)
