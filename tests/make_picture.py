"""Draw the picture of README.md from a real run: ``python -m tests.make_picture``."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.support import DATA, SEARCHING, in_terminal

PICTURE = Path(__file__).parent / "golden" / "homework.svg"
WIDTH = 80
ARGUMENTS = ("net", "--case", "default", "--backward", "homework.py:backward_propagation_n")


def picture() -> str:
    """Return the SVG of the check of the exercise with its two mistakes, in a terminal."""
    shown = in_terminal(*ARGUMENTS, columns=WIDTH, env=SEARCHING, cwd=DATA)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, legacy_windows=False)
    console.print(Text(f"$ gradcheck {' '.join(ARGUMENTS)}", style="bold"))
    console.print(Text.from_ansi(shown), end="")
    return console.export_svg(title="gradcheck", unique_id="gradcheck")


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
