"""The options for what one look at one point does not show: other points, and calls that are not always the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradcheck_cli.cli.help import HOW_SURE, OUTPUT, option
from gradcheck_cli.cli.param_types import FILE
from gradcheck_cli.vocabulary.settings import DEFAULT_REPEAT

if TYPE_CHECKING:
    from gradcheck_cli.vocabulary.results import CheckReport

__all__ = ["FurtherOptions", "further_options", "points_option", "suggest_option"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

points_option = option(
    "--points",
    group=HOW_SURE,
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Check at N more points around the given one.",
)

suggest_option = option(
    "--suggest/--no-suggest",
    group=OUTPUT,
    default=True,
    show_default="suggest",
    help="Look for the line that is wrong, and for a change that is verified.",
)


@dataclass(frozen=True)
class FurtherOptions:
    """The values of `further_options`."""

    points: int = 0
    save_point: Path | None = None
    repeat: int = DEFAULT_REPEAT
    suggest: bool = True

    def __post_init__(self) -> None:
        if self.save_point and not self.points:
            raise click.UsageError("--save-point keeps one of the points of --points N: give both.")

    @property
    def settings(self) -> dict[str, Any]:
        """What a check is told."""
        return {"points": self.points, "repeat": self.repeat}

    def keep(self, report: CheckReport) -> None:
        """Write the point that a report is of, where that was asked for."""
        if self.save_point is None or report.point is None:
            return
        from gradcheck_cli.cli.files import write_whole
        from gradcheck_cli.loading.write_arrays import npz_bytes

        write_whole(self.save_point, npz_bytes(report.point))


def further_options(command: _Command) -> _Command:
    """Add the options for other points and more calls."""
    for add in reversed(
        [
            points_option,
            option(
                "--save-point",
                group=HOW_SURE,
                type=FILE,
                metavar="FILE.npz",
                help="Save the point that the report is about, for --params.",
            ),
            option(
                "--repeat",
                group=HOW_SURE,
                type=click.IntRange(min=DEFAULT_REPEAT),
                default=DEFAULT_REPEAT,
                show_default=True,
                metavar="N",
                help="Call loss and gradient N times at the point, and compare.",
            ),
        ]
    ):
        command = add(command)
    return command
