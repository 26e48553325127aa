"""A run as JSON, for programs; `report.schema.json` beside this file describes it.

The same run gives the same bytes, but for the object ``timing``. Fields are only ever added; where one changes its
meaning, the first number of `SCHEMA_VERSION` goes up.
"""

from __future__ import annotations

import json
import math
from typing import Any

from gradcheck_cli.vocabulary.results import (
    CheckReport,
    Entry,
    EntryVerdict,
    FurtherPoint,
    Outcome,
    ParameterResult,
    PointFacts,
    RunReport,
    Sensitivity,
    Suggestion,
    Unchecked,
)

__all__ = ["SCHEMA_VERSION", "as_dict", "render_run"]

SCHEMA_VERSION = "1.2"
WORST_ENTRIES = 10  # of a parameter


def render_run(run: RunReport) -> str:
    """Return the run as a JSON object."""
    checked = [outcome.seconds for outcome in run.outcomes if isinstance(outcome, CheckReport)]
    content = {
        "schema_version": SCHEMA_VERSION,
        "versions": dict(run.versions),
        "exit_code": run.exit_code,
        "cases": [case(outcome) for outcome in run.outcomes],
        "timing": {"seconds": sum(checked), "cases": checked},
    }
    return json.dumps(plain(content), indent=2, allow_nan=False) + "\n"


def as_dict(report: CheckReport) -> dict[str, Any]:
    """Return one report as it stands in the JSON object, ready for json.dumps."""
    return dict(plain(case(report)))


def case(outcome: Outcome) -> dict[str, Any]:
    """Return what was found of one case."""
    if isinstance(outcome, Unchecked):
        error = {"message": outcome.error, "hint": outcome.hint, "traceback": outcome.traceback or None}
        found = {} if outcome.suggestion is None else {"suggestion": suggestion(outcome.suggestion)}
        return {"name": outcome.name, "verdict": None, "error": error, **found}
    location = None if outcome.location is None else outcome.location._asdict()
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
        "parameters": [parameter(p) for p in outcome.parameters],
        "reasons": outcome.reasons,
        "findings": [finding._asdict() for finding in outcome.findings],
        "suspects": [suspect._asdict() for suspect in outcome.suspects],
        "suggestion": None if outcome.suggestion is None else suggestion(outcome.suggestion),
        "notes": outcome.notes,
        "step_sweeps": [sweep._asdict() for sweep in outcome.sweeps],
    }


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


def further(point: FurtherPoint) -> dict[str, Any]:
    """Return what was found at one further point."""
    return {
        "number": point.number,
        "moved": point.moved,
        "verdict": None if point.verdict is None else point.verdict.value,
        "difference": None if point.screened else point.difference,
        "slope_mismatch": point.difference if point.screened else None,
    }


def parameter(result: ParameterResult) -> dict[str, Any]:
    """Return what was found of one parameter."""
    counts = {verdict.name.lower(): result.count(verdict) for verdict in EntryVerdict}
    return {
        "name": result.name,
        "shape": result.shape,
        "verdict": result.verdict.value,
        **differences(result, screened=result.slopes is not None),
        "analytic_norm": result.analytic_norm,
        "numeric_norm": result.numeric_norm,
        "sensitivity": None if result.sensitivity is None else sensitivity(result.sensitivity),
        "entries": {"count": len(result.entries), **counts, "of": result.size},
        "slopes": None if result.slopes is None else [entry(slope) for slope in result.slopes],
        "worst": entry(result.worst),
        "worst_entries": [entry(e) for e in result.entries.worst(WORST_ENTRIES)],
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
