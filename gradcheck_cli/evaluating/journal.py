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

from gradcheck_cli.problems.functions.function import OF_SCATTER, SAME
from gradcheck_cli.vocabulary.errors import InputError
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["MADE_AGAIN", "Journal", "Record", "fingerprint"]


MADE_AGAIN = 3  # evaluations of a record
ANEW = "leave out --resume to start over"


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
    """The loss close to the point; NaN where it is not known."""
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


class Record:
    """A journal that is answered from as far as it goes, and then gone on with.

    Parameters
    ----------
    journal : Journal
        Where the answers are kept.
    outputs : tuple of int
        The shape of an answer: () of one loss, (m,) of m.
    scatter : float or ndarray of shape `outputs`
        Standard deviation of the losses from call to call at one point.

    Raises
    ------
    InputError
        Where the journal ends inside an answer.
    """

    def __init__(self, journal: Journal, outputs: tuple[int, ...], scatter: float | Array) -> None:
        self.journal, self.outputs, self.scatter = journal, outputs, scatter
        self.known, more = divmod(len(journal.losses), self.width)
        if more:
            raise InputError("the saved state is damaged: it ends inside an evaluation", hint=ANEW)
        self.expected = journal.digest
        self.asked = hashlib.sha256()
        self.replayed = 0
        random = np.random.default_rng([journal.seed, self.known])
        self.again = set(random.choice(self.known, min(MADE_AGAIN, self.known), replace=False).tolist())

    @property
    def width(self) -> int:
        """How many numbers an answer has."""
        return math.prod(self.outputs)

    @property
    def left(self) -> int:
        """How many answers the journal had at the beginning and has not given yet."""
        return max(self.known - self.replayed, 0)

    def answers(self, rows: Array, ask: Callable[[slice], Array]) -> Array:
        """Return the answers that the journal has to the first of some questions; a few of them are asked again.

        Parameters
        ----------
        rows : ndarray
            A row for each question, that describes it.
        ask : callable
            Answers some of the questions anew.

        Returns
        -------
        ndarray of shape (k, *outputs)

        Raises
        ------
        InputError
            Where the journal has answers to other questions, or the answers are others today.
        """
        start, count = self.replayed, min(self.left, len(rows))
        known = self.of(start, count)
        self.take(rows[:count])
        for k in sorted(self.again & set(range(start, start + count))):
            self.require_same(k, known[k - start], ask(slice(k - start, k - start + 1))[0])
        return known

    def of(self, start: int, count: int) -> Array:
        """Return so many answers of the journal."""
        numbers = self.journal.losses[start * self.width : (start + count) * self.width]
        return np.array(numbers).reshape(count, *self.outputs)

    def keep(self, rows: Array, answers: Array) -> None:
        """Keep new answers."""
        self.take(rows)
        self.journal.losses.extend(answers.reshape(-1).tolist())
        self.journal.digest = self.asked.hexdigest()

    def require_same(self, number: int, before: Array, now: Array) -> None:
        """Raise InputError where an evaluation of the record is not what it was."""
        here = self.of(0, 1)[0]  # the first is the loss itself, others are its changes
        allowed = SAME * np.maximum(np.abs(here), np.abs(before)) + OF_SCATTER * self.scatter
        with np.errstate(invalid="ignore"):
            same = (np.abs(now - before) <= allowed) | (np.isnan(now) & np.isnan(before))
        if not np.all(same):
            was, is_ = (float(np.ravel(values)[np.argmin(same)]) for values in (before, now))
            raise InputError(
                f"the loss has changed since the state was saved: evaluation {number + 1} was {was!r} and is {is_!r}",
                hint=ANEW,
            )

    def take(self, rows: Array) -> None:
        """Take note of what was asked for; where the journal ended before, it must have been asked for the same."""
        self.asked.update(rows.tobytes())
        self.replayed += len(rows)
        if self.replayed == self.known and self.expected not in ("", self.asked.hexdigest()):
            raise InputError("the saved state has other evaluations than this check needs", hint=ANEW)
