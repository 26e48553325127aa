"""`gradcheck diff`: what is other in a later report than in an earlier one."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from gradcheck_cli.cli.help import Command
from gradcheck_cli.cli.options import COLOR
from gradcheck_cli.cli.output import terminal_width, wants_color, write
from gradcheck_cli.cli.param_types import FILE
from gradcheck_cli.reporters.changes import Kind, Turn, sum_line, turns
from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.text import printable
from gradcheck_cli.vocabulary.wrapping import wrapped

__all__ = ["diff"]

EPILOG = """\b
Examples:
  gradcheck net --case net.npz --backward mine.py:back --report json=new.json
  gradcheck diff old.json new.json

Exit codes: 1 if something became wrong, is new and wrong, or can no longer be checked; 0 if not; 2 if a report cannot
be read.
"""
COLORS = {Kind.BECAME_RIGHT: "green", Kind.NEW_AND_RIGHT: "green", Kind.STILL_RIGHT: "green",
          Kind.BECAME_UNCLEAR: "yellow", Kind.STILL_UNCLEAR: "yellow", Kind.GONE: "yellow"}  # fmt: skip
WIDEST = 100  # columns of a sentence


@click.command(cls=Command, epilog=EPILOG)
@click.argument("old", type=FILE, metavar="OLD.json")
@click.argument("new", type=FILE, metavar="NEW.json")
@COLOR
@click.pass_context
def diff(ctx: click.Context, old: Path, new: Path, color: str) -> None:
    """Show what became right or wrong between two JSON reports."""
    from gradcheck_cli.loading.report import read_report

    found = turns(read_report(old), read_report(new))
    write("".join(f"{line}\n" for line in lines(found, colored=wants_color(color))), sys.stdout)
    ctx.exit(1 if any(turn.kind.is_worse for turn in found) else 0)


def lines(found: Sequence[Turn], *, colored: bool) -> Iterator[str]:
    """Yield what changed, case by case, and at the end the sum; what is still right is only counted."""
    width = min(terminal_width() or WIDEST, WIDEST)
    told = [turn for turn in found if turn.kind is not Kind.STILL_RIGHT]
    for case, group in itertools.groupby(told, key=lambda turn: turn.case):
        yield printable(case)
        for turn in group:
            kind = said(turn.kind.value)
            kind = click.style(kind, COLORS.get(turn.kind, "red")) if colored else kind
            first, *rest = turn.details or ("",)
            name = f"  {turn.name}" if turn.name else ""
            if turn.name and first and not first.startswith(("error[", "was ")):
                yield f"  {kind}{name}: {said(first)}"
            else:
                yield f"  {kind}{name}"
                rest = list(filter(None, [first, *rest]))
            for detail in rest:
                yield from wrapped(f"{' ' * 6}{said(detail)}", width, " " * 8)
        yield ""
    yield sum_line(found)
