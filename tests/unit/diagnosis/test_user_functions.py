"""What is said of slips in functions that are no dense network: nothing false, and of most something that helps."""

from __future__ import annotations

from functools import cache

import pytest

from gradcheck_cli import check_gradient
from gradcheck_cli.results import CheckReport, Verdict
from tests.unit.diagnosis.user_functions import FUNCTIONS, SLIPS

NAMED = 0.7  # of all slips
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
    assert {finding.code for finding in report.findings} <= {"unknown", *SLIPS[name][slip].split()}


def test_of_most_slips_something_is_said_that_leads_to_the_line() -> None:
    told = [any(finding.code != "unknown" for finding in report_of(*case).findings) for case in CASES]
    assert sum(told) >= NAMED * len(told)
