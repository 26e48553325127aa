"""Which entries are wrong, found from slopes along directions alone.

The residual of a direction, claimed less measured, is the sum over its entries of error times component. Residuals of
one direction restricted to disjoint ranges add up, and so a wrong range is searched like this:

1. Decoding. The same direction with its components weighted by 1 + position / length has another residual. Where a
   single entry is wrong, the ratio of the two tells its position, as sharply as the residuals stand above their bars.
   The few entries it points to are measured; where they explain the residual, the search goes on there.
2. Otherwise the range is split in `PARTS`, each is measured, and those that are wrong are searched in turn.
3. Where all parts are wrong, and all parts of the first of them too, the error is spread over the range: no search.
4. A single entry is measured for itself. It counts as found where its claim contradicts its own differences.

All ranges that are open ask for their slopes at once, so that these can be taken side by side.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gradcheck_cli.numeric.slopes import ALONE, Slope, Slopes
from gradcheck_cli.numeric.tolerances import SAFETY
from gradcheck_cli.problems.directions import Direction

__all__ = ["Located", "locate"]

PARTS = 8
NARROWER = 2  # times: what decoding must shrink a range by to be worth a measurement

Search: TypeAlias = "Generator[list[Direction], list[Slope], list[Slope]]"
"""Asks for slopes along directions, gets them, and returns the ranges that are wrong."""


@dataclass
class Located:
    """What a search has found so far."""

    entries: list[Slope] = field(default_factory=list)
    """Wrong entries, each with its own slope."""
    spread: list[Slope] = field(default_factory=list)
    """Ranges that are wrong all over."""
    waiting: list[Slope] = field(default_factory=list)
    """Ranges that are wrong and were not searched to their end."""


def locate(slopes: Slopes, wrong: Iterable[Slope], most: int, located: Located) -> None:
    """Search wrong ranges for wrong entries, the largest error first.

    Parameters
    ----------
    slopes : Slopes
        What measures them.
    wrong : iterable of Slope
        Disjoint ranges that contradict their claims.
    most : int
        How many entries are wanted.
    located : Located
        Where to note what is found, as soon as it is.
    """
    located.waiting = list(wrong)
    while located.waiting and len(located.entries) < most:
        located.waiting.sort(key=lambda slope: -abs(slope.residual))
        wanted = most - len(located.entries)
        found = side_by_side([search(slope, slopes, located) for slope in located.waiting[:wanted]], slopes)
        located.waiting = found + located.waiting[wanted:]


def side_by_side(searches: Sequence[Search], slopes: Slopes) -> list[Slope]:
    """Carry several searches to their ends, measuring at once what they ask for at once."""
    found: list[Slope] = []
    answers: list[tuple[Search, list[Slope] | None]] = [(one, None) for one in searches]
    while answers:
        wanted = [(one, carried_on(one, answer, found)) for one, answer in answers]
        answers = [(one, list(map(slopes.of, directions))) for one, directions in wanted if directions]
        slopes.first([slope for _, answer in answers for slope in answer or ()])
    return found


def carried_on(search: Search, answer: list[Slope] | None, found: list[Slope]) -> list[Direction]:
    """Give a search what it asked for, and return what it asks for next; nothing where it has ended."""
    try:
        return search.send(answer)  # type: ignore[arg-type]  # a generator is begun with None
    except StopIteration as end:
        found += end.value
        return []


def search(slope: Slope, slopes: Slopes, located: Located) -> Search:
    """Narrow a wrong range down to smaller ones, or note it."""
    if slope.direction.length == 1:
        slopes.resolve(slope, factors=ALONE)
        if slopes.contradicts(slope):
            located.entries.append(slope)
            slopes.correct(slope)
        return []
    pointed = yield from decode(slope, slopes)
    if pointed is not None:
        return [pointed]
    parts = yield split(slope.direction)
    wrong = [part for part in parts if slopes.contradicts(part)]
    if len(wrong) == PARTS and wrong[0].direction.length >= PARTS:
        inner = yield split(wrong[0].direction)
        if all(slopes.contradicts(part) for part in inner):
            located.spread.append(slope)
            return []
    return wrong


def decode(slope: Slope, slopes: Slopes) -> Generator[list[Direction], list[Slope], Slope | None]:
    """Measure where a single wrong entry would be; None where it is not there."""
    direction = slope.direction
    (weighted,) = yield [direction._replace(weighted=True)]
    ratio = weighted.residual / slope.residual - 1
    blur = SAFETY * (weighted.bar + 2 * slope.bar) / abs(slope.residual)
    if not (-blur <= ratio <= 1 + blur and blur <= 1):
        return None
    start = direction.start + max(math.floor((ratio - blur) * direction.length), 0)
    stop = direction.start + min(math.floor((ratio + blur) * direction.length) + 1, direction.length)
    if not 0 < (stop - start) * NARROWER <= direction.length:
        return None
    (pointed,) = yield [direction.within(start, stop)]
    left = abs(slope.residual - pointed.residual)
    return pointed if left <= slopes.allowed(slope) + slopes.allowed(pointed) else None


def split(direction: Direction) -> list[Direction]:
    """Return the parts of a range, as many as `PARTS` where it has so many entries."""
    ends = [direction.start + direction.length * k // PARTS for k in range(PARTS + 1)]
    return [direction.within(start, stop) for start, stop in itertools.pairwise(ends) if start < stop]
