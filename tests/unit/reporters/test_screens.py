"""The figure of a screen is the mismatch of its slopes: no report calls it the course's difference."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import jsonschema
import numpy as np
import pytest

from gradcheck_cli import CheckReport, check_gradient
from gradcheck_cli.reporters.formats import renderer
from gradcheck_cli.reporters.terminal import Style, render, render_table
from gradcheck_cli.vocabulary.results import NotRun, Outcome, RunReport, Unchecked
from tests.records import VERSIONS
from tests.unit.reporters.test_golden import SCHEMA

X = np.linspace(0.1, 1.2, 60)


def screened(factor: float = 2.0, **settings: Any) -> CheckReport:
    return check_gradient(
        lambda x: float(np.sum(np.sin(x))), lambda x: factor * np.cos(x), X, mode="screen", seed=1, **settings
    )


SCREENED = screened()
RUN = RunReport((SCREENED,), 1, VERSIONS)


@pytest.mark.parametrize("format_", ["text", "markdown", "html", "github", "junit"])
def test_every_format_for_people_calls_it_slope_mismatch(format_: str) -> None:
    text = renderer(format_)(RUN)
    assert "slope mismatch" in text
    assert "difference" not in text


@pytest.mark.parametrize("width", [None, 200, 80, 40])
def test_a_table_of_any_width_calls_it_slope_mismatch(width: int | None) -> None:
    words = " ".join(render(SCREENED, Style(width=width)).split())
    assert "mismatch" in words
    assert "difference" not in words


def test_a_table_of_cases_tells_slopes_from_a_difference() -> None:
    assert f"slopes {SCREENED.difference:.2e}" in render_table(RUN.outcomes, Style())


def test_json_has_a_mismatch_and_no_difference() -> None:
    content = json.loads(renderer("json")(RUN))
    jsonschema.validate(content, SCHEMA)
    case = content["cases"][0]
    for found, figure in ((case, SCREENED.difference), (case["parameters"][0], SCREENED.parameters[0].difference)):
        assert (found["difference"], found["refined_difference"], found["slope_mismatch"]) == (None, None, figure)


def test_json_tells_slopes_at_further_points_from_differences() -> None:
    report = screened(1.0, points=2)
    jsonschema.validate(json.loads(renderer("json")(RunReport((report,), 0, VERSIONS))), SCHEMA)
    for point in report.to_dict()["points"]["found"]:
        assert point["difference"] is None
        assert point["slope_mismatch"] < 2e-7


@pytest.mark.parametrize("width", [100, 80, 60, 40])
def test_a_table_of_cases_breaks_between_words_alone(width: int) -> None:
    name = "the hidden layers of the network: net, fixtures/tanh_softmax.npz"
    outcomes: list[Outcome] = [
        dataclasses.replace(SCREENED, name=name),
        Unchecked("bad", "no such file"),
        NotRun("rest", "not run: one before it did not pass"),
    ]
    whole, shown = (render_table(outcomes, Style(width=columns)) for columns in (None, width))
    assert max(map(len, shown.splitlines())) <= width
    assert set(whole.split()) >= set(shown.split())
