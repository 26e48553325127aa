"""The derivatives besides a gradient that `gradcheck func` checks: the option of each, and who checks it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradcheck_cli.cli.function_options import PointOptions
from gradcheck_cli.cli.further_options import FurtherOptions
from gradcheck_cli.cli.large_options import LargeOptions
from gradcheck_cli.cli.options import Checking
from gradcheck_cli.settings import AUTO

if TYPE_CHECKING:
    from gradcheck_cli.cli.making import Checked
    from gradcheck_cli.results import CheckReport

__all__ = ["FACES", "asked_face", "face_options", "load_face", "require_plain"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

REFERENCE = "FILE.py:NAME"
MOST_AXES, MOST_DIGITS, MOST_ENTRIES = 32, 9, 2**27
FACES = {
    "backward": "A backward pass to check: (cotangents, cache) -> gradient.",
    "jac": "The Jacobian to check, of a function with any number of outputs.",
    "hess": "The Hessian to check, besides the gradient of --grad.",
    "hess_diag": "The diagonal of the Hessian to check, besides the gradient of --grad.",
    "adjoint": "The adjoint of a linear operator to check; with --shape.",
}
"""The options, and what help says of each."""


class Shape(click.ParamType):  # type: ignore[type-arg]  # click's own class takes no argument when the program runs
    """Whole numbers greater than 0 with commas between."""

    name = "shape"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Return the numbers."""
        parts = [part.strip() for part in str(value).split(",")]
        fits = len(parts) <= MOST_AXES and all(part.isdecimal() and len(part) <= MOST_DIGITS for part in parts)
        if not (fits and 0 < math.prod(map(int, parts)) <= MOST_ENTRIES):
            self.fail(f"{value!r} is no shape such as 256 or 64,64.", param, ctx)
        return tuple(map(int, parts))


def face_options(command: _Command) -> _Command:
    """Add the options that name another derivative than a gradient."""
    command = click.option("--shape", type=Shape(), metavar="N,...", help="What --adjoint's operator takes.")(command)
    for name, help_ in reversed(FACES.items()):
        command = click.option(f"--{name.replace('_', '-')}", metavar=REFERENCE, help=help_)(command)
    return command


def asked_face(options: Mapping[str, Any]) -> str:
    """Return which of the options is given; empty where none is.

    Raises
    ------
    UsageError
        Where they do not go together.
    """
    given = [name for name in FACES if options[name]]
    ways = [name for name in ("grad", "autograd") if options[name]]
    second = bool(given) and given[0] in ("hess", "hess_diag")
    if len(given) > 1 or (second and ways != ["grad"]) or (given and not second and ways) or len(ways) > 1:
        raise click.UsageError(
            "Give one of --grad, --autograd, --backward, --jac and --adjoint: one derivative is checked;"
            " --hess and --hess-diag go with --grad."
        )
    pointed = options["params"] or options["at"] or options["data"]
    if (given == ["adjoint"]) != bool(options["shape"]) or (options["shape"] and pointed):
        raise click.UsageError("--adjoint and --shape go together: a linear operator has no point.")
    return given[0] if given else ""


def require_plain(options: Checking, points: Sequence[PointOptions]) -> None:
    """Raise UsageError for options that are of gradients alone."""
    large = options.large and replace(options.large, seed=None)
    others = options.classic or options.epsilon != AUTO or any(point.only or point.skip for point in points)
    if others or large != LargeOptions() or options.further != FurtherOptions():
        raise click.UsageError(
            "Besides a gradient there are --params, --at, --data, --vary, --seed, --threshold, --precision"
            " and --require-sensitivity, and the options for reports."
        )


def load_face(
    face: str, references: Sequence[str], shape: tuple[int, ...] | None, point: PointOptions, name: str
) -> Checked:
    """Load the functions and the point, and return what checks them."""
    from gradcheck_cli.loading.functions import load_function

    loaded = None if face == "adjoint" else point.load()
    functions = [load_function(reference) for reference in references]

    def check(options: Checking) -> CheckReport:
        import numpy as np

        import gradcheck_cli as api
        from gradcheck_cli.problems.calling import has_each

        seed = options.large.seed if options.large else None
        if loaded is None:
            return api.check_adjoint(functions[0], functions[1], np.zeros(shape or ()), seed=seed, name=name)
        parameters: Any = loaded.parameters
        named = has_each(functions[0], parameters, loaded.data)
        if len(loaded.parameters) == 1 and (face in ("hess", "hess_diag") or not named):
            (parameters,) = loaded.parameters.values()
        settings = {key: value for key, value in options.settings.items() if key not in ("epsilon", "classic")}
        settings |= {"data": loaded.data, "name": name}
        if face == "backward":
            return api.check_layer(functions[0], functions[1], parameters, seed=seed, **settings)
        if face == "jac":
            return api.check_jacobian(functions[0], functions[1], parameters, seed=seed or 0, **settings)
        return api.check_hessian(
            functions[0],
            functions[1],
            functions[2],
            parameters,
            diagonal=face == "hess_diag",
            seed=seed or 0,
            **settings,
        )

    return check
