"""The screen: is a gradient right, told from a few slopes whatever the number of its entries.

Slopes are taken along random directions through all parameters, and along some of its own through each parameter. A
wrong entry shows in every direction that has it; of an error spread over many entries a direction sees at least a
c-th, but for a chance of `WORST_SHAPE` / c (the worst shape of an error is two equal entries, which cancel to a c-th of
their norm with that chance). Where a slope contradicts its claim, `locate` finds the entries.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gradcheck_cli.numeric.locate import Located, locate
from gradcheck_cli.numeric.slopes import ALONE, ENOUGH, POINTS, Slope, Slopes
from gradcheck_cli.problems.directions import ALL, NONZERO, TINY, ZERO, Direction, entry_at, smallest_tiny, start_of
from gradcheck_cli.problems.functions.preflight import CALLS
from gradcheck_cli.vocabulary.parameters import Parameters

__all__ = ["MISSED", "WORST_SHAPE", "Screen", "evaluations_of"]

OF_ALL = 2
OF_EACH = 2
AT_ONCE = 16  # parameters whose slopes are taken side by side
ROUNDS = 4  # of searching; what one has found is taken out, and fresh directions tell whether more is wrong
WORST_SHAPE = math.sqrt(2.0)
MISSED = 1e-3  # the chance with which the smallest error that is stated goes unseen


@dataclass
class Screen:
    """One screen under way; what is measured stays when it is interrupted."""

    slopes: Slopes
    whole: list[Slope] = field(default_factory=list)
    """Along directions through all parameters."""
    own: dict[str, list[Slope]] = field(default_factory=dict)
    """By parameter, along directions through it alone."""
    tiny: dict[str, float] = field(default_factory=dict)
    """By parameter, the size of its smallest entry that seems to have another unit; infinity without any."""
    located: Located = field(default_factory=Located)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """Of directions that were not used yet."""

    def run(self) -> None:
        """Take the slopes: of some parameters at a time, so that what is known by then can be told."""
        parameters = self.slopes.problem.parameters
        starts = start_of(parameters)
        count = sum(values.size for values in parameters.values())
        self.whole = [self.fresh(0, count) for _ in range(OF_ALL)]
        self.slopes.first(self.whole)
        self.resolve(self.whole)
        names = list(parameters)
        for k in range(0, len(names), AT_ONCE):
            some = {name: self.through(name, starts[name]) for name in names[k : k + AT_ONCE]}
            every = list(itertools.chain.from_iterable(some.values()))
            self.slopes.first(every)
            self.own |= some
            self.resolve(every)
            self.own |= {name: self.parted(own) for name, own in some.items()}

    def fresh(self, start: int, stop: int) -> Slope:
        """Return a slope along a new direction."""
        return self.slopes.of(Direction(self.slopes.seed, next(self.numbers), start, stop))

    def of(self, start: int, size: int) -> list[Slope]:
        """Return slopes along directions through one parameter."""
        return [self.fresh(start, start + size) for _ in range(OF_EACH)]

    def through(self, name: str, start: int) -> list[Slope]:
        """Return the first slopes of a parameter: along directions through it, and through what is tiny in it."""
        values = self.slopes.problem.parameters[name]
        own = self.of(start, values.size)
        self.tiny[name] = smallest_tiny(values, self.slopes.problem.sizes[name])
        if math.isinf(self.tiny[name]):
            return own
        return [*own, self.slopes.of(own[0].direction._replace(number=next(self.numbers), among=TINY))]

    def parted(self, own: list[Slope]) -> list[Slope]:
        """Return the slopes of a parameter, those on a kink in two: entries of 0, where kinks are, and all others."""
        start, stop = own[0].direction.start, own[0].direction.stop
        zeros = self.zeros(start, stop)
        apart = 0 < zeros < stop - start
        kinked = [slope for slope in own if apart and slope.gap and slope.direction.among == ALL]
        parts = [self.slopes.of(slope.direction._replace(among=among)) for slope in kinked for among in (NONZERO, ZERO)]
        self.slopes.first(parts)
        self.resolve(parts)
        return [slope for slope in own if slope not in kinked] + parts

    def zeros(self, start: int, stop: int) -> int:
        """Return how many entries of a parameter are 0, whose range is given."""
        parameters = self.slopes.problem.parameters
        return stop - start - int(np.count_nonzero(parameters[entry_at(parameters, start)[0]]))

    def add(self, name: str) -> None:
        """Take more slopes along directions through one parameter."""
        range_ = self.own[name][0].direction
        more = self.of(range_.start, range_.length)
        self.slopes.first(more)
        self.own[name] += more
        self.resolve(more)

    def resolve(self, slopes: Sequence[Slope]) -> None:
        """Take more differences of what the first one leaves open."""
        open_ = [s for s in slopes if self.slopes.contradicts(s) or not s.bar <= ENOUGH * s.size]
        tiny = [s for s in open_ if s.direction.among == TINY and not self.slopes.settled(s)]
        self.slopes.resolve(*(s for s in open_ if s.direction.among != TINY))
        self.slopes.resolve(*tiny, factors=ALONE)

    def whole_is_wrong(self) -> bool:
        """Whether a slope through all parameters contradicts its claim, and no kink or single step can be to blame."""
        return any(self.slopes.contradicts(slope) and slope.sure and not slope.gap for slope in self.whole)

    def wrong(self) -> list[str]:
        """Return the parameters of which a slope contradicts its claim."""
        return [name for name, own in self.own.items() if any(map(self.slopes.contradicts, own))]

    def search(self, names: Iterable[str], most: int) -> None:
        """Search parameters for wrong entries, until their slopes are explained or `most` are found.

        Parameters
        ----------
        names : iterable of str
            Parameters of which a slope contradicts its claim.
        most : int
            How many entries are wanted.
        """
        names = list(names)
        for _ in range(ROUNDS):
            wrong = [slope for slope in map(self.unexplained, names) if slope and not self.given_up(slope)]
            if not wrong or len(self.located.entries) >= most:
                return
            locate(self.slopes, wrong, most, self.located)

    def unexplained(self, name: str) -> Slope | None:
        """Return the first slope of a parameter that contradicts its claim, the errors put right that were found."""
        corrected = (replace(slope, claim=self.slopes.of(slope.direction).claim) for slope in self.own[name])
        return next((slope for slope in corrected if self.slopes.contradicts(slope)), None)

    def given_up(self, slope: Slope) -> bool:
        """Whether a search of its range has ended without an entry."""
        ended = [*self.located.spread, *self.located.waiting]
        return any(slope.direction.start <= part.direction.start < slope.direction.stop for part in ended)


def evaluations_of(parameters: Parameters) -> int:
    """Return how many evaluations a screen of a right gradient takes, about."""
    return CALLS + POINTS + 2 * (OF_ALL + OF_EACH * len(parameters))
