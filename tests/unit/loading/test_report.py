"""A report that is read again is the report that was written, and a file that is none says so in one line."""

from __future__ import annotations

import copy
import json
import math
import random
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gradcheck_cli import CheckReport, check_gradient
from gradcheck_cli.loading.report import Part, read_report, run
from gradcheck_cli.reporters.formats import FORMATS, renderer
from gradcheck_cli.vocabulary.errors import InputError
from gradcheck_cli.vocabulary.results import Entries, EntryVerdict, RunReport
from tests.records import RUNS, VERSIONS, run_of
from tests.unit.reporters.test_golden import SCHEMA

ODD: list[Any] = [None, True, -1, 0, 10**30, 1e308, "", "x\x1b[31m", "nan", [], {}, [[]], 5]


def again(found: RunReport, folder: Path) -> RunReport:
    path = folder / "report.json"
    path.write_text(renderer("json")(found), encoding="utf-8")
    return read_report(path)


@pytest.mark.parametrize("name", RUNS)
def test_every_format_of_a_report_that_is_read_again_is_the_same(name: str, tmp_path: Path) -> None:
    written = run_of(name)
    read = again(written, tmp_path)
    for format_ in FORMATS:
        assert renderer(format_)(read) == renderer(format_)(written)


@pytest.mark.parametrize(
    "more",
    [
        {"mode": "screen"},
        {"points": 3},
        {"max_evals": 30},
    ],
    ids=str,
)
def test_so_is_that_of_a_check(more: dict[str, Any], tmp_path: Path) -> None:
    report = check_gradient(lambda x: float((x**3).sum()), lambda x: 3 * x * abs(x), [-0.5, 0.3, 0.7] * 9, **more)
    assert not report.passed
    written = RunReport((report,), 1, VERSIONS)
    read = again(written, tmp_path)
    for format_ in FORMATS:
        assert renderer(format_)(read) == renderer(format_)(written)


def test_of_many_entries_the_worst_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    wrong = [1.0] * 5_000
    wrong[1_234] = 2.0
    report = check_gradient(lambda x: float(x.sum()), lambda x: wrong, [0.5] * 5_000, mode="full")
    written = RunReport((report,), 1, VERSIONS)
    content = json.loads(renderer("json")(written))
    jsonschema.validate(content, SCHEMA)
    found = again(written, tmp_path).outcomes[0]
    assert isinstance(found, CheckReport)
    (parameter,) = found.parameters
    assert len(parameter.entries) <= 4096
    assert (found.entry_count, parameter.count(EntryVerdict.DISAGREES)) == (5_000, 1)
    assert parameter.entries.worst(1)[0].name == "x[1234]"
    assert str(found) == str(report)


def test_entries_that_are_kept_are_the_worst_and_some_between() -> None:
    values = array("d", range(100))
    zeros = array("d", [0.0] * 100)
    entries = Entries("x", (100,), bytes(100), values, values, zeros, zeros)
    some = entries.kept(10)
    names = [entry.name for entry in some]
    assert {f"x[{k}]" for k in range(95, 100)} <= set(names)
    assert {"x[0]", "x[20]", "x[40]"} <= set(names)
    assert len(some) <= 10
    assert some.total == some.count(EntryVerdict.AGREES) == 100


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is not valid JSON"),
        ("[1", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        ("[]", "the file is [], expected an object"),
        ('{"a": 1}', "has no 'schema_version'"),
        ("[" + "[]," * 2_000_001, "has more than 4,000,000 values"),
        (f'{{"schema_version": {[0] * 100_000}}}', "expected text"),
        ('{"schema_version": "1.2"}', "reports before 1.3 did not keep their entries"),
        ('{"schema_version": "2.0"}', "expected 1.3 or a later 1.x"),
    ],
    ids=lambda text: text[:20],
)
def test_a_file_that_is_no_report_is_told_in_one_line(content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_report(path)
    assert told in raised.value.message
    assert "\n" not in raised.value.message


def ways(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value within a value; of lists only to the first two."""
    inner = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*way, key)
        yield from ways(one, (*way, key))


@pytest.mark.parametrize("name", ["several", "patched"])
def test_whatever_a_file_holds_it_is_refused_or_can_be_shown(name: str) -> None:
    content = json.loads(renderer("json")(run_of(name)))
    some = random.Random(0).sample([(way, odd) for way in ways(content) for odd in ODD], 120)
    for way, odd in some:
        changed = copy.deepcopy(content)
        place = changed
        for key in way[:-1]:
            place = place[key]
        place[way[-1]] = odd
        try:
            found = run(Part(changed))
        except InputError as error:
            assert error.message.isprintable()
        else:
            for format_ in FORMATS:
                renderer(format_)(found)


def test_numbers_that_json_does_not_know_come_back() -> None:
    assert math.isnan(Part("nan").number())
    assert Part("-inf").number() == -math.inf
    with pytest.raises(InputError, match="a number"):
        Part("NaN").number()
