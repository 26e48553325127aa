"""The options that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from gradcheck_cli.cli.param_types import EPSILON, POSITIVE, REPORT
from gradcheck_cli.reporters.formats import FORMATS
from gradcheck_cli.vocabulary.settings import DEFAULT_EPSILON, DEFAULT_THRESHOLD, PRECISIONS

if TYPE_CHECKING:
    from pathlib import Path

    from gradcheck_cli.cli.further_options import FurtherOptions
    from gradcheck_cli.cli.large_options import LargeOptions

__all__ = ["Checking", "checking_options"]

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


def shared(*names: str, **attributes: Any) -> Callable[[_Command], _Command]:
    """Return an option that GRADCHECK_NAME sets for all commands, where GRADCHECK_COMMAND_NAME does not for one."""
    name = max(names, key=lambda name: name.startswith("--")).strip("-")
    return click.option(*names, **attributes, envvar=f"GRADCHECK_{name.replace('-', '_').upper()}")


def watch(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:  # noqa: ARG001
    """Take over where that is wanted, and check as often as there is something new to check."""
    if wanted and not ctx.resilient_parsing:
        from gradcheck_cli.cli.watching import watch_until_interrupted

        ctx.exit(watch_until_interrupted(sys.argv[1:]))


def checking_options(command: _Command) -> _Command:
    """Add the options that every command that checks something has."""
    for option in reversed(
        [
            shared(
                "--epsilon",
                type=EPSILON,
                default=DEFAULT_EPSILON,
                show_default=True,
                metavar="STEP|auto",
                help="Step of the differences; auto takes the reference instead.",
            ),
            shared(
                "--threshold",
                type=POSITIVE,
                default=DEFAULT_THRESHOLD,
                show_default=True,
                help="What the difference may not exceed.",
            ),
            shared("--classic", is_flag=True, default=False, help="The course's rule and nothing else."),
            shared(
                "--precision",
                type=click.Choice(PRECISIONS),
                default="auto",
                show_default=True,
                help="Arithmetic that the gradient may come from.",
            ),
            shared(
                "--require-sensitivity",
                type=POSITIVE,
                metavar="SHARE",
                help="Pass only where an entry off by this share of itself would have been seen.",
            ),
            shared("-v", "--verbose", count=True, help="Show entries too; -vv shows all of them."),
            shared("-q", "--quiet", count=True, help="Show only what falls short; -qq shows nothing."),
            shared(
                "--color",
                type=click.Choice(["auto", "always", "never"]),
                default="auto",
                show_default=True,
                help="Whether to colour the report.",
            ),
            shared(
                "--format",
                type=click.Choice(list(FORMATS)),
                default="text",
                show_default=True,
                help="What stdout gets.",
            ),
            shared(
                "--report",
                "reports",
                type=REPORT,
                multiple=True,
                is_eager=True,  # where another option is wrong, the file has to say so
                metavar="FORMAT=FILE",
                help="Write a file as well; may be given several times.",
            ),
            shared("--plot", is_flag=True, default=False, help="Draw where the errors are, and the step's part."),
            shared("--exit-zero", is_flag=True, default=False, help="Exit 0 for 1 and 3 too, never for 2."),
            click.option(
                "--watch",
                is_flag=True,
                is_eager=True,  # another process is to understand the others
                expose_value=False,
                allow_from_autoenv=False,  # that process would have it from there as well
                callback=watch,
                help="Check again whenever a file that was read is saved; Ctrl-C ends it.",
            ),
        ]
    ):
        command = option(command)
    return command
