"""Heat maps and step plots."""

from __future__ import annotations

import math

import pytest

from gradcheck_cli.reporters.heat import heat_map
from gradcheck_cli.reporters.pictures import print_pictures
from gradcheck_cli.reporters.sheet import Sheet
from gradcheck_cli.vocabulary.results import CheckReport
from tests.records import OUTCOMES, parameter


def drawn(name: str, *, width: int = 80, blocks: bool = True) -> str:
    report = OUTCOMES[name]
    assert isinstance(report, CheckReport)
    out = Sheet(width, color=False)
    print_pictures(out, report, blocks=blocks)
    return out.text()


def test_a_wrong_column_is_seen() -> None:
    right = [float(k) for k in range(12)]
    wrong = [value + (k % 4 == 2) for k, value in enumerate(right)]
    heat = heat_map(parameter("W", (3, 4), wrong, right), 32, 32)
    assert heat.levels == ((0, 0, 4, 0),) * 3


def test_a_large_parameter_is_shown_in_blocks_of_which_the_worst_entry_counts() -> None:
    wrong = [0.0] * 10_000
    wrong[5_000] = 1.0
    heat = heat_map(parameter("W", (100, 100), wrong, [0.0] * 10_000), 10, 20)
    assert (len(heat.levels), len(heat.levels[0])) == (10, 20)
    assert heat.levels[5][0] == 4
    assert sum(map(sum, heat.levels)) == 4
    assert heat.entries(5, 0) == "[50:60, 0:5]"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_the_worst(value: float) -> None:
    assert heat_map(parameter("b", (3,), [value, 2.0, 1.0], [1.0, 1.0, 1.0]), 8, 8).levels == ((4, 0, 0),)


def test_errors_of_nothing_are_level_0() -> None:
    assert heat_map(parameter("b", (2,), [1.0, 1.0], [1.0, 1.0]), 8, 8).levels == ((0, 0),)


def test_the_plot_has_the_error_at_each_step_the_floor_epsilon_and_what_they_mean() -> None:
    lines = drawn("inconclusive").splitlines()
    rows = [line for line in lines if line.startswith("  1e-")]
    places = [row.removesuffix(" epsilon").rindex("o") for row in rows]
    assert places[1] < places[2] < places[0]  # 1e-10, 1e-7, 1e-2
    assert sum(row.endswith(" epsilon") for row in rows) == 1
    head = next(line for line in lines if line.lstrip().startswith("step"))
    assert head.index("1e-07") == places[2]
    text = " ".join(drawn("inconclusive").split())
    assert "the gradient is right, and epsilon 1e-07 is too small" in text
    assert "(slope 2.0)" in text


def test_an_error_that_no_step_changes_is_a_sentence_and_no_picture() -> None:
    assert "against step" not in drawn("fail")
    assert "stays at 1.0e+00 for every step" in " ".join(drawn("fail").split())


def test_the_columns_of_a_map_are_numbered_and_the_twin_is_all_ascii() -> None:
    text = drawn("fail", blocks=False)
    assert text.isascii()
    assert "       0\n     0 @@++.." in text.replace("##", "++")


def test_no_picture_is_wider_than_the_terminal() -> None:
    assert all(max(map(len, drawn(name, width=60).splitlines())) <= 60 for name in ("fail", "inconclusive"))


def test_a_passing_report_has_no_pictures() -> None:
    assert drawn("pass") == ""
