"""The points at which a patch has to be right: the checked one, and others with other parameters, data and sizes.

Each has a reference of its own, entry by entry, that the patched code had no part in. What only fits the numbers at
hand, ``/ 3`` for ``/ m``, is refused at the others: this is the rule that makes wrong patches vanish.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.judging.agreement import agrees
from gradcheck_cli.numeric.complex_step import complex_step_reference
from gradcheck_cli.numeric.ladder import ladder_reference
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.repair.world import Slot
from gradcheck_cli.vocabulary.parameters import Array, Parameters, dictionary_to_vector, vector_to_dictionary

__all__ = ["Group", "Point", "frozen", "function_points", "network_points", "point_of", "will_do"]

Mask = NDArray[np.bool_]
OTHER_PARAMETERS = 2
MOST_OF_A_SIZE = 3  # points at which one size of an axis is another
MOST_TRIES = 48  # ways to change one size
MOST_SIZES = 6
COARSE = 0.7  # the share of entries that tell little, as those of a dead unit, beyond which a point tells nothing


@dataclass(frozen=True)
class Point:
    """One point: the world as it is there, the claim, and what is right."""

    problem: Network | FunctionProblem
    varied: tuple[str, ...]
    """What is not as at the checked point: ``parameters``, ``data``, ``sizes``, ``numbers``."""
    changes: tuple[tuple[Slot, Any], ...] = ()
    low: Array = field(default_factory=lambda: np.empty(0))
    high: Array = field(default_factory=lambda: np.empty(0))
    bars: Array = field(default_factory=lambda: np.empty(0))
    judged: Mask = field(default_factory=lambda: np.empty(0, bool))
    """Entries that have a reference."""
    is_meant: bool = False
    """Whether the data there surely belongs together."""

    def enter(self) -> None:
        """Put the world there."""
        for slot, value in self.changes:
            slot.put(value)

    def leave(self) -> None:
        """Put it back."""
        for slot, _ in self.changes:
            slot.put(slot.value)

    def claim(self, changed: set[str] | None = None) -> Array:
        """Return what the user's code claims here, as a vector; the world must be there.

        `changed` gets the names of what the code has changed of what it was given.
        """
        problem = self.problem
        if isinstance(problem, Network):
            claimed = problem.claim_at(problem) if problem.claim_at else problem.gradient(problem.parameters)
        else:
            arguments = problem.arguments(problem.point)
            claimed = problem.gradient(problem.parameters, arguments)
            if changed is not None:
                changed.update(arguments.changed(problem.point, problem.data))
        return dictionary_to_vector({name: claimed[name] for name in problem.parameters})

    def loss(self) -> float:
        """Return the loss here; the world must be there."""
        if isinstance(self.problem, Network):
            return self.problem.here
        return float(replace(self.problem, known=None).here)

    def wrong(self, claimed: Array, threshold: float) -> Mask:
        """Return which entries are wrong; none is where nothing can be told."""
        if claimed.shape != self.low.shape:
            return np.ones(self.low.shape, bool)
        good = agrees(claimed, self.low, self.high, self.bars, threshold)
        return ~good & (self.judged | ~np.isfinite(claimed))

    def right(self, wrong: Mask) -> set[str]:
        """Return the parameters of which no entry is wrong."""
        return {name for name, part in vector_to_dictionary(wrong, self.problem.parameters).items() if not part.any()}


def point_of(point: Point, threshold: float, seed: int) -> Point | None:
    """Return a point with its references; None where too many of them tell nothing. The world must be there."""
    problem = point.problem
    if isinstance(problem, Network):
        found = {name: reference.whole() for name, reference in complex_step_reference(problem)}
    else:
        problem = replace(problem, known=None)
        unknown = {name: np.full(values.shape, np.nan) for name, values in problem.parameters.items()}
        found = dict(ladder_reference(problem, unknown, threshold, seed))
    parts = [found[name] for name in problem.parameters]
    low, high, bars = (
        np.concatenate([np.ravel(getattr(part, name)) for part in parts]) for name in ("low", "high", "bars")
    )
    coarse = np.concatenate([np.ravel(part.coarse) for part in parts])
    judged = np.isfinite(bars) & np.isfinite(low) & np.isfinite(high)
    if np.mean(coarse | ~judged) > COARSE:
        return None
    return replace(point, low=low, high=high, bars=bars, judged=judged)


# networks


def network_points(network: Network, seed: int) -> list[Point]:
    """Return a network elsewhere: with other parameters, and with other data, sample counts and widths."""
    random = np.random.default_rng(seed)
    here = network.parameters
    widths = [network.X.shape[0], *(here[f"W{l}"].shape[0] for l in range(1, network.layer_count + 1))]
    points = [
        Point(replace(network, parameters=drawn_like(here, random)), ("parameters",), is_meant=True)
        for _ in range(OTHER_PARAMETERS)
    ]
    if network.masks:
        return points
    m = network.sample_count
    wider = [width + 1 + k % 2 for k, width in enumerate(widths[:-1])]
    many = [*wider, widths[-1]], [*wider, widths[-1] + 2]
    sizes = [(widths, m + 2), (many[0], m + 3), *([(many[1], m + 4)] if can_widen(network) else [])]
    resizeds = ((shape, replace(resized(network, shape, count, random), claimed=None)) for shape, count in sizes)
    varied = ("parameters", "data", "sizes")
    points += [Point(elsewhere, varied, is_meant=shape[-1] == widths[-1]) for shape, elsewhere in resizeds]
    return points


def can_widen(network: Network) -> bool:
    """Whether the targets may have more rows: those of a softmax belong together."""
    return network.activations[-1] != "softmax"


def resized(network: Network, widths: Sequence[int], count: int, random: np.random.Generator) -> Network:
    """Return a network of other widths with other samples."""
    parameters: dict[str, Array] = {}
    for l in range(1, network.layer_count + 1):
        W, b = network.parameters[f"W{l}"], network.parameters[f"b{l}"]
        parameters[f"W{l}"] = random.normal(size=(widths[l], widths[l - 1])) * spread(W)
        parameters[f"b{l}"] = random.normal(size=(widths[l], 1)) * spread(b)
    rows = np.arange(widths[-1]) % network.Y.shape[0]
    Y = np.stack([network.Y[row, random.integers(0, network.sample_count, count)] for row in rows])
    if not can_widen(network):
        Y = network.Y[:, random.integers(0, network.sample_count, count)]
    X = random.normal(size=(widths[0], count)) * spread(network.X)
    return replace(network, X=X, Y=np.ascontiguousarray(Y), parameters={n: parameters[n] for n in network.parameters})


def spread(values: NDArray[Any]) -> float:
    """Return the usual size of some numbers, 0.5 where all are 0."""
    size = float(np.sqrt(np.mean(np.square(values.astype(float))))) if values.size else 0.0
    return min(max(size, 0.3), 2.0) if size else 0.5


def drawn_like(parameters: Parameters, random: np.random.Generator) -> dict[str, Array]:
    """Return other parameters of the same shapes and about the same sizes."""
    return {
        name: values * random.uniform(0.5, 1.5, values.shape) + 0.5 * spread(values) * random.normal(size=values.shape)
        for name, values in parameters.items()
    }


# functions of the user's own


class Group(NamedTuple):
    """Candidates for points of one kind, of which the first few that will do are taken."""

    most: int
    candidates: list[Point]


def function_points(problem: FunctionProblem, slots: Sequence[Slot], seed: int) -> list[Group]:
    """Return candidates for points; `will_do` tells which of them can be asked."""
    random = np.random.default_rng(seed)

    def group(most: int, places: Iterator[Elsewhere], *varied: str) -> Group:
        return Group(most, [Point(there, varied, changes) for there, changes in itertools.islice(places, MOST_TRIES)])

    found = [group(1, moved_points(problem, random), "parameters") for _ in range(OTHER_PARAMETERS)]
    found.append(group(1, other_data(problem, slots, random), "data"))
    found.append(group(1, other_numbers(problem, slots, random), "numbers"))
    sized = (other_sizes(problem, slots, size, random) for size in sizes_of(problem, slots))
    return [*found, *(group(MOST_OF_A_SIZE, places, "sizes", "data") for places in sized)]


Elsewhere = tuple[FunctionProblem, tuple[tuple[Slot, Any], ...]]


def will_do(point: Point, here: float) -> bool:
    """Whether the loss has a value there, the same each time, and feels what is changed."""
    point.enter()
    try:
        there, again = point.loss(), point.loss()
    except Exception:  # noqa: BLE001  (it is not made for that)
        return False
    finally:
        point.leave()
    return bool(np.isfinite(there) and there == again and there != here)


def moved_points(problem: FunctionProblem, random: np.random.Generator) -> Iterator[Elsewhere]:
    """Yield the problem with other parameters: moved freely, then so that no sign changes."""
    for _ in range(3):
        yield at(problem, drawn_like(problem.point, random)), ()
    for _ in range(3):
        factors = {n: np.exp(0.4 * random.normal(size=v.shape)) for n, v in problem.point.items()}
        yield at(problem, {n: v * factors[n] for n, v in problem.point.items()}), ()


def at(problem: FunctionProblem, parameters: Parameters) -> FunctionProblem:
    """Return the problem elsewhere."""
    point = {name: np.asarray(values, dtype=np.float64) for name, values in parameters.items()}
    return replace(problem, point=point, known=None, recipe=None)


def other_data(problem: FunctionProblem, slots: Sequence[Slot], random: np.random.Generator) -> Iterator[Elsewhere]:
    """Yield the problem with other data: all of it, then what is real alone, then what is whole alone."""
    arrays = [slot for slot in slots if isinstance(slot.value, np.ndarray) and slot.value.size > 1]
    new = {id(slot): other_values(slot.value, random) for slot in arrays}
    elsewhere = at(problem, drawn_like(problem.point, random))
    near = at(problem, problem.point)
    for kept in (lambda _: True, is_real, lambda values: not is_real(values)):
        chosen = tuple((slot, new[id(slot)]) for slot in arrays if kept(slot.value))
        if chosen:
            yield elsewhere, chosen
            yield near, chosen
    for slot in arrays:
        yield near, ((slot, new[id(slot)]),)


def is_real(values: NDArray[Any]) -> bool:
    """Whether an array holds real numbers that are not all whole."""
    return values.dtype.kind == "f" and bool(np.any(values != np.round(values)))


def other_values(values: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
    """Return other values of the same kind: real ones moved, positive ones kept so, whole ones in another order."""
    if not is_real(values):
        return frozen(np.ascontiguousarray(random.permutation(values, axis=0) if values.ndim else values))
    if np.all(values > 0):
        return frozen((values * np.exp(0.3 * random.normal(size=values.shape))).astype(values.dtype))
    moved = values * random.uniform(0.6, 1.4, values.shape) + 0.3 * np.std(values) * random.normal(size=values.shape)
    return frozen(moved.astype(values.dtype))


def frozen(values: NDArray[Any]) -> NDArray[Any]:
    """Return an array that cannot be written into: a candidate must not change the data of the next."""
    values = np.array(values)
    values.flags.writeable = False
    return values


def other_numbers(problem: FunctionProblem, slots: Sequence[Slot], random: np.random.Generator) -> Iterator[Elsewhere]:
    """Yield the problem with other constants: all real ones, then one at a time."""
    numbers = [slot for slot in slots if isinstance(slot.value, float | np.floating)]
    new = [(slot, type(slot.value)(slot.value * random.uniform(1.2, 1.6))) for slot in numbers]
    here = at(problem, problem.point)
    if new:
        yield here, tuple(new)
        yield from ((here, (change,)) for change in new)


def sizes_of(problem: FunctionProblem, slots: Sequence[Slot]) -> list[int]:
    """Return the lengths of axes, the commonest first."""
    arrays = [slot.value for slot in slots if isinstance(slot.value, np.ndarray)]
    lengths = [length for values in [*arrays, *problem.point.values()] for length in values.shape if length > 1]
    first = [values.shape[0] for values in arrays if values.ndim and values.shape[0] > 1]
    return sorted(set(lengths), key=lambda n: (-first.count(n), -lengths.count(n), n))[:MOST_SIZES]


def other_sizes(
    problem: FunctionProblem, slots: Sequence[Slot], size: int, random: np.random.Generator
) -> Iterator[Elsewhere]:
    """Yield the problem with some of the axes of one length a step longer, alone and with numbers that equal it."""
    arrays = [slot for slot in slots if isinstance(slot.value, np.ndarray)]
    axes = {("data", axis) for slot in arrays for axis, n in enumerate(slot.value.shape) if n == size}
    axes |= {("point", axis) for values in problem.point.values() for axis, n in enumerate(values.shape) if n == size}
    whole = [s for s in slots if isinstance(s.value, int | np.integer) and int(s.value) == size]
    groups = sorted(axes)
    for count in range(1, len(groups) + 1):
        for chosen in itertools.combinations(groups, count):
            point = {n: longer(v, size, "point", chosen, random) for n, v in problem.point.items()}
            changes = [(s, frozen(longer(s.value, size, "data", chosen, random))) for s in arrays]
            changes = [(slot, new) for slot, new in changes if new.shape != slot.value.shape]
            yield at(problem, point), tuple(changes)
            if whole:
                numbers = [(slot, type(slot.value)(size + 1)) for slot in whole]
                yield at(problem, point), (*changes, *numbers)


def longer(
    values: NDArray[Any], size: int, kind: str, chosen: Sequence[tuple[str, int]], random: np.random.Generator
) -> NDArray[Any]:
    """Return an array with the chosen axes of a length one longer; what is added is like what is there."""
    for axis in range(values.ndim):
        if values.shape[axis] == size and (kind, axis) in chosen:
            more = np.take(values, [int(random.integers(size))], axis=axis)
            values = np.concatenate([values, other_values(more, random) if is_real(values) else more], axis=axis)
    return values
