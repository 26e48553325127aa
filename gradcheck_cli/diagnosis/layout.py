"""A user's layers in the course's shapes, and what is found of them in the user's own.

In the course samples are columns: W_l maps a column, and b_l is one. Where samples are rows, weights are the transposes
of these; and biases may be rows, columns or vectors. Where layers have none, they are zero, and whatever is claimed
of them agrees.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from gradcheck_cli.diagnosis.evidence import Evidence
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.results import Finding, entry_name

__all__ = ["in_course_layout", "in_course_shapes", "in_own_layout", "is_laid_out"]

OTHER = {"row": "column", "column": "row", "rows": "columns", "columns": "rows", "axis 0": "axis 1", "axis 1": "axis 0"}
NEUTRAL = "one column times one row"
WORDS = re.compile(rf"{NEUTRAL}|\b(?:{'|'.join(sorted(OTHER, key=len, reverse=True))})\b")
WITHOUT_BIASES = re.compile(r" and db\d+(?= confirm)|, db\d+")
ENTRY = re.compile(r"\b([Wb]\d+)\[(\d+), (\d+)\]")


def is_laid_out(evidence: Evidence) -> bool:
    """Whether layers have the course's shapes, and their biases."""
    biases = [values.shape for name, values in evidence.parameters.items() if name[0] == "b"]
    columns = all(len(shape) == 2 and shape[1] == 1 for shape in biases)
    matrices = all(values.ndim == 2 for values in evidence.parameters.values())
    return columns and matrices and bool(evidence.depth) and not evidence.is_turned


def in_course_shapes(arrays: Parameters, *, turned: bool, missing: float = 0.0) -> dict[str, Array]:
    """Return W1, b1, ... in the course's shapes; biases that are not there hold one number."""
    weights = {
        name: np.ascontiguousarray(values.T) if turned else np.atleast_2d(values)
        for name, values in arrays.items()
        if name[0] == "W"
    }
    shaped = {}
    for name, values in weights.items():
        bias = f"b{name[1:]}"
        there = bias in arrays
        shaped[name] = values
        shaped[bias] = arrays[bias].reshape(-1, 1) if there else np.full((len(values), 1), missing)
    return shaped


def in_course_layout(evidence: Evidence) -> Evidence:
    """Return the evidence of layers in the course's shapes."""

    def of(arrays: Parameters, missing: float = 0.0) -> dict[str, Array]:
        return in_course_shapes(arrays, turned=evidence.is_turned, missing=missing)

    return replace(
        evidence,
        parameters=of(evidence.parameters),
        analytic=of(evidence.analytic),
        reference=of(evidence.reference),
        floors=of(evidence.floors, np.inf),
        single_floors=of(evidence.single_floors, np.inf),
        is_turned=False,
    )


def in_own_layout(finding: Finding, evidence: Evidence) -> Finding:
    """Return a finding that was made in the course's shapes in the user's own."""
    shapes = {name: values.shape for name, values in evidence.parameters.items()}

    def entry(found: re.Match[str]) -> str:
        name, i, j = found[1], int(found[2]), int(found[3])
        if name not in shapes:
            return found[0]
        if name[0] == "b":
            return entry_name(name, shapes[name], i)
        if len(shapes[name]) == 1:
            return f"{name}[{j}]"
        return f"{name}[{j}, {i}]" if evidence.is_turned else found[0]

    def text(words: str) -> str:
        told = ENTRY.sub(entry, words if evidence.depth else WITHOUT_BIASES.sub("", words))
        return WORDS.sub(lambda found: OTHER.get(found[0], found[0]), told) if evidence.is_turned else told

    def texts(several: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(text, several))

    return finding._replace(
        code=OTHER.get(finding.code, finding.code) if evidence.is_turned else finding.code,
        message=text(finding.message),
        note=text(finding.note),
        help=text(finding.help),
        indices=texts(finding.indices),
        alternatives=texts(finding.alternatives),
    )
