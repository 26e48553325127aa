"""The outputs of a function as losses of their own: each evaluation serves all of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.evaluating.evaluator import Evaluator
from gradcheck_cli.problems.directions import Move
from gradcheck_cli.problems.functions.function import Losses
from gradcheck_cli.problems.functions.outputs import MOST_KEPT
from gradcheck_cli.problems.problem import Moved
from gradcheck_cli.problems.views.view import View
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["Row", "rows_of"]


@dataclass
class Memory:
    """What was evaluated of all outputs, as far as there is room for it."""

    known: dict[Hashable, Array] = field(default_factory=dict)
    """By the question, the answers of all outputs."""

    def answers(self, number: int, keys: Sequence[Hashable], ask: Callable[[NDArray[np.intp]], Array]) -> Array:
        """Return what one output has for some questions; those that nobody asked before are asked now.

        Parameters
        ----------
        number : int
            Of the output.
        keys : sequence of hashable
            The questions.
        ask : callable
            (positions among them) -> answers, of shape (k, m).
        """
        known = self.known
        new = np.array([k for k, key in enumerate(keys) if key not in known], dtype=np.intp)
        if new.size:
            found = ask(new)
            if len(known) * found.shape[1] + found.size > MOST_KEPT:
                self.known, known = {}, dict(known)
            for k, answer in zip(new.tolist(), found, strict=True):
                known[keys[k]] = self.known[keys[k]] = answer
        return np.array([known[key][number] for key in keys])


@dataclass
class Row(View):
    """One output of an evaluator."""

    problem: Evaluator
    memory: Memory
    number: int
    asked: Counter[Hashable] = field(default_factory=Counter)
    """How often each question was asked: of a function that is not always the same, every time is another one."""

    @property
    def scatter(self) -> float:
        """Standard deviation of the output from call to call."""
        return float(np.broadcast_to(self.problem.scatter, self.problem.outputs)[self.number])

    def loss(self, parameters: Parameters) -> float:
        """Return the output."""
        if parameters is self.parameters:
            return float(self.problem.loss(parameters)[self.number])
        return self.at(parameters, "kept", self.problem.loss)

    def losses_at(self, points: Iterable[Parameters]) -> Array:
        """Return the output at some points."""
        known = list(points)
        keys = [("kept", digest_of(point)) for point in known]
        return self.answers(keys, lambda some: self.problem.losses_at([known[k] for k in some]))

    def changes_in_turn(self, asked: Iterable[Moved]) -> Iterator[Array]:
        """Yield the changes of the output, for one question after another."""
        return (self.loss_changes(*moved) for moved in asked)

    def unkept_loss(self, parameters: Parameters) -> float:
        """Return the output; no journal knows of it."""
        return self.at(parameters, "unkept", self.problem.unkept_loss)

    def at(self, parameters: Parameters, kind: str, ask: Callable[[Parameters], Losses]) -> float:
        """Return the output at a point."""
        return float(self.answers([(kind, digest_of(parameters))], lambda _: np.array([ask(parameters)]))[0])

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the changes of the output."""
        keys = [(parameter, *moved) for moved in zip(entries.tolist(), steps.tolist(), strict=True)]
        return self.answers(keys, lambda some: self.problem.loss_changes(parameter, entries[some], steps[some]))

    def losses_along(self, moves: Sequence[Move]) -> Array:
        """Return the output along directions."""
        return self.answers(list(moves), lambda some: self.problem.losses_along([moves[k] for k in some]))

    def answers(self, keys: Sequence[Hashable], ask: Callable[[NDArray[np.intp]], Array]) -> Array:
        """Return what the output has for some questions."""
        if self.scatter:
            self.asked.update(keys)
            keys = [(key, self.asked[key]) for key in keys]
        return self.memory.answers(self.number, keys, ask)


def rows_of(evaluator: Evaluator) -> list[Row]:
    """Return the outputs of an evaluator."""
    memory = Memory()
    return [Row(evaluator, memory, number) for number in range(*evaluator.outputs)]


def digest_of(point: Parameters) -> bytes:
    """Return what tells a point from others."""
    digest = hashlib.blake2b(digest_size=16)
    for values in point.values():
        digest.update(np.ascontiguousarray(values).view(np.uint8).data)
    return digest.digest()
