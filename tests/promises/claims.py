"""What the promises are tested with: the verdict on a claim, and the ways in which a claim is made wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from gradcheck_cli import CheckReport, check_gradient
from gradcheck_cli.vocabulary.results import Verdict
from tests.zoo import Array

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
BOTH_MODES = ("full", "screen")
Named: TypeAlias = Mapping[str, Array]


def verdict(loss: Callable[..., Any], claim: Any, point: Any, **settings: Any) -> Verdict:
    """Return the verdict on a claim: of every entry, with seed 0, unless the settings say otherwise."""
    return report(loss, claim, point, **settings).verdict


def report(loss: Callable[..., Any], claim: Any, point: Any, **settings: Any) -> CheckReport:
    """Return the report on a claim: of every entry, with seed 0, unless the settings say otherwise."""
    return check_gradient(loss, claim, point, **{"mode": "full", "seed": 0, **settings})


def negated(g: Array) -> Array:
    return -g


def doubled(g: Array) -> Array:
    return 2 * g


def zero(g: Array) -> Array:
    return 0 * g


def largest_doubled(g: Array) -> Array:
    return with_entry(g, int(np.argmax(np.abs(g))), 2.0)


def smallest_forgotten(g: Array) -> Array:
    return with_entry(g, int(np.argmin(np.abs(g))), 0.0)


def smallest_negated(g: Array) -> Array:
    return with_entry(g, int(np.argmin(np.abs(g))), -1.0)


def with_entry(g: Array, k: int, factor: float) -> Array:
    """Return a copy of which the k-th entry is multiplied."""
    changed = np.array(g, dtype=float)
    changed.flat[k] *= factor
    return changed


WRONG = (negated, doubled, zero, largest_doubled, smallest_forgotten, smallest_negated)


def words(found: CheckReport) -> str:
    """Return all that a report says beside its numbers."""
    return "\n".join([*found.reasons, *found.notes])
