"""`gradcheck func`: the gradient of a function of the user's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from gradcheck_cli.cli.code_options import code_option, found, sources
from gradcheck_cli.cli.faces import FACES, asked_face, face_options, load_face, require_plain
from gradcheck_cli.cli.function_files import load_either, load_problem
from gradcheck_cli.cli.function_options import PointOptions, auto_options, checking_each, point_options, taken
from gradcheck_cli.cli.further_options import further_options, suggest_option
from gradcheck_cli.cli.help import Command, option
from gradcheck_cli.cli.large_options import large_options
from gradcheck_cli.cli.param_types import REFERENCE
from gradcheck_cli.cli.running import Case, Prepared, run_checks
from gradcheck_cli.cli.tensors import TENSORS, load_tensors

__all__ = ["func", "prepare"]

EPILOG = """\b
Examples:
  gradcheck func hw.py:loss --grad hw.py:grad --params p.npz --data d.npz
  gradcheck func mypkg.losses:loss_and_grad --params p.npz
  gradcheck func hw.ipynb:loss --grad hw.ipynb:grad --at 1.3,0.7,0.8
  gradcheck func hw.py:loss --autograd torch --params p.npz
  gradcheck func hw.py:Swish.apply --autograd torch --params x.npz
  gradcheck func f.py:energy --grad f.py:grad --at 1+2j,0.5-1j --complex jax
  gradcheck func l.py:forward --backward l.py:backward --params layer.npz
  gradcheck func l.py:conv --jvp l.py:conv_jvp --params conv.npz
  gradcheck func fit.py:residuals --jac fit.py:jacobian --at 1.2,0.5
  gradcheck func f.py:loss --grad f.py:grad --hess f.py:hess --at 1,2
  gradcheck func f.py:loss --grad f.py:grad --hvp f.py:hvp --params p.npz
  gradcheck func f.py:loss --grad f.py:grad --hess-diag f.py:hess --at 1,2
  gradcheck func op.py:forward --adjoint op.py:adjoint --shape 256
  gradcheck func f.py:loss --grad f.py:grad --params big.npz --mode screen
  gradcheck func f.py:loss --grad f.py:grad --at 1,2 --points 5

The loss is called as loss(params, **data). params is a dict of float64 arrays, or one array where there is one
parameter; a function that takes each by its own name, in order, or in a list, gets them so. The gradient has the same
form, or is a tuple in the parameters' order. Without --grad and --autograd the function returns the pair (loss,
gradient). With --backward it returns the pair (outputs, cache), with --jvp and --jac outputs: an array, a tuple or a
dict of arrays. A JVP is called as jvp(params, tangents, **data). A Jacobian may be a sparse matrix of scipy.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("loss", type=REFERENCE)
@option("--grad", common=True, type=REFERENCE, help="Check this gradient; without it, FILE.py:NAME returns both.")
@option(
    "--autograd",
    common=True,
    type=click.Choice(["torch", "jax", "autograd"]),
    help="Check this framework's own gradient, vjp and jvp.",
)
@option("--device", metavar="NAME", show_default="cpu", help="Keep the arrays of --autograd there: cuda, gpu, ...")
@option("--no-double", is_flag=True, help="Leave out the double backward of --autograd.")
@option(
    "--complex",
    type=click.Choice(["torch", "jax", "wirtinger"]),
    show_default="torch",
    help="What complex gradients and cotangents mean; torch's is dJ/dx + i dJ/dy.",
)
@face_options
@code_option
@point_options
@auto_options
@further_options
@large_options
@suggest_option
@click.pass_context
def func(ctx: click.Context, /, **options: Any) -> None:
    """Check a gradient, Jacobian or Hessian of a function of your own."""
    ctx.exit(run_checks(prepare(**options)))


def prepare(
    loss: str,
    grad: str | None,
    autograd: str | None,
    complex: str | None,  # noqa: A002  (the option's name)
    no_double: bool,
    device: str | None = None,
    defs_only: bool = False,
    **options: Any,
) -> Prepared:
    """Return what the command checks, and how."""
    face = asked_face({"grad": grad, "autograd": autograd, **options})
    if complex and face not in ("", "backward", "jac"):
        raise click.UsageError("--complex is for gradients, --backward and --jac.")
    if no_double and not autograd:
        raise click.UsageError("--no-double goes with --autograd.")
    if device and autograd not in TENSORS:
        raise click.UsageError("--device goes with --autograd torch and --autograd jax.")
    claim, shape = [options.pop(name) for name in FACES if options[name]], options.pop("shape")
    for name in FACES:
        options.pop(name, None)
    if shape:
        options["at"] = ((0.0,),)  # a linear operator is the same at every point
    points, chosen = checking_each(taken(PointOptions, options), options)
    named = [reference for reference in (grad, *claim) if reference]
    reads = sources({f"the function {reference}": reference for reference in (loss, *named)})
    shown, (loss, *named) = loss, [found(reference, only_defs=defs_only) for reference in (loss, *named)]
    if face:
        require_plain(face, chosen, [point for _, point in points])
        make: Callable[..., Any] = partial(load_face, face, [loss, *named], shape, convention=complex)
    elif autograd in TENSORS:
        its: dict[str, Any] = {"convention": complex, "device": device, "precision": chosen.precision}
        make = partial(load_tensors, loss, autograd, double=not no_double, **its)
    elif named:
        make = partial(load_either, loss, named[0], convention=complex)
    else:
        make = partial(load_problem, loss, None, autograd, convention=complex)
    gradient = named[0] if named else None
    cases = [
        Case(f"func, {shown}{where}", partial(make, point, shown + where), gradient, {**reads, **point.reads})
        for where, point in points
    ]
    return Prepared(cases, chosen)
