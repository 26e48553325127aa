"""The first wrong value of the backward code: held against measured adjoints, and proved by what puts it right.

What a value should be is known by its name: ``dh`` the derivative of the loss with respect to the forward code's h, and
``h`` what h is there. Names are conventions, so nothing is said for a name's sake: the right value is put in its place,
and only where that makes a wrong gradient right, and no other wrong, the value was wrong.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from gradcheck_cli.repair.adjoints import Adjoint, ratio
from gradcheck_cli.repair.probes import Noted, Probes, Spot
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["FirstWrong", "Wrongs", "first_wrong"]

PREFIXES = re.compile(r"^(?:d_?J_?d_?|grad_|delta_|d_|g_|d|δ|∂)(?=.)|_(?:grad|bar|delta|adj)$")
MOST_GROUPS = 3
MOST_TRIED = 40  # values that are put in the place of another
CLOSE = 1e-9


class FirstWrong(NamedTuple):
    """A value that is wrong, while what goes into it, so far as that has a name, is right."""

    spot: Spot
    says: str
    settles: frozenset[str]
    """The parameters whose gradients are right with the right value in its place."""


@dataclass(frozen=True)
class Wrongs:
    """How the claim is asked with other values in it."""

    probes: Probes
    ask: Callable[[Mapping[tuple[int, int], Callable[[Array], Array]]], frozenset[str] | None]
    """Orders -> the parameters that are wrong then; None where the claim has another shape, or raises."""
    wrong: frozenset[str]
    """Those that are wrong without."""


class Meant(NamedTuple):
    """What a value may be meant to be."""

    what: str
    """``h``, or ``dJ/dh``."""
    values: list[Array | None]
    """At each turn of the forward code."""
    of: Sequence[Adjoint]
    """The adjoints; none of a forward value."""


def first_wrong(wrongs: Wrongs, noted: Sequence[Noted], forward: Sequence[Adjoint]) -> FirstWrong | None:
    """Return the first value of the claim's run that is proved wrong; None where none is.

    Parameters
    ----------
    wrongs : Wrongs
        Asks the claim.
    noted : sequence of Noted
        The values of its run.
    forward : sequence of Adjoint
        Those of the loss.
    """
    tried, before = 0, list[Noted]()
    for spot, turns in by_spot(noted).items():
        scales = scales_of(before, forward)
        before += turns
        for meant in meanings(turns, forward, scales):
            for scale in dict.fromkeys([*scales, 1.0, *sizes_of(meant.values)]) if meant.of else (1.0,):
                rights = [None if one is None else scale * one for one in meant.values]
                for order in placed(rights, turns):
                    tried += 1
                    if tried > MOST_TRIED:
                        return None
                    still = wrongs.ask(
                        {(spot, noted.turn): partial(put, one) for noted, one in zip(turns, order, strict=True)}
                    )
                    if still is not None and still < wrongs.wrong:
                        says = sentence(turns, order, meant, scale, forward)
                        return FirstWrong(wrongs.probes.spots[spot], says, wrongs.wrong - still)
    return None


def sizes_of(values: Sequence[Array | None]) -> list[float]:
    """Return the lengths of values' axes: an adjoint may be meant without the mean over one of them."""
    return [float(n) for value in values[:1] if value is not None for n in value.shape if n > 1]


def put(right: Array, _: Array) -> Array:
    """Return what is right, whatever is there."""
    return right.copy()


def by_spot(noted: Sequence[Noted]) -> dict[int, list[Noted]]:
    """Return the values of each spot, the spots in the order in which they ran first."""
    found: dict[int, list[Noted]] = {}
    for one in noted:
        found.setdefault(one.spot, []).append(one)
    return found


def scales_of(noted: Sequence[Noted], forward: Sequence[Adjoint]) -> list[float]:
    """Return by what the adjoints of this code are multiplied, which may leave a mean to the end, as far as is seen."""
    found: list[float] = []
    for one in noted:
        for adjoint in itertools.chain(*named(stripped(one.name), forward)):
            if adjoint.value.shape == one.value.shape:
                factor = adjoint.multiple(one.value)
                if factor is not None and factor > 0 and not is_among(factor, found):
                    found.append(float(f"{factor:.6g}"))
    return found[:3]


def is_among(factor: float, others: Sequence[float]) -> bool:
    """Whether a factor is one of some others."""
    return any(abs(factor - other) <= 1e-4 * other for other in others)


def meanings(turns: Sequence[Noted], forward: Sequence[Adjoint], scales: Sequence[float]) -> Iterator[Meant]:
    """Yield what the values of a spot may be meant to be, and are not: by name, else by shape.

    A positive multiple of what they are meant to be is no mistake, unless the values before it have other factors.
    """
    name, shape = turns[0].name, turns[0].value.shape
    if named(name, forward):
        alike = named(name, forward)
        if not any(same(t.value, one.value) for t in turns for group in alike for one in group):
            yield from (Meant(name, [one.value for one in group], ()) for group in alike)
        return
    groups = named(stripped(name), forward)
    if stripped(name) == name:  # it has no name that says what it is
        groups = [group for group in named(None, forward) if len(group) == len(turns)]
    groups = [group for group in groups if group[0].value.shape == shape]
    factors = [one.multiple(t.value) or 0.0 for group in groups for one in group for t in turns]
    if any(factor > 0 and (not scales or is_among(factor, scales)) for factor in factors):
        return
    for group in groups[-MOST_GROUPS:]:
        yield Meant(f"dJ/d{group[0].name}", [one.whole() for one in group], group)


def named(name: str | None, forward: Sequence[Adjoint]) -> list[list[Adjoint]]:
    """Return the forward values of a name, or of any, each spot with its turns."""
    found: dict[tuple[str, int], list[Adjoint]] = {}
    for one in forward:
        if name in (None, one.name):
            found.setdefault((one.name, one.spot), []).append(one)
    return list(found.values())


def stripped(name: str) -> str:
    """Return of what a name says that it is the derivative."""
    return PREFIXES.sub("", name, count=1)


def same(a: Array, b: Array) -> bool:
    """Whether two values are the same but for rounding."""
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= CLOSE * (1e-300 + np.max(np.abs(b)))))


def placed(rights: Sequence[Array | None], turns: Sequence[Noted]) -> Iterator[list[Array]]:
    """Yield the right values in the order of the turns: backward code runs from the last to the first, or alike."""
    whole = [one for one in rights if one is not None]
    if len(whole) != len(turns) or any(a.shape != t.value.shape for a, t in zip(whole, turns, strict=True)):
        return
    yield whole[::-1]
    if len(whole) > 1:
        yield whole


def sentence(
    turns: Sequence[Noted], order: Sequence[Array], meant: Meant, scale: float, forward: Sequence[Adjoint]
) -> str:
    """Return what is told of a value that is wrong."""
    name = f"{turns[0].name} is the first wrong value"
    what = meant.what if scale == 1 else f"{scale:.6g} times {meant.what}"
    claimed, right = (np.concatenate([np.ravel(one) for one in many]) for many in ([t.value for t in turns], order))
    factor = ratio(claimed, right)
    if factor is not None and factor != 1:
        instead = "" if scale == 1 else f", not {scale:.6g} times"
        return f"{name}: it is {factor * scale:.6g} times {meant.what}{instead}"
    for other in forward if len(turns) == 1 else ():
        if other.value.shape == turns[0].value.shape:
            if meant.of and other.multiple(turns[0].value) is not None:
                near = other.multiple(turns[0].value) or 0.0
                if abs(near - scale) <= 1e-4 * scale:
                    return f"{name}: it is dJ/d{other.name}, not {what}"
            if not meant.of and same(turns[0].value, other.value):
                return f"{name}: it is {other.name}, not {what}"
    return f"{name}: it is not {what}" + ("" if meant.of else " of the loss")
