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
    known = failing.parameters if verbosity or width != WIDTHS[1] else failing.short
    for part in (repr(failing.difference), *(p.name for p in known)):
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


def test_a_row_above_the_threshold_that_passes_says_why_where_its_figure_is_shown() -> None:
    report = check(built_in_case("default"))
    assert "though the difference is above the threshold: b1 (3.3e-07), b3" in render(report, Style(verbosity=1))
    assert "3.3e-07" not in render(report, Style())


def test_a_pass_is_three_lines_and_a_fail_of_the_course_s_case_fits_a_screen(failing: CheckReport) -> None:
    assert len(render(check(built_in_case("default")), Style(width=80)).splitlines()) == 3
    assert len(render(failing, Style(width=80)).splitlines()) <= 24


def test_the_last_lines_repeat_the_verdict_with_its_figure_which_stands_nowhere_else(failing: CheckReport) -> None:
    lines = render(failing, Style(width=80)).splitlines()
    assert lines[-2] == f"FAIL  difference = {failing.difference!r} > 2e-07"
    assert sum("0.285" in line or "2.85" in line for line in lines) == 1


def test_what_is_right_shares_a_line_however_long_the_names() -> None:
    point = {f"encoder.layers.{k}.self_attn.in_proj_weight": [0.5, 1.0] for k in range(60)}
    wrong = {name: [1.0, 2.0] for name in point}
    wrong["encoder.layers.7.self_attn.in_proj_weight"] = [1.0, 2.5]
    report = check_gradient(lambda p: sum(float((x**2).sum()) for x in p.values()), wrong, point)
    lines = render(report, Style(width=80)).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 24
    assert sum(line.startswith("PASS") for line in lines) == 1


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
