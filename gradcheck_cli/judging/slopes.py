"""What a screen found of a parameter: slopes along directions, and the entries that were measured for themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gradcheck_cli.judging.difference import relative_difference
from gradcheck_cli.judging.entries import entries_of, entry_verdicts, worst_of
from gradcheck_cli.judging.ruling import entries_verdict
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.numeric.screen import MISSED, WORST_SHAPE
from gradcheck_cli.numeric.slopes import Slope, Slopes
from gradcheck_cli.problems.directions import LEAST, SMALL, TINY, entry_at
from gradcheck_cli.vocabulary.parameters import Array, norm
from gradcheck_cli.vocabulary.results import Entries, EntryVerdict, ParameterResult, Sensitivity

__all__ = ["compare_screened", "slope_reference"]

DISAGREES = EntryVerdict.DISAGREES


def slope_reference(slopes: Slopes, measured: Sequence[Slope]) -> Reference:
    """Return what is known of slopes, as of entries.

    Parameters
    ----------
    slopes : Slopes
        What measured them.
    measured : sequence of Slope
        The slopes.

    Returns
    -------
    Reference
        Its arrays have the shape (k,).
    """
    values, gaps = np.array([s.value for s in measured]), np.array([s.gap for s in measured])
    bars = np.array([slopes.allowed(s) for s in measured])
    resolved = np.array([slopes.is_resolved(s) for s in measured], dtype=np.bool_)
    return Reference(
        values=values,
        bars=bars,
        single_bars=bars,
        low=values - gaps / 2,
        high=values + gaps / 2,
        kinks=gaps > 0,
        coarse=~resolved,
    ).floored()


def compare_screened(
    name: str, analytic: Array, slopes: Slopes, measured: Sequence[Slope], found: Sequence[Slope], tiny: float
) -> ParameterResult:
    """Compare what a parameter's gradient claims with its slopes, and with its entries where some were measured.

    Parameters
    ----------
    name : str
        The parameter.
    analytic : ndarray
        The claimed gradient.
    slopes : Slopes
        What measured them.
    measured, found : sequence of Slope
        Slopes along directions through the parameter, and along single entries of it.
    tiny : float
        The size of its smallest entry that seems to have another unit; infinity without any.
    """
    reference = slope_reference(slopes, measured)
    claims = np.array([slope.claim for slope in measured])
    entries = found_entries(name, analytic, slopes, found)
    verdicts = entry_verdicts(claims, reference, 0.0)
    if not entries.count(DISAGREES):  # beside a kink, and at one step alone, a slope proves nothing
        unsure = (reference.kinks | np.array([not slope.sure for slope in measured])) & np.isfinite(claims)
        verdicts = np.where(unsure & (verdicts == DISAGREES), EntryVerdict.UNRESOLVED, verdicts).astype(np.uint8)
    along = entries_of(
        f"{name} along v", claims.shape, claims, reference.values, reference.values, reference.bars, verdicts
    )
    worst = entries if entries.count(DISAGREES) else along
    difference = relative_difference(claims, reference.values)
    return ParameterResult(
        name=name,
        shape=analytic.shape,
        verdict=entries_verdict(verdicts.tobytes()),
        difference=difference,
        refined_difference=difference,
        analytic_norm=norm(analytic.reshape(-1)),
        numeric_norm=math.nan,
        worst=worst[worst_of(worst)],
        sensitivity=screen_sensitivity(
            analytic,
            {
                SMALL * slopes.problem.sizes[name]: [s.direction.among != TINY for s in measured],
                tiny: [s.direction.among == TINY for s in measured],
            },
            claims,
            reference,
        ),
        entries=entries,
        slopes=along,
    )


def found_entries(name: str, analytic: Array, slopes: Slopes, found: Sequence[Slope]) -> Entries:
    """Return the entries that were measured for themselves, in their order."""
    ordered = sorted(found, key=lambda slope: slope.direction.start)
    parameters = slopes.problem.parameters
    positions = np.array([entry_at(parameters, s.direction.start)[1] for s in ordered], dtype=np.intp)
    components = np.array([slopes.component(slope) for slope in ordered])
    reference = slope_reference(slopes, ordered)
    claims = analytic.reshape(-1)[positions]
    values, bars = reference.values / components, reference.bars / np.abs(components)
    verdicts = entry_verdicts(np.array([slope.claim for slope in ordered]), reference, 0.0)
    verdicts = np.where(np.isfinite(claims), verdicts, DISAGREES).astype(np.uint8)  # slopes are of a claim made finite
    return entries_of(name, analytic.shape, claims, values, values, bars, verdicts, positions)


def screen_sensitivity(
    analytic: Array, slopes_by_size: Mapping[float, Sequence[bool]], claims: Array, reference: Reference
) -> Sensitivity:
    """Return what would have failed, were the analytic gradient right but for one error.

    A single entry shows in every direction that moves it by `LEAST` of its error times the smallest size at least: that
    of an entry which is not of another unit than the rest of its parameter, or of one that is. An error of any other
    shape and of norm E goes unseen in a direction that sees what exceeds B with the chance `WORST_SHAPE` B / E at most;
    E is stated for which that makes `MISSED` in all directions together.

    Parameters
    ----------
    analytic : ndarray
        The claimed gradient.
    slopes_by_size : mapping of float to sequence of bool
        By the smallest size of the entries that they move, which of the slopes those are; the first are of the whole
        parameter.
    claims : ndarray of shape (k,)
        What is claimed of the slopes.
    reference : Reference
        What is known of them.
    """
    smooth = ~reference.kinks if not reference.kinks.all() else np.ones(reference.kinks.shape, dtype=np.bool_)
    seen = reference.bars + reference.high - reference.low
    of_each = [(size, smooth & np.array(own, dtype=np.bool_)) for size, own in slopes_by_size.items()]
    entry = max(
        float(np.min(seen[own], initial=math.inf)) / (LEAST * size) for size, own in of_each if math.isfinite(size)
    )
    largest = float(max(np.max(analytic, initial=0.0), -np.min(analytic, initial=0.0)))
    whole = norm(analytic.reshape(-1))
    size, own = of_each[0]
    seen, claims, values, bars = seen[own], claims[own], reference.values[own], reference.bars[own]
    with np.errstate(divide="ignore", invalid="ignore"):
        sized = np.maximum(np.abs(claims), np.abs(values)) > bars
        factor = float(np.min(np.where(sized, seen / np.abs(claims), np.inf), initial=math.inf))
        spread = WORST_SHAPE * float(np.exp(np.mean(np.log(seen)))) / MISSED ** (1 / max(len(seen), 1)) / size
    return Sensitivity(entry, entry / largest if largest else math.inf, factor, spread / whole if whole else math.inf)
