"""Every format over the same reports, which `tests/records.py` builds by hand."""

from __future__ import annotations

import dataclasses
import json
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from gradcheck_cli.reporters.formats import FORMATS, renderer
from gradcheck_cli.reporters.json_report import SCHEMA_VERSION
from gradcheck_cli.reporters.words import finding_lines
from gradcheck_cli.vocabulary.results import CheckReport, Location, RunReport
from tests.make_golden import golden_files
from tests.records import FINDING, OUTCOMES, RUNS, VERSIONS, run_of

SCHEMA = json.loads((files("gradcheck_cli") / "reporters" / "report.schema.json").read_text(encoding="utf-8"))
GOLDEN = golden_files()
every_run = pytest.mark.parametrize("name", RUNS)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_report_is_the_golden_one(path: Path) -> None:
    assert GOLDEN[path] == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("format_", FORMATS)
@every_run
def test_no_control_character_of_a_name_gets_through(format_: str, name: str) -> None:
    text = renderer(format_)(run_of(name))
    assert all(c.isprintable() or c == "\n" for c in text)


@every_run
def test_json_fits_its_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    content = json.loads(renderer("json")(run_of(name)), parse_constant=refuse)
    jsonschema.validate(content, SCHEMA)


def test_the_schema_names_its_version_and_takes_reports_of_an_earlier_one() -> None:
    assert SCHEMA["$id"].endswith(SCHEMA_VERSION)
    content = json.loads(renderer("json")(run_of("fail")))
    for key in ("command", "verdict", "summary"):
        del content[key]
    del content["timing"]["date"]
    for parameter in content["cases"][0]["parameters"]:
        del parameter["values"], parameter["slope_values"]
    for finding in content["cases"][0]["findings"]:
        del finding["parameter"]
    jsonschema.validate(content, SCHEMA)


def refuse(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def test_the_schema_refuses_what_is_no_report() -> None:
    content = json.loads(renderer("json")(run_of("fail")))
    content["cases"][0]["parameters"][0]["difference"] = "large"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, SCHEMA)


@pytest.mark.parametrize(
    ("name", "counts", "children"),
    [
        ("pass", ("1", "0", "0", "0"), set()),
        ("fail", ("3", "2", "0", "0"), {"failure"}),
        ("inconclusive", ("3", "0", "0", "1"), {"skipped"}),
        ("could-not-check", ("1", "0", "1", "0"), {"error"}),
    ],
)
def test_junit_counts_as_builds_do(name: str, counts: tuple[str, ...], children: set[str]) -> None:
    suite = next(iter(ET.fromstring(renderer("junit")(run_of(name)))))
    assert tuple(suite.get(key) for key in ("tests", "failures", "errors", "skipped")) == counts
    outcomes = {child.tag for case in suite for child in case} - {"properties"}
    assert outcomes == children
    assert all(case.get("classname") and case.get("name") for case in suite)


def test_a_parameter_is_told_its_own_finding() -> None:
    fail = OUTCOMES["fail"]
    assert isinstance(fail, CheckReport)
    other = FINDING._replace(where="db1", message="db1 is something else", consequences=())
    run = RunReport((dataclasses.replace(fail, findings=(FINDING, other)),), 1, VERSIONS)
    first, second = renderer("github")(run).splitlines()[:2]
    assert "dW1 is 2 times" in first
    assert "db1 is something else" not in first
    assert "db1 is something else" in second  # no finding names it


def test_github_gets_ten_annotations_and_the_count_of_the_rest() -> None:
    lines = renderer("github")(RunReport((OUTCOMES["fail"],) * 7, 1, VERSIONS)).splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert "::notice title=gradcheck::and 4 more" in lines


def test_an_annotation_of_a_cell_is_on_the_notebook_and_says_which_cell() -> None:
    fail = OUTCOMES["fail"]
    assert isinstance(fail, CheckReport)
    report = dataclasses.replace(fail, location=Location("home work.ipynb:cell 3", 7))
    (line, *_) = renderer("github")(RunReport((report,), 1, VERSIONS)).splitlines()
    properties, _, message = line.partition("::")[2].partition("::")
    assert properties.endswith(",file=home work.ipynb")
    assert message.startswith("cell 3, line 7: ")


def test_entries_that_are_not_named_are_counted() -> None:
    lines = list(finding_lines(FINDING._replace(indices=("W1[0, 0]", "W1[0, 1]"), unnamed=1200)))
    assert "  at: W1[0, 0], W1[0, 1] and 1,200 more" in lines


def test_an_inconclusive_case_is_a_warning_and_comes_after_the_errors() -> None:
    run = RunReport((OUTCOMES["inconclusive"], OUTCOMES["fail"]), 1, VERSIONS)
    levels = [line.partition(" ")[0] for line in renderer("github")(run).splitlines() if line.startswith("::")]
    assert levels == ["::error", "::error", "::warning"]


@every_run
def test_html_is_well_formed_and_needs_nothing_else(name: str) -> None:
    text = renderer("html")(run_of(name))
    Balanced().feed(text)
    assert not any(word in text for word in ("<script", "http://", "https://", "url(", "@import"))
    assert "color-scheme: light dark" in text


class Balanced(HTMLParser):
    """Holds that every element is closed by its own tag."""

    VOID = ("meta",)

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
