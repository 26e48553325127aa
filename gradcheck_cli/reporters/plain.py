"""A report as plain lists, dicts, text and numbers: what json.dumps takes, but for numbers that are not finite."""

from __future__ import annotations

import dataclasses
from typing import Any

from gradcheck_cli.results import CheckReport, Entry, ParameterResult

__all__ = ["as_dict"]


def as_dict(report: CheckReport) -> dict[str, Any]:
    """Return a report under the names of its fields."""
    plain = {field.name: getattr(report, field.name) for field in dataclasses.fields(report)}
    return {
        **plain,
        "verdict": report.verdict.value,
        "passed": report.passed,
        "parameters": [parameter_dict(parameter) for parameter in report.parameters],
        "reasons": list(report.reasons),
        "findings": [dataclasses.asdict(finding) for finding in report.findings],
        "notes": list(report.notes),
    }


def parameter_dict(parameter: ParameterResult) -> dict[str, Any]:
    """Return the result of one parameter."""
    plain = {field.name: getattr(parameter, field.name) for field in dataclasses.fields(parameter)}
    return {
        **plain,
        "verdict": parameter.verdict.value,
        "shape": list(parameter.shape),
        "worst": entry_dict(parameter.worst),
        "sensitivity": dataclasses.asdict(parameter.sensitivity) if parameter.sensitivity else None,
        "entries": [entry_dict(entry) for entry in parameter.entries],
    }


def entry_dict(entry: Entry) -> dict[str, Any]:
    """Return one entry, its error included."""
    return {**dataclasses.asdict(entry), "verdict": entry.verdict.name.lower(), "error": entry.error}
