"""Whole slices along an axis are wrong and all others right: a time step, a channel, a gate, a range of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.diagnosis.families.entries import common_factor, positions
from gradcheck_cli.diagnosis.mistake import LOOSE, Guess, Mistake, TensorCase

__all__ = ["TENSOR", "indices_of"]

SHOWN = 6
CHANCE = 0.05  # that so many indices make a range


def slices(case: TensorCase) -> Iterator[Guess]:
    """Describe the indices of an axis at which everything is wrong, where everything else is right."""
    if case.name in case.evidence.samples:  # of a sample of the entries an index means nothing
        return
    wrong = case.evidence.wrong_entries(case.name, case.expected)
    live = wrong | (np.abs(case.expected) > case.evidence.floors[case.name])
    for axis in range(wrong.ndim):
        rest = tuple(k for k in range(wrong.ndim) if k != axis)
        hit, alive = np.asarray(wrong.any(axis=rest)), np.asarray(live.any(axis=rest))
        whole = bool(np.asarray((wrong | ~live).all(axis=rest))[hit].all())
        if not (whole and hit.any() and (alive & ~hit).any() and is_telling(hit, wrong.shape, case)):
            continue
        place = axis_of(axis, wrong.ndim)
        where = f"wrong at {indices_of(hit)} of {place} only, all over"
        if 2 * hit.sum() > len(hit):
            where = f"right at {indices_of(~hit)} of {place} only, and wrong all over elsewhere"
        everywhere = np.broadcast_to(np.expand_dims(hit, rest), wrong.shape)
        value = np.where(everywhere, case.claim, case.expected)
        yield Guess(value, f"{{it}} is {where}{relation(case, everywhere)}", positions=positions(wrong))


def is_telling(hit: NDArray[np.bool_], shape: tuple[int, ...], case: TensorCase) -> bool:
    """Whether that whole slices are wrong is no chance, and not what the dead units of a layer do.

    One row or one column of a matrix has a family of its own; of a vector only a range of indices tells anything.
    """
    axes, count = sum(length > 1 for length in shape), int(hit.sum())
    if axes == 2 and count > 1 and (2 * count <= len(hit) or not (case.is_weight or case.is_bias)):
        return True
    found = np.flatnonzero(hit)
    is_range = count > 1 and found[-1] - found[0] + 1 == count
    is_rare = bool(is_range and (len(hit) - count + 1) <= CHANCE * math.comb(len(hit), count))
    return axes > 2 or is_rare or (axes == 1 and any(is_hit_alike(case, name, hit) for name in case.evidence.reference))


def is_hit_alike(case: TensorCase, name: str, hit: NDArray[np.bool_]) -> bool:
    """Whether all of another array is wrong at the same indices of its last axis, and nothing else."""
    right = case.evidence.reference[name]
    if right.ndim < 2 or min(right.shape) < 2 or right.shape[-1] != len(hit) or name in case.evidence.samples:
        return False
    wrong = case.evidence.wrong_entries(name, right).reshape(-1, len(hit))
    return bool(np.array_equal(wrong.any(axis=0), hit) and wrong[:, hit].all())


def relation(case: TensorCase, where: NDArray[np.bool_]) -> str:
    """Say how what is wrong stands to what is right."""
    if not case.claim[where].any():
        return ": it is zero there"
    factor = common_factor(case.claim[where], case.expected[where])
    return "" if factor is None else f": {factor:.6g} times the right one"


def indices_of(hit: NDArray[np.bool_]) -> str:
    """Name some indices.

    Examples
    --------
    >>> indices_of(np.array([False, True, True, True])), indices_of(np.array([True, False, True]))
    ('index 1 to 3', 'index 0, 2')
    """
    found = np.flatnonzero(hit)
    if len(found) > 2 and found[-1] - found[0] + 1 == len(found):
        return f"index {found[0]} to {found[-1]}"
    return "index " + ", ".join(str(k) for k in found[:SHOWN]) + (", ..." if len(found) > SHOWN else "")


def axis_of(axis: int, rank: int) -> str:
    """Name an axis; the last one alike for arrays of any rank."""
    return "the last axis" if axis == rank - 1 else f"axis {axis}"


TENSOR = (Mistake("slices", LOOSE, slices, "look at what is done, or left out, for these indices alone"),)
