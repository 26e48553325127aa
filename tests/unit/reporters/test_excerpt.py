"""The user's line with marks under it."""

from __future__ import annotations

import dataclasses

from rich.cells import cell_len

from gradcheck_cli.reporters.excerpt import told, within
from gradcheck_cli.reporters.terminal import Style, render
from gradcheck_cli.vocabulary.results import Change, CheckReport, Suggestion, Suspect
from tests.records import OUTCOMES


def report_of(change: Change, level: str = "verified") -> CheckReport:
    report = OUTCOMES["fail"]
    assert isinstance(report, CheckReport)
    suggestion = Suggestion((change,), level, 6, 3, ("parameters",), 10, 0, "", ())
    return dataclasses.replace(report, findings=(), suggestion=suggestion)


def test_marks_stand_under_the_code_where_letters_are_wide() -> None:
    text = "    误差 = X @ w; g = 4 * X"
    change = Change("a.py", 6, 20, 6, 21, "4", "2", text)
    ((_, line, marks, last),) = told(report_of(change))
    assert line == f"6 | {text}"
    assert marks == "  | " + " " * 21 + "^ write 2 here"  # two of the letters take two columns each
    assert last == "  = verified: with this change all 6 entries agree, here and at 3 other points"


def test_marks_stand_under_the_code_behind_a_tab_and_what_steers_a_terminal_is_written_out() -> None:
    change = Change("a.py", 12, 2, 12, 3, "a", "b", "\ta # \x1b[31m")
    ((_, line, marks, _),) = told(report_of(change))
    assert line == "12 |     a # \\x1b[31m"
    assert marks == "   |     ^ write b here"


def test_what_was_not_verified_is_told_only_where_more_is_asked_for() -> None:
    report = report_of(Change("a.py", 1, 1, 1, 2, "a", "b", "a"), "fits-here")
    assert told(report) == []
    assert "could not be tried with other data" in told(report, verbose=True)[-1][-1]


def test_the_first_suspects_are_told_each_line_once() -> None:
    report = report_of(Change("a.py", 1, 1, 1, 2, "a", "b", "a"), "partly")
    one = Suspect("a.py", 3, 1, 3, 2, "", "")
    assert told(dataclasses.replace(report, suspects=(one,))) == [["  look at: a.py:3"]]
    more = (one, one._replace(column=2), one._replace(line=4), one._replace(line=5))
    assert told(dataclasses.replace(report, suspects=more)) == [["  look at: a.py:3, a.py:4"]]


def test_on_a_narrow_screen_no_word_of_a_sentence_is_broken() -> None:
    report = report_of(Change("a.py", 3, 5, 3, 6, "1", "3", "a = 1"))
    lines = render(report, Style(width=60)).splitlines()
    assert all(len(line) <= 60 for line in lines if "verified" in line or "points" in line)
    assert any(line.lstrip().startswith("= verified: with this change") for line in lines)


def test_a_line_wider_than_the_terminal_is_cut_around_what_is_marked() -> None:
    text = f"    误差 = {'a + ' * 20}b; g = 4 * X{'  # and so on' * 5}"
    at = text.index("4 *") + 1
    (lines,) = told(report_of(Change("a.py", 6, at, 6, at + 1, "4", "2", text)))
    _, line, marks, _ = within(lines, 60)
    assert cell_len(line) == 60
    assert line.startswith("6 | ...")
    assert line.endswith("...")
    assert line[marks.index("^")] == "4"
    assert marks.endswith("^ write 2 here")
    assert within(lines, 200) == lines
