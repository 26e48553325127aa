"""Promises of the report for people: the verdict first, nothing cut, no escape byte where none is wanted."""

from __future__ import annotations

import re

import pytest

from gradcheck_cli.checks.check import check
from gradcheck_cli.checks.gradients import check_gradient
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.reporters.terminal import Style, render
from gradcheck_cli.vocabulary.results import CheckReport

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
WIDTHS = [None, 20, 60, 80, 200]


@pytest.fixture(scope="module")
def failing() -> CheckReport:
    return check(built_in_case("planted-bugs"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("verbosity", [0, 1, 2])
@pytest.mark.parametrize("color", [False, True])
def test_nothing_is_cut_at_any_width(failing: CheckReport, width: int | None, verbosity: int, color: bool) -> None:
    text = ESCAPES.sub("", render(failing, Style(color, width, verbosity)))
    assert text.startswith("FAIL")
    assert "…" not in text
    for part in (repr(failing.difference), *(p.name for p in failing.parameters)):
        assert part in text
    if not verbosity:
        return
    assert repr(failing.loss) in text
    for parameter in failing.parameters:
        for value in (parameter.analytic_norm, parameter.worst.analytic, parameter.worst.numeric):
            assert f"{value:.6e}" in text
        assert parameter.worst.name in text


@pytest.mark.parametrize("width", WIDTHS)
def test_no_escape_byte_without_colour_and_some_with(failing: CheckReport, width: int | None) -> None:
    assert "\x1b" not in render(failing, Style(False, width, 2))
    assert "\x1b[1;31mFAIL" in render(failing, Style(True, width, 2))


@pytest.mark.parametrize("variable", ["NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"])
@pytest.mark.parametrize("value", ["0", "1", "20"])
def test_the_environment_changes_nothing_that_was_decided(
    failing: CheckReport, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, colored = (render(failing, Style(color, 80)) for color in (False, True))
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("TERM", "dumb")
    assert render(failing, Style(False, 80)) == plain
    assert render(failing, Style(True, 80)) == colored


def test_lines_fit_a_terminal_of_80_columns(failing: CheckReport) -> None:
    assert max(len(line) for line in render(failing, Style(width=80)).splitlines()) <= 80


def test_quiet_says_nothing_of_a_pass_and_only_what_falls_short_of_a_fail(failing: CheckReport) -> None:
    assert render(check(built_in_case("default"), threshold=1e-3), Style(verbosity=-1)) == ""
    text = render(failing, Style(verbosity=-1))
    assert "W2" in text
    assert not any(line.startswith("PASS") for line in text.splitlines())


def test_a_name_is_never_markup_nor_steers_the_terminal() -> None:
    names = ["params[weights]", "[/red]", ":smile:", "\x1b[31mred", "a\nb"]
    report = check_gradient(lambda p: 0.0, {n: [0.0] for n in names}, {n: [1.0] for n in names}, name="[bold]x")
    text = render(report, Style(color=True, verbosity=1))
    for shown in ("[bold]x", "params[weights]", "[/red]", ":smile:", r"\x1b[31mred", r"a\nb"):
        assert shown in text
    assert "\x1b[31m" not in text


def test_numbers_that_are_not_finite_are_shown() -> None:
    report = check_gradient(lambda p: float(p["w"].sum()), {"w": [float("nan"), float("inf")]}, {"w": [1.0, 2.0]})
    text = render(report, Style(verbosity=2))
    assert text.startswith("FAIL")
    assert "nan" in text
    assert "inf" in text
