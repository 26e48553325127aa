"""The formats of a report. A new one is a new file with a `render_run`, and a new line here."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcheck_cli.vocabulary.results import RunReport


__all__ = ["FORMATS", "renderer"]

FORMATS = {
    "text": "terminal",
    "concise": "concise",
    "json": "json_report",
    "junit": "junit",
    "github": "github",
    "markdown": "markdown",
    "html": "page.document",
    "sarif": "sarif",
    "rdjson": "rdjson",
}
"""The name of each format and the module that writes it."""


def renderer(name: str) -> Callable[[RunReport], str]:
    """Return the function that writes everything a run found in a format."""
    module = importlib.import_module(f"gradcheck_cli.reporters.{FORMATS[name]}")
    render: Callable[[RunReport], str] = module.render_run
    return render
