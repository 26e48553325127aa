"""What is other in a later run than in an earlier one: what became wrong, what became right, what is still wrong."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from gradcheck_cli.reporters.items import WHOLE, findings_on, items
from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.results import CheckReport, EntryVerdict, Outcome, RunReport, Unchecked, Verdict
from gradcheck_cli.vocabulary.text import printable

__all__ = ["Kind", "Turn", "sum_line", "turns"]

T = TypeVar("T")


class Kind(enum.Enum):
    """What became of one parameter, in the order in which it is told."""

    BECAME_WRONG = "became wrong"
    NEW_AND_WRONG = "new and wrong"
    UNCHECKED = "can no longer be checked"
    NEW_AND_UNCHECKED = "new, and cannot be checked"
    STILL_WRONG = "still wrong"
    STILL_UNCHECKED = "still cannot be checked"
    BECAME_UNCLEAR = "became inconclusive"
    STILL_UNCLEAR = "still inconclusive"
    BECAME_RIGHT = "became right"
    NEW_AND_RIGHT = "new and right"
    GONE = "no longer there"
    STILL_RIGHT = "still right"

    @property
    def is_worse(self) -> bool:
        """Whether something is wrong, or unknown, that was not before."""
        return self in {Kind.BECAME_WRONG, Kind.NEW_AND_WRONG, Kind.UNCHECKED, Kind.NEW_AND_UNCHECKED}


class Turn(NamedTuple):
    """What became of one parameter of one case, or of the case itself."""

    case: str
    kind: Kind
    name: str
    """The parameter; empty where it is about the whole case."""
    details: tuple[str, ...] = ()
    """What is known of it now, and what was before."""


class State(NamedTuple):
    """What a run found of a parameter."""

    verdict: Verdict | None
    """None where it could not be checked."""
    wrong: str = ""
    """At how many entries it is wrong."""
    findings: tuple[str, ...] = ()


def turns(old: RunReport, new: RunReport) -> list[Turn]:
    """Return what became of every parameter of every case: the cases as the later run has them, the worst first."""
    before, after = by_name(old), by_name(new)
    found = []
    for case in [*after, *(case for case in before if case not in after)]:
        order = list(Kind).index
        found += sorted(turns_of(case, before.get(case), after.get(case)), key=lambda turn: order(turn.kind))
    return found


def sum_line(found: Sequence[Turn]) -> str:
    """Return how many of each kind there are, in the language that is spoken."""
    counts = Counter(turn.kind for turn in found)
    told = ", ".join(f"{counts[kind]} {said(kind.value)}" for kind in Kind if counts[kind])
    return told or said("there is nothing to compare")


def by_name(run: RunReport) -> dict[str, Outcome]:
    """Return the cases by their names; a name that comes again gets its number."""
    return dict(each_by_its_own_name((outcome.name, outcome) for outcome in run.outcomes))


def each_by_its_own_name(named: Iterable[tuple[str, T]]) -> Iterator[tuple[str, T]]:
    """Yield what has a name, a name that comes again with its number: nothing takes the place of another."""
    times: Counter[str] = Counter()
    taken: set[str] = set()
    for name, one in named:
        own = name
        while own in taken:
            times[name] += 1
            own = f"{name} ({times[name] + 1})"
        taken.add(own)
        yield own, one


def turns_of(case: str, old: Outcome | None, new: Outcome | None) -> Iterator[Turn]:
    """Yield what became of each parameter of a case; of the case itself where it cannot be checked or is gone."""
    if new is None:
        yield Turn(case, Kind.GONE, "")
        return
    if isinstance(new, Unchecked):
        kind = Kind.NEW_AND_UNCHECKED if old is None else Kind.UNCHECKED
        yield Turn(case, Kind.STILL_UNCHECKED if isinstance(old, Unchecked) else kind, "", (printable(new.error),))
        return
    before = states(old) if isinstance(old, CheckReport) else {}
    after = states(new)
    for name, state in after.items():
        kind = kind_of(before.get(name), state.verdict)
        yield Turn(case, kind, name, tuple(details(kind, before.get(name), state)))
    for name in before:
        if name not in after and name != WHOLE:
            yield Turn(case, Kind.GONE, name)


def states(report: CheckReport) -> Mapping[str, State]:
    """Return what was found, by the names of the parameters; of the whole too where none of them speaks for it."""
    parameters = dict(each_by_its_own_name((printable(p.name), p) for p in report.parameters))
    found = {}
    for name, item in each_by_its_own_name((item.name, item) for item in items(report)):
        p = parameters.get(name)
        count = p.count(EntryVerdict.DISAGREES) if p is not None else 0
        wrong = f"{count} of {p.entries.total} entries" if p is not None and count else ""
        findings = findings_on(report, p.name) if p is not None else report.findings
        told = tuple(f"error[{printable(f.code)}]: {printable(f.message)}" for f in findings)
        found[name] = State(item.verdict, wrong, told if item.verdict is Verdict.FAIL else ())
    return found


def kind_of(old: State | None, verdict: Verdict | None) -> Kind:
    """Return what became of a parameter that was checked."""
    before = None if old is None else old.verdict
    if verdict is Verdict.FAIL:
        known = Kind.STILL_WRONG if before is Verdict.FAIL else Kind.BECAME_WRONG
        return Kind.NEW_AND_WRONG if before is None else known
    if verdict is Verdict.INCONCLUSIVE:
        return Kind.STILL_UNCLEAR if before is verdict else Kind.BECAME_UNCLEAR
    known = Kind.STILL_RIGHT if before is verdict else Kind.BECAME_RIGHT
    return Kind.NEW_AND_RIGHT if before is None else known


def details(kind: Kind, old: State | None, new: State) -> Iterator[str]:
    """Yield what is wrong now, and what was wrong before where that is something else."""
    if new.wrong:
        was = f" (was {old.wrong})" if old is not None and old.wrong and old.wrong != new.wrong else ""
        yield f"{new.wrong}{was}"
    yield from new.findings
    if old is not None and kind in {Kind.STILL_WRONG, Kind.BECAME_RIGHT}:
        yield from (f"was {finding}" for finding in old.findings if finding not in new.findings)
