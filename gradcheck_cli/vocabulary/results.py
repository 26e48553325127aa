"""The vocabulary of results: frozen records of plain numbers, for every reporter and for programs.

The small ones are named tuples, which Python makes in a fifth of the time that it takes for a frozen dataclass: the
smallest command spends more time on its imports than on its check.
"""

from __future__ import annotations

import enum
import importlib
import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias, overload

__all__ = [
    "HALVES",
    "SLOPE_MISMATCH",
    "Change",
    "CheckFailedError",
    "CheckReport",
    "Entries",
    "Entry",
    "EntryVerdict",
    "Finding",
    "FurtherPoint",
    "Location",
    "NotRun",
    "Outcome",
    "ParameterResult",
    "PointFacts",
    "RunReport",
    "ScreenFacts",
    "Sensitivity",
    "StepError",
    "StepFault",
    "StepSweep",
    "Suggestion",
    "Suspect",
    "Unchecked",
    "Verdict",
    "WayTiming",
    "entry_name",
]


SLOPE_MISMATCH = "slope mismatch"
"""What the figure of a screen is called: norm(c - s) / (norm(c) + norm(s)) of claimed and measured slopes."""


HALVES = (".real", ".imag")
"""What the two numbers of a complex entry are called."""


class Verdict(enum.Enum):
    """What a check comes to."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


class EntryVerdict(enum.IntEnum):
    """What is found of one entry."""

    AGREES = 0
    KINK = 1
    """Its one-sided slopes differ, and the analytic value lies between them: right."""
    UNRESOLVED = 2
    """Nothing speaks against it, but the reference is too coarse to say more."""
    DISAGREES = 3


def entry_name(parameter: str, shape: tuple[int, ...], position: int, *, halves: bool = False) -> str:
    """Name an entry by its place, as ``W1[0, 1]``; `position` counts row by row. A number has no index.

    Where the last axis is of the halves of complex numbers, it is ``W1[0, 1].real`` or ``W1[0, 1].imag``.

    Examples
    --------
    >>> entry_name("W1", (5, 4), 6)
    'W1[1, 2]'
    >>> entry_name("W1", (5, 2), 3, halves=True)
    'W1[1].imag'
    """
    if halves:
        position, half = divmod(position, 2)
        return entry_name(parameter, shape[:-1], position) + HALVES[half]
    index: list[int] = []
    for length in reversed(shape):
        position, i = divmod(position, length)
        index.insert(0, i)
    return f"{parameter}{index}" if index else parameter


class Entry(NamedTuple):
    """One number of a parameter and its derivatives."""

    name: str
    """Its place, as ``W1[0, 1]``."""
    verdict: EntryVerdict
    analytic: float
    numeric: float
    """By the centred difference with epsilon; with epsilon auto, the reference."""
    reference: float
    """By the reference; under the classic rule, which has none, the numeric value."""
    bar: float
    """What a right value may be off by, whatever the threshold."""

    @property
    def error(self) -> float:
        """|analytic - reference|; not a number where one of them is not finite."""
        return abs(self.analytic - self.reference)


@dataclass(frozen=True)
class Entries(Sequence[Entry]):
    """Entries of a parameter, row by row: held as plain arrays, made into records when looked at."""

    parameter: str
    shape: tuple[int, ...]
    verdicts: bytes
    analytic: array[float]
    numeric: array[float]
    reference: array[float]
    bars: array[float]
    positions: array[int] | None = field(default=None, kw_only=True)
    """Of the entries in the parameter, row by row; None where they are all of it."""
    output: str = field(default="", kw_only=True)
    """The output whose derivatives these are; empty where there is one number, or one for each cotangent."""
    rank: int = field(default=0, kw_only=True)
    """How many of the axes are the output's; the others are the parameter's."""
    halves: bool = field(default=False, kw_only=True)
    """Whether the last axis is the real and the imaginary part of complex entries of the parameter."""
    output_halves: bool = field(default=False, kw_only=True)
    """The same of the last axis of the output."""
    counts: tuple[int, ...] | None = field(default=None, kw_only=True)
    """How many there were of each `EntryVerdict`, where only some were kept; None where these are all."""

    def __len__(self) -> int:
        return len(self.analytic)

    @overload
    def __getitem__(self, position: int) -> Entry: ...
    @overload
    def __getitem__(self, position: slice) -> list[Entry]: ...
    def __getitem__(self, position: int | slice) -> Entry | list[Entry]:
        if isinstance(position, slice):
            return [self[k] for k in range(*position.indices(len(self)))]
        k = range(len(self))[position]
        return Entry(
            self.name(self.place(k)),
            EntryVerdict(self.verdicts[k]),
            self.analytic[k],
            self.numeric[k],
            self.reference[k],
            self.bars[k],
        )

    def name(self, place: int) -> str:
        """Name an entry by its place, counted row by row: ``W1[0, 1]``, ``d y[3] / d W1[0, 1]``, ``W1[0, 1].imag``."""
        if not self.output:
            return entry_name(self.parameter, self.shape, place, halves=self.halves)
        of_output, of_parameter = divmod(place, math.prod(self.shape[self.rank :]))
        output = entry_name(self.output, self.shape[: self.rank], of_output, halves=self.output_halves)
        return f"d {output} / d {entry_name(self.parameter, self.shape[self.rank :], of_parameter, halves=self.halves)}"

    def place(self, k: int) -> int:
        """Return where the k-th of them is in the parameter, counted row by row."""
        return k if self.positions is None else self.positions[k]

    def worst(self, count: int) -> list[Entry]:
        """Return the entries with the largest errors, the largest first; what is not finite comes before all."""
        return [self[k] for k in self._worst(count)]

    def _worst(self, count: int) -> list[int]:
        import heapq

        def error(k: int) -> float:
            size = abs(self.analytic[k] - self.reference[k])
            return size if size == size else float("inf")

        return heapq.nlargest(count, range(len(self)), key=error)

    def count(self, verdict: object) -> int:
        """Return how many entries have a verdict, those too that were not kept."""
        if not isinstance(verdict, EntryVerdict):
            return 0
        return self.verdicts.count(bytes([verdict])) if self.counts is None else self.counts[verdict]

    @property
    def total(self) -> int:
        """How many there were, those too that were not kept."""
        return len(self) if self.counts is None else sum(self.counts)

    def kept(self, most: int) -> Entries:
        """Return no more than so many of them, in their order: half of them the worst, the others evenly spread."""
        if len(self) <= most:
            return self
        every = range(0, len(self), math.ceil(len(self) / (most - most // 2)))
        chosen = sorted({*self._worst(most // 2), *every})
        columns = (self.analytic, self.numeric, self.reference, self.bars)
        return Entries(
            self.parameter,
            self.shape,
            bytes(self.verdicts[k] for k in chosen),
            *(array("d", (column[k] for k in chosen)) for column in columns),
            positions=array("q", map(self.place, chosen)),
            output=self.output,
            rank=self.rank,
            halves=self.halves,
            output_halves=self.output_halves,
            counts=tuple(map(self.count, EntryVerdict)),
        )


class Sensitivity(NamedTuple):
    """What a PASS of a parameter would have caught."""

    entry: float
    """Error of any single entry above which the check would have failed, in the units of the gradient; of an entry on
    a kink only if all are."""
    relative: float
    """The largest share of its own derivative by which an entry could be off and pass; infinite if all are zero. Of a
    screen: `entry` over the parameter's largest claim."""
    factor: float
    """Relative error of a common factor above which the check would have failed; infinite if all are zero."""
    spread: float | None = None
    """Of a screen: relative norm of an error of any shape that is missed with the chance that the screen states."""


@dataclass(frozen=True)
class ParameterResult:
    """What the check found of one parameter."""

    name: str
    shape: tuple[int, ...]
    verdict: Verdict
    difference: float
    """norm(analytic - numeric) / (norm(analytic) + norm(numeric)) of this parameter alone; of a screen, the same of
    the slopes through it: their mismatch."""
    refined_difference: float
    """The same against the reference."""
    analytic_norm: float
    numeric_norm: float
    worst: Entry
    """The entry that contradicts its reference by most; where none does, the one with the largest error."""
    sensitivity: Sensitivity | None
    """None under the classic rule."""
    entries: Entries = field(repr=False)
    """Those that were measured for themselves."""
    slopes: Entries | None = field(default=None, repr=False)
    """Of a screen: the derivatives along directions through the parameter; None where entries were checked."""

    @property
    def size(self) -> int:
        """The number of its entries, whether or not they were measured."""
        return math.prod(self.shape)

    def count(self, verdict: EntryVerdict) -> int:
        """Return how many entries have a verdict."""
        return self.entries.count(verdict)


class ScreenFacts(NamedTuple):
    """How a gradient was screened."""

    seed: int
    """Of the directions."""
    directions: int
    missed: float
    """The chance with which an error as large as the parameters' `Sensitivity.spread` goes unseen."""


class FurtherPoint(NamedTuple):
    """What was found at one point besides the given one."""

    number: int
    """From 1 on."""
    moved: float
    """By how many times its own size an entry was moved, about."""
    verdict: Verdict | None
    """None where the gradient could not be checked there: the loss has no value."""
    difference: float | None
    """Of a screen, the mismatch of its slopes."""
    screened: bool = False


class PointFacts(NamedTuple):
    """At which points a gradient was checked."""

    asked: int
    """How many further points were asked for."""
    given: Verdict
    """What was found at the given point."""
    seed: int
    """That they come from."""
    found: tuple[FurtherPoint, ...]
    """What was found at each; where something was wrong, the points after it were not looked at."""
    worst: int
    """The number of the point that the report is of; 0 for the given one."""

    @property
    def checked(self) -> int:
        """At how many further points the gradient was checked."""
        return sum(point.verdict is not None for point in self.found)


class StepFault(enum.Enum):
    """Why a centred difference is off."""

    ROUND_OFF = "round-off"
    KINK = "kink"
    TRUNCATION = "truncation"


class StepError(NamedTuple):
    """The error of the numeric gradient at a step."""

    fault: StepFault
    floor: float
    """The relative difference that round-off alone would make."""
    where: str
    """The entry that is off by most."""


class Finding(NamedTuple):
    """What is wrong with a gradient: one mistake and its place."""

    code: str
    """The kind of mistake, as ``factor``; ``unknown`` where none fits. `gradcheck explain` has a page for each."""
    where: str
    """The step that is wrong: ``dW2``, ``dZ1``; ``all``, ``all-W`` or ``all-b`` where it concerns many."""
    message: str
    """What stands there, in one line."""
    note: str = ""
    """What agreed, and what follows from that."""
    help: str = ""
    """What to look for."""
    layer: int | None = None
    factor: float | None = None
    """The number that the right gradient was multiplied by, where it is one."""
    indices: tuple[str, ...] = ()
    """Entries that are wrong, as ``W1[0, 1]``: the first few, where they are not all."""
    share: float = 0.0
    """How much of the discrepancy this explains, from 0 to 1."""
    consequences: tuple[str, ...] = ()
    """Gradients that are wrong only because of this mistake."""
    alternatives: tuple[str, ...] = ()
    """Other mistakes that explain the same numbers equally well, one line each."""
    also: tuple[str, ...] = ()
    """Other places where the very same was found, as ``db``: one cause, most likely."""
    unnamed: int = 0
    """How many further entries are wrong that `indices` does not name."""


class Location(NamedTuple):
    """A line of the user's code."""

    file: str
    line: int


class Suspect(NamedTuple):
    """A place in the user's code that may be wrong: characters counted from 1 on, ends exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    name: str
    """What its value is called; empty where it has no name."""
    says: str
    """What is known of its value."""


class Change(NamedTuple):
    """A part of a file, and what is to stand in its place; places are those of `Suspect`."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    old: str
    new: str
    text: str
    """The whole lines as they are."""
    settles: tuple[str, ...] = ()
    """The gradients that this change alone makes right: ``dW2``."""

    @property
    def order(self) -> str:
        """What is to be done there, in a few words."""
        return f"write {self.new.strip()} here" if self.new.strip() else "remove this"


class Suggestion(NamedTuple):
    """Changes that make a wrong gradient right."""

    changes: tuple[Change, ...]
    level: str
    """``verified`` at other points, with other data; ``partly`` where some entries stay wrong; ``fits-here`` where it
    could not be tried with other data."""
    entries: int
    """How many entries agree with it."""
    points: int
    """At how many points besides the checked one."""
    varied: tuple[str, ...]
    """What is other at those: ``parameters``, ``data``, ``sizes``, ``numbers``."""
    candidates: int
    """How many changes were tried."""
    equals: int
    """How many other changes were found that do the same."""
    diff: str
    """The unified diff, as `git apply` takes it from the current folder."""
    digests: tuple[tuple[str, str], ...]
    """Each file that is changed, with the SHA-256 of its bytes as they were."""

    @property
    def is_verified(self) -> bool:
        """Whether it may be shown as a patch, and applied."""
        return self.level == "verified"


class StepSweep(NamedTuple):
    """The error of one entry's centred difference at steps from large to small."""

    parameter: str
    entry: str
    """The entry's place, as ``W1[0, 1]``."""
    steps: tuple[float, ...]
    errors: tuple[float, ...]
    """|analytic - numeric| at each step."""
    noise: float
    """Round-off of one value of the loss; it moves a difference at step h by about noise / h."""
    slope: float | None
    """How the error falls with the step on log axes, where it falls: 2 for a right gradient of a smooth loss."""
    meaning: str
    """What the errors say, in one sentence."""

    def floor(self, step: float) -> float:
        """Return the error that round-off alone leaves at a step."""
        return self.noise / step


@dataclass(frozen=True, repr=False)
class CheckReport:
    """What a check found."""

    name: str
    """The problem's."""
    verdict: Verdict
    difference: float
    """norm(analytic - numeric) / (norm(analytic) + norm(numeric)) of all parameters together; 0 where both are zero.
    Of a screen, which does not know it, the same of the slopes: reports call that their mismatch."""
    refined_difference: float
    """The same against the reference."""
    threshold: float
    epsilon: float | str
    """The step of the centred difference, or ``"auto"``."""
    loss: float | None
    """J at the point; None where two saved gradients are compared."""
    evaluations: int
    """How often the loss was asked for."""
    reference: str
    """Where the reference comes from; empty under the classic rule."""
    seconds: float
    parameters: tuple[ParameterResult, ...]
    reasons: tuple[str, ...] = ()
    """Why the verdict is what it is, where the difference alone does not say it."""
    findings: tuple[Finding, ...] = ()
    """What is wrong, the root cause first; empty where nothing is."""
    suspects: tuple[Suspect, ...] = ()
    """The places in the user's code that may be wrong, the likeliest first."""
    suggestion: Suggestion | None = None
    """What would make the gradient right, where that was looked for and found."""
    notes: tuple[str, ...] = ()
    settings: Mapping[str, float | str | bool | None] = field(default_factory=dict)
    """Every setting of the check by its name, the seed too."""
    location: Location | None = None
    """Where the function that gives the gradient begins, where that is known."""
    sweeps: tuple[StepSweep, ...] = ()
    """Of the worst entry of each parameter that falls short, where they were asked for."""
    screen: ScreenFacts | None = None
    """None where entries were checked one by one."""
    evaluation: str = ""
    """Of a network, how its losses were taken: ``plain`` or ``structured``; empty elsewhere."""
    points: PointFacts | None = None
    """None where the gradient was checked at the given point alone."""
    point: Mapping[str, Any] | None = field(default=None, repr=False)
    """The point that this is of, an array by name, those too that were not checked; None where it is the given one."""

    @property
    def passed(self) -> bool:
        """Whether the verdict is PASS."""
        return self.verdict is Verdict.PASS

    @property
    def entry_count(self) -> int:
        """The number n of entries that were checked."""
        return sum(parameter.entries.total for parameter in self.parameters)

    @property
    def size(self) -> int:
        """The number of entries of the gradient, whether or not they were checked."""
        return sum(parameter.size for parameter in self.parameters)

    @property
    def short(self) -> tuple[ParameterResult, ...]:
        """The parameters that fall short; where only the whole does, the one with the largest difference."""
        found = tuple(p for p in self.parameters if p.verdict is not Verdict.PASS)
        if found or self.passed:
            return found
        return (max(self.parameters, key=lambda p: p.difference if p.difference == p.difference else float("inf")),)

    def __bool__(self) -> bool:
        return self.passed

    def raise_for_failure(self) -> None:
        """Do nothing where the check passed.

        Raises
        ------
        CheckFailedError
            Where it did not; its text is the report.
        """
        __tracebackhide__ = True
        if not self.passed:
            raise CheckFailedError(self)

    def to_dict(self) -> dict[str, Any]:
        """Return what the JSON report says of this check, in dicts, lists, text and numbers."""
        return _reporter("json_report").as_dict(self)  # type: ignore[no-any-return]

    def diff(self) -> str:
        """Return the verified patch as a unified diff that `git apply` takes; empty where there is none."""
        return self.suggestion.diff if self.suggestion is not None and self.suggestion.is_verified else ""

    def __rich__(self) -> object:
        return _reporter("terminal").renderable(self)

    def _repr_html_(self) -> str:
        return str(_reporter("notebook").as_html(self))

    def __repr__(self) -> str:
        return str(_reporter("failures").as_line(self))

    def __str__(self) -> str:
        return str(_reporter("terminal").as_text(self))


class CheckFailedError(AssertionError):
    """A check that did not pass, raised where one was asked to.

    Parameters
    ----------
    report : CheckReport
        What the check found; the text of the error.
    """

    __module__ = "gradcheck_cli"  # where it is public, and as short as a summary of tests wants it

    def __init__(self, report: CheckReport) -> None:
        super().__init__(_reporter("failures").failure_text(report, "gradcheck_cli.CheckFailedError: "))
        self.report = report


def _reporter(name: str) -> Any:
    """Return a module of the reporters, loaded when a report is first shown: this vocabulary stands below them."""
    return importlib.import_module(f"gradcheck_cli.reporters.{name}")


@dataclass(frozen=True)
class Unchecked:
    """A case that could not be checked, and why."""

    name: str
    error: str
    """What was wrong, in one line."""
    hint: str | None = None
    """What to try."""
    traceback: str = ""
    """That of the user's own code, where it raised."""
    suggestion: Suggestion | None = None
    """What would make it a gradient, and a right one, where that was found."""

    def diff(self) -> str:
        """Return the verified patch as a unified diff that `git apply` takes; empty where there is none."""
        return self.suggestion.diff if self.suggestion is not None and self.suggestion.is_verified else ""


class NotRun(Unchecked):
    """A case that was not begun, because one before it did not pass; the exit code is that of those before."""


Outcome: TypeAlias = CheckReport | Unchecked


class RunReport(NamedTuple):
    """Everything that one call of the command found."""

    outcomes: tuple[Outcome, ...]
    exit_code: int
    versions: Mapping[str, str]
    """Of gradcheck, of Python and of what the numbers depend on."""
    command: str | None = None
    """The command line, as a shell takes it; None where Python code asked for the check."""
    date: str = ""
    """When it was written, as ``2026-11-30T10:50:39Z``; empty where nobody asked."""


class WayTiming(NamedTuple):
    """How long one way to check every entry of a network takes."""

    name: str
    seconds: float
    ratio: float
    """How many times as fast as the course's loop in the same rounds."""
    sample: int | None
    """The number of entries it was timed on, where not on all."""
    note: str
