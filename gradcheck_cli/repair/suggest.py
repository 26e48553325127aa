"""The way in: from a report of a wrong gradient to the same report with its suspects and a patch."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.functions.program import ProgramProblem
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.repair.effects import DeniedError, allowed, cut_off
from gradcheck_cli.repair.first_wrong import FirstWrong
from gradcheck_cli.repair.source import Source, place_in_notebook
from gradcheck_cli.repair.trial import Deadline, TimeIsUpError, forked
from gradcheck_cli.repair.worker import Nothing, Told, limited, looked_for
from gradcheck_cli.vocabulary.results import Change, CheckReport, Suggestion, Suspect
from gradcheck_cli.vocabulary.settings import DEFAULT_THRESHOLD

__all__ = ["SECONDS", "UNDIVIDED", "can_suggest", "suggested", "suggestion_for"]

SECONDS = 6.0  # that a search may work at most
BUSY = 2.0  # times as long it may take
SEED = 0
UNDIVIDED = {"torch", "jax", "tensorflow"}  # libraries whose threads do not live on in a process that is divided
MOST_SUSPECTS = 5
LEAST = 0.45  # how suspicious a place has to be to be told


def suggested(problem: Problem, report: CheckReport, home: str, seconds: float = SECONDS) -> CheckReport:
    """Return a report of a wrong gradient with the places that may be wrong, and a patch where one was verified.

    Parameters
    ----------
    problem : Problem
        What was checked.
    report : CheckReport
        What was found; nothing is added to it where no code of the user's can be looked at.
    home : str
        The folder from which files are named.
    seconds : float, optional
        What the search may work, and half of what it may take; it ends earlier where it has found something.
    """
    suspects, suggestion, note = suggestion_for(problem, report.threshold, home, seconds)
    notes = (*report.notes, note) if note else report.notes
    return replace(report, suspects=suspects, suggestion=suggestion, notes=notes)


def can_suggest(problem: Problem) -> bool:
    """Whether the claim comes from code that can be asked again, in a process that can be divided in two."""
    if not hasattr(os, "fork") or not UNDIVIDED.isdisjoint(sys.modules):
        return False
    if isinstance(problem, Network):
        return problem.claim_at is not None
    if isinstance(problem, ProgramProblem):  # its code is not Python's
        return False
    return isinstance(problem, FunctionProblem) and problem.is_asked and problem.weighing is None


def suggestion_for(
    problem: Problem, threshold: float, home: str, seconds: float = SECONDS, *, raises: bool = False
) -> tuple[tuple[Suspect, ...], Suggestion | None, str]:
    """Search in a child process.

    Parameters
    ----------
    problem : Problem
        See `can_suggest`.
    threshold : float
        That of the check; more than the usual one is not made use of.
    home, seconds
        See `suggested`.
    raises : bool, optional
        Whether the claim is no gradient at all: its function raises, or returns something else.

    Returns
    -------
    tuple of Suspect
        The places that may be wrong, the likeliest first.
    Suggestion or None
        What makes the gradient right.
    str
        Why none was looked for; empty where that is not to be told.
    """
    if not can_suggest(problem):
        return (), None, ""
    threshold = min(threshold, DEFAULT_THRESHOLD)

    def work(pipe: int) -> None:
        cut_off(pipe)
        send(pipe, searched(problem, threshold, seconds, Path(home).absolute(), raises=raises))

    try:
        return understood(json.loads(forked(work, Deadline(time.monotonic() + BUSY * seconds + 0.5))))
    except (TimeIsUpError, OSError, ValueError, AttributeError, KeyError, TypeError):
        return (), None, ""  # the child was ended, or something else was written to where it reports


def understood(content: dict[str, Any]) -> tuple[tuple[Suspect, ...], Suggestion | None, str]:
    """Return what the child found, from plain values."""
    suspects = tuple(Suspect(**suspect) for suspect in content.get("suspects", ()))
    raw = content.get("suggestion")
    suggestion = None
    if raw is not None:
        changes = tuple(Change(**{**change, "settles": tuple(change["settles"])}) for change in raw.pop("changes"))
        digests = tuple((file, digest) for file, digest in raw["digests"])
        suggestion = Suggestion(changes, **{**raw, "varied": tuple(raw["varied"]), "digests": digests})
    return suspects, suggestion, content.get("note", "")


# in the child


def send(pipe: int, content: dict[str, Any]) -> None:
    """Write a message into the pipe."""
    text = json.dumps(content).encode()
    while text:
        text = text[os.write(pipe, text) :]


def searched(problem: Any, threshold: float, seconds: float, home: Path, *, raises: bool) -> dict[str, Any]:
    """Search, and return what was found in plain values."""
    limited()
    try:
        told = looked_for(problem, threshold, SEED, Deadline(time.monotonic() + BUSY * seconds, seconds), raises=raises)
    except (Nothing, DeniedError) as nothing:
        what = f"the gradient function {nothing}" if isinstance(nothing, DeniedError) else str(nothing)
        return {"note": f"{what}: no patch was looked for"} if what else {}
    except TimeIsUpError:
        return {}
    with allowed():
        return plain(told, home)


def plain(told: Told, home: Path) -> dict[str, Any]:
    """Return what the worker found as it is sent."""
    sources, first = told.program.sources, told.first
    suspects: dict[tuple[str, int], dict[str, Any]] = {}
    for file, start, end, name in [
        *((file, edit.start, edit.end, "") for file, edit, _ in told.changes),
        *(
            (r.site.file, *sources[r.site.file].span(r.site.node), "".join(r.site.names[:1]))
            for r in told.suspects
            if r.suspicion >= LEAST
        ),
    ]:
        line, column = sources[file].place(start)
        end_line, end_column = sources[file].place(end)
        place = {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
        is_first = first is not None and told_at(first, file, line) and not any(s["says"] for s in suspects.values())
        told_of = {"name": first.spot.name or name, "says": first.says} if first is not None and is_first else {}
        suspects.setdefault(
            (file, line), {"file": shown_path(file, home), **place, "name": name, "says": "", **told_of}
        )
    content: dict[str, Any] = {"suspects": list(suspects.values())[:MOST_SUSPECTS]}
    if told.changes:
        changes = [
            {
                "file": shown_path(file, home),
                **sources[file].replaced(edit)._asdict(),
                "settles": [f"d{name}" for name in settles],
            }
            for file, edit, settles in told.changes
        ]
        content["suggestion"] = {
            "changes": changes,
            "level": told.level,
            "entries": int(told.points[0].low.size),
            "points": len(told.points) - 1,
            "varied": sorted({kind for point in told.points[1:] for kind in point.varied}),
            "candidates": told.candidates,
            "equals": told.equals,
            "diff": "".join(difference(told, file, home) for file in sources),
            "digests": [
                (shown_path(file, home), hashlib.sha256(sources[file].raw).hexdigest())
                for file in sorted({file for file, _, _ in told.changes})
            ],
        }
    return content


def told_at(first: FirstWrong, file: str, line: int) -> bool:
    """Whether the first wrong value is given by a statement that a line is of."""
    statement = first.spot.statement
    return first.spot.file == file and statement.lineno <= line <= (statement.end_lineno or statement.lineno)


def difference(told: Told, file: str, home: Path) -> str:
    """Return the unified diff of one file."""
    source = told.program.sources[file]
    edits = [edit for name, edit, _ in told.changes if name == file]
    place = place_in_notebook(file)
    if place is None or not edits:
        return source.difference(source.changed(edits), shown_path(file, home))
    raw, content = place.changed(source, source.changed(edits))
    one_cell = len({name for name, _, _ in told.changes}) == 1
    whole = Source(place.file, raw).difference(Source(place.file, content), shown_path(place.file, home))
    return whole if one_cell else ""


def shown_path(file: str, home: Path) -> str:
    """Return a path as it is shown: from the current folder on where it is in it."""
    path = Path(file)
    return (path.relative_to(home) if path.is_relative_to(home) else path).as_posix()
