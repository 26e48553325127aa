"""The analytic gradient against the numeric one: differences and verdicts.

An entry agrees where its analytic value lies no further from the reference (at a kink: from the range of its slopes)
than

    threshold * max(|analytic|, |reference|) + bar

with the bar of the reference, and disagrees elsewhere. A parameter fails where an entry disagrees, so nothing small is
hidden in a large norm. Every comparison is written so that a number that is not finite fails.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.judging.verdicts import verdict_of
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.parameters import Array, Parameters, dictionary_to_vector, norm
from gradcheck_cli.results import Entries, EntryVerdict, ParameterResult, Sensitivity, Verdict
from gradcheck_cli.settings import Settings

__all__ = [
    "compare_classic",
    "compare_parameter",
    "counted_difference",
    "entries_of",
    "entry_verdicts",
    "relative_difference",
    "settled_reference",
    "worst_of",
]

MOST_UNRESOLVED = 0.5  # share of a parameter's entries; above it the parameter has not been checked


def relative_difference(analytic: Array, numeric: Array) -> float:
    """Return norm(analytic - numeric) / (norm(analytic) + norm(numeric)), the course's figure.

    Parameters
    ----------
    analytic, numeric : ndarray of shape (n,)
        The two gradients.

    Returns
    -------
    float
        Between 0 and 1; 0 where both are zero; NaN where one of them is not finite.
    """
    largest = max(norm(analytic), norm(numeric))
    if largest == 0:
        return 0.0
    if not math.isfinite(largest):
        return math.nan
    analytic, numeric = analytic / largest, numeric / largest
    return norm(analytic - numeric) / (norm(analytic) + norm(numeric))


def counted_difference(
    analytic: Parameters, numeric: Parameters, references: Mapping[str, Reference], settings: Settings
) -> float:
    """Return the difference of the whole.

    At a step it is the course's figure. With epsilon auto it is taken against the reference; where that exceeds the
    threshold, only what the error bars do not explain is counted. Two gradients that are zero to rounding differ by 0.
    """
    if all(is_zero_to_rounding(analytic[name], reference) for name, reference in references.items()):
        return 0.0
    analytic = {name: analytic[name] for name in references}
    difference = relative_difference(dictionary_to_vector(analytic), dictionary_to_vector(numeric))
    if settings.step is not None or difference <= settings.threshold:
        return difference
    nearest = {name: nearest_right(analytic[name], reference) for name, reference in references.items()}
    return relative_difference(dictionary_to_vector(analytic), dictionary_to_vector(nearest))


def is_zero_to_rounding(analytic: Array, reference: Reference) -> bool:
    """Whether neither gradient can be told from zero."""
    values = np.maximum(np.abs(analytic), np.maximum(np.abs(reference.low), np.abs(reference.high)))
    return bool(np.all(values <= reference.bars))


def allowance(analytic: Array, reference: Reference, threshold: float) -> Array:
    """Return how far a right analytic value may lie from the reference."""
    size = np.maximum(np.abs(analytic), np.maximum(np.abs(reference.low), np.abs(reference.high)))
    return threshold * size + reference.bars


def excess(analytic: Array, reference: Reference) -> Array:
    """Return how far the analytic values lie from the range of what is right; NaN where one is not finite."""
    with np.errstate(invalid="ignore"):
        return np.maximum(np.maximum(reference.low - analytic, analytic - reference.high), 0)


def entry_verdicts(analytic: Array, reference: Reference, threshold: float) -> NDArray[np.uint8]:
    """Return the `EntryVerdict` of every entry, of the parameter's shape."""
    with np.errstate(invalid="ignore"):
        agrees = np.isfinite(analytic) & (excess(analytic, reference) <= allowance(analytic, reference, threshold))
    verdicts = np.where(reference.kinks, EntryVerdict.KINK, EntryVerdict.AGREES)
    verdicts = np.where(reference.coarse, EntryVerdict.UNRESOLVED, verdicts)
    return np.where(agrees, verdicts, EntryVerdict.DISAGREES).astype(np.uint8)


def nearest_right(analytic: Array, reference: Reference) -> Array:
    """Return for each entry the value nearest to the analytic one that the reference's error bar does not exclude."""
    return np.clip(analytic, reference.low - reference.bars, reference.high + reference.bars)


def settled_reference(analytic: Array, reference: Reference) -> Array:
    """Return the reference with, at kinks, the analytic value where that is one of those that are right."""
    inside = reference.kinks & (reference.low <= analytic) & (analytic <= reference.high)
    return np.where(inside, analytic, reference.values)


def sensitivity(reference: Reference, threshold: float) -> Sensitivity:
    """Return what would have failed, were the analytic gradient the reference but for one error."""
    size = np.maximum(np.abs(reference.low), np.abs(reference.high))
    width = reference.high - reference.low
    caught = threshold * size + reference.bars + width
    entry, largest = float(np.max(caught)), float(np.max(size))
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = float(np.min(np.where(size > 0, caught / size, np.inf)))
    return Sensitivity(entry, entry / largest if largest else math.inf, factor)


def compare_parameter(
    name: str, analytic: Array, numeric: Array, reference: Reference, threshold: float, *, doubted: bool = False
) -> ParameterResult:
    """Compare the gradients of one parameter, of one shape, and judge it by its entries.

    Where the parameter is doubted, entries that disagree may be right for all one can tell, and are unresolved.
    """
    verdicts = entry_verdicts(analytic, reference, threshold)
    if doubted:
        verdicts = np.where(verdicts == EntryVerdict.DISAGREES, EntryVerdict.UNRESOLVED, verdicts).astype(np.uint8)
    unknown = doubted or bool(np.any(~np.isfinite(reference.bars) & (analytic != 0)))
    return _result(
        name, analytic, numeric, reference.values, reference.bars, verdicts,
        verdict=parameter_verdict(verdicts, unknown=unknown),
        sensitivity=sensitivity(reference, threshold),
    )  # fmt: skip


def compare_classic(name: str, analytic: Array, numeric: Array, threshold: float) -> ParameterResult:
    """Compare the gradients of one parameter by the course's rule: its own difference, and no entry for itself."""
    unjudged = np.full(analytic.shape, EntryVerdict.AGREES, dtype=np.uint8)
    difference = relative_difference(analytic.ravel(), numeric.ravel())
    return _result(
        name, analytic, numeric, numeric, np.zeros(analytic.shape), unjudged,
        verdict=verdict_of(difference, threshold),
        sensitivity=None,
    )  # fmt: skip


def parameter_verdict(verdicts: NDArray[np.uint8], *, unknown: bool) -> Verdict:
    """Return FAIL where an entry disagrees, INCONCLUSIVE where too many are unresolved or of one nothing is known."""
    if np.any(verdicts == EntryVerdict.DISAGREES):
        return Verdict.FAIL
    unresolved = float(np.mean(verdicts == EntryVerdict.UNRESOLVED))
    return Verdict.PASS if unresolved <= MOST_UNRESOLVED and not unknown else Verdict.INCONCLUSIVE


def _result(
    name: str,
    analytic: Array,
    numeric: Array,
    reference: Array,
    bars: Array,
    verdicts: NDArray[np.uint8],
    *,
    verdict: Verdict,
    sensitivity: Sensitivity | None,
) -> ParameterResult:
    a, n, r = analytic.ravel(), numeric.ravel(), reference.ravel()
    entries = entries_of(name, analytic.shape, a, n, r, bars.ravel(), verdicts)
    return ParameterResult(
        name=name,
        shape=analytic.shape,
        verdict=verdict,
        difference=relative_difference(a, n),
        refined_difference=relative_difference(a, r),
        analytic_norm=norm(a),
        numeric_norm=norm(n),
        worst=entries[worst_position(a, r, verdicts.ravel())],
        sensitivity=sensitivity,
        entries=entries,
    )


def entries_of(
    name: str,
    shape: tuple[int, ...],
    analytic: Array,
    numeric: Array,
    reference: Array,
    bars: Array,
    verdicts: NDArray[np.uint8],
    positions: NDArray[np.intp] | None = None,
) -> Entries:
    """Return the record of some entries of a parameter; all arrays have the shape (k,)."""
    columns = [array("d", np.ascontiguousarray(column).tobytes()) for column in (analytic, numeric, reference, bars)]
    places = None if positions is None else array("q", positions.astype(np.int64).tobytes())
    return Entries(name, shape, verdicts.tobytes(), *columns, positions=places)


def worst_of(entries: Entries) -> int:
    """Return the position of the worst of some entries."""
    verdicts = np.frombuffer(entries.verdicts, dtype=np.uint8)
    return worst_position(np.array(entries.analytic), np.array(entries.reference), verdicts)


def worst_position(analytic: Array, reference: Array, verdicts: NDArray[np.uint8]) -> int:
    """Return the position of the largest error; where entries disagree, of the largest among them."""
    with np.errstate(invalid="ignore"):
        errors = np.abs(analytic - reference)
    errors = np.where(np.isnan(errors), np.inf, errors)
    disagrees = verdicts == EntryVerdict.DISAGREES
    return int(np.argmax(np.where(disagrees, errors, -1.0) if disagrees.any() else errors))
