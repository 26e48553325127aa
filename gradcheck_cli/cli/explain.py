"""`gradcheck explain`: what a finding's code means."""

from __future__ import annotations

import sys

import click

from gradcheck_cli.cli.output import write
from gradcheck_cli.vocabulary.errors import did_you_mean

__all__ = ["explain"]

EPILOG = """\b
Examples:
  gradcheck explain
  gradcheck explain factor
"""


@click.command(epilog=EPILOG)
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Say what the CODE of a finding means, with code before and after; or list the codes."""
    from gradcheck_cli.diagnosis.pages import PAGES

    if code is None:
        width = max(map(len, PAGES))
        write("".join(f"{name:{width}}  {page.title}\n" for name, page in PAGES.items()), sys.stdout)
    elif code in PAGES:
        write(PAGES[code].text(code), sys.stdout)
    else:
        hint = did_you_mean(code, PAGES) or "`gradcheck explain` lists them"
        raise click.UsageError(f"there is no code {code!r}: {hint}")
