"""What a report shows of itself in Python: text, Rich, HTML, a dict."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from gradcheck_cli import CheckFailedError, check_gradient
from gradcheck_cli.vocabulary.results import CheckReport


@pytest.fixture(scope="module")
def failing() -> CheckReport:
    return check_gradient(lambda p: (p["<w>"] ** 2).sum(), lambda p: {"<w>": 3 * p["<w>"]}, {"<w>": [1.0, 2.0]})


@pytest.fixture(scope="module")
def passing() -> CheckReport:
    return check_gradient(lambda x: (x**2).sum(), lambda x: 2 * x, [1.0, 2.0])


def test_a_failure_is_raised_with_the_report(failing: CheckReport, passing: CheckReport) -> None:
    passing.raise_for_failure()
    with pytest.raises(CheckFailedError, match=r"^d<w> is 1\.5(.|\n)*FAIL  function: <w> is wrong \(2 of 2") as caught:
        failing.raise_for_failure()
    assert caught.value.report is failing
    assert isinstance(caught.value, AssertionError)


def test_what_python_shows_of_a_report_is_a_line_that_says_what_was_found(
    failing: CheckReport, passing: CheckReport
) -> None:
    assert repr(failing) == "<FAIL  function: d<w> is 1.5 times the right gradient (3/2)>"
    assert repr(passing).startswith("<PASS  function: difference ")
    assert len(repr(passing)) < 40


def test_rich_prints_it_in_colour(failing: CheckReport) -> None:
    out = io.StringIO()
    Console(file=out, width=200, force_terminal=True, color_system="standard").print(failing)
    assert "\x1b[1;31mFAIL" in out.getvalue()
    assert "[1]" in out.getvalue()


def test_a_notebook_gets_html_in_which_names_are_text(failing: CheckReport) -> None:
    html = failing._repr_html_()
    assert html.startswith("<style>\n.gradcheck {")
    assert "<h3><span class='verdict fail'>FAIL</span> function</h3>" in html
    assert "&lt;w&gt;[1]: yours 6, right 4, ratio 1.5" in html
    assert "<w>" not in html
    assert failing._repr_html_() == html


def test_a_dict_is_what_json_takes(failing: CheckReport) -> None:
    plain = json.loads(json.dumps(failing.to_dict(), allow_nan=False))
    assert plain["verdict"] == "FAIL"
    assert plain["parameters"][0]["name"] == "<w>"
    assert plain["parameters"][0]["worst"]["name"] == "<w>[1]"
    assert [entry["verdict"] for entry in plain["parameters"][0]["worst_entries"]] == ["disagrees", "disagrees"]
