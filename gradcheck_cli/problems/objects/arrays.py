"""The parameters that a model holds in arrays: found, set, and put back as they were; and the gradients beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck_cli.problems.functions.gradient_names import under_their_names, usual_names
from gradcheck_cli.problems.objects.places import Place, is_numbers, places_in
from gradcheck_cli.vocabulary.errors import ProblemError
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["HeldArrays", "held_by", "listed"]

CONTAINERS = ("params", "parameters", "_params", "_parameters")
"""Attributes that hold parameters and nothing else."""
BESIDE = {
    "params": ("grads", "gradients", "dparams", "d_params", "derivatives"),
    "parameters": ("grads", "gradients", "dparameters"),
    "_params": ("_grads", "_gradients"),
    "_parameters": ("_grads", "_gradients"),
    "data": ("grad", "_grad", "gradient", "diff"),
    "value": ("grad", "gradient", "derivative"),
    "values": ("grad", "grads", "gradients"),
    "val": ("grad",),
}
"""What stands beside a step of a way and leads to the gradients, besides the usual names."""
IN_A_CONTAINER = re.compile(rf"(?:^|[.\]])({'|'.join(CONTAINERS)})(?:[.\[]|$)")
OF_ITS_NUMBERS = re.compile(r"\.(?:data|value|values|val)$")
MOST_NAMED = 12
NUDGE = 1e-3  # of a number: enough to show


@dataclass
class HeldArrays:
    """Arrays that an object holds, and the places of their gradients."""

    places: Mapping[str, Sequence[Place]]
    """Of each parameter, all the places where its array is."""
    gradients: Mapping[str, Place]
    """Of each parameter whose gradient is kept beside it, where."""
    twins: Mapping[str, str] = field(default_factory=dict)
    """Of a parameter, where another array with the same numbers is."""
    others: Mapping[str, Place] = field(default_factory=dict)
    """The arrays that are none of these, and that the model keeps."""
    before: list[tuple[Place, Any, Any]] = field(default_factory=list)
    """What was in each place, and what numbers it had."""

    def point(self) -> dict[str, Array]:
        """Return the parameters as they are."""
        return {name: np.array(places[0].get(), np.float64) for name, places in self.places.items()}

    def borrow(self) -> None:
        """Keep what there is, and have arrays that can be written to in float64."""
        every = [*(place for places in self.places.values() for place in places), *self.gradients.values()]
        self.before = [(place, place.get(), np.copy(place.get())) for place in every]
        for places in self.places.values():
            there = places[0].get()
            if isinstance(there, np.ndarray) and (there.dtype != np.float64 or not there.flags.writeable):
                double = np.array(there, np.float64)
                for place in places:
                    place.put(double)

    def give_back(self) -> None:
        """Put everything back where it was, with the numbers that it had."""
        for place, value, numbers in self.before:
            if isinstance(value, np.ndarray) and value.flags.writeable:
                value[...] = numbers
            if place.get() is not value:
                place.put(value)

    def put(self, arrays: Parameters) -> None:
        """Set the parameters."""
        for name, places in self.places.items():
            places[0].write(arrays[name])

    def set_to_zero(self) -> None:
        """Set the gradients to zero, for they may be added up."""
        for place in self.gradients.values():
            place.write(np.zeros(np.shape(place.get())))

    def collected(self) -> dict[str, Array]:
        """Return the gradients that are kept beside the parameters."""
        return {name: np.array(place.get(), np.float64) for name, place in self.gradients.items()}


def held_by(
    model: Any,
    given: Mapping[str, Place],
    loss: Callable[[], float],
    gradients: Callable[[], Any],
    before: Collection[str],
) -> HeldArrays:
    """Find the parameters in an object.

    They are the arrays in what is called params or the like, and those beside which there is a gradient, W with dW;
    where there are none of both, those that a returned gradient names; and where it names none, all. An array that the
    loss itself puts there, as a layer keeps its input, is none.

    Parameters
    ----------
    model : object
        Holds them.
    given : mapping of str to Place
        Those that somebody has said are the parameters; empty where nobody has.
    loss, gradients : callable
        Run the model; the former returns the loss as a number, the latter the gradients, or leaves them in the model.
    before : collection of str
        The places where there were numbers before it was run for the first time.

    Raises
    ------
    ProblemError
        Where there are no arrays.
    """
    kept = survivors({**places_in(model), **given}, loss)
    claim = gradients()
    every = {**places_in(model), **given}
    beside = {name: place for name in kept if (place := gradient_beside(name, every, before)) is not None}
    kept = [name for name in kept if name in every and name not in beside.values()]
    chosen = list(given)
    if not given:
        chosen = with_numbers(parameters_among(kept, beside, every, claim), kept, every, claim, loss)
    if not chosen:
        raise ProblemError(
            f"no parameters were found in the model, which is {type(model).__name__} with {listed(every)}",
            hint="--parameters names them, as in 'net.W, net.b'; in Python, parameters=[...]",
        )
    groups = [[name, *others] for name, others in together(chosen, kept, every).items()]
    gradient_of = [next((beside[name] for name in group if name in beside), None) for group in groups]
    own = {name for group in groups for name in group}
    names = list(given) or as_claimed(short([group[0] for group in groups]), claim)
    return HeldArrays(
        {name: [every[one] for one in group] for name, group in zip(names, groups, strict=True)},
        {name: every[place] for name, place in zip(names, gradient_of, strict=True) if place is not None},
        {name: twin for name, group in zip(names, groups, strict=True) if (twin := twin_of(group, kept, every))},
        {
            name: every[name]
            for name in kept
            if name not in own and is_numbers(value := every[name].get()) and np.ndim(value)
        },
    )


def together(chosen: Sequence[str], kept: Iterable[str], every: Mapping[str, Place]) -> dict[str, list[str]]:
    """Return for each array that was chosen the other places where the same one is; each array once."""
    found: dict[str, list[str]] = {}
    first: dict[int, str] = {}
    for name in chosen:
        value = every[name].get()
        if not isinstance(value, np.ndarray) or id(value) not in first:
            first[id(value)] = name
            found[name] = []
    for name in (*chosen, *kept):
        value = every[name].get()
        own = first.get(id(value)) if isinstance(value, np.ndarray) else None
        if own is not None and name != own and name not in found[own]:
            found[own].append(name)
    return found


def twin_of(group: Sequence[str], kept: Iterable[str], every: Mapping[str, Place]) -> str | None:
    """Return a place outside of a group that holds another array with the same numbers, which may be a copy."""
    own = every[group[0]].get()
    if not np.any(own):
        return None
    return next((name for name in kept if name not in group and np.array_equal(every[name].get(), own)), None)


def survivors(places: Mapping[str, Place], run: Callable[[], Any]) -> list[str]:
    """Return the names of the places that keep what is put there while the model runs; afterwards all is as it was."""
    before = {name: place.get() for name, place in places.items()}
    copies: dict[int, Any] = {id(value): np.copy(value) for value in before.values() if isinstance(value, np.ndarray)}
    moved = {name: copies.get(id(value), value) for name, value in before.items()}
    fixed = {name for name, place in places.items() if not is_put(place, moved[name])}
    try:
        run()
        there = {name: place.get() for name, place in places.items()}
        return [
            name
            for name, value in there.items()
            if name in fixed or value is moved[name] or (not isinstance(value, np.ndarray) and value == moved[name])
        ]
    finally:
        for name, place in places.items():
            if name not in fixed:
                place.put(before[name])


def is_put(place: Place, value: Any) -> bool:
    """Put something in a place, and say whether that could be done."""
    try:
        place.put(value)
    except (AttributeError, TypeError):  # a tuple, a property, a frozen object
        return False
    return True


def gradient_beside(name: str, every: Mapping[str, Place], before: Collection[str]) -> str | None:
    """Return the name of the place where the gradient of a parameter is.

    It has the parameter's shape, or else was not there before the gradients were computed: dx may be a step of a grid.
    """
    steps = [(found.span(), found[0]) for found in re.finditer(r"[^.\[\]]+", name)]
    near = [name[:start] + other + name[end:] for (start, end), step in steps for other in BESIDE.get(step, ())]
    found = [other for other in (*usual_names(name), *near) if other in every and other != name and name in every]
    fitting = [other for other in found if np.shape(every[other].get()) == np.shape(every[name].get())]
    return next(iter([*fitting, *(other for other in found if other not in before)]), None)


def parameters_among(
    kept: Sequence[str], beside: Mapping[str, str], every: Mapping[str, Place], claim: Any
) -> list[str]:
    """Return which arrays are the parameters; of whole numbers those alone that have a gradient."""
    last = {last_step(name): name for name in kept}
    keys = under_their_names(claim, last) if isinstance(claim, Mapping) else {}
    claimed = {name for key, name in last.items() if key in keys}
    sure = {name for name in kept if is_numbers(every[name].get()) or name in claimed or name in beside}
    contained = [name for name in kept if IN_A_CONTAINER.search(name) and name in sure]
    known = [every[name].get() for name in contained]
    twins = {name for name in beside if any(np.array_equal(every[name].get(), value) for value in known)}
    chosen = contained + [name for name in kept if name in beside and name not in contained and name not in twins]
    if chosen:
        covered = set(map(last_step, chosen))
        return chosen + [name for name in kept if name in claimed and last_step(name) not in covered]
    if isinstance(claim, Mapping):
        return [name for name in kept if name in claimed]
    return [name for name in kept if name in sure and np.ndim(every[name].get())]


def last_step(name: str) -> str:
    """Return what a way ends with."""
    return re.split(r"[.\]]", name)[-1]


def with_numbers(
    chosen: Sequence[str], kept: Sequence[str], every: Mapping[str, Place], claim: Any, loss: Callable[[], float]
) -> list[str]:
    """Return with the arrays the single numbers that the loss depends on, where so many more gradients are returned."""
    if not isinstance(claim, tuple | list) or len(claim) <= len(chosen):
        return list(chosen)
    others = (name for name in kept if name not in chosen and not np.ndim(every[name].get()))
    numbers = [name for name in others if moves(every[name], loss)]
    both = [name for name in kept if name in chosen or name in numbers]
    fit = [np.shape(every[name].get()) for name in both] == [np.shape(one) for one in claim]
    return both if fit else list(chosen)


def moves(place: Place, loss: Callable[[], float]) -> bool:
    """Whether the loss depends on a number, which afterwards is as it was."""
    here, value = loss(), place.get()
    try:
        return is_put(place, value + NUDGE * (abs(value) or 1.0)) and loss() != here
    finally:
        is_put(place, value)


def as_claimed(names: Sequence[str], claim: Any) -> list[str]:
    """Return only the last steps of names where the gradients are returned under these."""
    tails = [name.rpartition(".")[2] for name in names]
    if isinstance(claim, Mapping) and len(set(tails)) == len(tails):
        is_whole, is_tail = (set(some) <= set(under_their_names(claim, some)) for some in (names, tails))
        return tails if is_tail and not is_whole else list(names)
    return list(names)


def short(names: Sequence[str]) -> list[str]:
    """Return names without the ``params.`` that all of them begin with, and without ``.data`` where that is clear."""
    tails = [OF_ITS_NUMBERS.sub("", name) for name in names]
    tails = tails if len(set(tails)) == len(tails) else list(names)
    bare = [name.partition(".")[2] for name in tails]
    is_same = len({name.partition(".")[0] for name in tails}) == 1 and tails[0].partition(".")[0] in CONTAINERS
    return bare if is_same and all(bare) else tails


def listed(names: Iterable[str]) -> str:
    """Return some names."""
    names = list(names)
    return (
        ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" * (len(names) > MOST_NAMED)) or "none"
    )
