"""What a worker does: one task, on a problem that it makes once.

A task is a few numbers. The problem itself, with its long arrays, does not travel with it: a worker that does not know
the problem answers None, and is then given the means to make it.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from gradcheck_cli.evaluating.parcels import unpacked
from gradcheck_cli.evaluating.questions import Question
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["Task", "forget", "know", "run"]


class Task(NamedTuple):
    """Some evaluations of a problem's loss."""

    key: str
    """Of the problem."""
    question: Question
    parcel: bytes | None = None
    """How to make the problem: only for a worker that has said that it does not know it."""


_known: list[tuple[str, FunctionProblem]] = []
"""The problem that this process works on, and its key; a forked process inherits it."""


def know(key: str, problem: FunctionProblem) -> None:
    """Make a problem known in this process; there is never more than one, for it may be large."""
    _known[:] = [(key, problem)]  # at once: a worker may have several threads


def known(key: str) -> FunctionProblem | None:
    """Return the problem of that key, where it is known."""
    return next((problem for name, problem in list(_known) if name == key), None)


def forget(key: str) -> None:
    """Let go of a problem."""
    if known(key) is not None:
        _known.clear()


def run(task: Task) -> tuple[Array, float] | None:
    """Do a task.

    Returns
    -------
    tuple of ndarray and float, or None
        The losses, and how many seconds each took; None where the problem is not known here.
    """
    problem = known(task.key)
    if problem is None:
        if task.parcel is None:
            return None
        problem = unpacked(task.parcel)
        know(task.key, problem)
    started = time.perf_counter()
    losses = task.question.losses(problem)
    return losses, (time.perf_counter() - started) / max(len(losses), 1)
