"""The search: the most suspicious places and the plainest edits first, one mistake after another.

A patch that makes all entries right at all points ends it, though plainer ones are still looked for; one that makes
some right and none wrong is kept, and what is left is looked for with it in place.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.repair.catalogue import plainness
from gradcheck_cli.repair.program import Program
from gradcheck_cli.repair.scene import Proposal
from gradcheck_cli.repair.sites import Site
from gradcheck_cli.repair.trial import BATCH, Trials

__all__ = ["Candidate", "Found", "Ranked", "ranked_candidates", "search"]

Mask = NDArray[np.bool_]
MOST = 4000  # candidates of a round
FURTHER = 500  # candidates that are looked at for a plainer one
FURTHER_PARTIAL = 96  # candidates that are looked at once a patch has made much right
MUCH = 0.8  # of what was wrong may be left then
ROUNDS = 4
MOST_PAIRS = 6000
PLAIN_EDITS = 160  # from which pairs are made


class Candidate(NamedTuple):
    """A proposal, and how far behind it stands."""

    proposal: Proposal
    cost: float
    """How little plain it is."""
    distance: float
    """By how much other candidates go before."""
    site: int


class Ranked(NamedTuple):
    """A place, and how suspicious it is: from 0 to 1."""

    site: Site
    suspicion: float


@dataclass
class Found:
    """What came of a search."""

    program: Program
    """With its texts as they are to be."""
    wrong: tuple[Mask, ...]
    """What is still wrong at each point."""
    equals: int = 0
    """How many other changes do the same."""

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong any more."""
        return not any(mask.any() for mask in self.wrong)


Propose = Callable[[Trials], list[Candidate]]


def search(trials: Trials, candidates_of: Propose) -> Found:
    """Look for patches until nothing is wrong, or nothing more is found.

    Parameters
    ----------
    trials : Trials
        The program as it is, and its points.
    candidates_of : callable
        (trials) -> the candidates for what is wrong there, the first ones first.
    """
    for _ in range(ROUNDS):
        trials.deadline.require()
        candidates = candidates_of(trials)
        best, partial = one_round(trials, candidates)
        if best is not None:
            return best
        chosen = next((c for c in partial if trials.alone(c[0].proposal.patch) is not None), None)
        if chosen is None:
            pair = pairs(trials, candidates)
            return Found(trials.program, trials.wrong) if pair is None else pair
        candidate, wrong = chosen
        trials.program = trials.program.changed(candidate.proposal.patch)
        trials.wrong = wrong
    return Found(trials.program, trials.wrong)


def one_round(
    trials: Trials, candidates: Sequence[Candidate]
) -> tuple[Found | None, list[tuple[Candidate, tuple[Mask, ...]]]]:
    """Try candidates one after another; return the plainest that makes all right, else those that make some right."""
    right: list[Candidate] = []
    partial: list[tuple[Candidate, tuple[Mask, ...]]] = []
    queue = list(candidates[:MOST])
    at = 0
    settling: int | None = None
    raises = all(mask.all() for mask in trials.wrong)  # then whatever does not looks like much
    while queue:
        chunk, queue = queue[:BATCH], queue[BATCH:]
        for k, outcome in trials.outcomes([c.proposal.patch for c in chunk]):
            if outcome.is_right:
                right.append(chunk[k])
            else:
                partial.append((chunk[k], outcome.wrong))
            if settling is None and not raises and left_wrong(outcome.wrong) <= MUCH * left_wrong(trials.wrong):
                settling = at
        if right:
            least = min(c.cost for c in right)
            queue = [c for c in queue[:FURTHER] if c.cost < least]
        elif settling is not None and at - settling >= FURTHER_PARTIAL:
            break
        at += BATCH
    for candidate in sorted(right, key=lambda c: (c.cost, c.distance)):
        alone = trials.alone(candidate.proposal.patch)
        if alone is not None and alone.is_right:
            program = trials.program.changed(candidate.proposal.patch)
            return Found(program, alone.wrong, len(right) - 1), []
    partial.sort(key=lambda found: (-len(trials.settled(found[1])), left_wrong(found[1]), found[0].cost))
    return None, partial


def left_wrong(wrong: Sequence[Mask]) -> float:
    """Return how much is wrong, over all points."""
    return round(sum(float(np.mean(mask)) for mask in wrong), 9)


def pairs(trials: Trials, candidates: Sequence[Candidate]) -> Found | None:
    """Try two plain edits at once, of two places."""
    plain = sorted(candidates, key=lambda c: c.cost + c.distance)[:PLAIN_EDITS]
    both = []
    for a, b in itertools.combinations(range(len(plain)), 2):
        if apart(plain[a], plain[b]):
            both.append((plain[a].cost + plain[b].cost, a, b))
    both.sort()
    chosen = [(plain[a], plain[b], cost) for cost, a, b in both[:MOST_PAIRS]]
    patches = [(*a.proposal.patch, *b.proposal.patch) for a, b, _ in chosen]
    for k, outcome in trials.outcomes(patches):
        alone = trials.alone(patches[k]) if outcome.is_right else None
        if alone is not None and alone.is_right:
            return Found(trials.program.changed(patches[k]), alone.wrong)
    return None


def apart(a: Candidate, b: Candidate) -> bool:
    """Whether two patches touch different parts."""
    spans = [(file, edit.start, edit.end) for c in (a, b) for file, edit in c.proposal.patch]
    return all(
        one[0] != other[0] or one[2] < other[1] or other[2] < one[1]
        for one in spans[: len(a.proposal.patch)]
        for other in spans[len(a.proposal.patch) :]
    )


def ranked_candidates(
    ranked: Sequence[Ranked], proposals: Callable[[Site], Sequence[Proposal]], program: Program
) -> list[Candidate]:
    """Return all candidates, those first that are plain and stand at suspicious places."""
    found = []
    for number, (site, suspicion) in enumerate(ranked):
        source = program.sources[site.file]
        for proposal in proposals(site):
            cost = plainness(source, proposal)
            found.append(Candidate(proposal, cost, 8 * (1 - suspicion), number))
    found.sort(key=lambda c: (c.cost + c.distance, c.site))
    return found
