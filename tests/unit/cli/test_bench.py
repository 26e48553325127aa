"""`gradcheck bench` and `gradcheck net --evaluation`, as a user calls them."""

from __future__ import annotations

import dataclasses

import pytest
from click.testing import CliRunner

from gradcheck_cli.cli.main import main
from gradcheck_cli.problems.networks.activations import ACTIVATIONS


def test_bench_shows_a_row_for_each_way() -> None:
    result = CliRunner().invoke(main, ["bench", "--sizes", "5,4,1", "--samples", "3"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "5-4-1, relu, 3 samples: 29 entries"
    assert [line.split()[0] for line in lines[3:5]] == ["course's", "structured"]


@pytest.mark.parametrize("sizes", ["5", "5,,1", "5,0,1", "five,1", ""])
def test_bench_refuses_what_is_no_list_of_sizes(sizes: str) -> None:
    result = CliRunner().invoke(main, ["bench", "--sizes", sizes])
    assert result.exit_code == 2
    assert "layer sizes" in result.stderr


def test_the_report_says_that_differences_are_structured() -> None:
    result = CliRunner().invoke(main, ["net", "--case", "default", "--evaluation", "structured"])
    assert result.exit_code == 0
    assert "differences by the structured evaluation, one entry in 100 audited (seed 4)" in result.stdout
    plain = CliRunner().invoke(main, ["net", "--case", "default", "--evaluation", "plain"])
    assert "structured" not in plain.stdout
    assert "difference = 1.189" in plain.stdout


def test_a_failed_audit_exits_2_without_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    change = ACTIVATIONS["relu"].change
    relu = dataclasses.replace(ACTIVATIONS["relu"], change=lambda Z: lambda dZ, bound: 2 * change(Z)(dZ, bound))
    monkeypatch.setitem(ACTIVATIONS, "relu", relu)
    result = CliRunner().invoke(main, ["net", "--case", "default", "--evaluation", "structured"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "error: a fault in gradcheck: moving" in result.stderr
