"""Timings as a table for people."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from gradcheck_cli.vocabulary.results import WayTiming

__all__ = ["render_timings"]


def render_timings(timings: Sequence[WayTiming], title: str) -> str:
    """Return a line that says what was timed and a table with a row for each way; nothing in it is ever cut."""
    table = Table(box=None, pad_edge=False)
    table.add_column("way")
    for heading in ("seconds", "times as fast"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for timing in timings:
        notes = [f"from {timing.sample} entries"] if timing.sample else []
        note = ", ".join([*notes, timing.note] if timing.note else notes)
        table.add_row(timing.name, f"{timing.seconds:.3g}", f"{timing.ratio:,.3g}", note)
    console = Console(file=io.StringIO(), width=120, height=100, color_system=None, markup=False, highlight=False)
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return f"{title}\n\n" + "".join(f"{line.rstrip()}\n" for line in text.splitlines())
