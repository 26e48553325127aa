"""`gradcheck model`: the gradients of an object that holds its own parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradcheck_cli.cli.code_options import code_option, found, sources
from gradcheck_cli.cli.function_options import KINDS, auto_options, checking
from gradcheck_cli.cli.further_options import further_options, suggest_option
from gradcheck_cli.cli.help import Command, option
from gradcheck_cli.cli.large_options import large_options
from gradcheck_cli.cli.param_types import FILE, REFERENCE
from gradcheck_cli.cli.running import Case, Prepared, run_checks
from gradcheck_cli.loading.functions import at_another_place, file_of

if TYPE_CHECKING:
    from gradcheck_cli.problems.functions.function import FunctionProblem

__all__ = ["model", "prepare"]

EPILOG = """\b
Examples:
  gradcheck model train.py:net --data batch.npz
  gradcheck model train.py:net --loss 'net.loss(X, y)' --grads 'net.backward()'
  gradcheck model net.ipynb:model --loss 'mse(model(X), y)' --data batch.npz
  gradcheck model rnn.py --parameters 'Wxh, Whh' --loss 'lossFun(x, y, h)'

OBJECT is a torch module, or holds arrays in its attributes, and in dicts, lists and objects there: in params, or beside
gradients as W with dW, w with w_diff, p.data with p.grad. They are set in place, and the gradients set to zero before
each call. The expressions may use every name of the file, and the arrays of --data by their names. Without --loss and
--grads the object's own loss and gradient, or backward, are called, with what --data or the file has under the names of
their arguments.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("reference", type=REFERENCE, metavar="FILE.py:OBJECT")
@option("--loss", common=True, metavar="EXPR", help="Its loss, or the pair (loss, gradients).")
@option(
    "--grads", common=True, metavar="EXPR", help="Its gradients: returned by name or in order, or left in the object."
)
@option("--parameters", metavar="EXPR,...", help="The arrays that are its parameters, if they are not found.")
@option(
    "--data",
    common=True,
    type=FILE,
    metavar="FILE",
    help=f"Arrays that the expressions use: {KINDS}, or - for stdin.",
)
@code_option
@auto_options
@further_options
@large_options
@suggest_option
@click.pass_context
def model(ctx: click.Context, /, **options: Any) -> None:
    """Check the gradients of an object that holds its parameters."""
    ctx.exit(run_checks(prepare(**options)))


def prepare(
    reference: str,
    loss: str | None,
    grads: str | None,
    parameters: str | None,
    data: Path | None,
    *,
    defs_only: bool = False,
    **options: Any,
) -> Prepared:
    """Return what the command checks, and how."""
    whole = reference if ":" in reference else f"{reference}:"
    files = ModelFiles(found(whole, only_defs=defs_only), loss, grads, parameters, data, reference)
    reads = {**sources({f"the model {reference}": whole}), "the data": data}
    return Prepared([Case(f"model, {reference}", partial(files.make, {}), None, reads)], checking(options))


@dataclass(frozen=True)
class ModelFiles:
    """A model, where it comes from and how it is run; another process makes the same problem of it."""

    reference: str
    loss: str | None
    grads: str | None
    parameters: str | None
    data: Path | None
    name: str

    @property
    def files(self) -> list[Path]:
        """The files that it is made of."""
        return [path for path in (file_of(self.reference), self.data) if path]

    def make(self, places: Mapping[Path, Path]) -> FunctionProblem:
        """Make the problem; a file that is in `places` is read from there."""
        from gradcheck_cli.loading.arrays import read_data
        from gradcheck_cli.loading.code.expressions import expression, names_in
        from gradcheck_cli.loading.functions import load_module, load_object
        from gradcheck_cli.problems.objects.problem import model_of, model_problem, own_arguments
        from gradcheck_cli.problems.objects.tensors import is_module, to_double

        file = file_of(self.reference)
        reference = self.reference if file is None else at_another_place(self.reference, places.get(file, file))
        data = read_data(places.get(self.data, self.data)) if self.data else {}
        texts = [text for text in (self.loss, self.grads, self.parameters) if text]
        module = load_module(reference, set().union(*map(names_in, texts)) - set(data))
        loss, grads = (text and expression(text, module) for text in (self.loss, self.grads))
        held = load_object(reference) if reference.rpartition(":")[2] else module
        given = self.places(module) if self.parameters else {}
        beside: dict[str, Any] = {}
        if wanted := own_arguments(held, loss=not loss, gradients=not grads) - set(data):
            module = load_module(reference, wanted)
            beside = {name: vars(module)[name] for name in sorted(wanted & set(vars(module)))}
            data |= beside
        if is_module(held):
            to_double(vars(module).values())
        made = model_problem(model_of(held, loss or None, grads or None, data, given), data, self.name)
        said = [f"taken from the file: {', '.join(beside)}"] if beside else []
        return replace(made, recipe=self, notes=(*made.notes, *said))

    def places(self, module: Any) -> dict[str, Any]:
        """Return where the parameters are that were named."""
        from gradcheck_cli.loading.code.expressions import parts_of
        from gradcheck_cli.problems.objects.places import Place, may_be_numbers, places_in

        found: dict[str, Place] = {}
        for name, holder, key, is_item in parts_of(str(self.parameters), module):
            place = Place(holder, key, is_item)
            value = place.get()
            found |= {name: place} if may_be_numbers(value) else places_in(value, name)
        return found
