"""Read a report that was written as JSON: the run as it was, for every format.

The records of `vocabulary.results` say what stands where; what a file has besides is left alone, and of what it lacks
nothing is guessed.
"""

from __future__ import annotations

import enum
import itertools
import json
import math
import types
import typing
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gradcheck_cli.loading.npz import MEBIBYTE, first_line, open_regular
from gradcheck_cli.vocabulary.errors import InputError
from gradcheck_cli.vocabulary.results import (
    CheckReport,
    Entries,
    Entry,
    EntryVerdict,
    Finding,
    FurtherPoint,
    Location,
    NotRun,
    Outcome,
    ParameterResult,
    PointFacts,
    RunReport,
    ScreenFacts,
    Sensitivity,
    StepSweep,
    Suggestion,
    Suspect,
    Unchecked,
    Verdict,
)
from gradcheck_cli.vocabulary.text import printable

__all__ = ["read_report"]

MAX_BYTES = 64 * MEBIBYTE
MOST_VALUES = 4_000_000  # of so many Python makes half a gigabyte at the worst; a report of 64 MiB has fewer
FIRST_WITH_VALUES = 3  # the 1.x from which on a report keeps its entries
MOST_AXES = 64
MOST_FINDINGS = 2_000  # of a case: each is looked up for each parameter
MOST_CHANGES = 100  # of a case: each is looked up for each finding
MOST_CASES = 100_000
MOST_ENTRIES = 2**63
LEAST = 1e-300
MOST_NOISE = 1e300
NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
COLUMNS = ("analytic", "numeric", "reference", "bars")
KINDS = {"float": "a number", "int": "a whole number", "str": "text", "bool": "true or false"}
PLAIN: dict[Any, set[type]] = {float: {float, int}, int: {int}, str: {str}}
MOST_SHOWN = 40  # characters of a value that is wrong

_Read = TypeVar("_Read")


class Part:
    """A value of the file, and the way to it."""

    def __init__(self, value: Any, way: str = "") -> None:
        self.value, self.way = value, way

    def __getitem__(self, key: str) -> Part:
        if not isinstance(self.value, dict):
            raise self.error("an object")
        if key not in self.value:
            raise InputError(f"{self.way or 'the file'} has no {key!r}")
        return Part(self.value[key], f"{self.way}.{key}".lstrip("."))

    def items(self) -> Iterator[Part]:
        """Yield the items of a list, of which there may be very many."""
        if not isinstance(self.value, list):
            raise self.error("a list")
        return (Part(value, f"{self.way}[{k}]") for k, value in enumerate(self.value))

    def maybe(self, read: Callable[[Part], _Read]) -> _Read | None:
        """Return what a function reads in the part, or None where null stands."""
        return None if self.value is None else read(self)

    def error(self, expected: str) -> InputError:
        """Make the error for a value that is something else."""
        pieces = json.JSONEncoder().iterencode(self.value)  # of which there may be millions
        text = repr(self.value) if isinstance(self.value, str) else "".join(itertools.islice(pieces, MOST_SHOWN + 1))
        shown = printable(text)
        shown = shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}..."
        return InputError(f"{printable(self.way) or 'the file'} is {shown}, expected {expected}")

    def to(self, kind: Any) -> Any:
        """Return the value as a kind of the records: a number, text, a record, a tuple of them, or None as well."""
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin in (typing.Union, types.UnionType):
            others = [one for one in inner if one is not type(None)]
            return None if self.value is None and len(others) < len(inner) else self.to(others[0])
        if origin is tuple:
            return self.several(inner[0])  # all tuples of the records are of one kind
        if issubclass(kind, enum.Enum):
            return self.one_of({member.value: member for member in kind})
        if hasattr(kind, "_fields"):
            return self.record(kind)
        return self.plain(kind)

    def several(self, kind: Any) -> tuple[Any, ...]:
        """Return the items of a list as a kind: all at once where that is clear, for there may be millions."""
        if isinstance(self.value, list) and set(map(type, self.value)) <= PLAIN.get(kind, set()):
            with suppress(OverflowError):
                if kind is float:
                    array("d", self.value)  # a whole number may be too large for one
                return tuple(self.value)
        return tuple(item.to(kind) for item in self.items())

    def at_most(self, count: int) -> Part:
        """Return a list that is no longer than that."""
        if isinstance(self.value, list) and len(self.value) > count:
            raise InputError(f"{printable(self.way)} has {len(self.value):,} items, expected at most {count:,}")
        return self

    def record(self, kind: Any, **known: Any) -> Any:
        """Return a named tuple, each field from the key of its name, but for those that are known."""
        hints = typing.get_type_hints(kind)
        absent = set(kind._field_defaults) - set(self.value if isinstance(self.value, dict) else ())
        fields = {name: self[name].to(hints[name]) for name in kind._fields if name not in {*known, *absent}}
        return kind(**fields, **known)

    def one_of(self, choices: Mapping[Any, Any]) -> Any:
        """Return what a word stands for."""
        if not isinstance(self.value, str) or self.value not in choices:
            raise self.error(f"one of {', '.join(map(str, choices))}")
        return choices[self.value]

    def plain(self, kind: type) -> Any:
        """Return a number, text or a truth."""
        if kind is float:
            return self.number()
        if type(self.value) is not kind:
            raise self.error(KINDS[kind.__name__])
        return self.value

    def number(self) -> float:
        """Return a number, also one for which JSON has but a word."""
        if isinstance(self.value, str) and self.value in NOT_FINITE:
            return NOT_FINITE[self.value]
        if type(self.value) not in {int, float}:
            raise self.error("a number")
        try:
            float(self.value)
        except OverflowError:
            raise self.error("a number that a double holds") from None
        return self.value  # type: ignore[no-any-return]  # a whole number stays one

    def positive(self) -> float:
        """Return a finite number greater than 0, and no smaller than those of which there are logarithms."""
        number = self.number()
        if not LEAST <= number < math.inf:
            raise self.error("a finite number greater than 0")
        return number


def read_report(path: Path) -> RunReport:
    """Read a report.

    Parameters
    ----------
    path : Path
        A file that ``--report json=FILE`` or ``--format json`` has written.

    Returns
    -------
    RunReport
        Of large parameters with the entries that the file has.

    Raises
    ------
    InputError
        Where the file cannot be opened, is no JSON or no report, or is one that kept no entries.
    """
    with open_regular(path) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES // MEBIBYTE} MiB, the most that is read")
    if sum(map(content.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise InputError(f"{path} has more than {MOST_VALUES:,} values, the most that are read")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is not valid JSON: {first_line(error)}", hint="--report json=FILE writes a report that can be read"
        ) from error
    try:
        return run(Part(found))
    except InputError as error:
        raise InputError(f"{path} is not a report of gradcheck: {error.message}", hint=error.hint) from error


def run(found: Part) -> RunReport:
    """Return the whole run."""
    require_version(found["schema_version"].to(str))
    timing = found["timing"]
    seconds = iter(timing["cases"].to(tuple[float, ...]))
    return RunReport(
        outcomes=tuple(outcome(case, seconds) for case in found["cases"].at_most(MOST_CASES).items()),
        exit_code=found["exit_code"].to(int),
        versions={name: Part(value, f"versions.{name}").to(str) for name, value in dict_of(found["versions"]).items()},
        command=found["command"].to(str | None),
        date=timing["date"].to(str | None) or "",
    )


def require_version(version: str) -> None:
    """Raise InputError where a report keeps too little, or means something else by it."""
    first, _, second = version.partition(".")
    if first != "1" or not second.isdecimal():
        raise InputError(f"schema_version is {printable(version)!r}, expected 1.{FIRST_WITH_VALUES} or a later 1.x")
    if int(second) < FIRST_WITH_VALUES:
        raise InputError(
            f"schema_version is {version}; reports before 1.{FIRST_WITH_VALUES} did not keep their entries",
            hint="check again and write a new report",
        )


def dict_of(found: Part) -> dict[str, Any]:
    """Return an object."""
    if not isinstance(found.value, dict):
        raise found.error("an object")
    return found.value


def outcome(found: Part, seconds: Iterator[float]) -> Outcome:
    """Return one case."""
    error = found["error"]
    if error.value is None:
        return report(found, next(seconds, math.nan))
    if "not_run" in found.value:
        return NotRun(found["name"].to(str), error["message"].to(str))
    return Unchecked(
        name=found["name"].to(str),
        error=error["message"].to(str),
        hint=error["hint"].to(str | None),
        traceback=error["traceback"].to(str | None) or "",
        suggestion=suggestion(found["suggestion"]) if "suggestion" in found.value else None,
    )


def report(found: Part, seconds: float) -> CheckReport:
    """Return one case that was checked."""
    settings = found["settings"]
    settings["seed"].to(int)  # which reports tell
    epsilon = settings["epsilon"]
    screen = found["screen"].maybe(screen_facts)
    parameters = tuple(parameter(one) for one in found["parameters"].items())
    if not parameters:
        raise found["parameters"].error("at least one parameter")
    return CheckReport(
        name=found["name"].to(str),
        verdict=found["verdict"].to(Verdict),
        **differences(found, screened=screen is not None),
        threshold=settings["threshold"].positive(),
        epsilon=epsilon.one_of({"auto": "auto"}) if isinstance(epsilon.value, str) else epsilon.positive(),
        loss=found["loss"].to(float | None),
        evaluations=found["evaluations"].to(int),
        reference=found["reference"].to(str | None) or "",
        seconds=seconds,
        parameters=parameters,
        reasons=found["reasons"].to(tuple[str, ...]),
        findings=found["findings"].at_most(MOST_FINDINGS).to(tuple[Finding, ...]),
        suspects=found["suspects"].to(tuple[Suspect, ...]),
        suggestion=found["suggestion"].maybe(suggestion),
        notes=found["notes"].to(tuple[str, ...]),
        settings={name: setting(Part(value, f"settings.{name}")) for name, value in dict_of(settings).items()},
        location=found["location"].to(Location | None),
        sweeps=tuple(map(sweep, found["step_sweeps"].items())),
        screen=screen,
        evaluation=found["evaluation"].to(str | None) or "",
        points=found["points"].maybe(points),
        point=found["point"].maybe(point),
    )


def screen_facts(found: Part) -> ScreenFacts:
    """Return how a gradient was screened."""
    facts: ScreenFacts = found.record(ScreenFacts, missed=found["missed"].positive())
    return facts


def sweep(found: Part) -> StepSweep:
    """Return the errors at many steps."""
    steps = tuple(step.positive() for step in found["steps"].items())
    known: StepSweep = found.record(StepSweep, steps=steps)
    if len(known.errors) != len(steps):
        raise found["errors"].error(f"a list of {len(steps)}")
    if not 0 <= known.noise <= MOST_NOISE:
        raise found["noise"].error("the round-off of a loss")
    return known


def setting(found: Part) -> float | str | bool | None:
    """Return the value of a setting."""
    if not isinstance(found.value, int | float | str | None):
        raise found.error("a number, text, true or false, or null")
    return found.value


def differences(found: Part, *, screened: bool) -> dict[str, float]:
    """Return the difference and the refined one; of a screen both are the mismatch of its slopes."""
    first, second = ("slope_mismatch", "slope_mismatch") if screened else ("difference", "refined_difference")
    return {"difference": found[first].to(float), "refined_difference": found[second].to(float)}


def suggestion(found: Part) -> Suggestion:
    """Return what would make the gradient right."""
    found["changes"].at_most(MOST_CHANGES)
    digests = tuple((one["file"].to(str), one["sha256"].to(str)) for one in found["digests"].items())
    known: Suggestion = found.record(Suggestion, digests=digests)
    if not known.changes:
        raise found["changes"].error("at least one change")
    return known


def points(found: Part) -> PointFacts:
    """Return at which points was checked."""
    facts: PointFacts = found.record(PointFacts, found=tuple(further(one) for one in found["found"].items()))
    if not 0 <= facts.worst <= len(facts.found):
        raise found["worst"].error(f"a number from 0 to {len(facts.found)}")
    return facts


def further(found: Part) -> FurtherPoint:
    """Return what was found at one further point."""
    screened = found["slope_mismatch"].value is not None
    difference = found["slope_mismatch" if screened else "difference"].to(float | None)
    further_point: FurtherPoint = found.record(FurtherPoint, difference=difference, screened=screened)
    return further_point


def point(found: Part) -> dict[str, Any]:
    """Return where a small point is, an array by name."""
    arrays = {}
    for name, value in dict_of(found).items():
        try:
            arrays[name] = np.array(value)
        except ValueError:  # ragged or too deep lists
            raise Part(value, f"point.{name}").error("lists of numbers") from None
        if arrays[name].dtype.kind not in "fiub":
            raise Part(value, f"point.{name}").error("lists of numbers")
    return arrays


def parameter(found: Part) -> ParameterResult:
    """Return what was found of one parameter."""
    counts = tuple(found["entries"][verdict.name.lower()].to(int) for verdict in EntryVerdict)
    slopes = found["slope_values"].maybe(entries)
    return ParameterResult(
        name=found["name"].to(str),
        shape=shape(found["shape"]),
        verdict=found["verdict"].to(Verdict),
        **differences(found, screened=slopes is not None),
        analytic_norm=found["analytic_norm"].to(float),
        numeric_norm=found["numeric_norm"].to(float),
        worst=entry(found["worst"]),
        sensitivity=found["sensitivity"].to(Sensitivity | None),
        entries=entries(found["values"], counts),
        slopes=slopes,
    )


def shape(found: Part) -> tuple[int, ...]:
    """Return the length of each axis."""
    lengths: tuple[int, ...] = found.to(tuple[int, ...])
    if len(lengths) > MOST_AXES or any(length < 0 for length in lengths) or math.prod(lengths) >= MOST_ENTRIES:
        raise found.error("the lengths of some axes")
    return lengths


def entry(found: Part) -> Entry:
    """Return one entry."""
    verdict = found["verdict"].one_of({verdict.name.lower(): verdict for verdict in EntryVerdict})
    named: Entry = found.record(Entry, verdict=verdict)
    return named


def entries(found: Part, counts: tuple[int, ...] | None = None) -> Entries:
    """Return the entries that were kept; `counts` says how many of each kind there were."""
    verdicts = found["verdicts"].to(tuple[int, ...])
    if not set(verdicts) <= set(EntryVerdict):
        raise found["verdicts"].error("a list of 0, 1, 2 and 3")
    columns = [array("d", found[name].to(tuple[float, ...])) for name in COLUMNS]
    places = found["positions"].to(tuple[int, ...] | None)
    lengths = shape(found["shape"])
    size = math.prod(lengths)
    lists = [verdicts, *columns, *([] if places is None else [places])]
    if any(len(one) != len(verdicts) for one in lists) or (places is None and len(verdicts) != size):
        raise InputError(f"the lists in {printable(found.way)} are not all of one length")
    if any(not 0 <= place < size for place in places or ()):
        raise found["positions"].error(f"places below {size}")
    own = tuple(verdicts.count(verdict) for verdict in EntryVerdict)
    if counts is not None and any(there < kept for there, kept in zip(counts, own, strict=True)):
        raise InputError(f"there are more values in {printable(found.way)} than entries were counted")
    return Entries(
        found["parameter"].to(str),
        lengths,
        bytes(verdicts),
        *columns,
        positions=None if places is None else array("q", places),
        output=found["output"].to(str),
        rank=found["rank"].to(int),
        halves=found["halves"].to(bool),
        output_halves=found["output_halves"].to(bool),
        counts=None if counts == own else counts,
    )
