"""Heat maps and step plots."""

from __future__ import annotations

import importlib.util
import math

import pytest

from gradcheck_cli.reporters.heat import heat_map
from gradcheck_cli.reporters.pictures import pictures, require_plotting
from gradcheck_cli.vocabulary.errors import ExtraError
from gradcheck_cli.vocabulary.results import CheckReport
from tests.records import OUTCOMES, parameter


def drawn(name: str, *, width: int = 80, color: bool = False, blocks: bool = True) -> str:
    report = OUTCOMES[name]
    assert isinstance(report, CheckReport)
    return "\n".join(str(picture) for picture in pictures(report, width=width, color=color, blocks=blocks))


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


def test_the_plot_has_the_floor_epsilon_the_slope_and_what_they_mean() -> None:
    text = drawn("inconclusive")
    assert "dotted: round-off floor; upright: epsilon 1e-07" in text
    assert "the gradient is right, and epsilon 1e-07 is too small" in text
    assert "(slope 2.0)" in text
    assert "▀" in text


def test_the_twin_is_all_ascii() -> None:
    text = drawn("fail", blocks=False)
    assert text.isascii()
    assert "     0 @@++.." in text.replace("##", "++")
    assert "*****" in text


def test_no_picture_is_wider_than_the_terminal() -> None:
    lines = [line for line in drawn("fail", width=60).splitlines() if line.startswith(("│", "┌", "     0"))]
    assert max(map(len, lines)) <= 60


def test_a_passing_report_has_no_pictures() -> None:
    assert drawn("pass") == ""


def test_a_missing_library_is_an_error_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ExtraError, match="needs uniplot") as error:
        require_plotting()
    assert error.value.hint == "pip install 'gradcheck-cli[plot]'"
