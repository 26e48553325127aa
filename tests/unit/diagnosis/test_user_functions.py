"""What is said of slips in functions that are no dense network: nothing false, and of most something that helps."""

from __future__ import annotations

from functools import cache

import pytest

from gradcheck_cli import check_gradient
from gradcheck_cli.vocabulary.results import CheckReport, Verdict
from tests.unit.diagnosis.user_functions import FUNCTIONS, OF_ANOTHER_LOSS, SLIPS

NAMED = 0.75  # of all slips
CERTAIN = 0.95
KINDS = {"another-loss", "derivation"}
CASES = [(name, slip) for name, slips in SLIPS.items() for slip in slips]


@cache
def report_of(name: str, slip: str) -> CheckReport:
    function = FUNCTIONS[name]
    return check_gradient(function.loss, lambda p: function.gradient(p, slip), function.point, seed=1)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_without_a_slip_nothing_is_found(name: str) -> None:
    report = report_of(name, "")
    assert (report.verdict, report.findings) == (Verdict.PASS, ())


@pytest.mark.parametrize(("name", "slip"), CASES)
def test_what_is_said_of_a_slip_is_true(name: str, slip: str) -> None:
    report = report_of(name, slip)
    assert report.verdict is Verdict.FAIL
    assert report.findings
    kind = "another-loss" if slip in OF_ANOTHER_LOSS.get(name, ()) else "derivation"
    assert {finding.code for finding in report.findings} <= {"unknown", kind, *SLIPS[name][slip].split()}


@pytest.mark.parametrize(("name", "slip"), CASES)
def test_whether_the_claim_is_a_gradient_is_told_right(name: str, slip: str) -> None:
    note = report_of(name, slip).findings[0].note
    if slip in OF_ANOTHER_LOSS.get(name, ()):
        assert "of no loss" not in note
    else:
        assert "but not of this one" not in note


def test_of_most_slips_something_is_said_that_leads_to_the_line_and_something_certain_of_nearly_all() -> None:
    codes = [{finding.code for finding in report_of(*case).findings} for case in CASES]
    assert sum(bool(found - {"unknown", *KINDS}) for found in codes) >= NAMED * len(codes)
    assert sum(bool(found - {"unknown"}) for found in codes) >= CERTAIN * len(codes)
