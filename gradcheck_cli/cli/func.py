"""`gradcheck func`: the gradient of a function of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradcheck_cli.cli.code_options import code_option, found
from gradcheck_cli.cli.faces import FACES, asked_face, face_options, load_face, require_plain
from gradcheck_cli.cli.function_options import PointOptions, auto_options, checking_each, point_options, taken
from gradcheck_cli.cli.further_options import further_options
from gradcheck_cli.cli.large_options import large_options
from gradcheck_cli.cli.running import Case, Prepared, run_checks
from gradcheck_cli.loading.functions import at_another_place, file_of, source_of

if TYPE_CHECKING:
    from gradcheck_cli.cli.making import Checked
    from gradcheck_cli.cli.options import Checking
    from gradcheck_cli.problems.user_function import FunctionProblem
    from gradcheck_cli.results import CheckReport

__all__ = ["func", "prepare"]

REFERENCE = "FILE.py:NAME"
EPILOG = """\b
Examples:
  gradcheck func model.py:loss --grad model.py:grad --params params.npz --data data.npz
  gradcheck func mypkg.losses:loss_and_grad --params params.npz
  gradcheck func train.ipynb:loss --grad train.ipynb:grad --params params.csv
  gradcheck func scipy.optimize:rosen --grad scipy.optimize:rosen_der --at 1.3,0.7,0.8
  gradcheck func model.py:loss --autograd torch --params params.npz
  gradcheck func layers.py:conv_forward --backward layers.py:conv_backward --params conv.npz
  gradcheck func fit.py:residuals --jac fit.py:jacobian --at 1.2,0.5
  gradcheck func model.py:loss --grad model.py:grad --hess model.py:hess --params params.npz
  gradcheck func op.py:forward --adjoint op.py:adjoint --shape 256
  gradcheck func model.py:loss --grad model.py:grad --params big.npz --mode screen --jobs 4
  gradcheck func model.py:loss --grad model.py:grad --params params.npz --points 5 --save-point wrong.npz

\b
The loss is called as loss(params, **data). params is a dict of float64 arrays, or one array where there is one
parameter; a function that takes each by its own name, in order, or in a list, gets them so. The gradient has the same
form, or is a tuple in the parameters' order. Without --grad and --autograd the function returns the pair (loss,
gradient). With --backward it returns the pair (outputs, cache), with --jac outputs: an array, a tuple or a dict of
arrays.
"""


@click.command(epilog=EPILOG)
@click.argument("loss", metavar=REFERENCE)
@click.option("--grad", metavar=REFERENCE, help="The gradient to check; also MODULE:NAME.")
@click.option(
    "--autograd",
    type=click.Choice(["torch", "jax", "autograd"]),
    help="Check this framework's own gradient of the loss, which takes its arrays.",
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


def prepare(loss: str, grad: str | None, autograd: str | None, *, defs_only: bool = False, **options: Any) -> Prepared:
    """Return what the command checks, and how."""
    face = asked_face({"grad": grad, "autograd": autograd, **options})
    claim, shape = [options.pop(name) for name in FACES if options[name]], options.pop("shape")
    for name in FACES:
        options.pop(name, None)
    if shape:
        options["at"] = ((0.0,),)  # a linear operator is the same at every point
    points, chosen = checking_each(taken(PointOptions, options), options)
    named = [reference for reference in (grad, *claim) if reference]
    reads = {f"the function {reference}": source_of(reference) for reference in (loss, *named)}
    shown, (loss, *named) = loss, [found(reference, only_defs=defs_only) for reference in (loss, *named)]
    if face:
        require_plain(chosen, [point for _, point in points])
        make: Callable[..., Any] = partial(load_face, face, [loss, *named], shape)
    elif named:
        make = partial(load_either, loss, named[0])
    else:
        make = partial(load_problem, loss, None, autograd)
    gradient = named[0] if named else None
    cases = [
        Case(f"func, {shown}{where}", partial(make, point, shown + where), gradient, {**reads, **point.reads})
        for where, point in points
    ]
    return Prepared(cases, chosen)


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
        file = moved(file_of(self.loss), places)
        loss = at_another_place(self.loss, file) if file else self.loss
        return load_problem(loss, None, self.autograd, point, self.loss)


def moved(path: Path | None, places: Mapping[Path, Path]) -> Path | None:
    """Return where a file is."""
    return None if path is None else places.get(path, path)


def load_either(loss: str, grad: str, point: PointOptions, name: str) -> Checked:
    """Load a problem; or where its loss turns out to have many outputs, what checks its gradient as their Jacobian."""
    from gradcheck_cli.cli.making import checked
    from gradcheck_cli.errors import ProblemError
    from gradcheck_cli.problems.returned import ManyNumbersError

    problem = load_problem(loss, grad, None, point, name)

    def check(options: Checking) -> CheckReport:
        try:
            return checked(problem, options)
        except ManyNumbersError as error:
            try:
                require_plain(options, [point])
                report = load_face("jac", [loss, grad], None, point, name)(options)
            except (click.UsageError, ProblemError):  # it is no Jacobian: then the loss should have been one number
                raise error from None
            note = "the function returns an array: its gradient was checked as a Jacobian, as --jac does"
            return replace(report, notes=(*report.notes, note))

    return check


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
        by_file=True,
        one_array=True,
        only=loaded.only,
        notes=loaded.notes,
    )
    return replace(problem, recipe=FunctionFiles(loss, autograd, point))
