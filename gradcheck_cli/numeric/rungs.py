"""What a ladder of steps says about derivatives: values with error bars, kinks, and where to stop believing.

For every entry the loss was measured at x + h and x - h for steps h that grow from rung to rung. Each rung offers the
centred difference D(h), and together with the rung below Richardson's extrapolation, free of the h^2 term (Ridders,
"Accurate computation of F'(x) and F'(x)F''(x)", Advances in Engineering Software 4, 1982). The bar of an offer adds

- truncation: how far it lies from the same offer one rung below. Truncation grows with the step, so a difference that
  noise does not explain is carried up the ladder and never forgotten: a bounded function has D(h) ~ 1/h for huge
  steps, which looks as if it converged to 0;
- noise: `NOISE_BARS` standard deviations of the loss over the step;
- the kink: half of the gap between the two one-sided slopes, extrapolated to the step 0 from two rungs (of a smooth
  function the gap is h f'', and the extrapolation leaves nothing). A kink beside the point, nearer than both steps,
  biases the centred difference by half of its gap, and nothing else would show it.

Of the offers whose bar covers every centred difference of every smaller rung, the one with the smallest bar counts;
with the first contradiction the ladder ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.numeric.tolerances import CATCHES, EPS, NOISE_BARS, SAFETY
from gradcheck_cli.vocabulary.parameters import Array

__all__ = [
    "Estimate",
    "Rungs",
    "bends",
    "estimate",
    "first_estimate",
    "moves_below",
    "noise_that_explains",
    "overruled",
]

Mask = NDArray[np.bool_]

GAP_NOISE = 4.0  # of a gap has 3.5 times the deviation: both sides, and twice the point itself
GROWS = 2.0  # times at least, from a rung to the next: what truncation does
STEEPEST = 4  # the power of the step with which it does so at most, as far as can be seen of it
CLEAR = 4.0  # a gap or a drift is taken for real beyond so many bars


@dataclass(frozen=True)
class Rungs:
    """Changes of the loss on both sides; every array has the shape (rungs, entries), steps growing; NaN: unusable."""

    up: Array
    """The steps taken to the right."""
    rise: Array
    """J(x + up) - J(x)."""
    down: Array
    """The steps taken to the left, as positive numbers."""
    fall: Array
    """J(x - down) - J(x)."""
    sizes: Array | float = 0.0
    """The sizes of the entries, of the shape (entries,): where x itself is rounded, its slopes are those beside it."""

    def of(self, entries: NDArray[np.intp]) -> Rungs:
        """Return the rungs of some entries."""
        sizes = np.broadcast_to(self.sizes, self.up.shape[1:])[entries]
        return Rungs(self.up[:, entries], self.rise[:, entries], self.down[:, entries], self.fall[:, entries], sizes)

    @property
    def steps(self) -> Array:
        """The mean of the two steps."""
        return (self.up + self.down) / 2

    @property
    def slopes(self) -> Array:
        """The centred differences."""
        return (self.rise - self.fall) / (self.up + self.down)

    @property
    def gaps(self) -> Array:
        """The slope on the right less the slope on the left."""
        return self.rise / self.up + self.fall / self.down

    @property
    def steepness(self) -> Array:
        """The mean of the two slopes' magnitudes: how much the loss moves, whether or not it comes back."""
        return (np.abs(self.rise) + np.abs(self.fall)) / (self.up + self.down)

    def noise(self, noise: float | Array) -> Array:
        """Return the noise bars of the slopes, where J at the point has the standard deviation `noise`.

        What is beside it is rounded as well, and so is x: by eps x, over which the slope changes by eps x f''.
        """
        values = EPS * np.maximum(np.abs(self.rise), np.abs(self.fall))
        arguments = EPS * np.abs(self.rise + self.fall) * self.sizes / self.steps
        return NOISE_BARS * (noise + values + arguments) / self.steps


@dataclass(frozen=True)
class Estimate:
    """The best that the rungs offer; every array has the shape (entries,)."""

    values: Array
    """The derivatives; 0 where there is no offer."""
    bars: Array
    """Their error bars; infinite where there is no offer."""
    gaps: Array
    """At kinks the distance of the one-sided slopes, 0 elsewhere."""
    steps: Array
    """The steps that they come from; 0 where there is no offer."""
    ended: Mask
    """Whether a contradiction has ended the ladder: larger steps are of no use."""


def first_estimate(rungs: Rungs, noise: float | Array) -> Estimate:
    """Return the centred difference of a single rung with the bar of its noise alone: nothing says yet how it bends."""
    with np.errstate(all="ignore"):
        values, bars = rungs.slopes[0], rungs.noise(noise)[0]
    usable = np.isfinite(values) & np.isfinite(bars)
    return Estimate(
        np.where(usable, values, 0.0), np.where(usable, bars, np.inf), np.zeros_like(values), rungs.steps[0], ~usable
    )


def bends(rungs: Rungs, noise: float | Array, share: float, least: Array) -> Mask:
    """Return for which entries the slopes of a single rung differ between the two sides by more than a share of them.

    They do so beside a kink. Where the loss is smooth, the square of the share is about what a centred difference is
    off by: the share is h f'' / f', and the truncation of the difference h^2 f''' / 6. Where f' goes through 0 that
    says nothing, and the share is one of `least`, which slopes have elsewhere.
    """
    with np.errstate(all="ignore"):
        limit = share * np.maximum(np.abs(rungs.slopes[0]), least) + GAP_NOISE * rungs.noise(noise)[0]
        return np.asarray(~(np.abs(rungs.gaps[0]) <= limit))


def estimate(rungs: Rungs, noise: float | Array) -> Estimate:
    """Choose the best offer for every entry.

    Parameters
    ----------
    rungs : Rungs
        At least two rungs.
    noise : float
        Standard deviation of the loss.

    Returns
    -------
    Estimate
    """
    with np.errstate(all="ignore"):
        gaps, gap_bars = _gaps_at_zero(rungs, noise)
        kink_bars = np.where(np.isnan(gaps), np.nan, np.fmax(np.abs(gaps), _carried(np.abs(gaps) - gap_bars)) / 2)
        values, bars, plain_bars = _offers(rungs, noise)
        believed = _consistent(rungs.slopes, plain_bars + kink_bars)
        gap = np.abs(gaps)
        kinked = (gap > gap_bars) & (gap > CLEAR * bars) & _lasts(gap, gap_bars)
        jumps = kinked & _jumps(rungs, noise)
        kinked &= ~jumps
        total = np.where(kinked, bars + gap_bars / 2, bars + kink_bars)
        total = np.where(believed & ~jumps & np.isfinite(total), total, np.inf)
        best = np.argmin(total + np.nan_to_num(bars), axis=0), np.arange(total.shape[1])  # noise can hide a gap
        found = np.isfinite(total[best])
        kinks = found & kinked[best]
        return Estimate(
            values=np.where(found, values[best], 0.0),
            bars=total[best],
            gaps=np.where(kinks, gap[best], 0.0),
            steps=np.where(found, rungs.steps[best], 0.0),
            ended=found & ~believed[-1],
        )


def overruled(rungs: Rungs, best: Estimate, noise: Array, furthest: Array) -> Mask:
    """Return for which entries larger steps tell something else at once, not more and more as truncation does.

    It takes stairs, a kink nearby, or waves that are shorter than these steps. Steps beyond `furthest` are left out.
    """
    with np.errstate(all="ignore"):
        off, errors = np.abs(rungs.slopes - best.values), SAFETY * rungs.noise(noise)
        seen = (rungs.steps > best.steps) & (rungs.steps <= furthest) & (off > errors + SAFETY * best.bars)
        levels_off = (off[1:] < GROWS * off[:-1]) & (rungs.steps[1:] <= furthest)
        sudden = off[1:] > _ratios(rungs) ** STEEPEST * np.fmax(off[:-1], errors[:-1])
        return np.asarray((seen[:-1] & levels_off).any(axis=0) | (seen[1:] & sudden).any(axis=0))


def noise_that_explains(rungs: Rungs, noise: Array, furthest: Array) -> Array:
    """Return with which noise the rungs of an entry tell a derivative, larger and smaller ones alike.

    Parameters
    ----------
    rungs : Rungs
        At least two rungs.
    noise : ndarray of shape (entries,)
        Standard deviation of the loss, as far as it is known.
    furthest : ndarray of shape (entries,)
        Steps that tell nothing of smaller ones beyond that, in the units of the entries.

    Returns
    -------
    ndarray of shape (entries,)
        The smallest such noise, to a factor of two and no less than what is known; NaN where there is none.
    """
    found = np.full(noise.shape, np.nan)
    largest = np.nanmax(np.fmax(np.abs(rungs.rise), np.abs(rungs.fall)), axis=0, initial=0.0)
    for share in (CATCHES, 1.0):  # the sign alone where no noise leaves more
        tried = noise.copy()
        while (open_ := np.flatnonzero(np.isnan(found) & (tried <= largest) & (tried > 0))).size:
            explained = open_[_told(rungs.of(open_), tried[open_], furthest[open_], share)]
            found[explained] = tried[explained]
            tried[open_] *= 2
    return found


def _told(rungs: Rungs, noise: Array, furthest: Array, share: float) -> Mask:
    """Return for which entries the rungs tell a derivative to a share of it, and no other rung is at odds with it."""
    best = estimate(rungs, noise)
    with np.errstate(all="ignore"):
        off = np.where(rungs.steps < best.steps, np.abs(rungs.slopes - best.values), 0.0)
        at_odds = (off > SAFETY * rungs.noise(noise) + best.bars).any(axis=0) | overruled(rungs, best, noise, furthest)
        return np.asarray((SAFETY * best.bars <= share * np.abs(best.values)) & (best.gaps == 0) & ~at_odds)


def gap_seen_from(rungs: Rungs, noise: Array) -> Array:
    """Return the smallest step at which the slopes on both sides are seen to differ; infinite where they never are."""
    with np.errstate(all="ignore"):
        seen = np.abs(rungs.gaps) > GAP_NOISE * rungs.noise(noise)
    return np.asarray(np.min(np.where(seen, rungs.steps, np.inf), axis=0))


def moves_below(rungs: Rungs, noise: float | Array) -> Mask:
    """Return for which entries the two smallest usable rungs differ by more than noise: smaller steps tell more."""
    order = np.argsort(np.isnan(rungs.rise), axis=0, kind="stable")[:2]
    up, rise = np.take_along_axis(rungs.up, order, 0), np.take_along_axis(rungs.rise, order, 0)
    down, fall = np.take_along_axis(rungs.down, order, 0), np.take_along_axis(rungs.fall, order, 0)
    lowest = Rungs(up, rise, down, fall, rungs.sizes)
    with np.errstate(all="ignore"):
        drift, bars = np.abs(np.diff(lowest.slopes, axis=0)[0]), CLEAR * lowest.noise(noise)[0]
        gaps, _ = _gaps_at_zero(lowest, noise)
        return np.asarray((drift > bars) | (np.abs(gaps[1]) > bars) | ~np.isfinite(drift))


def _offers(rungs: Rungs, noise: float | Array) -> tuple[Array, Array, Array]:
    """Return of every rung the better of its two offers, its bar, and the bar of the centred difference."""
    slopes, errors, ratios = rungs.slopes, rungs.noise(noise), _ratios(rungs)
    extrapolated = _from_second(slopes[:-1] + (slopes[:-1] - slopes[1:]) / (ratios**2 - 1))
    extrapolated_errors = _from_second(errors[:-1] * (ratios**2 + 1) / (ratios**2 - 1))
    plain_bars = _truncation(slopes, errors) + errors
    extrapolated_bars = _truncation(extrapolated, extrapolated_errors) + extrapolated_errors
    values = np.where(extrapolated_bars < plain_bars, extrapolated, slopes)
    return values, np.fmin(extrapolated_bars, plain_bars), plain_bars


def _truncation(offers: Array, errors: Array) -> Array:
    """Return the distance of each offer from the one below, but no less than what is sure to have been seen below."""
    distances = _from_second(np.abs(np.diff(offers, axis=0)))
    sure = _carried(distances - errors - _from_second(errors[:-1]))
    return np.where(np.isnan(distances), np.nan, np.fmax(distances, sure))


def _gaps_at_zero(rungs: Rungs, noise: float | Array) -> tuple[Array, Array]:
    """Return the gap that each rung and the one below extrapolate to the step 0, and its noise bar."""
    gaps, errors, ratios = rungs.gaps, GAP_NOISE * rungs.noise(noise), _ratios(rungs)
    at_zero = (ratios * gaps[:-1] - gaps[1:]) / (ratios - 1)
    return _from_second(at_zero), _from_second((ratios * errors[:-1] + errors[1:]) / (ratios - 1))


def _lasts(gaps: Array, bars: Array) -> Mask:
    """Return where the gap is as wide at every smaller rung, as far as noise lets see, and is seen at one of them.

    A kink beside the point is seen by the larger steps alone, and so is curvature of high order.
    """
    lasts = np.ones_like(gaps, dtype=np.bool_)
    for k in range(2, len(gaps)):
        below, below_bars = gaps[1:k], bars[1:k]
        hidden = (below + below_bars >= gaps[k] / 2) | np.isnan(below)
        lasts[k] = hidden.all(axis=0) & (below > below_bars).any(axis=0)
    return lasts


def _jumps(rungs: Rungs, noise: float | Array) -> Mask:
    """Return where the gap grows as the step shrinks: the loss itself jumps at the point, and has no slopes there."""
    sizes, bars = np.abs(rungs.gaps), GAP_NOISE * rungs.noise(noise)
    grows = (sizes[:-1] > bars[:-1]) & (sizes[:-1] > sizes[1:] * np.sqrt(_ratios(rungs)))
    return np.concatenate([np.zeros_like(grows[:1]), grows])


def _consistent(slopes: Array, bars: Array) -> Mask:
    """Return the rungs up to the first whose slope contradicts one of a smaller rung."""
    believed = np.ones(slopes.shape, dtype=bool)
    for k in range(2, len(slopes)):
        clash = np.abs(slopes[k] - slopes[1:k]) > bars[k] + bars[1:k]
        believed[k] = believed[k - 1] & ~clash.any(axis=0)
    return believed


def _ratios(rungs: Rungs) -> Array:
    steps = rungs.steps
    return np.asarray(steps[1:] / steps[:-1])


def _from_second(rows: Array) -> Array:
    """Put a row of NaN before what only the second rung has."""
    return np.concatenate([np.full_like(rows[:1], np.nan), rows])


def _carried(rows: Array) -> Array:
    """Return the largest value so far, from 0 on; NaN is passed over."""
    return np.maximum.accumulate(np.fmax(rows, 0.0), axis=0)
