"""The options that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from gradcheck_cli.cli.help import HOW_SURE, OTHER, OUTPUT, option
from gradcheck_cli.cli.param_types import EPSILON, POSITIVE, REPORT
from gradcheck_cli.reporters.formats import FORMATS
from gradcheck_cli.vocabulary.settings import DEFAULT_EPSILON, DEFAULT_THRESHOLD, PRECISIONS

if TYPE_CHECKING:
    from pathlib import Path

    from gradcheck_cli.cli.further_options import FurtherOptions
    from gradcheck_cli.cli.large_options import LargeOptions

__all__ = ["COLOR", "FORMAT", "QUIET", "REPORTS", "VERBOSE", "Checking", "checking_options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Checking(NamedTuple):
    """The values of `checking_options`."""

    epsilon: float | str
    threshold: float
    classic: bool
    precision: str
    require_sensitivity: float | None
    verbose: int
    quiet: int
    color: str
    format: str
    reports: tuple[tuple[str, str], ...]
    plot: bool
    exit_zero: bool
    notes: tuple[str, ...] = ()
    """What the report is to say of where the settings come from."""
    large: LargeOptions | None = None
    """Those for large problems, where the command has them."""
    further: FurtherOptions | None = None
    """Those for other points and more calls, where the command has them."""

    @property
    def draws(self) -> bool:
        """Whether something that is written shows the step plot."""
        return self.plot or "html" in {self.format, *(name for name, _ in self.reports)}

    @property
    def kept(self) -> list[tuple[str, Path]]:
        """The files that the check itself writes, each after its option."""
        state = self.large.state if self.large else None
        point = self.further.save_point if self.further else None
        return [(option, path) for option, path in (("--save", state), ("--save-point", point)) if path is not None]

    @property
    def gone_on_with(self) -> list[tuple[str, Path]]:
        """The state that the check only reads, after its option."""
        if self.large is None or self.large.resume is None or self.large.goes_on_in_place:
            return []
        return [("--resume", self.large.resume)]

    @property
    def settings(self) -> dict[str, Any]:
        """What a check is told."""
        return {
            "epsilon": self.epsilon,
            "threshold": self.threshold,
            "classic": self.classic,
            "precision": self.precision,
            "require_sensitivity": self.require_sensitivity,
        }

    @property
    def verbosity(self) -> int:
        """How much is told: 0 as usual, above it more, below it less."""
        return self.verbose - self.quiet


def listed(names: Iterable[str]) -> str:
    """Return names as a sentence has them."""
    *others, last = names
    return f"{', '.join(others)} or {last}"


VERBOSE = option(
    "-v",
    "--verbose",
    group=OUTPUT,
    common=True,
    count=True,
    help="Show the full table; -vv shows every entry as well.",
)
QUIET = option(
    "-q",
    "--quiet",
    group=OUTPUT,
    count=True,
    help="Show only checks that did not pass; -qq prints nothing.",
)
COLOR = option(
    "--color",
    group=OUTPUT,
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour the report.",
)
FORMAT = option(
    "--format",
    group=OUTPUT,
    common=True,
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    metavar="NAME",
    help=f"Print {listed(FORMATS)}.",
)
REPORTS = option(
    "--report",
    "reports",
    group=OUTPUT,
    common=True,
    type=REPORT,
    multiple=True,
    is_eager=True,  # where another option is wrong, the file has to say so
    metavar="FORMAT=FILE",
    help="Write a report to FILE as well.  [repeatable]",
)
"""What every command that shows a report has."""


def watch(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:  # noqa: ARG001
    """Take over where that is wanted, and check as often as there is something new to check."""
    if wanted and not ctx.resilient_parsing:
        from gradcheck_cli.cli.watching import watch_until_interrupted

        ctx.exit(watch_until_interrupted(sys.argv[1:]))


def checking_options(
    command: _Command, *, epsilon: float | None = DEFAULT_EPSILON, shown: str | bool = True
) -> _Command:
    """Add the options that every command that checks something has; epsilon's default, and what help says of it."""
    for add in reversed(
        [
            option(
                "--epsilon",
                group=HOW_SURE,
                type=EPSILON,
                default=epsilon,
                show_default=shown,
                metavar="STEP|auto",
                help="Finite-difference step, or auto to compare with the reference.",
            ),
            option(
                "--threshold",
                group=HOW_SURE,
                common=True,
                type=POSITIVE,
                default=DEFAULT_THRESHOLD,
                show_default=True,
                help="Largest difference that passes.",
            ),
            option("--classic", group=HOW_SURE, is_flag=True, default=False, help="Apply only the course's rule."),
            option(
                "--precision",
                group=HOW_SURE,
                type=click.Choice(PRECISIONS),
                default="auto",
                show_default=True,
                metavar="NAME",
                help=f"Precision that the gradient was computed in: {listed(PRECISIONS)}.",
            ),
            option(
                "--require-sensitivity",
                group=HOW_SURE,
                type=POSITIVE,
                metavar="SHARE",
                help="Pass only if an error of this share of an entry would have been seen.",
            ),
            VERBOSE,
            QUIET,
            COLOR,
            FORMAT,
            REPORTS,
            option(
                "--plot",
                group=OUTPUT,
                is_flag=True,
                default=False,
                help="Draw the errors by entry, and by the size of the step.",
            ),
            option(
                "--exit-zero",
                group=OUTPUT,
                is_flag=True,
                default=False,
                help="Exit 0 on FAIL and INCONCLUSIVE; what could not be checked still exits 2.",
            ),
            option(
                "--watch",
                group=OTHER,
                is_flag=True,
                is_eager=True,  # another process is to understand the others
                expose_value=False,
                allow_from_autoenv=False,  # that process would have it from there as well
                callback=watch,
                help="Check again whenever a file that was read is saved.",
            ),
        ]
    ):
        command = add(command)
    return command
