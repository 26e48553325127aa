"""A record of all losses in the order in which they were asked for, so that a check can be gone on with later.

A check with the same seed asks for the same losses in the same order. Asked again, a journal answers from its record
until that ends; only then the loss is evaluated. So nothing else of a check that was not finished has to be kept.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.numeric.wrapped import WrappedProblem
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.directions import Move

__all__ = ["Journal", "JournaledProblem", "fingerprint"]


@dataclass
class Journal:
    """What was found so far, and what it was found of."""

    seed: int = 0
    mode: str = ""
    """Of the check: ``full`` or ``screen``; empty where nothing was begun."""
    problem: str = ""
    """A digest of the point and of the settings that say which losses are asked for: see `fingerprint`."""
    evaluations: int = 0
    """What they cost."""
    losses: array[float] = field(default_factory=lambda: array("d"))
    """Losses, and changes of the loss, in the order in which they were asked for."""


def fingerprint(parameters: Parameters, *settings: object) -> str:
    """Return a digest of a point and of whatever else makes two checks ask for the same losses."""
    digest = hashlib.sha256(repr(settings).encode())
    for name, values in parameters.items():
        digest.update(f"{name} {values.shape}".encode())
        digest.update(np.ascontiguousarray(values).view(np.uint8).data)
    return digest.hexdigest()


@dataclass
class JournaledProblem(WrappedProblem):
    """Another problem whose losses are kept in a journal."""

    journal: Journal
    replayed: int = 0
    """How many losses were answered from the journal."""

    def loss(self, parameters: Parameters) -> float:
        """Return the problem's loss."""
        ask = super().loss
        return float(self.answer(1, lambda _: np.array([ask(parameters)]))[0])

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the problem's changes."""
        ask = super().loss_changes
        return self.answer(len(entries), lambda known: ask(parameter, entries[known:], steps[known:]))

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the problem's losses along directions."""
        ask = super().losses_along
        return self.answer(len(moves), lambda known: ask(moves[known:]))

    def answer(self, count: int, ask: Callable[[int], Array]) -> Array:
        """Return so many losses: those that are in the journal, and behind them those that are asked for."""
        losses = self.journal.losses
        known = losses[self.replayed : self.replayed + count]
        if len(known) < count:
            found = ask(len(known))
            losses.extend(found.tolist())
            known.extend(found.tolist())
        self.replayed += count
        return np.array(known)
