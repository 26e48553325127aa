"""`gradcheck look`, or `gradcheck FILE.py`: what can be checked in a file, and how."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gradcheck_cli.cli.help import Command
from gradcheck_cli.cli.output import write
from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.text import printable

__all__ = ["look"]

EPILOG = """\b
Examples:
  gradcheck homework.py
  gradcheck look 'Gradient Checking.ipynb'
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("file", type=click.Path(), metavar="FILE.py")
def look(file: str) -> None:
    """List what can be checked in a file, and the commands for it."""
    from gradcheck_cli.loading.code.checkable import checkables

    lines = []
    for one in checkables(Path(file)):
        lines += [", ".join(one.names), f"  {one.command}", *([f"  {said(one.needs)}"] if one.needs else []), ""]
    write("\n".join(printable(line) for line in lines), sys.stdout)
