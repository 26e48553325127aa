"""What is told and written when a run ends early."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gradcheck_cli.cli.options import Checking
from gradcheck_cli.cli.publishing import final_code, publish
from gradcheck_cli.vocabulary.results import NotRun, Outcome
from tests.records import OUTCOMES


def options(report: Path) -> Checking:
    return Checking(
        epsilon=1e-7, threshold=2e-7, classic=False, precision="auto", require_sensitivity=None, verbose=0, quiet=0,
        color="never", format="text", reports=(("json", str(report)),), plot=False, exit_zero=True,
    )  # fmt: skip


def ending_with(error: BaseException) -> Iterator[Outcome]:
    yield OUTCOMES["pass"]
    raise error


@pytest.fixture(autouse=True)
def _context() -> Iterator[None]:
    with click.Context(click.Command("gradcheck")):
        yield


def test_an_interruption_is_130_even_where_zero_was_asked_for(tmp_path: Path) -> None:
    report = tmp_path / "out.json"
    assert publish(ending_with(KeyboardInterrupt()), options(report)) == 130
    assert json.loads(report.read_text(encoding="utf-8"))["exit_code"] == 130


def test_a_fault_of_ours_stands_in_the_file_and_goes_on(tmp_path: Path) -> None:
    report = tmp_path / "out.json"
    with pytest.raises(ZeroDivisionError):
        publish(ending_with(ZeroDivisionError("1 / 0")), options(report))
    content = json.loads(report.read_text(encoding="utf-8"))
    assert content["exit_code"] == 2
    assert content["cases"][-1]["error"]["message"] == "not finished: ZeroDivisionError: 1 / 0"


def test_where_nothing_was_begun_nothing_was_checked() -> None:
    assert final_code([NotRun("a", "not run")], lambda _: True) == 2
