"""The use case of a budget: as many entries as it allows, drawn without replacement, every parameter its share.

Entries are drawn in rounds. The first is small; each that follows is as large as all before it, but no larger than what
the budget is likely to allow, for a round that is cut short loses the parameters that it did not come to.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.evaluating.evaluator import Evaluator
from gradcheck_cli.judging.entries import worst_of
from gradcheck_cli.numeric.reference import Reference, RemadeReference
from gradcheck_cli.problems.views.sampled import at_positions
from gradcheck_cli.vocabulary.parameters import Array, Parameters, not_finite_positions
from gradcheck_cli.vocabulary.results import ParameterResult, entry_name

__all__ = ["Measured", "Sample", "joined", "known_part", "not_finite_places", "placed"]

Positions = NDArray[np.intp]

FIRST_ROUND = 64  # entries of all parameters
LEAST = 2.0  # evaluations of an entry
LEAST_OVERHEAD = 9.0  # evaluations of a round: six for its noise, and for a first doubt
MOST_NOT_FINITE = 3  # entries of a parameter that are looked at for that
COST = 2.5  # evaluations of an entry: two for most, more for those that are not clear at once
OVERHEAD = 60.0  # evaluations of a round, for its noise and for what is doubtful


@dataclass
class Sample:
    """Which entries were drawn so far, in an order that the seed alone decides."""

    parameters: Parameters
    seed: int
    claim: Parameters
    """What is not finite in it comes first: it is wrong whatever the loss says."""
    drawn: dict[str, int] = field(default_factory=dict)
    """How many of each parameter."""

    def __post_init__(self) -> None:
        self.count = sum(values.size for values in self.parameters.values())
        self.orders: dict[str, Positions] = {}
        for k, (name, values) in enumerate(self.parameters.items()):
            order = np.random.default_rng([self.seed, k]).permutation(values.size)
            bad = np.array(not_finite_positions(self.claim[name], MOST_NOT_FINITE), dtype=np.intp)
            self.orders[name] = np.concatenate([bad, order[~np.isin(order, bad)]])
            self.drawn[name] = 0

    @property
    def left(self) -> int:
        """How many entries were not drawn yet."""
        return self.count - sum(self.drawn.values())

    def rounds(self, evaluator: Evaluator, made: list[int]) -> Iterator[dict[str, Positions]]:
        """Yield entries to check, by parameter, as long as there are any and the budget allows some.

        Parameters
        ----------
        evaluator : Evaluator
            What is left of its budget says how large a round may be.
        made : list of int
            The sizes of rounds that were begun before, which are made again; those that follow are added.
        """
        for size in list(made):
            yield self.draw(size)
        while self.left:
            allowed = self.allowed(evaluator)
            if not allowed >= 1:
                return
            made.append(int(allowed))
            yield self.draw(made[-1])

    def allowed(self, evaluator: Evaluator) -> float:
        """Return how many entries the next round may have; none where the budget is spent."""
        drawn, budget = sum(self.drawn.values()), evaluator.budget
        first_steps = (budget.left - LEAST_OVERHEAD) / LEAST
        if first_steps >= self.left and not budget.left >= COST * self.left + 2 * OVERHEAD:
            return self.left  # a further round would cost what these entries need
        allowed = (budget.left - OVERHEAD) / self.cost(evaluator) if drawn else first_steps
        return min(max(drawn, FIRST_ROUND), self.left, allowed)

    def cost(self, evaluator: Evaluator) -> float:
        """Return how many evaluations an entry took so far."""
        return max(COST, (evaluator.asked - OVERHEAD) / sum(self.drawn.values()))

    def draw(self, entries: int) -> dict[str, Positions]:
        """Return about so many entries that were not drawn before; of every parameter its share, and one at least."""
        share, drawn = entries / self.left, {}
        for name, order in self.orders.items():
            done = self.drawn[name]
            some = order[done : done + math.ceil(share * (len(order) - done))]
            if some.size:
                drawn[name] = np.sort(some)
                self.drawn[name] += some.size
        return drawn


@dataclass(frozen=True)
class Measured:
    """What was measured of a gradient: all of it, or a sample."""

    method: str
    """Where the reference comes from."""
    analytic: Parameters
    references: Mapping[str, Reference | RemadeReference]
    numeric: Parameters
    """Centred differences at the step that was asked for; empty where none was."""
    positions: Mapping[str, Positions] | None = None
    """By parameter, which of its entries; None where all are. All arrays then have the shape (k,)."""

    @property
    def constant(self) -> bool:
        """Whether the loss is constant by construction."""
        return bool(self.references) and all(reference.constant for reference in self.references.values())

    def parts(self) -> Iterator[tuple[str, slice, Reference]]:
        """Yield all references in parts: the parameter, where the part is in it, and the part."""
        return ((name, *part) for name, reference in self.references.items() for part in reference.parts())


def joined(parts: Sequence[Measured], parameters: Parameters) -> Measured:
    """Join samples into one, in the order of the entries; where they are everything, with the parameters' shapes."""
    names = [name for name in parameters if any(name in part.references for part in parts)]
    with_name = {name: [part for part in parts if name in part.references] for name in names}
    places = {name: np.concatenate([p.positions[name] for p in with_name[name] if p.positions]) for name in names}
    order = {name: np.argsort(places[name]) for name in names}
    everything = sum(p.size for p in places.values()) == sum(values.size for values in parameters.values())
    shapes = {name: parameters[name].shape if everything else (-1,) for name in names}

    def join(name: str, arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([a.reshape(-1) for a in arrays])[order[name]].reshape(shapes[name])

    references = {
        name: Reference.joined([p.references[name].whole() for p in some], order[name], shapes[name])
        for name, some in with_name.items()
    }
    return Measured(
        method=parts[0].method if parts else "",
        analytic={name: join(name, [p.analytic[name] for p in some]) for name, some in with_name.items()},
        references=references,
        numeric={n: join(n, [p.numeric[n] for p in some]) for n, some in with_name.items() if n in some[-1].numeric},
        positions=None if everything else {name: places[name][order[name]] for name in names},
    )


def known_part(measured: Measured) -> Measured:
    """Return what was measured but for the entries that have no reference and are finite: NaN stands for none."""
    analytic = measured.analytic
    if all(is_known(part, analytic[name].reshape(-1)[k]).all() for name, k, part in measured.parts()):
        return measured
    references = {name: reference.whole() for name, reference in measured.references.items()}
    known = {name: np.flatnonzero(is_known(reference, analytic[name])) for name, reference in references.items()}
    places = {name: some for name, some in known.items() if some.size}
    return replace(
        measured,
        analytic=at_positions(analytic, places),
        references={name: references[name].at(some) for name, some in places.items()},
        numeric=at_positions(
            measured.numeric, {name: some for name, some in places.items() if name in measured.numeric}
        ),
        positions=places if measured.positions is None else at_positions(measured.positions, places),
    )


def is_known(reference: Reference, claim: Array) -> NDArray[np.bool_]:
    """Return which entries can be judged."""
    return np.asarray(~np.isnan(reference.values) | ~np.isfinite(claim))


def not_finite_places(claim: Parameters) -> list[tuple[str, float]]:
    """Return of each parameter whose claim is not finite the first entry that is not, by place and value."""
    found = ((name, values, k) for name, values in claim.items() for k in not_finite_positions(values, 1))
    return [(entry_name(name, values.shape, k), float(values.reshape(-1)[k])) for name, values, k in found]


def placed(result: ParameterResult, positions: Positions, shape: tuple[int, ...]) -> ParameterResult:
    """Return the result of one parameter with its entries in their places."""
    worst = worst_of(result.entries)
    entries = replace(result.entries, shape=shape, positions=array("q", positions.astype(np.int64).tobytes()))
    return replace(result, shape=shape, entries=entries, worst=entries[worst])
