"""The derivatives besides a gradient that `gradcheck func` checks: the option of each, and who checks it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradcheck_cli.cli.function_options import LoadedProblem, PointOptions, elsewhere, files_of
from gradcheck_cli.cli.further_options import FurtherOptions
from gradcheck_cli.cli.help import option
from gradcheck_cli.cli.large_options import LargeOptions
from gradcheck_cli.cli.options import Checking
from gradcheck_cli.cli.param_types import REFERENCE
from gradcheck_cli.vocabulary.settings import AUTO

if TYPE_CHECKING:
    from gradcheck_cli.cli.making import Checked
    from gradcheck_cli.problems.functions.function import FunctionProblem
    from gradcheck_cli.vocabulary.results import CheckReport

__all__ = ["FACES", "asked_face", "face_options", "load_face", "require_plain"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

OF_LOSSES = ("epsilon", "classic", "points", "sweep_steps", "suggest")
"""Settings that are of losses alone."""
MOST_AXES, MOST_DIGITS, MOST_ENTRIES = 32, 9, 2**27
FACES = {
    "backward": "Check this backward pass: (cotangents, cache) -> gradient.",
    "jvp": "Check this JVP: (parameters, tangents) -> derivative; with --backward, one against the other.",
    "jac": "Check this Jacobian, of a function with any number of outputs.",
    "hess": "Check this Hessian, after the gradient of --grad.",
    "hess_diag": "Check this diagonal of the Hessian, after the gradient of --grad.",
    "hvp": "Check these products of the Hessian with a vector, after the gradient of --grad: (parameters, v) -> H v.",
    "adjoint": "Check this adjoint of a linear operator; needs --shape.",
}
"""The options, and what help says of each."""
SECOND = ("hess", "hess_diag", "hvp")
"""Those of second derivatives, which go with a gradient."""


class Shape(click.ParamType):  # type: ignore[type-arg]  # click's own class takes no argument when the program runs
    """Whole numbers greater than 0 with commas between."""

    name = "shape"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Return the numbers."""
        parts = [part.strip() for part in str(value).split(",")]
        fits = len(parts) <= MOST_AXES and all(part.isdecimal() and len(part) <= MOST_DIGITS for part in parts)
        if not (fits and 0 < math.prod(map(int, parts)) <= MOST_ENTRIES):
            self.fail(f"{value!r} is not a shape such as 256 or 64,64.", param, ctx)
        return tuple(map(int, parts))


def face_options(command: _Command) -> _Command:
    """Add the options that name another derivative than a gradient."""
    command = option("--shape", type=Shape(), metavar="N,...", help="Shape of what --adjoint's operator takes.")(
        command
    )
    for name, help_ in reversed(FACES.items()):
        command = option(f"--{name.replace('_', '-')}", type=REFERENCE, help=help_)(command)
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
    second = bool(given) and given[0] in SECOND
    if given == ["backward", "jvp"]:
        given = ["jvp"]
    if second and all(name in SECOND for name in given) and (len(given) > 1 or ways != ["grad"]):
        several = len(given) > 1
        raise click.UsageError(
            "Give one of --hess, --hess-diag and --hvp."
            if several
            else f"--{given[0].replace('_', '-')} goes with --grad: the gradient is checked first."
        )
    if len(given) > 1 or (second and ways != ["grad"]) or (given and not second and ways) or len(ways) > 1:
        raise click.UsageError(
            "Give one of --grad, --autograd, --backward, --jvp, --jac and --adjoint: one derivative is checked;"
            " --hess, --hess-diag and --hvp go with --grad, and --jvp with --backward."
        )
    pointed = options["params"] or options["at"] or options["data"]
    if (given == ["adjoint"]) != bool(options["shape"]) or (options["shape"] and pointed):
        raise click.UsageError("--adjoint and --shape go together: a linear operator has no point.")
    return given[0] if given else ""


def require_plain(face: str, options: Checking, points: Sequence[PointOptions]) -> None:
    """Raise UsageError for options that do not go with a face."""
    large, further = options.large or LargeOptions(), options.further or FurtherOptions()
    some = any(point.only or point.skip for point in points)
    if options.classic or options.epsilon != AUTO or further.points or some:
        raise click.UsageError("--classic, --epsilon, --points, --param and --skip are for gradients only.")
    if face in ("adjoint", "jvp") and replace(large, seed=None) != LargeOptions():
        raise click.UsageError(f"--{face} takes a few evaluations: there is nothing to limit, to share or to resume.")
    if face in SECOND and large.state:
        raise click.UsageError(f"--save and --resume are for one check: --{face.replace('_', '-')} makes two.")


@dataclass(frozen=True)
class OutputsFiles:
    """How another process makes a function of many outputs."""

    function: str
    point: PointOptions

    @property
    def files(self) -> list[Path]:
        """The files that it is made of."""
        return files_of(self.function, self.point)

    def make(self, places: Mapping[Path, Path]) -> FunctionProblem:
        """Make the problem; how its outputs are weighed, whoever asks for it tells."""
        from gradcheck_cli.checks.given import function_of
        from gradcheck_cli.loading.functions import load_function

        reference, point = elsewhere(self.function, self.point, places)
        function, loaded = load_function(reference), point.load()
        return function_of(function, in_its_form(function, loaded), loaded.data)


def in_its_form(function: Callable[..., Any], loaded: LoadedProblem) -> Any:
    """Return the parameters by name, or a single one as an array where the function does not take it by its name."""
    from gradcheck_cli.problems.functions.calling import has_each

    if len(loaded.parameters) == 1 and not has_each(function, loaded.parameters, loaded.data):
        return next(iter(loaded.parameters.values()))
    return loaded.parameters


def of_one_array(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return a function of a dict with one array that calls another one with the array, and so with a tangent."""

    def of_dicts(*arrays: Mapping[str, Any], **data: Any) -> Any:
        return function(*(one[name] for one in arrays), **data)

    of_dicts.__name__ = getattr(function, "__name__", of_dicts.__name__)
    return of_dicts


def load_face(
    face: str,
    references: Sequence[str],
    shape: tuple[int, ...] | None,
    point: PointOptions,
    name: str,
    convention: str | None = None,
) -> Checked:
    """Load the functions and the point, and return what checks them."""
    from gradcheck_cli.loading.functions import load_function

    loaded = None if face == "adjoint" else point.load()
    functions = [load_function(reference) for reference in references]

    def check(**settings: Any) -> CheckReport:
        import numpy as np

        import gradcheck_cli as api

        if loaded is None:
            seed = settings["seed"]
            return api.check_adjoint(functions[0], functions[1], np.zeros(shape or ()), seed=seed, name=name)
        given = {key: value for key, value in settings.items() if key not in OF_LOSSES}
        given |= {"data": loaded.data, "name": name}
        function, claim, *more = functions
        if face in ("hvp", "jvp") and len(loaded.parameters) == 1:
            (only,) = parameters = loaded.parameters
            function, *more = (of_one_array(one, only) for one in (function, *more))
            claim = claim if more and face == "jvp" else of_one_array(claim, only)
        else:
            parameters = in_its_form(function, loaded)
        if face in ("backward", "jac"):
            given |= {"complex": convention, "recipe": OutputsFiles(references[0], point)}
        if face == "backward":
            return api.check_layer(function, claim, parameters, **given)
        if face == "jvp":
            backward, jvp = (claim, more[0]) if more else (None, claim)
            plain = {
                key: given[key] for key in ("threshold", "precision", "require_sensitivity", "seed", "data", "name")
            }
            return api.check_jvp(function, jvp, parameters, backward=backward, **plain)
        if face == "jac":
            return api.check_jacobian(function, claim, parameters, **given)
        if face == "hvp":
            return api.check_hvp(function, claim, more[0], parameters, **given)
        return api.check_hessian(function, claim, more[0], parameters, diagonal=face == "hess_diag", **given)

    return check
