"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from gradcheck_cli.cli.param_types import EPSILON, POSITIVE
from gradcheck_cli.settings import DEFAULT_EPSILON, DEFAULT_THRESHOLD, PRECISIONS

__all__ = ["Checking", "checking_options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Checking:
    """The values of `checking_options`."""

    epsilon: float | str
    threshold: float
    classic: bool
    precision: str
    require_sensitivity: float | None
    verbose: int
    quiet: int
    color: str

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


def checking_options(command: _Command) -> _Command:
    """Add the options that every command that checks something has."""
    for option in reversed(
        [
            click.option(
                "--epsilon",
                type=EPSILON,
                default=DEFAULT_EPSILON,
                show_default=True,
                metavar="STEP|auto",
                help="Step of the differences; auto takes the reference instead.",
            ),
            click.option(
                "--threshold",
                type=POSITIVE,
                default=DEFAULT_THRESHOLD,
                show_default=True,
                help="What the difference may not exceed.",
            ),
            click.option("--classic", is_flag=True, default=False, help="The course's rule and nothing else."),
            click.option(
                "--precision",
                type=click.Choice(PRECISIONS),
                default="auto",
                show_default=True,
                help="Arithmetic that the gradient may come from.",
            ),
            click.option(
                "--require-sensitivity",
                type=POSITIVE,
                metavar="SHARE",
                help="Pass only where an entry off by this share of the largest would have been seen.",
            ),
            click.option("-v", "--verbose", count=True, help="Show entries too; -vv shows all of them."),
            click.option("-q", "--quiet", count=True, help="Show only what falls short; -qq shows nothing."),
            click.option(
                "--color",
                type=click.Choice(["auto", "always", "never"]),
                default="auto",
                show_default=True,
                help="Whether to colour the report.",
            ),
        ]
    ):
        command = option(command)
    return command
