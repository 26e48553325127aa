"""`gradcheck explain`: what a finding's code means."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gradcheck_cli.cli.output import write
from gradcheck_cli.vocabulary.errors import did_you_mean

__all__ = ["explain"]

EPILOG = """\b
Examples:
  gradcheck explain
  gradcheck explain factor
  gradcheck explain commands
"""
TOPICS = {"commands": "which command checks what you have"}
"""Pages that are of no finding, each a file of its name."""


@click.command(epilog=EPILOG)
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Say what the CODE of a finding means, with code before and after; which command to use; or list all."""
    from gradcheck_cli.diagnosis.pages import PAGES

    if code is None:
        titles = {**TOPICS, **{name: page.title for name, page in PAGES.items()}}
        width = max(map(len, titles))
        write("".join(f"{name:{width}}  {title}\n" for name, title in titles.items()), sys.stdout)
    elif code in TOPICS:
        write((Path(__file__).parents[1] / "manual" / f"{code}.md").read_text(encoding="utf-8"), sys.stdout)
    elif code in PAGES:
        write(PAGES[code].text(code), sys.stdout)
    else:
        hint = did_you_mean(code, [*TOPICS, *PAGES]) or "`gradcheck explain` lists them"
        raise click.UsageError(f"there is no code {code!r}: {hint}")
