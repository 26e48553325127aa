"""The analytic gradient against the numeric one: differences and verdicts.

An entry agrees where its analytic value does with the reference (at a kink: with the range of its slopes) by the rule
of `agreement`, and disagrees elsewhere. A parameter fails where an entry disagrees, so nothing small is hidden in a
large norm. Every comparison is written so that a number that is not finite fails.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.judging.agreement import agrees
from gradcheck_cli.judging.difference import Difference
from gradcheck_cli.judging.ruling import difference_verdict, entries_verdict
from gradcheck_cli.numeric.reference import Reference, RemadeReference
from gradcheck_cli.vocabulary.parameters import Array, norm
from gradcheck_cli.vocabulary.results import Entries, EntryVerdict, ParameterResult, Sensitivity, Verdict

__all__ = [
    "compare_classic",
    "compare_parameter",
    "entries_of",
    "entry_verdicts",
    "sensitivity",
    "settled_reference",
    "worst_of",
    "worst_position",
]

MOST_KEPT = 2**13  # entries of a parameter that is judged in parts: all that reports show of one, and more
FEWEST_KEPT = 2**7  # of a part: a quarter of them by their errors, of which reports show 20


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
    """Return what would have failed, were the analytic gradient the reference but for one error."""
    caught = _Caught()
    caught.add(reference, threshold)
    return caught.sensitivity


@dataclass
class _Caught:
    """What would have failed in the parts of a reference, were the analytic gradient the reference but for one error.

    An entry on a kink has its width for its own, and takes nothing from the others: its error is counted only if there
    are no others, its share never. An entry that is zero to rounding, or small beside what is around it, has no size
    that an error could be compared with.
    """

    errors: list[float] = field(default_factory=list)
    """The largest of each part, of the entries that are on no kink."""
    on_kinks: list[float] = field(default_factory=list)
    shares: list[tuple[float, float]] = field(default_factory=list)
    """The largest and the smallest of each part."""

    def add(self, reference: Reference, threshold: float) -> None:
        """Take another part."""
        kinks, size = reference.kinks, np.maximum(np.abs(reference.low), np.abs(reference.high))
        caught = threshold * size + reference.bars + (reference.high - reference.low)
        for found, counted in ((self.errors, ~kinks), (self.on_kinks, kinks)):
            if counted.any():
                found.append(float(np.max(caught[counted])))
        sized = ~kinks & ((size > reference.bars) | reference.coarse)
        if reference.small is not None:
            sized &= ~reference.small
        if sized.any():
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                shares = np.where(size > 0, caught / size, np.inf)[sized]
            self.shares.append((float(np.nanmax(shares)), float(np.nanmin(shares))))

    @property
    def sensitivity(self) -> Sensitivity:
        """What would have failed in any of them."""
        largest, smallest = zip(*self.shares, strict=True) if self.shares else ([math.inf], [math.inf])
        return Sensitivity(
            entry=float(np.max(self.errors or self.on_kinks)),
            relative=float(np.nanmax(largest)),
            factor=float(np.nanmin(smallest)),
        )


class _Part(NamedTuple):
    """Some entries of a parameter, judged; all arrays have the shape (k,)."""

    places: NDArray[np.intp]
    """Where they are in the parameter."""
    analytic: Array
    numeric: Array
    reference: Array
    bars: Array
    verdicts: NDArray[np.uint8]

    def telling(self, most: int) -> _Part:
        """Return no more than so many: the worst by their errors and by their verdicts, and others evenly spread.

        Where any is clearly not zero, one of these is.
        """
        errors = errors_of(self.analytic, self.reference)
        doubtful = np.flatnonzero(self.verdicts >= EntryVerdict.UNRESOLVED)
        doubtful = doubtful[np.lexsort((errors[doubtful], self.verdicts[doubtful]))]
        sizes = np.maximum(np.abs(self.analytic), np.abs(self.reference)) - self.bars
        quarter = min(most // 4, len(errors))
        some = np.argpartition(errors, -quarter)[-quarter:]
        spread = np.linspace(0, len(errors) - 1, most - 2 * quarter - 1).astype(np.intp)
        places = np.unique(np.concatenate([some, doubtful[-quarter:], [np.argmax(sizes)], spread]))
        return _Part(*(column[places] for column in self))


@dataclass
class _Found:
    """What is found of one parameter, part by part."""

    name: str
    shape: tuple[int, ...]
    difference: Difference = field(default_factory=Difference)
    refined: Difference = field(default_factory=Difference)
    norms: list[tuple[float, float]] = field(default_factory=list)
    """Of the claim and of the numeric gradient."""
    counts: NDArray[np.intp] = field(default_factory=lambda: np.zeros(len(EntryVerdict), dtype=np.intp))
    """How many entries have each verdict."""
    kept: list[_Part] = field(default_factory=list)

    def add(self, part: _Part) -> None:
        """Take another part; where it is not all of the parameter, only some entries of it are kept."""
        self.difference.add(part.analytic, part.numeric)
        self.refined.add(part.analytic, part.reference)
        self.norms.append((norm(part.analytic), norm(part.numeric)))
        self.counts += np.bincount(part.verdicts, minlength=len(EntryVerdict))
        share = len(part.places) / math.prod(self.shape)
        self.kept.append(part if share == 1 else part.telling(max(FEWEST_KEPT, int(share * MOST_KEPT))))

    def result(self, verdict: Verdict, sensitivity: Sensitivity | None) -> ParameterResult:
        """Return what was found of all parts together."""
        every = _Part(*map(np.concatenate, zip(*self.kept, strict=True)))
        is_all = len(every.places) == self.counts.sum()
        entries = entries_of(
            self.name, self.shape, *every[1:],
            positions=None if is_all else every.places,
            counts=None if is_all else tuple(self.counts.tolist()),
        )  # fmt: skip
        analytic, numeric = np.array(self.norms).T
        return ParameterResult(
            name=self.name,
            shape=self.shape,
            verdict=verdict,
            difference=self.difference.value,
            refined_difference=self.refined.value,
            analytic_norm=norm(analytic),
            numeric_norm=norm(numeric),
            worst=entries[worst_position(every.analytic, every.reference, every.verdicts)],
            sensitivity=sensitivity,
            entries=entries,
        )


def compare_parameter(
    name: str,
    analytic: Array,
    numeric: Array | None,
    reference: Reference | RemadeReference,
    threshold: float,
    *,
    doubted: bool = False,
) -> ParameterResult:
    """Compare the gradients of one parameter, of one shape, and judge it by its entries.

    Without a numeric gradient the reference stands for it. Where the parameter is doubted, entries that disagree may be
    right for all one can tell, and are unresolved.
    """
    found, caught = _Found(name, analytic.shape), _Caught()
    for where, part in reference.parts():
        claim = analytic.reshape(-1)[where]
        verdicts = entry_verdicts(claim, part, threshold)
        if doubted:
            verdicts[verdicts == EntryVerdict.DISAGREES] = EntryVerdict.UNRESOLVED
        centred = part.values if numeric is None else numeric.reshape(-1)[where]
        found.add(_Part(np.arange(where.start, where.stop), claim, centred, part.values, part.bars, verdicts))
        caught.add(part, threshold)
    there = bytes(np.flatnonzero(found.counts).tolist())
    return found.result(entries_verdict(there), caught.sensitivity)


def compare_classic(name: str, analytic: Array, numeric: Array, threshold: float) -> ParameterResult:
    """Compare the gradients of one parameter by the course's rule: its own difference, and no entry for itself."""
    found, claim, centred = _Found(name, analytic.shape), analytic.reshape(-1), numeric.reshape(-1)
    unjudged = np.full(claim.shape, EntryVerdict.AGREES, dtype=np.uint8)
    found.add(_Part(np.arange(claim.size), claim, centred, centred, np.zeros(claim.shape), unjudged))
    return found.result(difference_verdict(found.difference.value, threshold), None)


def entries_of(
    name: str,
    shape: tuple[int, ...],
    analytic: Array,
    numeric: Array,
    reference: Array,
    bars: Array,
    verdicts: NDArray[np.uint8],
    positions: NDArray[np.intp] | None = None,
    counts: tuple[int, ...] | None = None,
) -> Entries:
    """Return the record of some entries of a parameter; all arrays have the shape (k,).

    Where only some were kept, `counts` says how many there were of each verdict.
    """
    columns = [array("d", np.ascontiguousarray(column).tobytes()) for column in (analytic, numeric, reference, bars)]
    places = None if positions is None else array("q", positions.astype(np.int64).tobytes())
    return Entries(name, shape, verdicts.tobytes(), *columns, positions=places, counts=counts)


def worst_of(entries: Entries) -> int:
    """Return the position of the worst of some entries."""
    verdicts = np.frombuffer(entries.verdicts, dtype=np.uint8)
    return worst_position(np.array(entries.analytic), np.array(entries.reference), verdicts)


def worst_position(analytic: Array, reference: Array, verdicts: NDArray[np.uint8]) -> int:
    """Return the position of the largest error; where entries disagree, of the largest among them."""
    errors = errors_of(analytic, reference)
    disagrees = verdicts == EntryVerdict.DISAGREES
    return int(np.argmax(np.where(disagrees, errors, -1.0) if disagrees.any() else errors))


def errors_of(analytic: Array, reference: Array) -> Array:
    """Return by how much claims are off; infinity where that is no number."""
    with np.errstate(invalid="ignore"):
        errors = np.abs(analytic - reference)
    return np.where(np.isnan(errors), np.inf, errors)
