"""`gradcheck func`: the gradient of a function of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradcheck_cli.cli.function_options import PointOptions, auto_options, checking_each, point_options, taken
from gradcheck_cli.cli.further_options import FurtherOptions, further_options
from gradcheck_cli.cli.large_options import LargeOptions, large_options
from gradcheck_cli.cli.making import Checked
from gradcheck_cli.cli.options import Checking
from gradcheck_cli.cli.running import Case, Prepared, run_checks
from gradcheck_cli.loading.functions import absolute, file_of, source_of
from gradcheck_cli.settings import AUTO

if TYPE_CHECKING:
    from gradcheck_cli.problems.user_function import FunctionProblem
    from gradcheck_cli.results import CheckReport

__all__ = ["func", "prepare"]

REFERENCE = "FILE.py:NAME"
EPILOG = """\b
Examples:
  gradcheck func model.py:loss --grad model.py:grad --params params.npz --data data.npz
  gradcheck func mypkg.losses:loss_and_grad --params params.npz
  gradcheck func scipy.optimize:rosen --grad scipy.optimize:rosen_der --at 1.3,0.7,0.8
  gradcheck func model.py:loss --autograd torch --params params.npz
  gradcheck func layers.py:conv_forward --backward layers.py:conv_backward --params conv.npz
  gradcheck func fit.py:residuals --jac fit.py:jacobian --at 1.2,0.5
  gradcheck func model.py:loss --grad model.py:grad --params big.npz --mode screen --jobs 4
  gradcheck func model.py:loss --grad model.py:grad --params params.npz --points 5 --save-point wrong.npz

\b
The loss is called as loss(params, **data). params is a dict of float64 arrays, or one array where there is one
parameter. The gradient has the same form, or is a tuple in the parameters' order. Without --grad and --autograd the
function returns the pair (loss, gradient). With --backward it returns the pair (outputs, cache), with --jac outputs:
an array, a tuple or a dict of arrays; both are called by name where every parameter is an argument of its own.
"""


@click.command(epilog=EPILOG)
@click.argument("loss", metavar=REFERENCE)
@click.option("--grad", metavar=REFERENCE, help="The gradient to check; also MODULE:NAME.")
@click.option(
    "--autograd",
    type=click.Choice(["torch", "jax", "autograd"]),
    help="Check this framework's own gradient of the loss, which takes its arrays.",
)
@click.option("--backward", metavar=REFERENCE, help="A backward pass to check: (cotangents, cache) -> gradient.")
@click.option("--jac", metavar=REFERENCE, help="The Jacobian to check, of a function with any number of outputs.")
@point_options
@large_options
@further_options
@auto_options
@click.pass_context
def func(ctx: click.Context, /, **options: Any) -> None:
    """Check the gradient of a function of your own, from a FILE.py:NAME or a MODULE:NAME."""
    ctx.exit(run_checks(prepare(**options)))


def prepare(
    loss: str, grad: str | None, autograd: str | None, backward: str | None, jac: str | None, **options: Any
) -> Prepared:
    """Return what the command checks, and how."""
    if sum(map(bool, (grad, autograd, backward, jac))) > 1:
        raise click.UsageError("Give one of --grad, --autograd, --backward and --jac: one derivative is checked.")
    points, chosen = checking_each(taken(PointOptions, options), options)
    claim = grad or backward or jac
    reads = {"the function": source_of(loss), "the derivative": source_of(claim) if claim else None}
    shown, loss, claim = loss, absolute(loss), absolute(claim) if claim else None
    if claim and not grad:
        require_plain(chosen, [point for _, point in points])
        make: Callable[..., Any] = partial(load_outputs, loss, claim, is_layer=bool(backward))
    else:
        make = partial(load_problem, loss, claim, autograd)
    cases = [
        Case(f"func, {shown}{where}", partial(make, point, shown + where), claim, {**reads, **point.reads})
        for where, point in points
    ]
    return Prepared(cases, chosen)


def require_plain(options: Checking, points: Sequence[PointOptions]) -> None:
    """Raise UsageError for options that are of gradients of losses alone."""
    large = options.large and replace(options.large, seed=None)
    others = options.classic or options.epsilon != AUTO or any(point.only or point.skip for point in points)
    if others or large != LargeOptions() or options.further != FurtherOptions():
        raise click.UsageError(
            "With --backward and --jac there are --params, --at, --data, --vary, --seed, --threshold, --precision"
            " and --require-sensitivity, and the options for reports."
        )


def load_outputs(function: str, claim: str, point: PointOptions, name: str, *, is_layer: bool) -> Checked:
    """Load a function of several outputs and its derivative, and return what checks them."""
    from gradcheck_cli.loading.functions import load_function
    from gradcheck_cli.outputs_checking import check_jacobian, check_layer

    loaded = point.load()
    parameters = next(iter(loaded.parameters.values())) if len(loaded.parameters) == 1 else loaded.parameters
    functions = load_function(function), load_function(claim)

    def check(options: Checking) -> CheckReport:
        settings = {key: value for key, value in options.settings.items() if key not in ("epsilon", "classic")}
        seed = options.large.seed if options.large else None
        if is_layer:
            return check_layer(*functions, parameters, data=loaded.data, name=name, seed=seed, **settings)
        return check_jacobian(*functions, parameters, data=loaded.data, name=name, seed=seed or 0, **settings)

    return check


@dataclass(frozen=True)
class FunctionFiles:
    """How another process makes the same problem."""

    loss: str
    autograd: str | None
    point: PointOptions

    @property
    def files(self) -> list[Path]:
        """The files that it is made of."""
        return [path for path in (file_of(self.loss), self.point.params, self.point.data) if path]

    def make(self, places: Mapping[Path, Path]) -> FunctionProblem:
        """Make the problem; its claim is of no use there."""
        point = replace(self.point, params=moved(self.point.params, places), data=moved(self.point.data, places))
        home, _, name = self.loss.rpartition(":")
        file = moved(file_of(self.loss), places)
        return load_problem(f"{file or home}:{name}", None, self.autograd, point, self.loss)


def moved(path: Path | None, places: Mapping[Path, Path]) -> Path | None:
    """Return where a file is."""
    return None if path is None else places.get(path, path)


def load_problem(loss: str, grad: str | None, autograd: str | None, point: PointOptions, name: str) -> FunctionProblem:
    """Load the functions and the arrays that they are called with, and call them by a name."""
    from gradcheck_cli.loading.functions import load_function
    from gradcheck_cli.problems.autograd import import_framework
    from gradcheck_cli.problems.functions import function_problem

    loaded = point.load()
    if autograd:
        import_framework(autograd)  # before the user's file makes arrays of the wrong precision
    problem = function_problem(
        load_function(loss),
        load_function(grad) if grad else None,
        loaded.parameters,
        data=loaded.data,
        autograd=autograd,
        name=name,
        one_array=len(loaded.parameters) == 1,
        only=loaded.only,
        notes=loaded.notes,
    )
    return replace(problem, recipe=FunctionFiles(loss, autograd, point))
