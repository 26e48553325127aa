"""Write the golden reports, which `tests/unit/reporters/test_golden.py` reads: ``python -m tests.make_golden``."""

from __future__ import annotations

import re
from pathlib import Path

from gradcheck_cli.reporters.formats import FORMATS, renderer
from tests.records import RUNS, run_of

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = {"text": "txt", "concise": "concise.txt",
            "json": "json", "junit": "xml", "github": "github.txt", "markdown": "md", "html": "html",
            "sarif": "sarif", "rdjson": "rdjson.json"}  # fmt: skip


def golden_files() -> dict[Path, str]:
    """Return every file with what belongs in it."""
    return {
        GOLDEN / f"{name}.{SUFFIXES[format_]}": without_style(renderer(format_)(run_of(name)))
        for name in RUNS
        for format_ in FORMATS
    }


def without_style(text: str) -> str:
    """Return a report without its style sheet and the manual's pages, which say nothing of what was found."""
    text = re.sub("<style>.*?</style>", "<style></style>", text, flags=re.DOTALL)
    return re.sub("<div class='manual'>.*?</div>", "<div class='manual'></div>", text, flags=re.DOTALL)


if __name__ == "__main__":
    for path, text in golden_files().items():
        path.write_text(text, encoding="utf-8")
