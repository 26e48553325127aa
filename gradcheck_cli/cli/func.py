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
from gradcheck_cli.cli.further_options import further_options
from gradcheck_cli.cli.large_options import large_options
from gradcheck_cli.cli.running import Case, Prepared, run_checks
from gradcheck_cli.cli.tensors import TENSORS, load_tensors

__all__ = ["func", "prepare"]

REFERENCE = "FILE.py:NAME"
EPILOG = """\b
Examples:
  gradcheck func model.py:loss --grad model.py:grad --params params.npz --data data.npz
  gradcheck func mypkg.losses:loss_and_grad --params params.npz
  gradcheck func train.ipynb:loss --grad train.ipynb:grad --params params.csv
  gradcheck func scipy.optimize:rosen --grad scipy.optimize:rosen_der --at 1.3,0.7,0.8
  gradcheck func model.py:loss --autograd torch --params params.npz
  gradcheck func model.py:Swish.apply --autograd torch --params x.npz
  gradcheck func field.py:energy --grad field.py:gradient --at 1+2j,0.5-1j --complex jax
  gradcheck func layers.py:conv_forward --backward layers.py:conv_backward --params conv.npz
  gradcheck func layers.py:conv --jvp layers.py:conv_jvp --params conv.npz
  gradcheck func fit.py:residuals --jac fit.py:jacobian --at 1.2,0.5
  gradcheck func model.py:loss --grad model.py:grad --hess model.py:hess --params params.npz
  gradcheck func model.py:loss --grad model.py:grad --hvp model.py:hvp --params params.npz
  gradcheck func obj.py:loss --grad obj.py:grad --hess-diag obj.py:hess --data y.npz --vary pred
  gradcheck func op.py:forward --adjoint op.py:adjoint --shape 256
  gradcheck func model.py:loss --grad model.py:grad --params big.npz --mode screen --jobs 4
  gradcheck func model.py:loss --grad model.py:grad --params params.npz --points 5 --save-point wrong.npz

The loss is called as loss(params, **data). params is a dict of float64 arrays, or one array where there is one
parameter; a function that takes each by its own name, in order, or in a list, gets them so. The gradient has the same
form, or is a tuple in the parameters' order. Without --grad and --autograd the function returns the pair (loss,
gradient). With --backward it returns the pair (outputs, cache), with --jvp and --jac outputs: an array, a tuple or a
dict of arrays. A JVP is called as jvp(params, tangents, **data). A Jacobian may be a sparse matrix of scipy.
"""


@click.command(epilog=EPILOG)
@click.argument("loss", metavar=REFERENCE)
@click.option("--grad", metavar=REFERENCE, help="The gradient to check; also MODULE:NAME.")
@click.option(
    "--autograd",
    type=click.Choice(["torch", "jax", "autograd"]),
    help="Check this framework's own gradient of the loss, which takes its arrays; of more outputs its vjp and jvp.",
)
@click.option("--no-double", is_flag=True, help="Leave the double backward of --autograd out.")
@click.option(
    "--complex",
    type=click.Choice(["torch", "jax", "wirtinger"]),
    help="What complex gradients and cotangents mean; torch's dJ/dx + i dJ/dy unless given.",
)
@face_options
@code_option
@point_options
@large_options
@further_options
@auto_options
@click.pass_context
def func(ctx: click.Context, /, **options: Any) -> None:
    """Check the gradient of a function of your own, from a FILE.py:NAME or a MODULE:NAME."""
    ctx.exit(run_checks(prepare(**options)))


def prepare(
    loss: str,
    grad: str | None,
    autograd: str | None,
    complex: str | None,  # noqa: A002  (the option's name)
    no_double: bool,
    defs_only: bool = False,
    **options: Any,
) -> Prepared:
    """Return what the command checks, and how."""
    face = asked_face({"grad": grad, "autograd": autograd, **options})
    if complex and face not in ("", "backward", "jac"):
        raise click.UsageError("--complex is of gradients, --backward and --jac.")
    if no_double and not autograd:
        raise click.UsageError("--no-double goes with --autograd.")
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
        make = partial(load_tensors, loss, autograd, double=not no_double, convention=complex)
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
