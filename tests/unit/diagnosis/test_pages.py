"""Every code has a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradcheck_cli import diagnosis
from gradcheck_cli.cli.main import main
from gradcheck_cli.diagnosis import catalogue
from gradcheck_cli.diagnosis.pages import PAGES


def codes() -> set[str]:
    """Return the codes of the catalogue, and those that its guesses have of their own."""
    found = {mistake.code for mistake in catalogue.TENSOR} | {mistake.code for mistake in catalogue.DELTA}
    found |= {mistake.code for mistake in (*catalogue.BELOW, *catalogue.WHOLE, *catalogue.WHOLE_LAST)}
    for path in Path(str(diagnosis.__file__)).parent.rglob("*.py"):
        found |= set(re.findall(r'code="([a-z0-9-]+)"', path.read_text(encoding="utf-8")))
    return found


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert codes() <= set(PAGES)


@pytest.mark.parametrize("code", PAGES)
def test_a_page_shows_code_before_and_after(code: str) -> None:
    result = CliRunner().invoke(main, ["explain", code], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{code}: ")
    assert ("\nwrong:\n" in result.stdout) == ("\nright:\n" in result.stdout)


def test_without_a_code_all_are_listed() -> None:
    result = CliRunner().invoke(main, ["explain"])
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["commands", *PAGES]


def test_an_unknown_code_is_a_usage_error_with_a_suggestion() -> None:
    result = CliRunner().invoke(main, ["explain", "facter"])
    assert result.exit_code == 2
    assert "did you mean 'factor'?" in result.stderr
