"""The reference in function mode: nothing but the loss can be called.

The rule, for every entry:

1. A centred difference with a step of 1e-5 of the entry's size. Where the claimed value lies within the threshold and
   the bar of noise of it, that bar is narrow, and the slopes on both sides are about the same, this difference is the
   reference. Two evaluations, and most entries of a right gradient are done.
2. All others climb a ladder of steps from 1e-8 to 1e-1 of the entry's size, until the bar is narrow or a larger step
   contradicts the smaller ones; `rungs` tells what the value and its bar are. The claim has no part in them.
3. Where the two smallest steps disagree by more than noise, a kink is near or the scale is wrong: steps down to 1e-13.
   A unit 1e-9 from its kink is judged by the steps below.
4. Where the bar is still too wide to judge by, half rungs between the others.
5. Where the claim disagrees, the numeric side is doubted once more: the noise may have hidden from the first
   measurement (`noise.noise_plateau`), and at a kink every slope around the point is right (`kinks`).

A claim disagrees iff it lies outside [low, high] by more than threshold * max(|claim|, |value|) + bars. For that `bars`
is wider than the error bar of the reference: `SAFETY` times, and it adds what the claim's own formula may lose by
rounding: `ROUNDING` of the largest slope in sight, and `EPS` itself, since such a formula has differences like A - Y.

`coarse` says where the reference alone, without this rounding, is too wide to judge by: wider than a twentieth of the
parameter's gradient (root mean square), unless that gradient is negligible beside the whole gradient or beside the
slopes that the loss has within a tenth of the parameter's size, or zero to rounding.

The measured noise: More and Wild, "Estimating computational noise", SIAM Journal on Scientific Computing 33, 2011.
Extrapolation and its error bar: Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Advances in Engineering
Software 4, 1982.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.numeric.kinks import on_kink, slopes_nearby
from gradcheck_cli.numeric.noise import EPS, measured_noise, noise_plateau, typical_sizes
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.numeric.rungs import Estimate, Rungs, bends, estimate, first_estimate, moves_below
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.problem import Problem

__all__ = ["ladder_reference"]

Entries = NDArray[np.intp]
Mask = NDArray[np.bool_]

# Steps, as powers of ten of the entry's size.
FIRST = -5.0  # truncation and noise are both small there for most functions
MAIN = (-8.0, -7.0, -6.0, -5.0, -4.0, -3.0, -2.0, -1.0)
LOWER = (-9.0, -10.0, -11.0, -12.0, -13.0)
HALVES = (-4.5, -3.5, -2.5, -1.5, -0.5)
WIDEST = -1.0  # the size of the step from which the slopes around the point are judged
LEAST = -6.0  # three rungs stand before a bar is believed

NARROW = 1e-6  # of the parameter's gradient: a bar that nothing is gained by making narrower
COARSE = 0.05  # of the parameter's gradient: a bar by which a factor of 1.1 is no longer seen
NEGLIGIBLE = 1e-9  # of the largest entry of the gradient
FLAT = 1e-8  # of the slopes nearby, about sqrt(eps): what noise leaves of a gradient at a minimum
ZERO = 1000 * EPS  # a relative change of the loss for a relative change of the parameter that counts as none
ZERO_CLAIM = EPS  # the same for a claim
SAFETY = 4.0  # bars are estimates; a right gradient must not fail
ROUNDING = 16.0  # machine epsilons, of the largest slope: what a formula may lose
SINGLE = float(np.finfo(np.float32).eps)
HIDDEN = 4.0  # noise is measured anew where it turns out to be so many times larger


def ladder_reference(
    problem: Problem,
    analytic: Parameters,
    threshold: float,
    seed: int,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[tuple[str, Reference]]:
    """Differentiate the loss by every entry, with error bars.

    Parameters
    ----------
    problem : Problem
        Whose losses are taken; its gradient is never asked for.
    analytic : mapping of str to ndarray
        The claimed gradient. It decides where to stop, never the value.
    threshold : float
        Relative error that a claim may have.
    seed : int
        Of the random directions.
    progress : callable, optional
        Called with the number of entries done since the last call.

    Yields
    ------
    tuple of str and Reference
        Each parameter's name and its reference, as soon as it is whole.
    """
    largest = {n: float(np.max(np.abs(a), initial=0.0, where=np.isfinite(a))) for n, a in analytic.items()}
    sizes = {name: float(np.min(typical_sizes(values), initial=np.inf)) for name, values in problem.parameters.items()}
    reach = max(largest[name] * sizes[name] for name in problem.parameters)
    loss = abs(problem.loss(problem.parameters))
    point = _Point(problem, threshold, seed, loss, measured_noise(problem, seed))
    for name, values in problem.parameters.items():
        beside = min(max(largest.values()), reach / sizes[name])
        ladder = _Ladder(point, name, values.reshape(-1), analytic[name].reshape(-1), beside)
        ladder.start(progress)
        yield name, ladder.reference()


@dataclass
class _Point:
    """What all parameters share."""

    problem: Problem
    threshold: float
    seed: int
    loss: float
    """|J|."""
    noise: float
    """Standard deviation of the loss."""
    kink: bool = False
    """Whether the point is known to lie on a kink."""
    doubted: bool = False

    def doubt(self) -> None:
        """Look for hidden noise and for a kink at the point, once: a claim disagrees."""
        if self.doubted:
            return
        self.doubted = True
        hidden = noise_plateau(self.problem, self.seed)
        if hidden > HIDDEN * self.noise:
            self.noise = hidden
        self.kink = on_kink(self.problem, self.noise, self.seed)


@dataclass
class _Ladder:
    """The entries of one parameter on their ladder."""

    point: _Point
    name: str
    positions: Array
    """The parameter itself, flat."""
    claims: Array
    beside: float
    """The largest entry claimed of any parameter, in the units of this one, where those make it smaller."""
    rungs: dict[float, Array] = field(default_factory=dict)
    """By level, the rows `up`, `rise`, `down` and `fall` of `Rungs`; NaN where not measured."""

    def __post_init__(self) -> None:
        self.sizes = typical_sizes(self.positions)
        self.values = np.zeros(self.positions.size)
        self.bars = np.full(self.positions.size, np.inf)
        self.gaps = np.zeros(self.positions.size)

    @property
    def every(self) -> Entries:
        """All entries."""
        return np.arange(self.positions.size)

    # measuring

    def start(self, progress: Callable[[int], None]) -> None:
        """Take the first difference of every entry."""
        at_once = self.point.problem.entries_at_once(self.name)
        for start in range(0, self.positions.size, at_once):
            block = self.every[start : start + at_once]
            self.measure(FIRST, block)
            progress(len(block))

    def measure(self, level: float, entries: Entries) -> None:
        """Evaluate the loss one step to either side of the entries; steps that vanish or overflow are unusable."""
        rung = self.rungs.setdefault(level, np.full((4, self.positions.size), np.nan))
        entries = entries[np.isnan(rung[0, entries])]
        if not entries.size:
            return
        positions, steps = self.positions[entries], 10.0**level * self.sizes[entries]
        up, down = (positions + steps) - positions, positions - (positions - steps)
        changes = self.point.problem.loss_changes(self.name, np.tile(entries, 2), np.concatenate([up, -down]))
        rise, fall = np.split(changes, 2)
        usable = np.isfinite(rise) & np.isfinite(fall) & (up > 0) & (down > 0)
        rung[:, entries] = np.where(usable, [up, rise, down, fall], np.nan)

    def rungs_of(self, entries: Entries) -> Rungs:
        """Return what is measured of some entries, the smallest steps first."""
        rows = np.array([self.rungs[level][:, entries] for level in sorted(self.rungs)])
        return Rungs(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3])

    # climbing

    def settle(self) -> None:
        """Bring every entry as far as it needs."""
        first = Rungs(*self.rungs[FIRST][:, None])
        self.keep(self.every, first_estimate(first, self.point.noise))
        narrow = NARROW * self.gradient_size()
        plain = self.agree(self.bars) & (self.bars <= narrow) & ~bends(first, self.point.noise)
        open_ = np.flatnonzero(~plain)
        self.climb(MAIN, open_, narrow)
        doubtful = (self.bars > narrow) | (self.gaps > 0) | ~self.agree(SAFETY * self.bars)
        self.descend(open_[doubtful[open_]])
        self.climb((WIDEST,), self.wide(open_), narrow)
        self.climb(HALVES, self.wide(open_), narrow)

    def climb(self, levels: Sequence[float], entries: Entries, narrow: float) -> None:
        """Measure level after level, until the bars are narrow or the ladder ends."""
        for level in levels:
            if not entries.size:
                return
            self.measure(level, entries)
            if level < LEAST:
                continue
            best = estimate(self.rungs_of(entries), self.point.noise)
            self.keep(entries, best)
            enough = np.maximum(narrow, 1e-3 * self.point.threshold * np.abs(best.values))
            entries = entries[~((best.bars <= enough) | (best.ended & (level > LEAST + 2)))]

    def descend(self, entries: Entries) -> None:
        """Measure smaller and smaller steps while they tell anything new."""
        for level in LOWER:
            if entries.size:
                entries = entries[moves_below(self.rungs_of(entries), self.point.noise)]
            if not entries.size:
                return
            self.measure(level, entries)
            self.keep(entries, estimate(self.rungs_of(entries), self.point.noise))

    def keep(self, entries: Entries, best: Estimate) -> None:
        """Note the best estimate of some entries."""
        self.values[entries], self.bars[entries], self.gaps[entries] = best.values, best.bars, best.gaps

    # judging

    def agree(self, bars: Array) -> Mask:
        """Return which claims lie within the threshold and `bars` of what is right."""
        off = np.maximum(np.abs(self.claims - self.values) - self.gaps / 2, 0.0)
        allowed = self.point.threshold * np.maximum(np.abs(self.claims), np.abs(self.values)) + bars
        return np.asarray((off <= allowed) & np.isfinite(self.claims))

    def wide(self, entries: Entries) -> Entries:
        """Return those of the entries whose bars are too wide to judge by."""
        return entries[SAFETY * self.bars[entries] > self.judgeable()]

    def gradient_size(self) -> float:
        """Return the root mean square of the derivatives, but what is negligible beside the whole gradient at least."""
        largest = float(np.max(np.abs(self.values)))
        rms = largest * float(np.sqrt(np.mean((self.values / largest) ** 2))) if largest else 0.0
        return max(rms, NEGLIGIBLE * self.beside)

    def steepest(self) -> float:
        """Return the largest slope seen within the usual steps."""
        with np.errstate(all="ignore"):
            steepness = self.rungs_of(self.every).steepness
        return float(np.fmax.reduce(steepness, axis=None, initial=0.0))

    def judgeable(self) -> float:
        """Return how wide a bar may be."""
        return max(COARSE * self.gradient_size(), FLAT * self.steepest())

    def rounding(self) -> float:
        """Return what the claim's own formula may lose."""
        return ROUNDING * EPS * max(self.beside, self.steepest()) + EPS

    def single_rounding(self) -> float:
        """Return the same for a formula in float32, by the size of this parameter's own slopes."""
        return ROUNDING * SINGLE * max(float(np.max(np.abs(self.values))), self.steepest())

    def coarse(self) -> Mask:
        """Return which entries cannot be judged."""
        unit = max(1.0, self.point.loss) / self.sizes
        zero = (SAFETY * self.bars <= ZERO * unit) & (np.abs(self.claims) <= ZERO_CLAIM * unit)
        return np.asarray(~zero & ~(SAFETY * self.bars <= self.judgeable()))

    # the whole

    def reference(self) -> Reference:
        """Return the reference of the parameter."""
        self.settle()
        noise = self.point.noise
        if not self.agree(self.allowance()).all():
            self.point.doubt()
        if self.point.noise > noise:
            self.settle()
        return self.record()

    def allowance(self) -> Array:
        """Return what a right claim may be off by, whatever the threshold."""
        return SAFETY * self.bars + self.rounding()

    def record(self) -> Reference:
        """Return what is known, the slopes nearby added where claims disagree at a kink."""
        low, high, kinks = self.values - self.gaps / 2, self.values + self.gaps / 2, self.gaps > 0
        if self.point.kink:
            wrong = np.flatnonzero(~self.agree(self.allowance()) & np.isfinite(self.claims))
            lowest, highest = slopes_nearby(self.point.problem, self.name, wrong, self.point.seed)
            low[wrong], high[wrong] = np.fmin(low[wrong], lowest), np.fmax(high[wrong], highest)
            kinks[wrong] = True
        shape = self.point.problem.parameters[self.name].shape
        bars = self.allowance()
        return Reference(
            values=self.values.reshape(shape),
            bars=bars.reshape(shape),
            single_bars=(bars + self.single_rounding()).reshape(shape),
            low=low.reshape(shape),
            high=high.reshape(shape),
            kinks=kinks.reshape(shape),
            coarse=self.coarse().reshape(shape),
        )
