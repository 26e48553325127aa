"""A run as JSON, for programs; `report.schema.json` beside this file describes it.

The same run gives the same bytes, but for the object ``timing``. Fields are only ever added; where one changes its
meaning, the first number of `SCHEMA_VERSION` goes up. `gradcheck_cli.loading.report` reads it again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from gradcheck_cli.reporters.items import parameters_of
from gradcheck_cli.reporters.tally import run_sentence, tally, worst_verdict
from gradcheck_cli.vocabulary.results import (
    CheckReport,
    Entries,
    Entry,
    EntryVerdict,
    FurtherPoint,
    NotRun,
    Outcome,
    ParameterResult,
    PointFacts,
    RunReport,
    Sensitivity,
    Suggestion,
    Unchecked,
)

__all__ = ["SCHEMA_VERSION", "as_dict", "render_run"]

SCHEMA_VERSION = "1.3"
WORST_ENTRIES = 10  # of a parameter
MOST_VALUES = 4_096  # entries of a parameter that falls short, of which all figures are written
MOST_IN_ALL = 20_000  # of all those together
RIGHT_VALUES = 20  # of a parameter that does not
MOST_PLACES = 10  # entries of a point, all digits of which are told


def render_run(run: RunReport) -> str:
    """Return the run as a JSON object."""
    checked = [outcome.seconds for outcome in run.outcomes if isinstance(outcome, CheckReport)]
    verdict = worst_verdict(run)
    content = {
        "schema_version": SCHEMA_VERSION,
        "command": run.command,
        "verdict": None if verdict is None else verdict.value,
        "summary": {"text": run_sentence(run), **tally(run)._asdict()},
        "versions": dict(run.versions),
        "exit_code": run.exit_code,
        "cases": [case(outcome) for outcome in run.outcomes],
        "timing": {"date": run.date or None, "seconds": sum(checked), "cases": checked},
    }
    return json.dumps(plain(content), indent=2, allow_nan=False) + "\n"


def as_dict(report: CheckReport) -> dict[str, Any]:
    """Return one report as it stands in the JSON object, ready for json.dumps."""
    return dict(plain(case(report)))


def case(outcome: Outcome) -> dict[str, Any]:
    """Return what was found of one case."""
    if isinstance(outcome, Unchecked):
        error = {"message": outcome.error, "hint": outcome.hint, "traceback": outcome.traceback or None}
        found: dict[str, Any] = {}
        if outcome.suggestion is not None:
            found["suggestion"] = suggestion(outcome.suggestion)
        if isinstance(outcome, NotRun):
            found["not_run"] = True
        return {"name": outcome.name, "verdict": None, "error": error, **found}
    location = None if outcome.location is None else outcome.location._asdict()
    most = values_of_each(outcome)
    short = set(map(id, outcome.short))
    return {
        "name": outcome.name,
        "verdict": outcome.verdict.value,
        "error": None,
        **differences(outcome, screened=outcome.screen is not None),
        "loss": outcome.loss,
        "evaluations": outcome.evaluations,
        "evaluation": outcome.evaluation or None,
        "reference": outcome.reference or None,
        "settings": dict(outcome.settings),
        "location": location,
        "screen": None if outcome.screen is None else outcome.screen._asdict(),
        "points": None if outcome.points is None else points(outcome.points),
        "point": None if outcome.point is None else point(outcome.point),
        "parameters": [parameter(p, most if id(p) in short else RIGHT_VALUES) for p in outcome.parameters],
        "reasons": outcome.reasons,
        "findings": [
            {**finding._asdict(), "parameter": name}
            for finding, name in zip(outcome.findings, parameters_of(outcome), strict=True)
        ],
        "suspects": [suspect._asdict() for suspect in outcome.suspects],
        "suggestion": None if outcome.suggestion is None else suggestion(outcome.suggestion),
        "notes": outcome.notes,
        "step_sweeps": [sweep._asdict() for sweep in outcome.sweeps],
    }


def values_of_each(report: CheckReport) -> int:
    """Return of how many entries of a parameter that falls short all figures are written."""
    return max(RIGHT_VALUES, min(MOST_VALUES, MOST_IN_ALL // max(1, len(report.short))))


def suggestion(found: Suggestion) -> dict[str, Any]:
    """Return what would make the gradient right."""
    digests = [{"file": file, "sha256": digest} for file, digest in found.digests]
    return {**found._asdict(), "changes": [change._asdict() for change in found.changes], "digests": digests}


def differences(whole: CheckReport | ParameterResult, *, screened: bool) -> dict[str, float | None]:
    """Return the course's difference and the refined one, or of a screen, which knows neither, the slopes' mismatch."""
    return {
        "difference": None if screened else whole.difference,
        "refined_difference": None if screened else whole.refined_difference,
        "slope_mismatch": whole.difference if screened else None,
    }


def points(facts: PointFacts) -> dict[str, Any]:
    """Return what was found at which points."""
    return {**facts._asdict(), "given": facts.given.value, "found": [further(point) for point in facts.found]}


def point(arrays: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return where a small point is; None where it is no small one."""
    small = sum(math.prod(values.shape) for values in arrays.values()) <= MOST_PLACES
    return {name: values.tolist() for name, values in arrays.items()} if small else None


def further(point: FurtherPoint) -> dict[str, Any]:
    """Return what was found at one further point."""
    return {
        "number": point.number,
        "moved": point.moved,
        "verdict": None if point.verdict is None else point.verdict.value,
        "difference": None if point.screened else point.difference,
        "slope_mismatch": point.difference if point.screened else None,
    }


def parameter(result: ParameterResult, most: int) -> dict[str, Any]:
    """Return what was found of one parameter, with all figures of no more than so many entries."""
    counts = {verdict.name.lower(): result.count(verdict) for verdict in EntryVerdict}
    return {
        "name": result.name,
        "shape": result.shape,
        "verdict": result.verdict.value,
        **differences(result, screened=result.slopes is not None),
        "analytic_norm": result.analytic_norm,
        "numeric_norm": result.numeric_norm,
        "sensitivity": None if result.sensitivity is None else sensitivity(result.sensitivity),
        "entries": {"count": result.entries.total, **counts, "of": result.size},
        "slopes": None if result.slopes is None else [entry(slope) for slope in result.slopes],
        "worst": entry(result.worst),
        "worst_entries": [entry(e) for e in result.entries.worst(WORST_ENTRIES)],
        "values": values(result.entries, most),
        "slope_values": None if result.slopes is None else values(result.slopes, MOST_VALUES),
    }


def values(entries: Entries, most: int) -> dict[str, Any]:
    """Return the figures of entries, a list of each, and what names them."""
    some = entries.kept(most)
    return {
        "parameter": some.parameter,
        "shape": some.shape,
        "output": some.output,
        "rank": some.rank,
        "halves": some.halves,
        "output_halves": some.output_halves,
        "positions": None if some.positions is None else list(some.positions),
        "verdicts": list(some.verdicts),
        "analytic": list(some.analytic),
        "numeric": list(some.numeric),
        "reference": list(some.reference),
        "bars": list(some.bars),
    }


def sensitivity(known: Sensitivity) -> dict[str, float]:
    """Return what would have been caught; nothing on what a check of its kind says nothing of."""
    return {name: value for name, value in known._asdict().items() if value is not None}


def entry(e: Entry) -> dict[str, Any]:
    """Return one entry with its error."""
    return {
        "name": e.name,
        "verdict": e.verdict.name.lower(),
        "analytic": e.analytic,
        "numeric": e.numeric,
        "reference": e.reference,
        "error": e.error,
        "bar": e.bar,
    }


def plain(value: Any) -> Any:
    """Return the value with every number that JSON cannot write as the string nan, inf or -inf."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
