"""A record of all losses in the order in which they were asked for, so that a check can be gone on with later.

A check of the same loss and claim with the same seed asks for the same losses in the same order. Asked again, a journal
answers from its record until that ends; only then the loss is evaluated, but for a few of the record that are evaluated
again: the loss may not be what it was. So nothing else of a check that was not finished has to be kept.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.errors import InputError
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.directions import Move
from gradcheck_cli.problems.user_function import OF_SCATTER, SAME
from gradcheck_cli.problems.wrapped import WrappedProblem

__all__ = ["MADE_AGAIN", "Journal", "JournaledProblem", "fingerprint"]


MADE_AGAIN = 3  # evaluations of a record


@dataclass
class Journal:
    """What was found so far, and what it was found of."""

    seed: int = 0
    mode: str = ""
    """Of the check: ``full`` or ``screen``; empty where nothing was begun."""
    problem: str = ""
    """A digest of the point, the claim, the data and the settings: see `fingerprint`."""
    rounds: list[int] = field(default_factory=list)
    """Of a sample: how many entries each round drew, for that depends on what the budget was."""
    beside: float = math.nan
    """The loss a little beside the point; NaN where it is not known."""
    digest: str = ""
    """Of what was asked for."""
    losses: array[float] = field(default_factory=lambda: array("d"))
    """Losses, and changes of the loss, in the order in which they were asked for: the first is that at the point."""


def fingerprint(arrays: Sequence[Mapping[str, Any]], *settings: object) -> str:
    """Return a digest of arrays and of whatever else makes two checks ask for the same losses."""
    digest = hashlib.sha256(repr(settings).encode())
    for named in arrays:
        for name, values in named.items():
            array = np.ascontiguousarray(values)
            digest.update(f"{name} {array.shape} {array.dtype}".encode())
            digest.update(repr(array).encode() if array.dtype.hasobject else array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


@dataclass
class JournaledProblem(WrappedProblem):
    """Another problem whose losses are kept in a journal."""

    journal: Journal

    def __post_init__(self) -> None:
        self.known = len(self.journal.losses)
        self.expected = self.journal.digest
        self.asked = hashlib.sha256()
        self.replayed = 0
        random = np.random.default_rng([self.journal.seed, self.known])
        self.again = set(random.choice(self.known, min(MADE_AGAIN, self.known), replace=False).tolist())

    def loss(self, parameters: Parameters) -> float:
        """Return the problem's loss."""
        ask = super().loss
        return float(self.answer(np.zeros((1, 1)), lambda _: np.array([ask(parameters)]))[0])

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the problem's changes."""
        ask = super().loss_changes
        return self.answer(np.column_stack([entries, steps]), lambda part: ask(parameter, entries[part], steps[part]))

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the problem's losses along directions."""
        ask = super().losses_along
        rows = np.array([[*direction, step] for direction, step in moves])
        return self.answer(rows, lambda part: ask(moves[part]))

    def answer(self, rows: Array, ask: Callable[[slice], Array]) -> Array:
        """Return one loss for each row that describes it: what the journal has, then what is asked for.

        Raises
        ------
        InputError
            Where the journal has answers to other questions.
        """
        start = self.replayed
        known = self.journal.losses[start : start + len(rows)]
        self.take(rows[: len(known)])
        for k in sorted(self.again & set(range(start, start + len(known)))):
            self.require_same(k, known[k - start], float(ask(slice(k - start, k - start + 1))[0]))
        if len(known) < len(rows):
            found = ask(slice(len(known), None))
            self.take(rows[len(known) :])
            self.journal.losses.extend(found.tolist())
            self.journal.digest = self.asked.hexdigest()
            known.extend(found.tolist())
        return np.array(known)

    def require_same(self, number: int, before: float, now: float) -> None:
        """Raise InputError where an evaluation of the record is not what it was."""
        size = max(abs(self.journal.losses[0]), abs(before))  # the first is the loss itself, others are its changes
        if not (abs(now - before) <= SAME * size + OF_SCATTER * self.scatter or (now != now and before != before)):
            raise InputError(
                f"the saved state is of another loss: evaluation {number + 1} was {before!r} and is {now!r}",
                hint="without --resume the check begins anew",
            )

    def take(self, rows: Array) -> None:
        """Take note of what was asked for; where the journal ended before, it must have been asked for the same."""
        self.asked.update(rows.tobytes())
        self.replayed += len(rows)
        if self.replayed == self.known and self.expected not in ("", self.asked.hexdigest()):
            raise InputError(
                "the saved state has other losses than this check asks for", hint="without --resume it begins anew"
            )
