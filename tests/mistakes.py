"""The pages of single mistakes: what stands on them, and what a real run of their examples prints.

A page, `gradcheck_cli/manual/mistakes/CODE.md`, names the programs that it is about, which stand on the page
`programs`, each with the lines of a `diff` that mend it: ``-`` wrong, ``+`` right. Put back, the wrong lines must make
a finding of the page's code. The section "In the numbers" is written by ``python -m tests.mistakes``; which picture it
has, and of which parameter, is read from the picture that is there, of which the first line is enough.
"""

from __future__ import annotations

import os
import re
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gradcheck_cli as gc
from gradcheck_cli import CheckReport, manual
from gradcheck_cli.vocabulary.results import EntryVerdict, Finding, ParameterResult, Verdict
from tests.pages import Page

__all__ = ["PROGRAMS", "SECTIONS", "MistakePage", "checked", "pages_of_mistakes"]

SECTIONS = ("In code", "In the numbers", "To be sure", "What looks like it")
EXAMPLE = re.compile(r"^In `(\w+\.py)`[^\n]*:\n\n```diff\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NUMBERS = re.compile(r"(?<=\n## In the numbers\n\n```text\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r"^(.+), yours (/ right - 1|/ right|\(up\))", re.MULTILINE)
FOLDER = Path(manual.__file__).parent
WIDTH, HEIGHT = 41, 13  # characters of a scatter
MOST = 8  # rows and columns of a map, entries of a list


@dataclass(frozen=True)
class MistakePage:
    """The page of a code."""

    path: Path

    @property
    def code(self) -> str:
        return self.path.stem

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def sections(self) -> tuple[str, ...]:
        return tuple(re.findall(r"^## (.*)$", self.text, re.MULTILINE))

    @property
    def look_alikes(self) -> list[str]:
        """The codes that the last section names."""
        return re.findall(r"^- `([\w-]+)`", self.text.partition(f"## {SECTIONS[-1]}\n")[2], re.MULTILINE)

    @property
    def examples(self) -> list[tuple[str, str]]:
        """The programs of the page, each with the lines of its diff."""
        return EXAMPLE.findall(self.text)

    @property
    def numbers(self) -> str:
        """What the page shows of a run."""
        found = NUMBERS.search(self.text)
        assert found is not None, self.path
        return found[0]

    def report(self, program: str, lines: str, folder: Path) -> CheckReport:
        """Check a program with the page's mistake in it."""
        settings = {"precision": "float64"} if "`--precision float64`" in " ".join(self.text.split()) else {}
        return checked(program, with_mistake(PROGRAMS[program], lines), folder, settings)

    def finding(self, report: CheckReport) -> Finding:
        """Return the finding of this page's code."""
        return next(finding for finding in report.findings if finding.code == self.code)

    def told(self, report: CheckReport) -> str:
        """Return what the section of the numbers has to show of a report."""
        line = f"error[{self.code}]: {self.finding(report).message}"
        shown = textwrap.wrap(line, 100, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        if picture := PICTURE.search(self.numbers):
            row = next(row for row in report.parameters if row.name == picture[1])
            drawn = scatter(row) if picture[2] == "(up)" else ratio_map(row, less_one=picture[2].endswith("1"))
        else:
            drawn = wrong_entries(report)
        lines = list(drawn)
        shown += ["", *lines] if lines else []
        return "".join(f"{line}\n" for line in shown)


PROGRAMS = Page(FOLDER / "programs.md").files


def pages_of_mistakes() -> dict[str, MistakePage]:
    """Return all pages by their codes."""
    return {path.stem: MistakePage(path) for path in sorted((FOLDER / "mistakes").glob("*.md"))}


def with_mistake(program: str, lines: str) -> str:
    """Return a program with the right lines of a diff replaced by its wrong ones."""
    right, wrong = (
        "".join(f"{line[1:]}\n" for line in lines.splitlines() if line[0] in signs) for signs in ("+ ", "- ")
    )
    assert program.count(right) == 1, right
    return program.replace(right, wrong)


def checked(name: str, program: str, folder: Path, settings: dict[str, Any]) -> CheckReport:
    """Check what a program defines."""
    has: dict[str, Any] = {}
    before = Path.cwd()
    os.chdir(folder)
    try:
        exec(compile(program, name, "exec"), has)
    finally:
        os.chdir(before)
    saved = folder / f"{Path(name).stem}.npz"
    if saved.exists():
        return gc.check(gc.load_fixture(saved), **settings)
    check, parts = next((check, parts) for parts, check in CHECKS.items() if set(parts) <= set(has))
    return check(*(has[part] for part in parts), **settings)


CHECKS: dict[tuple[str, ...], Callable[..., CheckReport]] = {
    ("objective", "loss", "labels"): partial(gc.check_objective, seed=0),
    ("loss", "gradient", "hessian", "point"): partial(gc.check_hessian, seed=0),
    ("loss", "gradient", "diagonal", "point"): partial(gc.check_hessian, diagonal=True, seed=0),
    ("loss", "gradient", "point"): partial(gc.check_gradient, seed=0),
    ("function", "jacobian", "point"): partial(gc.check_jacobian, seed=0),
    ("forward", "backward", "point"): partial(gc.check_layer, seed=0),
    ("backward",): partial(gc.check_backward, case="default"),
}
"""How what a program defines is checked: the first that has all its parts."""


# what is shown of a report


def ratio_map(row: ParameterResult, *, less_one: bool) -> Iterator[str]:
    """Yield the ratio of yours to the right gradient, entry by entry; right ones are points."""
    mine, right, wrong = arrays(row)
    yield f"{row.name}, yours / right{' - 1' if less_one else ''} (. is right):"
    cells = [
        [cell(*values, less_one=less_one) for values in zip(*line, strict=True)][:MOST]
        for line in zip(*(as_lines(array) for array in (mine, right, wrong)), strict=True)
    ]
    width = max(len(text) for line in cells for text in line)
    yield from ("  " + "  ".join(text.rjust(width) for text in line) for line in cells[:MOST])


def as_lines(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array as rows: a vector, or one column, as one of them."""
    return array.reshape(1, -1) if array.ndim < 2 or array.shape[1] == 1 else array


def cell(mine: float, right: float, wrong: bool, *, less_one: bool) -> str:
    """Write one ratio."""
    if not wrong:
        return "."
    if right == 0:
        return "x/0"
    return f"{mine / right - 1:+.0e}" if less_one else f"{mine / right:.2f}".replace("-0.00", "0.00")


def scatter(row: ParameterResult) -> Iterator[str]:
    """Yield yours, upwards, against the right gradient, to the right; points are where they are equal."""
    mine, right, wrong = arrays(row)
    largest = 1.05 * max(float(np.max(np.abs(mine))), float(np.max(np.abs(right))))
    field = [[" "] * WIDTH for _ in range(HEIGHT)]
    for column in range(WIDTH):
        field[round((HEIGHT - 1) * (1 - column / (WIDTH - 1)))][column] = "."
    for sign, chosen in (("+", ~wrong), ("o", wrong)):
        for x, y in zip(right[chosen], mine[chosen], strict=True):
            across, down = round((WIDTH - 1) * (x / largest + 1) / 2), round((HEIGHT - 1) * (1 - y / largest) / 2)
            field[down][across] = sign
    yield f"{row.name}, yours (up) against right (across); o is wrong, + is right, . is where both are equal:"
    yield from (f"  |{''.join(line)}".rstrip() for line in field)


def wrong_entries(report: CheckReport) -> Iterator[str]:
    """Yield the first few wrong entries with both values."""
    rows = (row for row in report.parameters if row.verdict is Verdict.FAIL)
    found = [entry for row in rows for entry in row.entries if entry.verdict is EntryVerdict.DISAGREES][:4]
    if found:
        width = max(len(entry.name) for entry in found)
        yield f"{'':{width}}  {'yours':>13}  {'right':>13}"
        yield from (f"{e.name:{width}}  {e.analytic:+13.6e}  {e.reference:+13.6e}" for e in found)


def arrays(row: ParameterResult) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return a row's claim, what is right, and which of it is wrong, in the parameter's shape."""
    entries = row.entries
    wrong = np.array([verdict == EntryVerdict.DISAGREES for verdict in entries.verdicts])
    return tuple(np.array(column).reshape(row.shape) for column in (entries.analytic, entries.reference, wrong))  # type: ignore[return-value]


if __name__ == "__main__":
    for page in pages_of_mistakes().values():
        with tempfile.TemporaryDirectory() as name:
            told = page.told(page.report(*page.examples[0], Path(name)))
        page.path.write_text(page.text.replace(page.numbers, told), encoding="utf-8")
