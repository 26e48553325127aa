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

OF = re.compile(r"^(?:d_?J_?d_?|grad_|delta_|d_|g_|d|δ|∂)(?=.)|_(?:grad|bar|delta|adj)$")
MOST_TRIED = 40  # values that are put in the place of another
MOST_FACTORS = 3
MOST_TOLD = 3  # right values
CLOSE = 1e-9  # relative: what rounding makes of one value, computed in two ways
ALIKE = 1e-4  # of a factor


class FirstWrong(NamedTuple):
    """The first value that is known to be wrong, and those before it that are known to be right."""

    spot: Spot
    says: str
    settles: frozenset[str]
    """The parameters whose gradients are right with the right value in its place."""
    right: tuple[Spot, ...]


@dataclass(frozen=True)
class Wrongs:
    """How the claim is asked with other values in it."""

    probes: Probes
    ask: Callable[[Mapping[tuple[int, int], Callable[[Array], Array]]], frozenset[str] | None]
    """Orders -> the parameters that are wrong then; None where the claim has another shape, or raises."""
    wrong: frozenset[str]
    """Those that are wrong without."""
    every: frozenset[str]
    """All parameters: that a gradient itself is wrong is told anyway."""

    def settled_by(self, spot: int, values: Mapping[int, Array]) -> frozenset[str]:
        """Return what other values at the turns of a spot make right; nothing where they make something wrong."""
        still = self.ask({(spot, turn): partial(put, value) for turn, value in values.items()})
        return frozenset() if still is None or not still < self.wrong else self.wrong - still


class Meant(NamedTuple):
    """What the values of a spot are meant to be, by their name."""

    what: str
    """``h``, or ``dJ/dh``."""
    of: Sequence[Adjoint]
    """At each turn of the forward code."""
    is_adjoint: bool


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
    spots, tried, right, factors = wrongs.probes.spots, 0, list[int](), list[float]()
    for spot, turns in by_spot(noted).items():
        meanings = list(meanings_of(turns, forward))
        if any(is_right(turns, meant, factors) for meant in meanings):
            right.append(spot)
            continue
        if of(turns[0].name) in wrongs.every:
            continue
        for meant, factor, values in itertools.chain(*(tries_of(turns, meant, factors) for meant in meanings)):
            tried += 1
            if tried > MOST_TRIED:
                return None
            settles = wrongs.settled_by(spot, values)
            if settles:
                says = sentence(turns, list(values.values()), meant, factor, forward)
                says += known_right([spots[k].name for k in right])
                return FirstWrong(spots[spot], says, settles, tuple(spots[k] for k in right))
    return None


def known_right(names: Sequence[str]) -> str:
    """Return what is told of values that are right: the last of those that have the name of a derivative."""
    told = list(dict.fromkeys(name for name in names if of(name)))[-MOST_TOLD:]
    return f"; right: {', '.join(told)}" if told else ""


def put(right: Array, _: Array) -> Array:
    """Return what is right, whatever is there."""
    return right.copy()


def by_spot(noted: Sequence[Noted]) -> dict[int, list[Noted]]:
    """Return the values of each spot, the spots in the order in which they ran first."""
    found: dict[int, list[Noted]] = {}
    for one in noted:
        found.setdefault(one.spot, []).append(one)
    return found


def of(name: str) -> str:
    """Return of what a name says that it is the derivative; empty where it does not."""
    other = OF.sub("", name, count=1)
    return "" if other == name else other


def meanings_of(turns: Sequence[Noted], forward: Sequence[Adjoint]) -> Iterator[Meant]:
    """Yield what the values of a spot may be meant to be: a name may stand at several spots of the forward code."""
    name, shape = turns[0].name, turns[0].value.shape
    own = named(name, forward)
    for group in own or named(of(name), forward):
        if group[0].value.shape == shape:
            yield Meant(name if own else f"dJ/d{group[0].name}", group, not own)


def named(name: str, forward: Sequence[Adjoint]) -> list[list[Adjoint]]:
    """Return the forward values of a name, each spot with its turns."""
    found: dict[int, list[Adjoint]] = {}
    for one in forward:
        if one.name == name:
            found.setdefault(one.spot, []).append(one)
    return list(found.values())


def is_right(turns: Sequence[Noted], meant: Meant, factors: list[float]) -> bool:
    """Whether some value of a spot is what it is meant to be; adjoints may all have a factor, as where a mean is last.

    The first one's factor is added to `factors`; those after it have to have one of these.
    """
    if not meant.is_adjoint:
        return any(same(t.value, one.value) for t in turns for one in meant.of)
    found = [one.multiple(t.value) or 0.0 for t in turns for one in meant.of]
    for factor in found:
        if factor > 0 and not factors:
            factors.append(float(f"{factor:.6g}"))
        if any(abs(factor - other) <= ALIKE * other for other in factors):
            return True
    return False


def tries_of(
    turns: Sequence[Noted], meant: Meant, factors: Sequence[float]
) -> Iterator[tuple[Meant, float, dict[int, Array]]]:
    """Yield what may be put in the place of the values of a spot, by turn.

    Backward code runs through a loop from its end, or as the forward code does.
    """
    wholes = [one.whole() if meant.is_adjoint else one.value for one in meant.of]
    rights = [one for one in wholes if one is not None]
    if len(rights) != len(turns) or any(a.shape != t.value.shape for a, t in zip(rights, turns, strict=True)):
        return
    sizes = [float(n) for n in rights[0].shape if n > 1]
    for factor in dict.fromkeys([*factors[:MOST_FACTORS], 1.0, *sizes]) if meant.is_adjoint else [1.0]:
        for order in (rights[::-1], rights) if len(rights) > 1 else (rights,):
            yield meant, factor, {t.turn: factor * one for t, one in zip(turns, order, strict=True)}


def same(a: Array, b: Array) -> bool:
    """Whether two values are the same but for rounding."""
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= CLOSE * (1e-300 + np.max(np.abs(b), initial=0.0))))


def sentence(
    turns: Sequence[Noted], rights: Sequence[Array], meant: Meant, factor: float, forward: Sequence[Adjoint]
) -> str:
    """Return what is told of a value that is wrong."""
    name = f"{turns[0].name} is the first value known to be wrong"
    what = meant.what if factor == 1 else f"{factor:.6g} times {meant.what}"
    claimed, right = (np.concatenate([np.ravel(one) for one in many]) for many in ([t.value for t in turns], rights))
    times = ratio(claimed, right)
    if times is not None and abs(times - 1) > ALIKE:
        instead = "" if factor == 1 else f", not {factor:.6g} times"
        return f"{name}: it is {times * factor:.6g} times {meant.what}{instead}"
    for other in forward if len(turns) == 1 else ():
        if other.value.shape != turns[0].value.shape:
            continue
        if meant.is_adjoint and abs((other.multiple(turns[0].value) or 0.0) - factor) <= ALIKE * factor:
            return f"{name}: it is dJ/d{other.name}, not dJ/d{meant.of[0].name}"
        if not meant.is_adjoint and same(turns[0].value, other.value):
            return f"{name}: it is {other.name}, not {what}"
    return f"{name}: it is not {what}" + ("" if meant.is_adjoint else " of the loss")
