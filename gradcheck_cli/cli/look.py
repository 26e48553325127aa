"""`gradcheck look`, or `gradcheck FILE.py`: what can be checked in a file, and how."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.cells import cell_len

from gradcheck_cli.cli.help import Command
from gradcheck_cli.cli.output import terminal_width, write
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

    width, lines = terminal_width(), []
    for one in checkables(Path(file)):
        lines += [
            ", ".join(one.names),
            *command_lines(one.command, width),
            *([f"  {said(one.needs)}"] if one.needs else []),
            "",
        ]
    write("\n".join(printable(line) for line in lines), sys.stdout)


def command_lines(command: str, width: int | None) -> list[str]:
    """Return a command in lines that a shell takes for one, broken before its options where it is too wide."""
    lines, room = [""], None if width is None else width - len(" \\")
    for number, part in enumerate(command.split(" --")):
        word = f" --{part}" if number else f"  {part}"
        if number and room is not None and cell_len(lines[-1] + word) > room:
            lines[-1] += " \\"
            lines.append("     ")
        lines[-1] += word
    return lines
