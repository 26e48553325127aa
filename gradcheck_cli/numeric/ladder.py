"""The reference in function mode: nothing but the loss can be called.

The rule, for every entry for itself, its steps measured by its own size (`scales`):

1. A centred difference with a step of 1e-5 of the entry's size. Where the claimed value lies within the threshold and
   the bar of noise of it, that bar is narrow, and the slopes on both sides are about the same, this difference is the
   reference. Two evaluations, and most entries of a right gradient are done.
2. Entries that the loss does not feel are moved further, together: if it stays what it is, the derivative is 0; where
   it moves, the step at which it does so is the size (`scale_of_motion`). Zeros, whose size is borrowed, are moved less
   far before: it may be saturated where it is looked at.
3. A second difference, with a step of 1e-6: if it differs by more than noise, a kink is near or the size is wrong, and
   smaller steps follow, down to 1e-13, as long as they tell something new. A unit 1e-9 from its kink is judged by the
   steps below; a claim is never contradicted by steps that have not settled.
4. Larger steps, up to the entry's size and, where noise hides the slope, beyond, until the bar is narrow, a claim is
   clearly off, or a larger step contradicts the smaller ones; `rungs` tells what the value and its bar are. The claim
   has no part in them. Where the bar is still too wide to judge by, half rungs between the others.
5. Where larger steps tell something else at once (`rungs.overruled`), where an entry is coarse, and where one step
   further off bears out a claim that small steps contradict, the noise is doubted: the smallest that explains the rungs
   is taken for the entry's own if the loss jumps by as much between neighbouring points (`noise.jump`). Waves, kinks
   and zones without slope do not. Stairs as wide as a quantiser's leave open which slope is meant.
6. At a kink every slope around the point is right (`kinks`).

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

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.evaluating.budget import BudgetSpentError
from gradcheck_cli.judging.agreement import agrees
from gradcheck_cli.numeric.kinks import Side, joint_hulls, on_kink, other_side, slopes_nearby
from gradcheck_cli.numeric.noise import (
    STAIR_NOISE,
    LossNoise,
    Noise,
    hidden_noise,
    jump,
)
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.numeric.rungs import (
    Estimate,
    Rungs,
    bends,
    estimate,
    first_estimate,
    gap_seen_from,
    moves_below,
    noise_that_explains,
    overruled,
)
from gradcheck_cli.numeric.scales import entry_sizes, largest_size, scale_of_motion
from gradcheck_cli.numeric.tolerances import (
    CATCHES,
    DUST,
    EPS,
    FLAT,
    LOST,
    NEGLIGIBLE,
    ROUNDING,
    SAFETY,
    SINGLE,
    STILL,
)
from gradcheck_cli.problems.problem import Moved, Problem, changes_in_turn
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.watch import SILENT, Watch

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
MOST_ALONE, MOST_QUARTERS = 8, 2  # entries that are moved one by one, and quarters with felt ones that are divided
SMALLER = (1e-3, 1e-6, 1e-9, 1e-12, 1e-15)  # of the size that a zero borrows
NEARER, STEEPER = 1e-3, 10.0  # a step so much smaller, at which a loss that is not saturated is not so much steeper
HALVES = (-4.5, -3.5, -2.5, -1.5, -0.5)
FURTHER_OFF = -2.0  # where a claim is borne out if it is right and small steps are on a stair
NEARBY = -1.0  # the largest step whose slopes count as those beside the point

NARROW = 0.05  # of the threshold: a bar that nothing is gained by making narrower
ENOUGH = 0.25  # the same of a first difference that agrees: with its bar it may be off by the threshold once more
OF_WHOLE = 0.1  # of the slope of the whole loss: a derivative, by its size, beside which noise may be judged as well
FAR_OFF = 30.0  # times what is allowed: a contradiction that two steps are enough for
HIDDEN = 4.0  # noise counts as hidden where it turns out to be so many times larger
FURTHER = 0.2  # of the gap of an entry's own slopes: what those nearby must reach beyond it to tell more than it
ROUNDED = 1.0  # standard deviations of the loss: what the formula of a right claim leaves of nothing
WIDE = 3e-4  # of the size of an entry: a stair that is no rounding, a kink that need not be at the point
STRETCHES = 4  # that are searched for stairs: two in one that cancel each other are not found
UNSEEN = 1e-3  # of a slope over steps larger than an entry: what may become of it within the entry's own size
SMALL = 1e-3  # of the largest entry: an entry beside which ordinary steps of the others are long
STRAIGHT, ALIKE = 0.3, 0.1  # of a slope: what it may change by over ten times the step, and from side to side
TOO_FAR = 10.0  # sizes of an entry: a step from which a derivative says little of what it is beside the point
PART = 1 / 16  # of what the loss leaves its small steps by: a stair as large as that accounts for it


def ladder_reference(
    problem: Problem,
    analytic: Parameters,
    threshold: float,
    seed: int,
    progress: Watch = SILENT,
    noise: Noise | None = None,
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
    progress : Watch, optional
        Told of the number of entries done since the last time, and of what the search is at.
    noise : Noise, optional
        Of the loss, where other entries of the same problem were differentiated before.

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
    progress.at("noise of the loss")
    noise = noise or Noise(problem, seed)
    sizes = entry_sizes(problem.parameters)
    if noise.rough.constant is not None:
        for name in problem.parameters:
            progress(sizes[name].size)
            yield name, constant_reference(sizes[name], analytic[name], noise.rough)
        return
    point = _Point(problem, threshold, seed, noise.rough)
    ladders = [
        _Ladder(point, name, values.reshape(-1), analytic[name].reshape(-1), sizes[name].reshape(-1))
        for name, values in problem.parameters.items()
    ]
    progress.at("entries")
    try:
        take_first_differences(ladders, progress)
        if not all(ladder.plain(ladder.first()).all() for ladder in ladders):
            point.loss_noise = noise.finer
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


def take_first_differences(ladders: Sequence[_Ladder], progress: Callable[[int], None]) -> None:
    """Take the first difference of every entry: none of them depends on another."""
    blocks = [(ladder, block) for ladder in ladders for block in ladder.blocks()]
    changes = changes_in_turn(ladders[0].point.problem, (ladder.moves(FIRST, block) for ladder, block in blocks))
    for (ladder, block), change in zip(blocks, changes, strict=False):
        ladder.note(FIRST, block, change)
        progress(len(block))


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
    hidden = (np.abs(claims) * sizes > ROUNDED * noise.deviation) & (noise.here > STILL * noise.deviation)
    return Reference(zeros, bars, bars, zeros, zeros, kinks=nowhere, coarse=hidden, constant=True)


@dataclass
class _Point:
    """What all parameters share."""

    problem: Problem
    threshold: float
    seed: int
    loss_noise: LossNoise
    kink: bool | None = None
    """Whether the point lies on a kink; None where that was not looked for yet."""
    across: Side | None = None
    """What a look across the point has shown; None before it."""
    kinked: dict[str, Entries] = field(default_factory=dict)
    """By parameter, the entries whose claims were accepted on a kink."""
    steepness: dict[str, Array] = field(default_factory=dict)
    """About how large the slopes of those are."""
    claims: dict[str, Array] = field(default_factory=dict)
    """Their claims."""
    bars: dict[str, Array] = field(default_factory=dict)
    """What these may be off by."""

    @property
    def noise(self) -> float:
        """Standard deviation of the loss."""
        return self.loss_noise.deviation

    def look_across(self) -> None:
        """See whether there is a kink at the point, for contradictions that are told from two differences alone."""
        self.across = other_side(self.problem, self.loss_noise, self.seed)

    def on_kink(self) -> bool:
        """Return whether the point lies on a kink, which noise that has hidden so far may look like."""
        if self.kink is None:
            self.kink = on_kink(self.problem, self.noise, self.seed)
            if self.kink and (hidden := hidden_noise(self.problem, self.seed)) > HIDDEN * self.noise:
                self.kink = on_kink(self.problem, hidden, self.seed)
        return self.kink


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
        self.own_sizes, self.sizes = self.sizes, self.sizes.copy()
        self.values = np.zeros(self.positions.size)
        self.bars = np.full(self.positions.size, np.inf)
        self.gaps = np.zeros(self.positions.size)
        self.steps = np.zeros(self.positions.size)
        """Those that the values come from."""
        self.rescaled = np.zeros(self.positions.size, dtype=np.bool_)
        """Whether steps of their own size are too small for the loss."""
        self.torn = np.zeros(self.positions.size, dtype=np.bool_)
        """Whether stairs are so wide that they may be meant: then both what they say and what they hide is right."""
        self.overruled = np.zeros(self.positions.size, dtype=np.bool_)
        """Whether larger steps tell something else at once."""
        self.reached = np.zeros(self.positions.size)
        """How far entries were moved that the loss does not feel; 0 for all others."""

    @property
    def every(self) -> Entries:
        """All entries."""
        return np.arange(self.positions.size)

    # measuring

    def blocks(self) -> list[Entries]:
        """Return all entries, as many at a time as the problem likes."""
        at_once = self.point.problem.entries_at_once(self.name)
        return [self.every[start : start + at_once] for start in range(0, self.positions.size, at_once)]

    def measure(self, level: float, entries: Entries) -> None:
        """Evaluate the loss one step to either side of the entries, where that was not done before."""
        entries = entries[np.isnan(self.rung(level)[0, entries])]
        if entries.size:
            self.note(level, entries, self.point.problem.loss_changes(*self.moves(level, entries)))

    def moves(self, level: float, entries: Entries) -> Moved:
        """Return how entries are moved one step to either side."""
        up, down = self.steps_of(level, entries)
        return self.name, np.tile(entries, 2), np.concatenate([up, -down])

    def steps_of(self, level: float, entries: Entries) -> tuple[Array, Array]:
        """Return the steps to either side, as far as entries can take them: none where they vanish or overflow."""
        with np.errstate(over="ignore", invalid="ignore"):
            positions, steps = self.positions[entries], 10.0**level * self.sizes[entries]
            return (positions + steps) - positions, positions - (positions - steps)

    def note(self, level: float, entries: Entries, changes: Array) -> None:
        """Note what the loss changes by at a level; steps that vanish or overflow are unusable."""
        up, down = self.steps_of(level, entries)
        rise, fall = np.split(changes, 2)
        usable = np.isfinite(rise) & np.isfinite(fall) & (up > 0) & (down > 0)
        self.rung(level)[:, entries] = np.where(usable, [up, rise, down, fall], np.nan)

    def rung(self, level: float) -> Array:
        """Return what is known of a level, for all entries."""
        return self.rungs.setdefault(level, np.full((4, self.positions.size), np.nan))

    def rungs_of(self, entries: Entries, levels: Sequence[float] = ()) -> Rungs:
        """Return what is measured of some entries, the smallest steps first, and what is not measured of them last.

        A step beyond the size of an entry that does not move the loss tells nothing: what is bounded looks flat there.
        """
        levels = levels or sorted(self.rungs)
        rows = np.array([self.rungs[level][:, entries] for level in levels])
        beyond = np.array(levels)[:, None] > NEARBY
        unmoved = np.fmax(np.abs(rows[:, 1]), np.abs(rows[:, 3])) <= STILL * self.noise[entries]
        rows = np.where((beyond & unmoved)[:, None], np.nan, rows)
        order = np.argsort(np.isnan(rows[:, 0]), axis=0, kind="stable")
        rows = np.take_along_axis(rows, order[:, None], axis=0)
        return Rungs(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], np.abs(self.positions[entries]))

    # climbing

    def first(self) -> Rungs:
        """Note the first differences, and return them."""
        up, rise, down, fall = self.rungs[FIRST][:, None]
        first = Rungs(up, rise, down, fall, np.abs(self.positions))
        self.keep(self.every, first_estimate(first, self.noise))
        return first

    def plain(self, first: Rungs) -> Mask:
        """Return for which entries their first difference is enough."""
        fine = self.agree(self.bars) & (self.bars <= self.fine()) & self.resolved()
        bent = bends(first, self.noise, self.point.threshold**0.5, self.of_whole())
        return fine & ~bent & ~self.dusty() & ~self.unfelt_zeros() & ~self.still(FIRST, self.every)

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
        open_ = np.flatnonzero(~self.plain(self.first()))
        self.shrink(open_)
        open_ = self.moving(self.felt(open_))
        self.measure(SECOND, open_)
        self.estimate(open_)
        self.descend(LOWER, open_)
        self.descend(LOWEST, open_[self.positions[open_] == 0])
        self.climb(UPPER, open_)
        self.measure(NEARBY, self.undecided(open_))  # at a minimum that tells how little noise may leave of it
        self.climb(BEYOND, self.undecided(open_))
        self.climb(HALVES, self.undecided(open_))

    def shrink(self, entries: Entries) -> None:
        """Move zeros that the loss does not feel by less and less, and take for their size what it feels them at.

        The size that a zero borrows from other entries may be far too large for it, and the loss saturated so far away.
        """
        zeros, still = entries[self.unfelt_zeros()[entries]], STILL * self.point.noise
        problem = self.point.problem
        for scale in SMALLER:
            if not zeros.size:
                return
            step = 10.0**FIRST * scale
            together, here = self.line_through(zeros), problem.loss(problem.parameters)
            if all(abs(together(side * step) - here) <= still for side in (1.0, -1.0)):
                continue
            change, nearer = (
                np.fmax(np.abs(self.changes(zeros, s)), np.abs(self.changes(zeros, -s))) for s in (step, NEARER * step)
            )
            straight = (nearer <= still) | (nearer <= STEEPER * NEARER * change)  # no more saturated there
            felt = zeros[(change > still) & straight]
            self.rescale(felt, scale)
            zeros = np.setdiff1d(zeros, felt)

    def dusty(self) -> Mask:
        """Return which entries have next to no size, and are not felt by the loss at the first step."""
        return self.unfelt() & (self.sizes < DUST * largest_size(self.point.problem.parameters))

    def unfelt(self) -> Mask:
        """Return which entries the loss does not feel at the first step."""
        still = STILL * self.point.noise
        return np.asarray((np.abs(self.rungs[FIRST][1]) <= still) & (np.abs(self.rungs[FIRST][3]) <= still))

    def unfelt_zeros(self) -> Mask:
        """Return which entries are zero, have borrowed a size from others, and are not felt at the first step by it."""
        borrowed = any(values.any() for values in self.point.problem.parameters.values())
        return np.asarray(self.unfelt() & (self.positions == 0) & borrowed)

    def felt(self, entries: Entries) -> Entries:
        """Move entries of next to no size further, if the loss does not feel them, and return those that it does."""
        largest, noise = largest_size(self.point.problem.parameters), self.point.noise
        dust = np.intersect1d(entries, np.flatnonzero(self.dusty()))
        while dust.size:
            far = largest / float(np.min(self.sizes[dust]))
            line = self.line_through(dust)
            scale = scale_of_motion(line, noise, far)
            if scale is None:  # a unit that is on may be off on that side
                scale = scale_of_motion(lambda t, line=line: line(-t), noise, far)  # type: ignore[misc]
            if scale is None:
                self.reached[dust] = largest
                self.values[dust], self.bars[dust] = 0.0, LOST / SAFETY * noise / largest
                return np.setdiff1d(entries, dust)
            moved = self.moved_at(scale, dust) if scale > 1 else dust[:0]
            if not moved.size:
                break
            self.rescale(moved, scale)
            dust = np.setdiff1d(dust, moved)
        return entries

    def moving(self, entries: Entries) -> Entries:
        """Return the entries but for those that the loss does not feel at all within a tenth of their sizes.

        A claim that is neither zero nor so large that it would be felt may be hidden by noise: that takes larger steps.
        """
        reach = 10.0**NEARBY * self.sizes[entries]
        claimed = np.abs(self.claims[entries])
        plain = (claimed <= self.rounding()[entries]) | (claimed * reach > SAFETY * LOST * self.point.noise)
        still = entries[plain & self.still(FIRST, entries) & (self.reached[entries] == 0)]
        if not still.size:
            return entries
        if self.move_together(still):
            still = self.unmoved(still)
        self.reached[still] = 10.0**NEARBY * self.sizes[still]
        self.values[still], self.bars[still] = 0.0, LOST / SAFETY * self.point.noise / self.reached[still]
        return np.setdiff1d(entries, still)

    def move_together(self, entries: Entries) -> bool:
        """Return whether the loss feels some entries that are moved together, each by a tenth of its size."""
        together, problem = self.line_through(entries), self.point.problem
        here = problem.loss(problem.parameters)
        return any(together(t) != here for t in (10.0**NEARBY, -(10.0**NEARBY)))

    def unmoved(self, entries: Entries) -> Entries:
        """Return those of some entries, which are felt together, that are not felt alone: by quarters where few are."""
        quarters = np.array_split(entries, 4)
        felt = quarters if entries.size <= MOST_ALONE else [part for part in quarters if self.move_together(part)]
        if len(felt) > MOST_QUARTERS:
            self.measure(NEARBY, entries)
            return entries[self.still(NEARBY, entries)]
        rest = [self.unmoved(part) for part in felt]
        return np.sort(np.concatenate([*(part for part in quarters if not any(part is one for one in felt)), *rest]))

    def still(self, level: float, entries: Entries) -> Mask:
        """Return for which entries the loss does not change at all over a step to either side."""
        rung = self.rungs[level][:, entries]
        return np.asarray((rung[1] == 0) & (rung[3] == 0))

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
        return entries[~(np.abs(self.changes(entries, scale)) <= STILL * self.point.noise)]

    def changes(self, entries: Entries, scale: float) -> Array:
        """Return by how much the loss changes where each of some entries is moved alone by so many of its sizes."""
        return self.point.problem.loss_changes(self.name, entries, scale * self.sizes[entries])

    def rescale(self, entries: Entries, scale: float) -> None:
        """Take for the size of entries the step at which the loss feels them, and measure them anew."""
        self.sizes[entries] *= scale
        self.rescaled[entries] = True
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
        rungs = self.rungs_of(entries)
        best = estimate(rungs, self.noise[entries])
        self.keep(entries, best)
        self.overruled[entries] = overruled(rungs, best, self.noise[entries], self.furthest(entries))
        return best

    def furthest(self, entries: Entries) -> Array:
        """Return the largest steps that count as those beside the point."""
        return np.asarray(10.0 ** (NEARBY + 0.1) * self.sizes[entries])

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
        half = self.gaps / 2
        return agrees(self.claims, self.values - half, self.values + half, bars, self.point.threshold)

    def clear(self, entries: Entries) -> Mask:
        """Return which entries are so far off from what is settled that no further step can bring them back."""
        settled = ~moves_below(self.rungs_of(entries), self.noise[entries]) & ~self.still(FIRST, entries)
        return self.far(entries) & settled

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
                    nearby = up + down >= np.fmin(self.steps, 10.0**NEARBY * self.sizes)
                    steepest = np.where(nearby, np.fmax(steepest, seen), steepest)
        return np.asarray(steepest)

    def rounding(self) -> Array:
        """Return what the claim's own formula may lose: of its own slopes, and of terms as large as the whole slope.

        Where the loss is a square that vanishes, (A - Y)^2, what is lost of A counts: its slope times that of A - Y.
        """
        noise = self.point.loss_noise
        square = np.sqrt(self.curvature()) * math.sqrt(noise.curvature)
        return np.asarray(ROUNDING * EPS * np.maximum(self.steepness(), np.maximum(noise.reach, square) / self.sizes))

    def curvature(self) -> Array:
        """Return by how much the loss changes per square of an entry's relative change, as the largest step tells."""
        curvature = np.zeros(self.positions.size)
        for level in sorted(level for level in self.rungs if level <= NEARBY):
            _, rise, _, fall = self.rungs[level]
            bend = np.abs(rise + fall) / 10.0 ** (2 * level)
            curvature = np.where(np.isfinite(bend), bend, curvature)
        return curvature

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
        negligible = NEGLIGIBLE * self.point.loss_noise.reach / self.sizes * (np.abs(self.claims) <= self.rounding())
        with np.errstate(invalid="ignore"):
            zero = (self.reached > 0) & (np.abs(self.claims) * self.reached <= ROUNDED * self.point.noise)
        return np.asarray((allowance <= np.maximum(limit, negligible)) | zero)

    # the whole

    def reference(self) -> Reference:
        """Return the reference of the parameter."""
        self.settle()
        self.doubt()
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
            small=(~coarse & ~(bars <= CATCHES * np.maximum(np.abs(low), np.abs(high)))).reshape(shape),
        ).floored()

    def doubt(self) -> None:
        """Look for noise that has hidden so far where steps contradict each other, and judge by it."""
        doubted = np.flatnonzero((self.overruled | ~self.resolved() | self.disputed()) & (self.reached == 0))
        if not doubted.size:
            return
        for level in UPPER:
            self.measure(level, doubted)
        rungs = self.rungs_of(doubted)
        explains = noise_that_explains(rungs, self.noise[doubted], self.furthest(doubted))
        found = self.noise.copy()
        for k, entry in enumerate(doubted):
            if not explains[k] <= found[entry]:
                stair = self.stair(int(entry), rungs.of(np.array([k])), explains[k])
                found[entry] = max(found[entry], STAIR_NOISE * stair, explains[k] if stair > 0 else 0.0)
        if (found > self.noise).any():
            wide = (found > self.noise) & (self.steps >= WIDE * self.sizes) & self.agree(self.allowance())
            before, self.noise = self.allowance(), found
            self.settle()
            self.torn |= wide & (before <= CATCHES * np.abs(self.values))

    def disputed(self) -> Mask:
        """Return which claims the loss bears out further off, although small steps contradict them: one step tells."""
        off = np.flatnonzero(~self.agree(self.allowance()) & np.isfinite(self.claims))
        steps = 10.0**FURTHER_OFF * self.sizes[off]
        disputed = np.zeros(self.positions.size, dtype=np.bool_)
        if off.size:
            slopes = self.point.problem.loss_changes(self.name, off, steps) / steps
            disputed[off] = np.abs(slopes - self.claims[off]) < np.abs(slopes - self.values[off])
        return disputed

    def stair(self, entry: int, rungs: Rungs, noise: float) -> float:
        """Return the stair, or the jump that rounding makes, where the loss first leaves what small steps tell of it.

        It is as large as the noise that explains the rungs; where none does, a part of what is to be explained.
        """
        slope = self.values[entry]
        moves = np.array([rungs.rise[:, 0] - slope * rungs.up[:, 0], rungs.fall[:, 0] + slope * rungs.down[:, 0]])
        known = SAFETY * (self.noise[entry] + self.bars[entry] * rungs.steps[:, 0]) if math.isnan(noise) else noise
        seen = np.abs(moves) > known

        def change(step: float) -> float:
            moved = self.point.problem.loss_changes(self.name, np.array([entry]), np.array([step]))
            return float(moved[0] - slope * step)

        for side, rung in np.argwhere(seen)[np.argsort(np.nonzero(seen)[1], kind="stable")][:STRETCHES]:
            far = (rungs.up[rung, 0], -rungs.down[rung, 0])[side]
            visible = abs(moves[side, rung]) * PART if math.isnan(noise) else noise / 2
            if (stair := jump(change, float(far), visible)) > 0:
                return stair
        return 0.0

    def record(self) -> Reference:
        """Return what is known, the slopes nearby added where claims disagree at a kink."""
        rounded = (self.gaps > 0) & (self.gaps <= SAFETY * self.rounding())  # that is the rounding of steeper slopes
        self.bars[rounded] += self.gaps[rounded] / 2
        self.gaps[rounded] = 0.0
        low, high, kinks = self.values - self.gaps / 2, self.values + self.gaps / 2, self.gaps > 0
        coarse, bars = ~self.resolved(), np.where(self.doubtful(), np.inf, self.allowance())
        if not self.agree(self.allowance()).all() and self.point.on_kink():
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
            within = ~wider & (lowest <= self.claims[wrong]) & (self.claims[wrong] <= highest)
            bars[wrong[within]] = np.inf  # between slopes that there are beside the point: no claim that is wrong
        self.judge_together(low, high, kinks, bars, coarse)
        return self.as_reference(self.values, bars, low, high, kinks, coarse)

    def doubtful(self) -> Mask:
        """Return which claims disagree with what may be hidden: by stairs, or by noise within a wide step."""
        off = ~self.agree(self.allowance())
        if not off.any():
            return off
        seen_from = gap_seen_from(self.rungs_of(self.every), self.noise)
        kinks_beside = (self.gaps > 0) & (seen_from > WIDE * self.sizes)  # there may be more than one within it
        far = self.rescaled | (self.steps > TOO_FAR * self.sizes)
        nearly = self.agree(self.allowance() + UNSEEN * np.abs(self.values))
        most = np.fmax(np.abs(self.claims), np.abs(self.values)) * largest_size(self.point.problem.parameters)
        unseen = far & (nearly | (most <= LOST * self.point.noise)) | self.beyond()
        hidden = self.torn | kinks_beside | unseen | self.between_sides() | (self.rescaled & self.bent())
        return np.asarray(hidden & off)

    def between_sides(self) -> Mask:
        """Return which claims lie between the slopes of both sides over the entry's size, where longer steps tell.

        Kinks within that size may have bent the one side, and noise hides whether they have.
        """
        up, rise, down, fall = self.rungs.get(0.0, np.full((4, self.positions.size), np.nan))
        with np.errstate(invalid="ignore"):
            right, left = rise / up, -fall / down
            between = (np.fmin(left, right) <= self.claims) & (self.claims <= np.fmax(left, right))
        return np.asarray(between & (self.steps > 2 * self.sizes))

    def bent(self) -> Mask:
        """Return whose slopes are others at steps ten times as long as those that tell, or others on one side.

        What is felt only far from an entry's own size says something of the derivative beside it if the loss is.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            levels = np.round(2 * np.log10(self.steps / self.sizes)) / 2
            slopes = {level: (rung[1] - rung[3]) / (rung[0] + rung[2]) for level, rung in self.rungs.items()}
            gaps = {level: np.abs(rung[1] / rung[0] + rung[3] / rung[2]) for level, rung in self.rungs.items()}
        unknown = np.full(self.positions.size, np.nan)
        bent = np.zeros(self.positions.size, dtype=np.bool_)
        for level in np.unique(levels[np.isfinite(levels)]).tolist():
            near, far = slopes.get(level, unknown), slopes.get(level + 1, unknown)
            with np.errstate(invalid="ignore"):
                turned = gaps.get(level, unknown) > ALIKE * np.abs(near)
                bent |= (levels == level) & ((np.abs(far - near) > STRAIGHT * np.abs(near)) | turned)
        return bent

    def beyond(self) -> Mask:
        """Return which entries are small, and told of only by steps over which the loss may be another function.

        They have a size of their own; within it neither what is claimed nor what was found would move the loss by more
        than noise may hide. Much longer steps show the kinks that lie within it, if there are any, as one; where they
        do not move the loss at all, it may be flat from some small step on; and steps that are longer than any entry
        lead elsewhere.
        """
        largest = largest_size(self.point.problem.parameters)
        small = (self.positions != 0) & (self.own_sizes < SMALL * largest)
        as_long = (self.steps >= 10.0**NEARBY * self.own_sizes) & (~self.rescaled | (self.gaps > 0))
        with np.errstate(invalid="ignore"):
            hidden = np.maximum(np.abs(self.claims), np.abs(self.values)) * self.own_sizes <= LOST * self.noise
            flat = (self.reached > 0) & (np.abs(self.claims) * self.reached <= LOST**2 * self.noise)
        every = self.point.problem.parameters.values()
        largest = max(float(np.max(np.abs(values), initial=0.0)) for values in every)  # it may be much less than 1
        outside = (self.positions != 0) & (self.steps > TOO_FAR * largest)
        return np.asarray(hidden & (small & (as_long | flat) | outside))

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
        point.kinked[self.name], point.claims[self.name], point.bars[self.name] = own, self.claims[own], bars[own]
        point.steepness[self.name] = size[own]
        if sum(map(len, point.kinked.values())) < 2:
            return
        hulls = joint_hulls(
            point.problem, point.kinked, point.claims, point.bars, point.steepness, point.noise, point.seed
        )
        for claimed, hull in hulls:
            off = max(hull.low - claimed, claimed - hull.high)
            if off > hull.width:
                low[own], high[own], kinks[own] = self.values[own], self.values[own], False
            elif off > 0:
                coarse[own] = True
