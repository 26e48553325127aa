"""Write the golden reports, which `tests/unit/reporters/test_golden.py` reads: ``python -m tests.make_golden``."""

from __future__ import annotations

from pathlib import Path

from gradcheck_cli.reporters.formats import FORMATS, renderer
from tests.records import OUTCOMES, run_of

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = {"text": "txt", "concise": "concise.txt",
            "json": "json", "junit": "xml", "github": "github.txt", "markdown": "md", "html": "html",
            "sarif": "sarif", "rdjson": "rdjson.json"}  # fmt: skip


def golden_files() -> dict[Path, str]:
    """Return every file with what belongs in it."""
    return {
        GOLDEN / f"{name}.{SUFFIXES[format_]}": renderer(format_)(run_of(name))
        for name in OUTCOMES
        for format_ in FORMATS
    }


if __name__ == "__main__":
    for path, text in golden_files().items():
        path.write_text(text, encoding="utf-8")
