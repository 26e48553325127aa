"""Slopes of the loss along directions, each with an error bar, from as few evaluations as will do.

A first centred difference is taken at a step so small that few kinks lie within it, and no smaller than noise allows.
Where the claim agrees with it within the bar of noise, that is all: two evaluations. Where not, the slope climbs: steps
eight times as large and as small in turn, until it is known well enough to tell, as `rungs` sees it, what is noise,
truncation or a kink and what is a contradiction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradcheck_cli.numeric.noise import table_noise
from gradcheck_cli.numeric.rungs import Estimate, Rungs, estimate, first_estimate
from gradcheck_cli.numeric.tolerances import EPS, NOISE_BARS
from gradcheck_cli.parameters import Parameters
from gradcheck_cli.problems.directions import Direction, along, component
from gradcheck_cli.problems.problem import Directional

__all__ = ["ALONE", "SAFETY", "Slope", "Slopes"]

SPACINGS = (2.0**-30, 2.0**-26)  # of the points between which noise is measured, relative to the parameters
WIDER = (2.0**-22, 2.0**-18, 2.0**-14, 2.0**-10)  # in turn, until the loss changes
POINTS = 8
PRECISE = 1e-8  # of the derivative's usual size: what noise may leave of a first difference
BALANCED = 8.0  # times the root of the noise: where kinks, whose error grows with the step, weigh as much as noise
SMALLEST, LARGEST = -24, -3  # powers of two
OF_NOTHING = 2.0**-9
CLIMB = (8.0, 1 / 8, 64.0, 1 / 64, 512.0)  # times the first step, in this order
ALONE = (512.0, 4096.0, 64.0, 8.0, 1 / 8)  # the same for a single entry, which few kinks are near
SAFETY = 4.0  # bars are estimates; a right gradient must not fail
NOISY = 8.0  # machine epsilons of the loss: noise beyond it is no rounding, and less well known; bars count double
CHANCE = 5.0  # times their norm: what a sum of many errors of random signs exceeds once in 10^5 times (Hoeffding)
ROUNDING = 16.0  # machine epsilons, of the derivative's usual size: what a formula may lose
ZERO = 1000 * EPS  # of the loss: a slope that counts as none
SURE = 100.0  # times what is allowed: a contradiction that two steps are enough for
CLEAR = 0.1  # of the contradiction: a bar that leaves no doubt of it
ENOUGH = 1e-6  # of the derivative's usual size: a bar that nothing is gained by making narrower


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

    @property
    def sure(self) -> bool:
        """Whether it was measured at more than one step: a contradiction may come from a kink otherwise."""
        return len(self.rungs) > 1

    @property
    def steepness(self) -> float:
        """How much the loss moves for the step, whether or not it comes back: at a minimum that is not its slope."""
        return max(((abs(rise) + abs(fall)) / (2 * step) for step, (rise, fall) in self.rungs.items()), default=0.0)

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
    noise: float = field(init=False)
    """Standard deviation of the loss."""
    step: float = field(init=False)
    """Of the first difference, relative to the sizes of the parameters."""

    def __post_init__(self) -> None:
        whole = self.of(Direction(self.seed, 0, 0, sum(values.size for values in self.problem.parameters.values())))
        self.noise = self.measured_noise(whole.direction)
        self.step = first_step(self.noise, whole.size)

    def of(self, direction: Direction) -> Slope:
        """Return a slope of which only the claim is known, the errors put right that are known."""
        claim, size = along(direction, self.claim, self.problem.parameters, self.problem.sizes)
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

    def measured_noise(self, direction: Direction) -> float:
        """Return the standard deviation of the loss along a line beside the point, at least half an EPS of the loss."""
        estimates = self.noise_at(direction, SPACINGS)
        for spacing in WIDER:
            if any(estimates):
                break
            estimates = self.noise_at(direction, [spacing])
        return max(*estimates, EPS * abs(self.loss) / 2, EPS * EPS, self.problem.scatter)

    def noise_at(self, direction: Direction, spacings: Sequence[float]) -> list[float]:
        """Return what the differences of equally spaced losses say, for each spacing."""
        moves = [(direction, k * spacing) for spacing in spacings for k in range(1, POINTS + 1)]
        tables = np.split(self.problem.losses_along(moves), len(spacings))
        return [table_noise(table) for table in tables]

    # measuring

    def first(self, slopes: Sequence[Slope]) -> None:
        """Take the first difference of some slopes."""
        if not slopes:
            return
        self.measure(slopes, self.step)
        self.keep(slopes, first_estimate(rungs_of(slopes), self.noise))

    def resolve(self, *slopes: Slope, factors: Sequence[float] = CLIMB) -> None:
        """Measure some slopes at further steps, until it is clear of each whether it contradicts its claim."""
        open_ = list(slopes)
        for factor in factors:
            if not open_:
                return
            self.measure(open_, factor * self.step)
            self.keep(open_, estimate(rungs_of(open_), self.noise))
            open_ = [slope for slope in open_ if not self.settled(slope)]

    def measure(self, slopes: Sequence[Slope], step: float) -> None:
        """Evaluate the loss on both sides."""
        moves = [(slope.direction, side * step) for slope in slopes for side in (1, -1)]
        changes = self.problem.losses_along(moves) - self.loss
        for slope, (rise, fall) in zip(slopes, changes.reshape(-1, 2).tolist(), strict=True):
            slope.rungs[step] = rise, fall

    def keep(self, slopes: Sequence[Slope], best: Estimate) -> None:
        """Note the best estimates."""
        for k, slope in enumerate(slopes):
            slope.value, slope.bar, slope.gap = float(best.values[k]), float(best.bars[k]), float(best.gaps[k])

    # judging

    def allowed(self, slope: Slope) -> float:
        """Return what a right claim may be off by."""
        many = min(math.sqrt(slope.direction.length), CHANCE)
        noisy = self.noise > NOISY * EPS * abs(self.loss)
        safety = SAFETY * (2 if noisy else 1)
        return safety * slope.bar + many * self.threshold * slope.size + self.rounding(slope)

    def rounding(self, slope: Slope) -> float:
        """Return what the formula of a right claim may lose."""
        return ROUNDING * EPS * max(slope.size, slope.steepness) + EPS * abs(self.loss)

    def is_zero(self, slope: Slope) -> bool:
        """Whether a claim of nothing at all was found to be nothing."""
        return slope.size == 0 and self.allowed(slope) <= ZERO * max(1.0, abs(self.loss))

    def contradicts(self, slope: Slope) -> bool:
        """Whether a claim is off by more than it may be; what is not a number is."""
        return not abs(slope.residual) <= self.allowed(slope)

    def settled(self, slope: Slope) -> bool:
        """Whether more steps would tell nothing more."""
        if self.contradicts(slope):
            clear = SAFETY * slope.bar <= CLEAR * abs(slope.residual)
            return clear and (len(slope.rungs) > 2 or abs(slope.residual) > SURE * self.allowed(slope))
        return slope.bar <= ENOUGH * slope.size


def first_step(noise: float, size: float) -> float:
    """Return the step of the first difference, where slopes have about the size `size`."""
    if not size:  # the claim is zero: the larger the step, the better that can be told
        return OF_NOTHING
    wanted = min(NOISE_BARS * noise / size / PRECISE, BALANCED * math.sqrt(noise / size))
    exponent = math.ceil(math.log2(wanted)) if 0 < wanted < math.inf else SMALLEST
    return 2.0 ** min(max(exponent, SMALLEST), LARGEST)


def rungs_of(slopes: Sequence[Slope]) -> Rungs:
    """Return what is measured of slopes that were measured at the same steps, the smallest first."""
    steps = sorted(slopes[0].rungs)
    changes = np.array([[slope.rungs[step] for slope in slopes] for step in steps])
    lengths = np.repeat(np.array(steps)[:, None], len(slopes), axis=1)
    return Rungs(lengths, changes[..., 0], lengths, changes[..., 1])
