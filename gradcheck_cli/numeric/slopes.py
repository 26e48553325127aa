"""Slopes of the loss along directions, each with an error bar, from as few evaluations as will do.

A first centred difference is taken at a step so small that few kinks lie within it, and no smaller than noise allows.
Where the claim agrees with it within the bar of noise, that is all: two evaluations. Where not, the slope is settled as
an entry is by the ladder: smaller steps as long as they tell something new, then larger ones until it is known well
enough to tell, as `rungs` sees it, what is noise, truncation or a kink and what is a contradiction. A slope that has
not settled contradicts nothing.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradcheck_cli.numeric.noise import POINTS, Line, LossNoise, finer_noise, rough_noise
from gradcheck_cli.numeric.rungs import Estimate, Rungs, estimate, first_estimate, moves_below
from gradcheck_cli.numeric.scales import largest_size, scale_of_motion
from gradcheck_cli.numeric.tolerances import DUST, EPS, FLAT, LOST, NEGLIGIBLE, NOISE_BARS, ROUNDING, SAFETY, STILL
from gradcheck_cli.problems.directions import TINY, ZERO, Direction, component, entry_at
from gradcheck_cli.problems.problem import Directional
from gradcheck_cli.vocabulary.parameters import Parameters

__all__ = ["ALONE", "POINTS", "Slope", "Slopes"]

PRECISE = 1e-8  # of the slope's usual size: what noise may leave of a first difference
BALANCED = 8.0  # times the root of the noise: where kinks, whose error grows with the step, weigh as much as noise
SMALLEST, LARGEST = -24, -3  # powers of two
OF_NOTHING = 2.0**-9
LOWER = tuple(8.0**-k for k in range(1, 9))  # times the first step, one after another
UPPER = (8.0, 64.0, 512.0, 4096.0, 32768.0)
ALIKE = 0.3  # of the largest jump: what the two smallest steps see of it if it does not shrink with them
ALONE = (512.0, 4096.0, 64.0, 8.0)  # the larger ones for a single entry, which few kinks are near
WIDEST = 0.1  # of the sizes: the largest step, and the largest whose slopes count as those beside the point
NOISY = 8.0  # machine epsilons of the loss: noise beyond it is no rounding, and less well known; bars count double
CHANCE = 5.0  # times their norm: what a sum of many errors of random signs exceeds once in 10^5 times (Hoeffding)
COARSE = 0.01  # of the slope's usual size: a bar by which a common factor of 1.01 is no longer seen
CLEAR = 0.1  # of the contradiction: a bar that leaves no doubt of it
NARROW = 0.5  # of what the threshold allows: a bar that nothing is gained by making narrower
ENOUGH = 1e-6  # of the slope's usual size: a bar with which a first difference that agrees may be left alone


@dataclass
class Slope:
    """The derivative along one direction, claimed and measured."""

    direction: Direction
    claim: float
    size: float
    """About how large the claim can be: the norm of gradient times direction, entry by entry."""
    rungs: dict[float, tuple[float, float]] = field(default_factory=dict)
    """By step, how the loss changes on the right and on the left."""
    value: float = 0.0
    bar: float = math.inf
    """What the value may be off by."""
    gap: float = 0.0
    """At a kink, the distance of the one-sided slopes."""
    step: float = 0.0
    """That it comes from."""
    sure: bool = False
    """Whether its smallest steps agree: a contradiction may come from a kink, or from too large a step, otherwise."""
    noise: float = 0.0
    """Standard deviation of the loss along it, where that is more than was known."""
    scale: float = 1.0
    """How many times the sizes of the entries it takes until the loss feels it."""
    dead: bool = False
    """Whether the loss does not feel it at all."""

    @property
    def steepness(self) -> float:
        """The largest slope beside the point, at no smaller steps than that of the value, come back or not.

        That of a larger step counts no more than curvature allows: as many times that of the first as it is longer.
        """
        first = next(iter(self.rungs), math.inf)
        slopes = {step: (abs(rise) + abs(fall)) / (2 * step) for step, (rise, fall) in self.rungs.items()}
        near = (min(s, step / first * slopes[first]) for step, s in slopes.items() if self.step <= step <= WIDEST)
        return max((s for s in near if s == s), default=0.0)

    @property
    def residual(self) -> float:
        """What is claimed less what is measured, but for what a kink explains."""
        off = self.claim - self.value
        return math.copysign(max(abs(off) - self.gap / 2, 0.0), off)


@dataclass
class Slopes:
    """Measures slopes of one problem."""

    problem: Directional
    claim: Parameters
    threshold: float
    """Relative error that an entry of the claim may have."""
    seed: int
    loss: float
    """J at the point."""
    errors: dict[int, float] = field(default_factory=dict)
    """By position, the errors of single entries that are known."""
    found: Callable[[int], None] = lambda _: None
    """Called with their number when one more is known."""
    loss_noise: LossNoise = field(init=False)
    step: float = field(init=False)
    """Of the first difference, relative to the sizes of the entries."""

    def __post_init__(self) -> None:
        count = sum(values.size for values in self.problem.parameters.values())
        direction = Direction(self.seed, 0, 0, count)
        line = Line(
            losses=lambda steps: self.problem.losses_along([(direction, step) for step in steps]),
            at_point=self.loss,
            scatter=self.problem.scatter,
            far=self.far,
        )
        self.loss_noise = finer_noise(line, rough_noise(line))
        self.step = first_step(self.noise, self.loss_noise.reach)

    @property
    def noise(self) -> float:
        """Standard deviation of the loss."""
        return self.loss_noise.deviation

    @property
    def far(self) -> float:
        """How many times the usual sizes reach the largest entry."""
        return max(1.0, largest_size(self.problem.parameters) / min(self.problem.sizes.values()))

    def of(self, direction: Direction) -> Slope:
        """Return a slope of which only the claim is known, the errors put right that are known."""
        claim, size = self.problem.along(direction, self.claim)
        known = (
            error * component(direction, position, self.problem.parameters, self.problem.sizes)
            for position, error in self.errors.items()
            if direction.start <= position < direction.stop
        )
        return Slope(direction, claim - math.fsum(known), size)

    def component(self, slope: Slope) -> float:
        """Return the only component of a direction along a single entry."""
        return component(slope.direction, slope.direction.start, self.problem.parameters, self.problem.sizes)

    def correct(self, slope: Slope) -> None:
        """Take the error of a single entry for known."""
        self.errors[slope.direction.start] = (slope.claim - slope.value) / self.component(slope)
        self.found(len(self.errors))

    # measuring

    def first(self, slopes: Sequence[Slope]) -> None:
        """Take the first difference of some slopes."""
        if not slopes:
            return
        self.measure(slopes, self.step)
        self.keep(slopes, first_estimate(rungs_of(slopes), self.noise))

    def resolve(self, *slopes: Slope, factors: Sequence[float] = UPPER) -> None:
        """Measure some slopes at further steps, until it is clear of each whether it contradicts its claim."""
        open_ = [slope for slope in slopes if self.felt(slope)]
        moving = open_
        for factor in LOWER:
            if not moving:
                break
            self.measure_and_keep(moving, factor)
            moving = [slope for slope in moving if moves_below(rungs_of([slope]), self.noise)[0]]
        for factor in factors:
            open_ = [slope for slope in open_ if not self.settled(slope) and factor * self.step <= WIDEST]
            if not open_:
                break
            self.measure_and_keep(open_, factor)
        for slope in slopes:
            if not slope.dead:
                self.doubt(slope)
            slope.sure = slope.dead or not moves_below(rungs_of([slope]), self.noise_of(slope))[0]

    def noise_of(self, slope: Slope) -> float:
        """Return the standard deviation of the loss along a slope."""
        return max(self.noise, slope.noise)

    def doubt(self, slope: Slope) -> None:
        """Look for noise that has hidden so far where the smallest steps of a slope contradict each other.

        What a jump of the loss makes of a difference, be it of rounding or its own, grows as the step shrinks. What is
        left of a wave, a kink or too large a step shrinks with it.
        """
        if not moves_below(rungs_of([slope]), self.noise)[0]:
            return
        steps = sorted(slope.rungs)
        slopes = {step: (rise - fall) / (2 * step) for step, (rise, fall) in slope.rungs.items()}
        usual = statistics.median(slopes[step] for step in steps if step >= slope.scale * self.step)
        jumps = [abs(slopes[step] - usual) * step for step in steps if step < slope.scale * self.step]
        if jumps and max(jumps[:2]) >= ALIKE * max(jumps):
            slope.noise = max(jumps)
            self.keep([slope], estimate(rungs_of([slope]), self.noise_of(slope)))

    def felt(self, slope: Slope) -> bool:
        """Whether the loss feels a slope; if not at its first step, it is followed until it does."""
        if all(abs(change) <= STILL * self.noise for change in slope.rungs[min(slope.rungs)]):
            far = self.far if self.dusty(slope) else 1.0
            found = scale_of_motion(
                lambda t: self.problem.losses_along([(slope.direction, t)])[0] if t else self.loss, self.noise, far
            )
            slope.dead = found is None
            if found is None:
                slope.value, slope.bar, slope.gap = 0.0, LOST / SAFETY * self.noise / far, 0.0
            elif found > 1:
                slope.scale, slope.rungs = found, {}
                self.measure([slope], self.step)
        return not slope.dead

    def dusty(self, slope: Slope) -> bool:
        """Whether all entries that it moves are next to nothing beside the largest entry of all."""
        first, last = (
            entry_at(self.problem.parameters, k)[0] for k in (slope.direction.start, slope.direction.stop - 1)
        )
        return first == last and self.problem.sizes[first] < DUST * largest_size(self.problem.parameters)

    def measure_and_keep(self, slopes: Sequence[Slope], factor: float) -> None:
        """Take one more difference of some slopes, and note what they are then known to be."""
        self.measure(slopes, factor * self.step)
        for slope in slopes:
            self.keep([slope], estimate(rungs_of([slope]), self.noise_of(slope)))

    def measure(self, slopes: Sequence[Slope], step: float) -> None:
        """Evaluate the loss on both sides."""
        moves = [(slope.direction, side * slope.scale * step) for slope in slopes for side in (1, -1)]
        changes = self.problem.losses_along(moves) - self.loss
        for slope, (rise, fall) in zip(slopes, changes.reshape(-1, 2).tolist(), strict=True):
            slope.rungs[slope.scale * step] = rise, fall

    def keep(self, slopes: Sequence[Slope], best: Estimate) -> None:
        """Note the best estimates."""
        for k, slope in enumerate(slopes):
            slope.value, slope.bar, slope.gap = float(best.values[k]), float(best.bars[k]), float(best.gaps[k])
            slope.step = float(best.steps[k])

    # judging

    def allowed(self, slope: Slope) -> float:
        """Return what a right claim may be off by."""
        many = min(math.sqrt(slope.direction.length), CHANCE)
        return self.bar(slope) + many * self.threshold * slope.size

    def bar(self, slope: Slope) -> float:
        """Return the same whatever the threshold: what the numeric side and the claim's own formula may be off by."""
        noisy = self.noise_of(slope) > NOISY * EPS * abs(self.loss)
        return SAFETY * (2 if noisy else 1) * slope.bar + self.rounding(slope)

    def rounding(self, slope: Slope) -> float:
        """Return what the formula of a right claim may lose."""
        return ROUNDING * EPS * max(slope.size, slope.steepness, self.loss_noise.reach) + EPS * abs(self.loss)

    def is_resolved(self, slope: Slope) -> bool:
        """Whether a slope is known well enough to tell a claim from a wrong one."""
        if slope.dead:
            return abs(slope.claim) <= self.noise or self.loss_noise.here <= STILL * self.noise
        usual = COARSE * max(slope.size, abs(slope.value))
        width = 0.0 if slope.direction.among == ZERO else slope.gap / 2  # zeros lie on kinks often, and are then alone
        return self.bar(slope) + width <= max(usual, NEGLIGIBLE * self.loss_noise.reach, FLAT * slope.steepness)

    def contradicts(self, slope: Slope) -> bool:
        """Whether a claim is off by more than it may be; what is not a number is."""
        return not abs(slope.residual) <= self.allowed(slope)

    def settled(self, slope: Slope) -> bool:
        """Whether more steps would tell nothing more."""
        if self.contradicts(slope):
            return SAFETY * slope.bar + slope.gap <= CLEAR * abs(slope.residual)
        if slope.direction.among == TINY:  # what has next to no part in the loss is not known to many digits
            return self.is_resolved(slope)
        return SAFETY * slope.bar <= NARROW * (self.allowed(slope) - self.bar(slope)) and not slope.gap


def first_step(noise: float, size: float) -> float:
    """Return the step of the first difference, where slopes have about the size `size`."""
    if not size:  # nothing is known of it: the larger the step, the better it can be told from nothing
        return OF_NOTHING
    wanted = min(NOISE_BARS * noise / size / PRECISE, BALANCED * math.sqrt(noise / size))
    exponent = math.ceil(math.log2(wanted)) if 0 < wanted < math.inf else SMALLEST
    return 2.0 ** min(max(exponent, SMALLEST), LARGEST)


def rungs_of(slopes: Sequence[Slope]) -> Rungs:
    """Return what is measured of slopes that were measured at the same steps, the smallest first."""
    steps = sorted(slopes[0].rungs)
    changes = np.array([[slope.rungs[step] for slope in slopes] for step in steps])
    lengths = np.repeat(np.array(steps)[:, None], len(slopes), axis=1)
    return Rungs(lengths, changes[..., 0], lengths, changes[..., 1], np.array([slope.scale for slope in slopes]))
