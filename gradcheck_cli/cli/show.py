"""`gradcheck show`: a report that was kept as JSON, in any format, without checking again."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gradcheck_cli.cli.files import require_apart, write_whole
from gradcheck_cli.cli.help import Command
from gradcheck_cli.cli.options import COLOR, FORMAT, QUIET, REPORTS, VERBOSE
from gradcheck_cli.cli.output import terminal_width, wants_color, write
from gradcheck_cli.cli.param_types import FILE
from gradcheck_cli.reporters.formats import renderer
from gradcheck_cli.reporters.tally import run_sentence
from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.results import RunReport, Unchecked

__all__ = ["show"]

EPILOG = """\b
Examples:
  gradcheck show out.json
  gradcheck show out.json --format markdown
  gradcheck show out.json --report html=report.html --report junit=out.xml

out.json is what `--report json=out.json` has written. The exit code is 0 if the report could be shown, whatever its
verdict.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("report", type=FILE, metavar="REPORT.json")
@FORMAT
@REPORTS
@VERBOSE
@QUIET
@COLOR
def show(report: Path, verbose: int, quiet: int, color: str, format: str, reports: tuple[tuple[str, str], ...]) -> None:  # noqa: A002
    """Show a saved JSON report in any format, without checking again."""
    from gradcheck_cli.loading.report import read_report

    run = read_report(report)
    require_apart([(f"--report {name}", path) for name, path in reports], {str(report): report})
    for name, path in reports:
        write_whole(path, renderer(name)(run))
    if quiet < 2:
        write(as_text(run, verbose - quiet, color) if format == "text" else renderer(format)(run), sys.stdout)


def as_text(run: RunReport, verbosity: int, color: str) -> str:
    """Return the run as the command that made it showed it."""
    from gradcheck_cli.reporters.terminal import Style, render, render_outcome

    style = Style(wants_color(color), terminal_width(), verbosity)
    parts = [render_outcome(one) if isinstance(one, Unchecked) else render(one, style) for one in run.outcomes]
    closing = [f"{said(run_sentence(run))}\n"] if len(parts) > 1 else []
    return "\n".join([*filter(None, parts), *closing])
