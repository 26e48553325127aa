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

from gradcheck_cli.numeric.locate import Located, locate
from gradcheck_cli.numeric.slopes import ENOUGH, Slope, Slopes
from gradcheck_cli.problems.directions import Direction, start_of

__all__ = ["MISSED", "Screen"]

OF_ALL = 2
OF_EACH = 2
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
    located: Located = field(default_factory=Located)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """Of directions that were not used yet."""

    def run(self) -> None:
        """Take the slopes."""
        parameters = self.slopes.problem.parameters
        starts = start_of(parameters)
        ends = {name: (start, start + parameters[name].size) for name, start in starts.items()}
        whole = [self.fresh(0, max(stop for _, stop in ends.values())) for _ in range(OF_ALL)]
        own = {name: [self.fresh(*ends[name]) for _ in range(OF_EACH)] for name in ends}
        self.measure([*whole, *itertools.chain.from_iterable(own.values())])
        self.whole, self.own = whole, own

    def fresh(self, start: int, stop: int) -> Slope:
        """Return a slope along a new direction."""
        return self.slopes.of(Direction(self.slopes.seed, next(self.numbers), start, stop))

    def measure(self, every: Sequence[Slope]) -> None:
        """Take the first differences, and more where they leave anything open."""
        self.slopes.first(every)
        self.slopes.resolve(*(s for s in every if self.slopes.contradicts(s) or not s.bar <= ENOUGH * s.size))

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
