"""The options for large problems: screens, budgets, several processes, and checks that are gone on with."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradcheck_cli.cli.files import write_whole
from gradcheck_cli.cli.help import LARGE, option
from gradcheck_cli.cli.param_types import FILE, POSITIVE
from gradcheck_cli.vocabulary.settings import AUTO, DEFAULT_LOCATE, MODES

if TYPE_CHECKING:
    from gradcheck_cli.evaluating.journal import Journal
    from gradcheck_cli.vocabulary.watch import Watch

__all__ = ["Keeper", "LargeOptions", "large_options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])
COUNT = click.IntRange(min=1)
NOW_AND_THEN = 2.0  # seconds


@dataclass(frozen=True)
class LargeOptions:
    """The values of `large_options`."""

    mode: str = AUTO
    max_evals: int | None = None
    time_limit: float | None = None
    locate: int = DEFAULT_LOCATE
    seed: int | None = None
    jobs: int = 1
    executor: str | None = None
    save: Path | None = None
    resume: Path | None = None

    def __post_init__(self) -> None:
        if self.jobs > 1 and self.executor:
            raise click.UsageError("Give either --jobs or --executor: the losses are evaluated here or there.")

    @property
    def settings(self) -> dict[str, Any]:
        """What a check is told."""
        names = ("mode", "max_evals", "time_limit", "locate", "seed", "jobs", "executor")
        return {name: getattr(self, name) for name in names}

    @property
    def state(self) -> Path | None:
        """Where the state of the check is kept."""
        return self.save or self.resume

    @property
    def going_on(self) -> str:
        """How to go on with the check, by a command or by the project's file; nothing where no state is kept."""
        if self.state is None:
            return ""
        others, named = [], [str(self.state)]
        given = iter(sys.argv[1:])
        for word in given:
            option, _, value = word.partition("=")
            if option in ("--save", "--resume"):
                named.append(value or next(given, ""))
            else:
                others.append(word)
        if len(named) == 1:
            return f"continue it with resume = {str(self.state)!r} in the check"
        file = next(name for name in reversed(named) if os.path.abspath(name) == str(self.state))  # noqa: PTH100
        return f"continue it with: gradcheck {shlex.join([*others, '--resume', file])}"

    @property
    def goes_on_in_place(self) -> bool:
        """Whether the state that is gone on with is kept where it was."""
        return self.resume is not None and (
            self.save is None or os.path.realpath(self.save) == os.path.realpath(self.resume)
        )

    def journal(self) -> Journal | None:
        """Return the journal that the check is to keep; None where none is wanted."""
        from gradcheck_cli.evaluating.journal import Journal
        from gradcheck_cli.loading.state import read_state

        if self.save is not None and self.save.exists() and not self.goes_on_in_place:
            read_state(self.save)  # only an old state is overwritten
        if self.resume is not None:
            return Journal(**read_state(self.resume))
        return Journal() if self.save is not None else None

    def keep(self, journal: Journal | None) -> None:
        """Write the journal where that was asked for."""
        from gradcheck_cli.loading.state import state_text

        if journal is not None and self.state is not None:
            write_whole(self.state, state_text(vars(journal)))


class Keeper:
    """Tells another watch, and keeps the journal now and then: whoever ends the process loses no more than that."""

    def __init__(self, watch: Watch, keep: Callable[[], None]) -> None:
        self.watch, self.keep = watch, keep
        self.kept = time.monotonic()

    def __call__(self, count: int) -> None:
        """Tell of what was done."""
        self.watch(count)
        if time.monotonic() - self.kept > NOW_AND_THEN:
            self.keep()
            self.kept = time.monotonic()

    def begin(self) -> None:
        """Tell of a beginning."""
        self.watch.begin()

    def at(self, stage: str) -> None:
        """Tell what the check is at."""
        self.watch.at(stage)

    def expect(self, total: int, what: str) -> None:
        """Tell how much there will be."""
        self.watch.expect(total, what)

    def wrong(self, count: int) -> None:
        """Tell what was wrong."""
        self.watch.wrong(count)


def large_options(command: _Command) -> _Command:
    """Add the options that say how much of a large problem is checked, and by whom."""
    for add in reversed(
        [
            option(
                "--mode",
                group=LARGE,
                type=click.Choice(MODES),
                default=AUTO,
                show_default=True,
                help="Check every entry, or screen random directions.",
            ),
            option("--max-evals", group=LARGE, type=COUNT, metavar="N", help="Evaluate the loss at most N times."),
            option(
                "--time",
                "time_limit",
                group=LARGE,
                type=POSITIVE,
                metavar="SECONDS",
                help="Stop after this long; an evaluation under way gets one more second.",
            ),
            option(
                "--locate",
                group=LARGE,
                type=COUNT,
                default=DEFAULT_LOCATE,
                show_default=True,
                metavar="N",
                help="Locate at most N wrong entries in a screen.",
            ),
            option(
                "--seed",
                group=LARGE,
                type=click.IntRange(0, 2**63 - 1),
                metavar="N",
                show_default="a new one each time",
                help="Seed of the random directions and samples.",
            ),
            option(
                "--jobs",
                group=LARGE,
                type=COUNT,
                default=1,
                show_default=True,
                metavar="N",
                help="Number of worker processes.",
            ),
            option("--executor", group=LARGE, metavar="dask://HOST:PORT", help="Evaluate on this dask cluster."),
            option("--save", group=LARGE, type=FILE, metavar="FILE", help="Save progress to FILE."),
            option("--resume", group=LARGE, type=FILE, metavar="FILE", help="Resume from FILE, and save there."),
        ]
    ):
        command = add(command)
    return command
