"""The options that the commands for functions and programs share, and the point that they describe."""

from __future__ import annotations

import cmath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradcheck_cli.cli.completion import complete_parameter
from gradcheck_cli.cli.further_options import FurtherOptions
from gradcheck_cli.cli.help import WHERE, option
from gradcheck_cli.cli.large_options import LargeOptions
from gradcheck_cli.cli.options import Checking, checking_options
from gradcheck_cli.cli.param_types import FILE, FINITE
from gradcheck_cli.loading.functions import at_another_place, file_of
from gradcheck_cli.vocabulary.settings import AUTO, DEFAULT_EPSILON

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "LoadedProblem",
    "PointOptions",
    "auto_options",
    "checking",
    "checking_each",
    "comparing_options",
    "elsewhere",
    "files_of",
    "point_options",
    "taken",
    "without",
]

KINDS = ".npz .npy .json .csv .txt .mat .safetensors"  # those of `loading.arrays`, which takes its time to import

_Options = TypeVar("_Options")
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Numbers(click.ParamType):  # type: ignore[type-arg]  # click's own class takes no argument when the program runs
    """Numbers with commas or blanks between, those with a j complex."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[complex, ...]:
        """Return the numbers."""
        parts = re.split(r"\s*,\s*|\s+", str(value).strip())
        return tuple(complex_of(part) or FINITE.convert(part, param, ctx) for part in parts)


def complex_of(text: str) -> complex | None:
    """Return the complex number that a text with a j in it is, as ``3-4j``; None where it is none, or not finite."""
    try:
        number = complex(text) if text.endswith(("j", "J")) else complex("nan")
    except ValueError:
        return None
    return number if cmath.isfinite(number) else None


@dataclass(frozen=True)
class PointOptions:
    """The values of `point_options`."""

    params: Path | None
    data: Path | None
    at: tuple[tuple[complex, ...], ...]
    vary: tuple[str, ...]
    only: tuple[str, ...]
    skip: tuple[str, ...]
    why: str | None

    def __post_init__(self) -> None:
        among_data = self.data is not None and bool(self.vary)
        if (self.params is not None) + bool(self.at) != 1 and not (among_data and not self.at and not self.params):
            raise click.UsageError(
                "Give the parameters by one of --params FILE, --at NUMBERS, and --vary NAME of --data FILE."
            )
        if self.only and self.skip:
            raise click.UsageError("Give either --param or --skip: what is not selected is skipped.")
        if bool(self.skip) != bool(self.why):
            raise click.UsageError("--skip NAME and --why TEXT go together: a gap in a check needs its reason.")

    def each(self) -> list[tuple[str, PointOptions]]:
        """Return the same for each point, and what to call it where there are several."""
        if len(self.at) < 2:
            return [("", self)]
        return [(f" at {','.join(f'{number:g}' for number in at)}", replace(self, at=(at,))) for at in self.at]

    @property
    def reads(self) -> dict[str, Path | None]:
        """The files, by what they are."""
        return {"the parameters": self.params, "the data": self.data}

    def load(self) -> LoadedProblem:
        """Read the files."""
        from gradcheck_cli.loading.point import load_point, selected

        point = load_point(self.params, self.data, self.at[0] if self.at else None, self.vary)
        only = selected(point.parameters, self.only, self.skip)
        return LoadedProblem(point.parameters, point.data, only, self.notes(only, list(point.parameters)))

    def notes(self, only: Sequence[str], every: Sequence[str]) -> list[str]:
        """Say what is not checked, and why."""
        left_out = [name for name in every if name not in only]
        reason = self.why if self.skip else "not selected by --param"
        return [f"not checked: {', '.join(left_out)} ({reason})"] if left_out else []


@dataclass(frozen=True)
class LoadedProblem:
    """What stood in the files."""

    parameters: dict[str, NDArray[Any]]
    data: dict[str, NDArray[Any]]
    only: tuple[str, ...]
    notes: list[str]


def point_options(command: _Command) -> _Command:
    """Add the options that say where a gradient is checked."""
    for add in reversed(
        [
            option(
                "--params",
                group=WHERE,
                common=True,
                type=FILE,
                metavar="FILE",
                help=f"The parameters: {KINDS}, or - for stdin.",
            ),
            option(
                "--at",
                group=WHERE,
                common=True,
                type=Numbers(),
                multiple=True,
                metavar="X,Y,...",
                help="The parameters as one array of numbers.  [repeatable]",
            ),
            option(
                "--data",
                group=WHERE,
                common=True,
                type=FILE,
                metavar="FILE",
                help="Arrays passed to the functions but not checked.",
            ),
            named("--vary", help="Differentiate only with respect to this array of the files.  [repeatable]"),
            named("--param", "only", help="Check only this parameter.  [repeatable]"),
            named("--skip", help="Do not check this parameter; needs --why.  [repeatable]"),
            option("--why", group=WHERE, metavar="REASON", help="Why a parameter is skipped, for the report."),
        ]
    ):
        command = add(command)
    return command


def named(*names: str, help: str) -> Callable[[_Command], _Command]:  # noqa: A002  (click's own word)
    """Return an option for names of parameters."""
    return option(*names, group=WHERE, multiple=True, metavar="NAME", help=help, shell_complete=complete_parameter)


def auto_options(command: _Command) -> _Command:
    """Add the options of every check, with epsilon auto where neither a step nor the course's rule is asked for."""
    return checking_options(command, epsilon=None, shown=AUTO)


def comparing_options(command: _Command) -> _Command:
    """Add the options of a check that takes no steps."""
    return without("epsilon", "classic")(checking_options(command))


def without(*names: str) -> Callable[[_Command], _Command]:
    """Return a decorator that takes options away again, by click's names: those that a command would only refuse."""

    def fewer(command: _Command) -> _Command:
        options: list[click.Parameter] = command.__click_params__  # type: ignore[attr-defined]
        options[:] = [one for one in options if one.name not in names]
        return command

    return fewer


def taken(kind: type[_Options], options: dict[str, Any]) -> _Options:
    """Take the values of some options out of all, and return their record; not every command has each of them."""
    names = [field.name for field in fields(kind) if field.name in options]  # type: ignore[arg-type]  # it is a dataclass
    return kind(**{name: options.pop(name) for name in names})


def checking(options: dict[str, Any]) -> Checking:
    """Return the values of `auto_options`, of `large_options` and of `further_options`."""
    if options["epsilon"] is None:
        options["epsilon"] = DEFAULT_EPSILON if options["classic"] else AUTO
    large, further = taken(LargeOptions, options), taken(FurtherOptions, options)
    return Checking(**options, large=large, further=further)


def checking_each(point: PointOptions, options: dict[str, Any]) -> tuple[list[tuple[str, PointOptions]], Checking]:
    """Return the points that were asked for, each with what to call it, and how to check them.

    Raises
    ------
    UsageError
        Where there are several, and a file that one of them would write over another's.
    """
    points, chosen = point.each(), checking(options)
    large, further = chosen.large, chosen.further
    files = [large and large.save, large and large.resume, further and further.save_point]
    if len(points) > 1 and any(files):
        raise click.UsageError("--save, --resume and --save-point go with one --at: there is one file.")
    return points, chosen


def files_of(reference: str, point: PointOptions) -> list[Path]:
    """Return the files that a function at a point is made of."""
    return [path for path in (file_of(reference), point.params, point.data) if path]


def elsewhere(reference: str, point: PointOptions, places: Mapping[Path, Path]) -> tuple[str, PointOptions]:
    """Return the function and the point as they are loaded where some of their files have other places."""

    def moved(path: Path | None) -> Path | None:
        return None if path is None else places.get(path, path)

    file = moved(file_of(reference))
    there = replace(point, params=moved(point.params), data=moved(point.data))
    return at_another_place(reference, file) if file else reference, there
