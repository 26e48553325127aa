"""Of two reports nothing that is wrong is hidden by something of the same name."""

from __future__ import annotations

from gradcheck_cli.reporters.changes import turns
from gradcheck_cli.vocabulary.results import RunReport, Unchecked


def test_no_case_takes_the_place_of_another() -> None:
    names = ["a (2)", "a", "a", "a (2)"]
    later = RunReport(tuple(Unchecked(name, "no") for name in names), 2, {})
    assert len({turn.case for turn in turns(RunReport((), 0, {}), later)}) == 4
