"""The analytic gradient against the numeric one: differences and verdicts.

An entry agrees where its analytic value does with the reference (at a kink: with the range of its slopes) by the rule
of `agreement`, and disagrees elsewhere. A parameter fails where an entry disagrees, so nothing small is hidden in a
large norm. Every comparison is written so that a number that is not finite fails.
"""

from __future__ import annotations

import math
from array import array

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.judging.agreement import agrees
from gradcheck_cli.judging.ruling import difference_verdict, entries_verdict
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.vocabulary.parameters import Array, norm
from gradcheck_cli.vocabulary.results import Entries, EntryVerdict, ParameterResult, Sensitivity, Verdict

__all__ = [
    "compare_classic",
    "compare_parameter",
    "entries_of",
    "entry_verdicts",
    "relative_difference",
    "sensitivity",
    "settled_reference",
    "worst_of",
    "worst_position",
]


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


def entry_verdicts(analytic: Array, reference: Reference, threshold: float) -> NDArray[np.uint8]:
    """Return the `EntryVerdict` of every entry, of the parameter's shape; within an infinite bar nothing agrees."""
    verdicts = np.where(reference.kinks, EntryVerdict.KINK, EntryVerdict.AGREES)
    verdicts = np.where(reference.coarse | ~np.isfinite(reference.bars), EntryVerdict.UNRESOLVED, verdicts)
    agree = agrees(analytic, reference.low, reference.high, reference.bars, threshold)
    return np.where(agree, verdicts, EntryVerdict.DISAGREES).astype(np.uint8)


def settled_reference(analytic: Array, reference: Reference, threshold: float) -> Array:
    """Return the reference with, at kinks, the analytic value where that agrees with one of those that are right."""
    agree = agrees(analytic, reference.low, reference.high, reference.bars, threshold)
    return np.where(reference.kinks & agree, analytic, reference.values)


def sensitivity(reference: Reference, threshold: float) -> Sensitivity:
    """Return what would have failed, were the analytic gradient the reference but for one error.

    An entry on a kink has its width for its own, and takes nothing from the others: its error is counted only if there
    are no others, its share never. An entry that is zero to rounding, or small beside what is around it, has no size
    that an error could be compared with.
    """
    size = np.maximum(np.abs(reference.low), np.abs(reference.high))
    caught = threshold * size + reference.bars + (reference.high - reference.low)
    counted = ~reference.kinks if not reference.kinks.all() else reference.kinks
    sized = ~reference.kinks & ((size > reference.bars) | reference.coarse)
    if reference.small is not None:
        sized &= ~reference.small
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        shares = np.where(sized, np.where(size > 0, caught / size, np.inf), np.nan)
    known = bool(sized.any())
    return Sensitivity(
        entry=float(np.max(caught[counted])),
        relative=float(np.nanmax(shares)) if known else math.inf,
        factor=float(np.nanmin(shares)) if known else math.inf,
    )


def compare_parameter(
    name: str, analytic: Array, numeric: Array, reference: Reference, threshold: float, *, doubted: bool = False
) -> ParameterResult:
    """Compare the gradients of one parameter, of one shape, and judge it by its entries.

    Where the parameter is doubted, entries that disagree may be right for all one can tell, and are unresolved.
    """
    verdicts = entry_verdicts(analytic, reference, threshold)
    if doubted:
        verdicts = np.where(verdicts == EntryVerdict.DISAGREES, EntryVerdict.UNRESOLVED, verdicts).astype(np.uint8)
    return _result(
        name, analytic, numeric, reference.values, reference.bars, verdicts,
        verdict=entries_verdict(verdicts.tobytes()),
        sensitivity=sensitivity(reference, threshold),
    )  # fmt: skip


def compare_classic(name: str, analytic: Array, numeric: Array, threshold: float) -> ParameterResult:
    """Compare the gradients of one parameter by the course's rule: its own difference, and no entry for itself."""
    unjudged = np.full(analytic.shape, EntryVerdict.AGREES, dtype=np.uint8)
    difference = relative_difference(analytic.ravel(), numeric.ravel())
    return _result(
        name, analytic, numeric, numeric, np.zeros(analytic.shape), unjudged,
        verdict=difference_verdict(difference, threshold),
        sensitivity=None,
    )  # fmt: skip


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
