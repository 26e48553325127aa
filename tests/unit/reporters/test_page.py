"""What the page shows: its head, what leads through it, the cards with their lines, and the pictures."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from array import array

import pytest

from gradcheck_cli.reporters.page.document import render_run
from gradcheck_cli.reporters.page.ratio_map import ratio_map
from gradcheck_cli.reporters.page.scatter import Axis, scatter
from gradcheck_cli.reporters.page.source import source
from gradcheck_cli.reporters.page.step_plot import step_plot
from gradcheck_cli.vocabulary.results import CheckReport, Entries, EntryVerdict
from tests.records import CHANGE, DIFF, OUTCOMES, SUGGESTION, SWEEP, parameter, run_of


def entries(shape: tuple[int, ...], wrong: int = 0, **more: object) -> Entries:
    """Return entries of which one is twice the right one."""
    count = math.prod(shape)
    analytic = array("d", [1.0] * count)
    analytic[wrong] = 2.0
    verdicts = bytearray(count)
    verdicts[wrong] = EntryVerdict.DISAGREES
    ones, zeros = array("d", [1.0] * count), array("d", [0.0] * count)
    return Entries("W", shape, bytes(verdicts), analytic, ones, ones, zeros, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("patched", "FAIL net default, gradcheck"),
        ("pass", "PASS net pass, gradcheck"),
        ("could-not-check", "could not be checked net &lt;broken&gt;.npz, gradcheck"),
        ("several", "FAIL 2 of 5 cases, gradcheck"),
    ],
)
def test_the_tab_says_verdict_and_name(name: str, title: str) -> None:
    assert f"<title>{title}</title>" in render_run(run_of(name))


def test_the_head_tells_command_time_and_versions() -> None:
    head = render_run(run_of("patched")).partition("</header>")[0]
    command = re.sub("<[^>]*>", "", head[head.index("<p class='command'>") :].partition("</p>")[0])
    assert command == "gradcheck net --case &#x27;my &lt;net&gt;.npz&#x27; --format json"
    assert "<time datetime='2026-11-30T10:50:39Z'>2026-11-30 10:50 UTC</time>; gradcheck 0.1.0, numpy 2.0.0" in head


def test_the_worst_case_comes_first_and_every_link_has_its_place() -> None:
    page = render_run(run_of("several"))
    words = re.findall(r"<h2><span class='verdict \w+'>([\w ]+)<", page)
    assert words == ["could not be checked", "FAIL", "FAIL", "INCONCLUSIVE", "PASS"]
    links, places = re.findall("href='#([^']+)'", page), re.findall("id='([^']+)'", page)
    assert set(links) <= set(places)
    assert len(places) == len(set(places))


@pytest.mark.parametrize("name", ["several", "patched", "could-not-check", "screen", "inconclusive"])
def test_headings_skip_no_level(name: str) -> None:
    levels = [int(level) for level in re.findall(r"<h(\d)", render_run(run_of(name)))]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_line_is_marked_among_those_around_it() -> None:
    shown = source(SUGGESTION, [CHANGE])
    assert "<code>homework.py:34:37</code> remove this" in shown
    assert (
        "<del class='line'><span class='no'>34 -</span>     dW1 = 1.0 / m * np.dot(dZ1, X.T)<mark> * 2</mark>" in shown
    )
    assert "<ins class='line'><span class='no'>   +</span>     dW1 = 1.0 / m * np.dot(dZ1, X.T)\n</ins>" in shown
    assert shown.count("<span class='line'>") == 5


def test_a_line_that_the_diff_does_not_have_is_shown_alone() -> None:
    shown = source(SUGGESTION._replace(diff=DIFF.replace("homework.py", "other.py")), [CHANGE])
    assert shown.count("class='line'") == 1
    assert "<mark> * 2</mark>" in shown


def test_a_patch_is_shown_once_in_a_card_and_once_whole() -> None:
    page = render_run(run_of("patched"))
    assert page.count("verified: with this change all 8 entries agree") == 1
    assert page.count("<ins class='line'>") == 2


def test_the_map_has_a_cell_for_every_entry_with_its_values() -> None:
    drawn = ratio_map("W", entries((3, 4), wrong=6))
    assert drawn.count("<rect") == 12
    assert "<g class='large told'><title>W[1, 2]: yours 2, right 1, ratio 2</title>" in drawn
    assert [re.findall(f"{kind}' x='[^']*' y='[^']*'>(\\d+)<", drawn) for kind in ("label", "label row")] == [
        ["0", "1", "2", "3"],
        ["0", "1", "2"],
    ]


@pytest.mark.parametrize(
    ("shape", "cells"),
    [((5,), 5), ((25,), 25), ((7000,), 64 * 55 - 20), ((200, 300), 50 * 60), ((64, 3, 3, 3), 64 * 27), ((), 1)],
)
def test_a_map_of_any_shape_has_no_more_cells_than_can_be_seen(shape: tuple[int, ...], cells: int) -> None:
    assert ratio_map("W", entries(shape)).count("<rect") == cells


def test_a_map_of_a_jacobian_has_a_row_for_each_output() -> None:
    drawn = ratio_map("d y / d W", entries((2, 2, 3), wrong=7, output="y", rank=2))
    assert "4 rows by 3 columns" in drawn
    assert "d y[1, 0] / d W[1]: yours 2" in drawn


def test_what_was_not_looked_at_is_blank_and_nearly_nothing_is_no_map() -> None:
    some = parameter("W", (5, 4), [3.0, 1.0], [-3.0, 1.0], at=(0, 6))
    drawn = ratio_map("W", some.entries)
    assert drawn.count("<rect") == 2
    assert "blank: not looked at" in drawn
    few = parameter("W", (1000, 1000), [3.0, 1.0], [-3.0, 1.0], at=(0, 6))
    assert ratio_map("W", few.entries) == ""


def test_the_scatter_has_a_dot_an_entry_and_the_lines_of_right_and_of_the_factor() -> None:
    drawn = scatter(parameter("W", (3,), [2.0, 4.0, math.nan], [1.0, 2.0, 1.0]).entries, 2.0)
    assert drawn.count("<circle") == 2
    assert "<path class='same'" in drawn
    assert "<path class='factor'" in drawn
    assert "yours = 2 x right" in drawn
    assert "1 not finite, or too large" in drawn
    assert "<path class='factor'" not in scatter(entries((3,)), None)
    assert scatter(parameter("W", (), [math.nan], [1.0]).entries) == ""


def test_of_many_entries_the_scatter_has_some() -> None:
    drawn = scatter(entries((10_000,), wrong=77))
    assert 300 < drawn.count("<circle") <= 400
    assert "W[77]: yours 2" in drawn


@pytest.mark.parametrize("values", [[0.0], [1e-310, 5e-324], [1e300, -1e300], [3.0, 4.0], [-7.5]])
def test_an_axis_has_a_few_round_numbers_whatever_the_values(values: list[float]) -> None:
    axis = Axis(values, 0, 100)
    assert 2 <= len(axis.ticks()) <= 12
    assert all(0 <= axis.place(value) <= 100 for value in [*values, *axis.ticks()])


def test_errors_without_a_logarithm_are_not_drawn() -> None:
    assert step_plot(SWEEP._replace(errors=(0.0,) * 6), 1e-7) == ""
    assert "<polyline" in step_plot(SWEEP._replace(noise=0.0), "auto")


def test_a_screen_shows_its_slopes_and_the_entries_that_it_located() -> None:
    page = render_run(run_of("screen"))
    assert page.count("<circle") == 3  # slopes
    assert "<details open><summary>Worst entries of <code>table</code></summary>" in page
    assert "table[2, 1]" in page


def test_a_parameter_without_a_finding_has_a_card_of_its_own_and_twelve_have() -> None:
    failed = OUTCOMES["fail"]
    assert isinstance(failed, CheckReport)
    many = tuple(parameter(f"p{k}", (2,), [2.0, 1.0], [1.0, 1.0]) for k in range(20))
    run = run_of("fail")._replace(outcomes=(dataclasses.replace(failed, parameters=many, findings=()),))
    page = render_run(run)
    assert page.count("<article class='card'") == 12
    assert page.count("<a href='#case0-numbers'>") == 8


def test_what_is_right_is_folded_and_what_is_wrong_is_not() -> None:
    page = render_run(run_of("fail"))
    folded = "".join(re.findall("<details>.*?</details>", page, flags=re.DOTALL))
    assert "<code>b1</code></th><td><span class='verdict pass'>PASS" in folded
    assert "<code>W1</code></th><td><span class='verdict fail'>FAIL" not in folded
    assert "<code>W1</code></th><td><span class='verdict fail'>FAIL" in page


def test_a_card_has_the_manuals_page_on_its_mistake() -> None:
    page = render_run(run_of("patched"))
    assert "<summary>What <code>factor</code> is: one gradient is a constant times the right one</summary>" in page
    assert '<p class="name">To be sure</p>' in page


def test_a_code_from_elsewhere_leads_to_no_file() -> None:
    failed = OUTCOMES["patched"]
    assert isinstance(failed, CheckReport)
    finding = failed.findings[0]._replace(code="../report")
    page = render_run(run_of("patched")._replace(outcomes=(dataclasses.replace(failed, findings=(finding,)),)))
    assert "error[../report]" in page
    assert "class='manual'" not in page
