"""The reference in function mode: nothing but the loss can be called.

The rule, for every entry for itself, its steps measured by its own size (`scales`):

1. A centred difference with a step of 1e-5 of the entry's size. Where the claimed value lies within the threshold and
   the bar of noise of it, that bar is narrow, and the slopes on both sides are about the same, this difference is the
   reference. Two evaluations, and most entries of a right gradient are done.
2. Entries that the loss does not feel are moved further, together: where it stays what it is, the derivative is 0; where
   it moves, the step at which it does so is the size (`scale_of_motion`).
3. A second difference, with a step of 1e-6: if it differs by more than noise, a kink is near or the size is wrong, and
   smaller steps follow, down to 1e-13, as long as they tell something new. A unit 1e-9 from its kink is judged by the
   steps below; a claim is never contradicted by steps that have not settled.
4. Larger steps, up to the entry's size and, where noise hides the slope, beyond, until the bar is narrow, a claim is
   clearly off, or a larger step contradicts the smaller ones; `rungs` tells what the value and its bar are. The claim
   has no part in them. Where the bar is still too wide to judge by, half rungs between the others.
5. Where the claim disagrees or an entry is coarse, the numeric side is doubted: noise may have hidden from the first
   measurement (`noise.hidden_noise`), and at a kink every slope around the point is right (`kinks`). What agrees only
   since noise was found is not taken for agreement: it is coarse.

All entries get their first difference before any gets its second, and then those whose claims are furthest off come
first: a budget that ends early has seen every entry, and the worst of them twice. What is sure by then is told: that a
first difference agrees, or that two which are alike contradict the claim, where a look across the point shows no kink.

A claim disagrees iff it lies outside [low, high] by more than threshold * max(|claim|, |value|) + bars. For that `bars`
is wider than the error bar of the reference: `SAFETY` times, and it adds what the claim's own formula may lose by
rounding: `ROUNDING` of the largest slope that the loss has within a tenth of the entry's size.

`coarse` says where that is too wide to judge by: wider than a tenth of the derivative, unless it is negligible beside
the slope of the whole loss or beside the slopes that the loss has within a tenth of the entry's size, or the loss does
not feel the entry at all.

Extrapolation and its error bar: Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Advances in Engineering
Software 4, 1982.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.numeric.budget import BudgetSpentError
from gradcheck_cli.numeric.kinks import Side, joint_hulls, on_kink, other_side, slopes_nearby
from gradcheck_cli.numeric.noise import LossNoise, finer_noise, hidden_noise, rough_noise
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.numeric.rungs import Estimate, Rungs, bends, estimate, first_estimate, moves_below
from gradcheck_cli.numeric.scales import entry_sizes, largest_size, scale_of_motion
from gradcheck_cli.numeric.tolerances import (
    CATCHES,
    EPS,
    FLAT,
    NEGLIGIBLE,
    ROUNDING,
    SAFETY,
    SINGLE,
    STILL,
)
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.problem import Problem

__all__ = ["ladder_reference"]

Entries = NDArray[np.intp]
Mask = NDArray[np.bool_]

# Steps, as powers of ten of the entry's size.
FIRST = -5.0  # truncation and noise are both small there for most functions
SECOND = -6.0
LOWER = (-7.0, -8.0, -9.0, -10.0, -11.0, -12.0, -13.0)
LOWEST = (-14.0, -15.0, -16.0, -17.0, -18.0, -19.0, -20.0)  # for entries of 0, whose size is borrowed
UPPER = (-4.0, -3.0, -2.0, -1.0)
BEYOND = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
HALVES = (-4.5, -3.5, -2.5, -1.5, -0.5)
NEARBY = -1.0  # the largest step whose slopes count as those beside the point

NARROW = 0.05  # of the threshold: a bar that nothing is gained by making narrower
ENOUGH = 0.25  # the same of a first difference that agrees: with its bar it may be off by the threshold once more
OF_WHOLE = 0.1  # of the slope of the whole loss: a derivative, by its size, beside which noise may be judged as well
DUST = 1e-6  # of the largest entry of all: a size that may be none
FAR_OFF = 30.0  # times what is allowed: a contradiction that two steps are enough for
HIDDEN = 4.0  # noise counts as hidden where it turns out to be so many times larger
FURTHER = 0.2  # of the gap of an entry's own slopes: what those nearby must reach beyond it to tell more than it
ROUNDED = 1.0  # standard deviations of the loss: what the formula of a right claim leaves of nothing
ROUGHLY = 3.0  # times: how far a noise that was hidden may be from what was found of it
LOST = 1000.0  # standard deviations of the loss: a change that noise cannot hide


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
        Each parameter's name and its reference, as soon as it is whole. When the budget ends before, what is known of
        the others: an entry that nothing sure is known of has NaN for its value and an infinite bar.

    Raises
    ------
    BudgetSpentError
        After that.
    """
    noise = rough_noise(problem, seed)
    sizes = entry_sizes(problem.parameters)
    if noise.constant is not None:
        for name in problem.parameters:
            progress(sizes[name].size)
            yield name, constant_reference(sizes[name], analytic[name], noise)
        return
    point = _Point(problem, threshold, seed, noise)
    ladders = [
        _Ladder(point, name, values.reshape(-1), analytic[name].reshape(-1), sizes[name].reshape(-1))
        for name, values in problem.parameters.items()
    ]
    try:
        for ladder in ladders:
            ladder.start(progress)
        if not all(ladder.plain(ladder.first()).all() for ladder in ladders):
            point.loss_noise = finer_noise(problem, seed, noise)
            for ladder in ladders:
                ladder.noise[:] = point.noise
        look_twice(ladders)
        while ladders:
            yield ladders[0].name, ladders[0].reference()
            del ladders[0]
    except BudgetSpentError:
        for ladder in ladders:
            if FIRST in ladder.rungs:
                yield ladder.name, ladder.cut_short()
        raise


def look_twice(ladders: Sequence[_Ladder]) -> None:
    """Take second differences where first ones contradict the claim: of the worst entries first, for a small budget."""
    far_off = [(excess, k, entry) for k, ladder in enumerate(ladders) for entry, excess in ladder.far_off()]
    if not far_off:
        return
    ladders[0].point.look_across()
    far_off.sort(reverse=True)
    done = 0
    while done < len(far_off):
        piece = far_off[done : 2 * done + 1]
        for k, ladder in enumerate(ladders):
            ladder.measure(SECOND, np.array(sorted(entry for _, of, entry in piece if of == k), dtype=np.intp))
        done += len(piece)


def constant_reference(sizes: Array, claims: Array, noise: LossNoise) -> Reference:
    """Return zeros for a loss that does not move: a right claim is no more than the rounding of its terms.

    If the loss is 0 but for rounding, that is all there is. If it is not, its last digit may hide what is claimed.
    """
    zeros, nowhere = np.zeros(sizes.shape), np.zeros(sizes.shape, dtype=np.bool_)
    bars = LOST * noise.deviation / sizes
    hidden = (np.abs(claims) * sizes > ROUNDED * noise.deviation) & (noise.here > LOST * noise.deviation)
    return Reference(zeros, bars, bars, zeros, zeros, kinks=nowhere, coarse=hidden, constant=True)


@dataclass
class _Point:
    """What all parameters share."""

    problem: Problem
    threshold: float
    seed: int
    loss_noise: LossNoise
    kink: bool = False
    """Whether the point is known to lie on a kink."""
    across: Side | None = None
    """What a look across the point has shown; None before it."""
    hidden: float | None = None
    """The noise that had hidden from the first measurement; None where it was not looked for yet."""
    kinked: dict[str, Entries] = field(default_factory=dict)
    """By parameter, the entries whose claims were accepted on a kink."""
    steepness: dict[str, Array] = field(default_factory=dict)
    """About how large the slopes of those are."""
    claims: dict[str, Array] = field(default_factory=dict)
    """Their claims."""

    @property
    def noise(self) -> float:
        """Standard deviation of the loss."""
        return self.loss_noise.deviation

    def look_across(self) -> None:
        """See whether there is a kink at the point, for contradictions that are told from two differences alone."""
        self.across = other_side(self.problem, self.loss_noise, self.seed)

    def doubt(self) -> float:
        """Return the noise with what had hidden of it, and see whether the point lies on a kink."""
        if self.hidden is None:
            found = hidden_noise(self.problem, self.seed)
            self.hidden = found if found > HIDDEN * self.noise else self.noise
            self.kink = on_kink(self.problem, self.hidden, self.seed)
        return self.hidden


@dataclass
class _Ladder:
    """The entries of one parameter on their ladder."""

    point: _Point
    name: str
    positions: Array
    """The parameter itself, flat."""
    claims: Array
    sizes: Array
    """Of the entries; where the loss does not feel them, that at which it does."""
    rungs: dict[float, Array] = field(default_factory=dict)
    """By level, the rows `up`, `rise`, `down` and `fall` of `Rungs`; NaN where not measured."""

    def __post_init__(self) -> None:
        self.noise = np.full(self.positions.size, self.point.noise)
        """Standard deviation of the loss where each entry is moved."""
        self.sizes = self.sizes.copy()
        self.values = np.zeros(self.positions.size)
        self.bars = np.full(self.positions.size, np.inf)
        self.gaps = np.zeros(self.positions.size)
        self.steps = np.zeros(self.positions.size)
        """Those that the values come from."""
        self.reached = np.zeros(self.positions.size)
        """How far entries were moved that the loss does not feel; 0 for all others."""

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
        with np.errstate(over="ignore", invalid="ignore"):
            positions, steps = self.positions[entries], 10.0**level * self.sizes[entries]
            up, down = (positions + steps) - positions, positions - (positions - steps)
        changes = self.point.problem.loss_changes(self.name, np.tile(entries, 2), np.concatenate([up, -down]))
        rise, fall = np.split(changes, 2)
        usable = np.isfinite(rise) & np.isfinite(fall) & (up > 0) & (down > 0)
        rung[:, entries] = np.where(usable, [up, rise, down, fall], np.nan)

    def rungs_of(self, entries: Entries, levels: Sequence[float] = ()) -> Rungs:
        """Return what is measured of some entries, at some levels or at all, the smallest steps first."""
        rows = np.array([self.rungs[level][:, entries] for level in levels or sorted(self.rungs)])
        return Rungs(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3])

    # climbing

    def first(self) -> Rungs:
        """Note the first differences, and return them."""
        first = Rungs(*self.rungs[FIRST][:, None])
        self.keep(self.every, first_estimate(first, self.noise))
        return first

    def plain(self, first: Rungs) -> Mask:
        """Return for which entries their first difference is enough."""
        bent = bends(first, self.noise, self.point.threshold**0.5, self.of_whole())
        return self.agree(self.bars) & (self.bars <= self.fine()) & self.resolved() & ~bent & ~self.dusty()

    def far_off(self) -> list[tuple[int, float]]:
        """Return the entries whose claims neither noise nor a kink explains at the first step, and by how much."""
        first = self.first()
        with np.errstate(all="ignore"):
            allowed = self.point.threshold * np.abs(self.claims) + self.allowance() + np.abs(first.gaps[0])
            excess = np.abs(self.claims - self.values) / allowed
        found = np.flatnonzero((excess > FAR_OFF) & self.moved(FIRST))
        return list(zip(found.tolist(), excess[found].tolist(), strict=True))

    def moved(self, level: float) -> Mask:
        """Return which entries the loss feels at a step to both sides."""
        still = STILL * self.point.noise
        return np.asarray((np.abs(self.rungs[level][1]) > still) & (np.abs(self.rungs[level][3]) > still))

    def settle(self) -> None:
        """Bring every entry as far as it needs."""
        open_ = self.moving(self.felt(np.flatnonzero(~self.plain(self.first()))))
        self.measure(SECOND, open_)
        self.estimate(open_)
        self.descend(LOWER, open_)
        self.descend(LOWEST, open_[self.positions[open_] == 0])
        self.climb(UPPER, open_)
        self.climb(BEYOND, self.undecided(open_))
        self.climb(HALVES, self.undecided(open_))

    def dusty(self) -> Mask:
        """Return which entries have next to no size, and are not felt by the loss at the first step."""
        still = STILL * self.point.noise
        unfelt = (np.abs(self.rungs[FIRST][1]) <= still) & (np.abs(self.rungs[FIRST][3]) <= still)
        return np.asarray(unfelt & (self.sizes < DUST * largest_size(self.point.problem.parameters)))

    def felt(self, entries: Entries) -> Entries:
        """Move entries of next to no size further, if the loss does not feel them, and return those that it does."""
        largest, noise = largest_size(self.point.problem.parameters), self.point.noise
        dust = np.intersect1d(entries, np.flatnonzero(self.dusty()))
        while dust.size:
            far = largest / float(np.min(self.sizes[dust]))
            scale = scale_of_motion(self.line_through(dust), noise, far)
            if scale is None:
                self.reached[dust] = largest
                self.values[dust], self.bars[dust] = 0.0, LOST / SAFETY * noise / largest
                return np.setdiff1d(entries, dust)
            moved = self.moved_at(scale, dust) if scale > 1 else dust
            if not moved.size or scale <= 1:
                break
            self.rescale(moved, scale)
            dust = np.setdiff1d(dust, moved)
        return entries

    def moving(self, entries: Entries) -> Entries:
        """Return the entries but for those claimed to be zero that the loss does not feel within a tenth of them."""
        first = self.rungs[FIRST][:, entries]
        zero = (first[1] == 0) & (first[3] == 0) & (self.claims[entries] == 0) & (self.reached[entries] == 0)
        if not zero.any():
            return entries
        self.measure(NEARBY, entries[zero])
        wide = self.rungs[NEARBY][:, entries]
        still = zero & (wide[1] == 0) & (wide[3] == 0)
        dead = entries[still]
        self.reached[dead] = wide[0, still]
        self.values[dead], self.bars[dead] = 0.0, LOST / SAFETY * self.point.noise / wide[0, still]
        return entries[~still]

    def line_through(self, entries: Entries) -> Callable[[float], float]:
        """Return t -> J with some entries moved by t times their sizes, to random sides."""
        random = np.random.default_rng(self.point.seed)
        steps = np.zeros(self.positions.size)
        steps[entries] = (
            self.sizes[entries] * random.uniform(0.5, 1.5, entries.size) * random.choice([-1.0, 1.0], entries.size)
        )
        problem, shape = self.point.problem, self.point.problem.parameters[self.name].shape

        def loss(t: float) -> float:
            with np.errstate(over="ignore"):
                return problem.loss({**problem.parameters, self.name: (self.positions + t * steps).reshape(shape)})

        return loss

    def moved_at(self, scale: float, entries: Entries) -> Entries:
        """Return the entries that the loss feels where each is moved alone by so many of its sizes."""
        steps = scale * self.sizes[entries]
        changes = self.point.problem.loss_changes(self.name, entries, steps)
        return entries[~(np.abs(changes) <= STILL * self.point.noise)]

    def rescale(self, entries: Entries, scale: float) -> None:
        """Take for the size of entries the step at which the loss feels them, and measure them anew."""
        self.sizes[entries] *= scale
        for rung in self.rungs.values():
            rung[:, entries] = np.nan
        self.measure(FIRST, entries)

    def descend(self, levels: Sequence[float], entries: Entries) -> None:
        """Measure smaller and smaller steps while they tell anything new."""
        for level in levels:
            if entries.size:
                entries = entries[moves_below(self.rungs_of(entries), self.noise[entries])]
            if not entries.size:
                return
            self.measure(level, entries)
            self.estimate(entries)

    def climb(self, levels: Sequence[float], entries: Entries) -> None:
        """Measure level after level, until the bars are narrow, the claim is clearly off, or the ladder ends."""
        entries = entries[~self.clear(entries)]
        for level in levels:
            if not entries.size:
                return
            self.measure(level, entries)
            before = self.bars[entries]
            best = self.estimate(entries)
            enough = (best.bars <= self.narrow(best.values)) | self.clear(entries)
            futile = (best.bars >= before) & (level > NEARBY)
            entries = entries[~(enough | futile | (best.ended & (level > FIRST)))]

    def estimate(self, entries: Entries) -> Estimate:
        """Note, and return, the best that the rungs of some entries offer."""
        best = estimate(self.rungs_of(entries), self.noise[entries])
        self.keep(entries, best)
        return best

    def keep(self, entries: Entries, best: Estimate) -> None:
        """Note the best estimate of some entries."""
        self.values[entries], self.bars[entries], self.gaps[entries] = best.values, best.bars, best.gaps
        self.steps[entries] = best.steps

    # judging

    def fine(self) -> Array:
        """Return the bars with which a first difference may be left alone where it agrees."""
        return np.asarray(ENOUGH * self.point.threshold * np.maximum(np.abs(self.values), self.of_whole()))

    def of_whole(self) -> Array:
        """Return the slopes beside which those of entries are small."""
        return np.asarray(OF_WHOLE * self.point.loss_noise.reach / self.sizes)

    def narrow(self, values: Array) -> Array:
        """Return the bars that nothing is gained by making narrower."""
        return np.asarray(NARROW * self.point.threshold * np.abs(values))

    def agree(self, bars: Array) -> Mask:
        """Return which claims lie within the threshold and `bars` of what is right."""
        off = np.maximum(np.abs(self.claims - self.values) - self.gaps / 2, 0.0)
        allowed = self.point.threshold * np.maximum(np.abs(self.claims), np.abs(self.values)) + bars
        return np.asarray((off <= allowed) & np.isfinite(self.claims))

    def clear(self, entries: Entries) -> Mask:
        """Return which entries are so far off from what is settled that no further step can bring them back."""
        return self.far(entries) & ~moves_below(self.rungs_of(entries), self.noise[entries])

    def far(self, entries: Entries) -> Mask:
        """Return which entries are many times further off than is allowed."""
        off = np.abs(self.claims[entries] - self.values[entries]) - self.gaps[entries]
        allowed = self.point.threshold * np.abs(self.claims[entries]) + self.allowance()[entries]
        return np.asarray(off > FAR_OFF * allowed)

    def undecided(self, entries: Entries) -> Entries:
        """Return the entries that noise keeps from being judged: coarse ones, and claims whose error it may hide."""
        hidden = ~self.agree(np.zeros_like(self.bars)) & self.agree(self.allowance())
        return entries[(hidden | ~self.resolved())[entries]]

    def steepness(self) -> Array:
        """Return the largest slope of each entry beside the point, at no smaller steps than those of its value.

        That of a larger step counts no more than curvature allows: as many times that of the first as it is longer.
        """
        first = self.rungs[FIRST]
        with np.errstate(all="ignore"):
            slope = (np.abs(first[1]) + np.abs(first[3])) / (first[0] + first[2])
            steepest = np.abs(self.values)
            for level, (up, rise, down, fall) in self.rungs.items():
                if FIRST <= level <= NEARBY:
                    seen = np.fmin((np.abs(rise) + np.abs(fall)) / (up + down), 10.0 ** (level - FIRST) * slope)
                    steepest = np.where(up + down >= self.steps, np.fmax(steepest, seen), steepest)
        return np.asarray(steepest)

    def rounding(self) -> Array:
        """Return what the claim's own formula may lose, of its own slopes and of terms as large as the whole slope."""
        return ROUNDING * EPS * np.maximum(self.steepness(), self.point.loss_noise.reach / self.sizes)

    def single_rounding(self) -> Array:
        """Return the same for a formula in float32, whose terms are those of the whole parameter."""
        steepness = self.steepness()
        of_all = float(np.max(steepness, initial=0.0))
        by_size = float(np.max(steepness * self.sizes, initial=0.0)) / self.sizes
        return ROUNDING * SINGLE * np.minimum(of_all, by_size)

    def allowance(self) -> Array:
        """Return what a right claim may be off by, whatever the threshold."""
        return SAFETY * self.bars + self.rounding()

    def resolved(self) -> Mask:
        """Return which entries can be judged."""
        allowance = self.allowance()
        limit = np.maximum(CATCHES * np.maximum(np.abs(self.values), self.gaps / 2), FLAT * self.steepness())
        negligible = NEGLIGIBLE * self.point.loss_noise.reach / self.sizes
        with np.errstate(invalid="ignore"):
            zero = (self.reached > 0) & (np.abs(self.claims) * self.reached <= ROUNDED * self.point.noise)
        return np.asarray((allowance <= np.maximum(limit, negligible)) | zero)

    # the whole

    def reference(self) -> Reference:
        """Return the reference of the parameter."""
        self.settle()
        if not (self.agree(self.allowance()) & self.resolved()).all():
            self.doubt(self.point.doubt())
            if not self.resolved().all():
                self.doubt(hidden_noise(self.point.problem, self.point.seed, [self.name]))
        return self.record()

    def cut_short(self) -> Reference:
        """Return what is sure with the budget spent: first differences that agree, and contradictions by two steps."""
        sure = self.plain(self.first()) | self.wrong_twice()
        values, bars = np.where(sure, self.values, np.nan), np.where(sure, self.allowance(), np.inf)
        return self.as_reference(values, bars, self.values, self.values, np.zeros_like(sure), ~sure)

    def wrong_twice(self) -> Mask:
        """Return which claims are contradicted for sure by two steps and one look across the point.

        The loss moves alike over both steps, and the error is larger than any gap of slopes that was not seen.
        """
        wrong, across = np.zeros(self.positions.size, dtype=np.bool_), self.point.across
        if SECOND not in self.rungs or across is None or across.kink:
            return wrong
        twice = np.flatnonzero(np.isfinite(self.rungs[SECOND][0]) & self.moved(SECOND) & self.moved(FIRST))
        rungs = self.rungs_of(twice, (SECOND, FIRST))
        best = estimate(rungs, self.noise[twice])
        self.keep(twice, best)
        error = np.abs(self.claims[twice] - best.values) * self.sizes[twice]
        alike = ~moves_below(rungs, self.noise[twice]) & (best.gaps == 0)
        wrong[twice] = alike & self.far(twice) & (error > across.visible)
        return wrong

    def as_reference(self, values: Array, bars: Array, low: Array, high: Array, kinks: Mask, coarse: Mask) -> Reference:
        """Return a reference of the parameter's shape."""
        shape = self.point.problem.parameters[self.name].shape
        return Reference(
            values=values.reshape(shape),
            bars=bars.reshape(shape),
            single_bars=(bars + self.single_rounding()).reshape(shape),
            low=low.reshape(shape),
            high=high.reshape(shape),
            kinks=kinks.reshape(shape),
            coarse=coarse.reshape(shape),
        )

    def doubt(self, noise: float) -> None:
        """Take a larger noise for that of the entries whose steps contradict each other without it."""
        if not noise > HIDDEN * self.point.noise:
            return
        doubted = np.flatnonzero(~(self.agree(self.allowance()) & self.resolved()) & (self.reached == 0))
        for level in (*UPPER, *LOWER[:2]):
            self.measure(level, doubted)
        rungs = self.rungs_of(doubted)
        for found in (noise, ROUGHLY * noise):  # it was found from a few values only
            shaky = noise_explains(rungs, self.noise[doubted], found, ~self.resolved()[doubted])
            self.noise[doubted[shaky]] = np.fmax(self.noise[doubted[shaky]], found)
        self.settle()

    def record(self) -> Reference:
        """Return what is known, the slopes nearby added where claims disagree at a kink."""
        low, high, kinks = self.values - self.gaps / 2, self.values + self.gaps / 2, self.gaps > 0
        coarse = ~self.resolved()
        if self.point.kink:
            ordinary = self.steps >= 10.0 ** (SECOND - 0.5) * self.sizes  # a kink beside the point is none at it
            wrong = np.flatnonzero(~self.agree(self.allowance()) & np.isfinite(self.claims) & ordinary)
            lowest, highest = slopes_nearby(
                self.point.problem, self.name, wrong, self.steepness()[wrong], self.point.noise, self.point.seed
            )
            room = FURTHER * self.gaps[wrong]
            wider = (lowest < low[wrong] - room) | (highest > high[wrong] + room)
            low[wrong] = np.where(wider, np.fmin(low[wrong], lowest), low[wrong])
            high[wrong] = np.where(wider, np.fmax(high[wrong], highest), high[wrong])
            kinks[wrong[wider]] = True
        bars = self.allowance()
        self.judge_together(low, high, kinks, bars, coarse)
        return self.as_reference(self.values, bars, low, high, kinks, coarse)

    def judge_together(self, low: Array, high: Array, kinks: Mask, bars: Array, coarse: Mask) -> None:
        """Take back the kinks of entries whose claims contradict the loss along joint directions.

        Each claim lies between the slopes of its own entry; together they may still be of no gradient around the point.
        """
        size = np.maximum(np.abs(low), np.abs(high))
        inside = (self.claims >= low - bars - self.point.threshold * size) & (
            self.claims <= high + bars + self.point.threshold * size
        )
        own = np.flatnonzero(kinks & inside)
        if not own.size:
            return
        point = self.point
        point.kinked[self.name], point.claims[self.name], point.steepness[self.name] = own, self.claims[own], size[own]
        if sum(map(len, point.kinked.values())) < 2:
            return
        for direction, hull in joint_hulls(point.problem, point.kinked, point.steepness, point.noise, point.seed):
            claimed = sum(float(point.claims[name] @ d) for name, d in direction.items())
            off = max(hull.low - claimed, claimed - hull.high)
            if off > hull.width:
                low[own], high[own], kinks[own] = self.values[own], self.values[own], False
            elif off > 0:
                coarse[own] = True


def noise_explains(rungs: Rungs, known: Array, found: float, coarse: Mask) -> Mask:
    """Return for which entries a noise found elsewhere explains what the known one does not: how small steps differ.

    Coarse entries are those for which the known noise explains nothing in any case.

    With it the larger steps must tell a derivative, or the small ones go in stairs: a loss with waves shorter than the
    spacing that noise is looked for at seems noisy too, and its small steps are right.
    """
    best = estimate(rungs, found)
    with np.errstate(all="ignore"):
        off = np.where(rungs.steps <= best.steps, np.abs(rungs.slopes - best.values), 0.0)
        unexplained = (off > SAFETY * rungs.noise(known) + best.bars).any(axis=0)
        explained = ~(off > SAFETY * rungs.noise(found) + best.bars).any(axis=0)
        told = SAFETY * best.bars <= CATCHES * np.abs(best.values)
        stairs = (rungs.rise[0] == 0) & (rungs.fall[0] == 0)
        return np.asarray((unexplained | coarse) & explained & (told | stairs))
