"""Draw the picture of README.md from a real run: ``python -m tests.make_picture``."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

from rich.console import Console
from rich.text import Text

from gradcheck_cli import check
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.reporters.terminal import Style, render

PICTURE = Path(__file__).parent / "golden" / "planted-bugs.svg"
WIDTH = 100


def picture() -> str:
    """Return the SVG of ``gradcheck net --case planted-bugs`` in a terminal; the time is set to a fixed one."""
    report = dataclasses.replace(check(built_in_case("planted-bugs")), seconds=0.01)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, legacy_windows=False)
    console.print(Text("$ gradcheck net --case planted-bugs", style="bold"))
    console.print(Text.from_ansi(render(report, Style(color=True, width=WIDTH))), end="")
    return console.export_svg(title="gradcheck", unique_id="gradcheck")


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
