"""dZ_l itself, changed after it was computed right: centred, normalised, made positive, mixed up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.mistake import EXACT, DeltaCase, Guess, Mistake
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["DELTA"]


def changed(case: DeltaCase) -> Iterator[Guess]:
    """Guess a dZ_l that something was done to."""
    for dZ, words in changes(case.expected):
        if np.isfinite(dZ).all():
            yield Guess(dZ, f"{{it}} is {words}")


def changes(dZ: Array) -> Iterator[tuple[Array, str]]:
    """Yield what may have become of dZ."""
    for axis, words in ((1, "over the samples"), (0, "over the units")):
        if dZ.shape[axis] > 1:
            yield dZ - dZ.mean(axis=axis, keepdims=True), f"centred {words}"
            yield np.broadcast_to(dZ.mean(axis=axis, keepdims=True), dZ.shape), f"replaced by its mean {words}"
            yield dZ / np.sqrt((dZ**2).sum(axis=axis, keepdims=True)), f"divided by its norm {words}"
    if dZ.shape[0] > 1:
        yield dZ[::-1], "in reverse order of the units"
        yield np.roll(dZ, 1, axis=0), "shifted by one unit"
        yield np.roll(dZ, -1, axis=0), "shifted by minus one unit"
    if dZ.shape[0] == dZ.shape[1] > 1:
        yield dZ.T, "transposed"
    yield np.abs(dZ), "its absolute value"
    yield np.sign(dZ), "only its sign"
    yield dZ**2, "squared"


DELTA = (Mistake("wrong-delta", EXACT, changed, "look at what is done to {it} after it is computed", scalable=True),)
