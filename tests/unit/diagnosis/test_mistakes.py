"""Every code has a page, whose examples make the mistake and whose numbers are those of a run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradcheck_cli import diagnosis
from gradcheck_cli.cli.main import main
from gradcheck_cli.diagnosis import catalogue
from tests.mistakes import PROGRAMS, SECTIONS, checked, pages_of_mistakes

PAGES = pages_of_mistakes()
NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]\d+)?")

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the examples


def codes() -> set[str]:
    """Return the codes of the catalogue, and those that its guesses have of their own."""
    found = {mistake.code for mistake in catalogue.TENSOR} | {mistake.code for mistake in catalogue.DELTA}
    found |= {mistake.code for mistake in (*catalogue.BELOW, *catalogue.WHOLE, *catalogue.WHOLE_LAST)}
    for path in Path(str(diagnosis.__file__)).parent.rglob("*.py"):
        found |= set(re.findall(r'code="([a-z0-9-]+)"', path.read_text(encoding="utf-8")))
    return found


def test_every_code_has_a_page() -> None:
    assert codes() <= set(PAGES)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_passes_without_a_mistake(program: str, tmp_path: Path) -> None:
    needs_scipy(program)
    assert checked(program, PROGRAMS[program], tmp_path, {}).passed


@pytest.mark.parametrize("code", PAGES)
def test_a_page_has_all_sections_and_its_examples_make_the_mistake(code: str, tmp_path: Path) -> None:
    page = PAGES[code]
    assert page.text.startswith(f"# {code}: ")
    assert page.sections == SECTIONS
    assert page.look_alikes
    assert set(page.look_alikes) <= {*PAGES, "kink"} - {code}
    for number, (program, lines) in enumerate(page.examples):
        needs_scipy(program)
        report = page.report(program, lines, tmp_path)
        assert not report.passed
        assert page.finding(report)
        if number == 0:
            told = page.told(report)
            assert NUMBER.sub("0", told) == NUMBER.sub("0", page.numbers), told
            assert numbers(told) == pytest.approx(numbers(page.numbers), rel=0.05, abs=0.02)
    assert page.examples


def numbers(text: str) -> list[float]:
    """Return the numbers in a text."""
    return [float(found) for found in NUMBER.findall(text)]


def needs_scipy(program: str) -> None:
    """Skip what takes scipy where it is not there."""
    if "import scipy" in PROGRAMS[program]:
        pytest.importorskip("scipy")


def test_an_unknown_code_is_a_usage_error_with_a_suggestion() -> None:
    result = CliRunner().invoke(main, ["explain", "facter"])
    assert result.exit_code == 2
    assert "did you mean 'factor'?" in result.stderr
