"""Patches tried in memory, many in one child process: one that never ends, or ends the process, costs only itself."""

from __future__ import annotations

import os
import select
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.repair.effects import DeniedError, allowed
from gradcheck_cli.repair.points import Point
from gradcheck_cli.repair.program import Patch, Program
from gradcheck_cli.vocabulary.processes import die_with_parent

__all__ = [
    "BATCH",
    "TIMES",
    "Deadline",
    "Outcome",
    "TimeIsUpError",
    "Trials",
    "all_guarded",
    "as_digits",
    "forked",
    "from_digits",
]

Mask = NDArray[np.bool_]
LEAST, TIMES = 0.12, 30.0  # seconds that a candidate has, and calls of the unchanged code as long
MOST_STUCK = 4  # candidates that never end, after which no more are tried
BATCH = 48
PIECE = 2**16
FAR = 700  # the number of a pipe


class TimeIsUpError(Exception):
    """The search has no more time."""


@dataclass(frozen=True)
class Deadline:
    """When a search has to end."""

    at: float
    work: float = float("inf")
    """Seconds that this process and its children may work: on a busy machine that takes longer."""

    @property
    def left(self) -> float:
        """Seconds that are left; raises where there are none."""
        left = self.at - time.monotonic()
        if left <= 0 or sum(os.times()[:4]) > self.work:
            raise TimeIsUpError
        return left

    def require(self) -> None:
        """Raise TimeIsUpError where there is no time left."""
        _ = self.left


class Outcome(NamedTuple):
    """What a patch makes of the claim."""

    wrong: tuple[Mask, ...]
    """At each point, the entries that are still wrong."""

    @property
    def is_right(self) -> bool:
        """Whether none is."""
        return not any(mask.any() for mask in self.wrong)


@dataclass
class Trials:
    """The points at which patches are tried, and what is wrong there without one."""

    program: Program
    points: Sequence[Point]
    wrong: tuple[Mask, ...]
    """At each point, the entries that are wrong as things stand."""
    threshold: float
    deadline: Deadline
    seconds: float
    """That the claim takes."""
    losses: Sequence[float] | None = None
    """What the loss has to stay at each point, where the edited code computes it too."""
    changed: frozenset[str] = frozenset()
    """What the unchanged code changes of what it is given; a patch that changes more is none."""
    count: int = 0
    """How many patches were tried."""
    stuck: int = 0

    def outcomes(self, patches: Sequence[Patch]) -> Iterator[tuple[int, Outcome]]:
        """Try patches in their order, and yield those that make something right and nothing wrong."""
        at = 0
        while at < len(patches) and self.stuck < MOST_STUCK:
            stop = min(at + BATCH, len(patches))
            begun, found, whole = self.batch(patches, at, stop)
            yield from found
            self.count += begun + 1 - at
            self.stuck += not whole
            at = stop if whole else begun + 1

    def batch(self, patches: Sequence[Patch], at: int, stop: int) -> tuple[int, list[tuple[int, Outcome]], bool]:
        """Try some patches in a child; return the last that was begun, what was found, and whether it came through."""

        def told(k: int) -> str:
            outcome = self.outcome(patches[k])
            return "" if outcome is None else ",".join(as_digits(mask) for mask in outcome.wrong)

        begun, texts, whole = guarded(told, at, stop, self.seconds, self.deadline)
        sizes = [mask.size for mask in self.wrong]
        found = []
        for k, text in texts.items():
            masks = [from_digits(digits, size) for digits, size in zip(text.split(","), sizes, strict=True)]
            found.append((k, Outcome(tuple(masks))))
        return begun, found, whole

    def outcome(self, patch: Patch) -> Outcome | None:
        """Return what a patch makes better at every point; None where it makes something worse, or nothing better."""
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                with self.program.with_patch(patch):
                    return self.improved()
        except (Exception, DeniedError):  # noqa: BLE001  (a candidate may be anything)
            return None

    def improved(self) -> Outcome | None:
        """Compare the claim with the references at every point, as the code is now."""
        masks = []
        for k, (point, before) in enumerate(zip(self.points, self.wrong, strict=True)):
            changed: set[str] = set()
            point.enter()
            try:
                claimed = point.claim(changed)
                if not changed <= self.changed:
                    return None
                if self.losses is not None and point.loss() != self.losses[k]:
                    return None
            finally:
                point.leave()
            wrong = point.wrong(claimed, self.threshold)
            worse, better = wrong & ~before, before & ~wrong
            if worse.any() or (before.any() and not better.any()):
                return None
            masks.append(wrong)
        return Outcome(tuple(masks))

    def settled(self, wrong: Sequence[Mask]) -> set[str]:
        """Return the parameters that are wrong as things stand, and right at every point with other masks."""
        return self.right(wrong) - self.right(self.wrong)

    def right(self, wrong: Sequence[Mask]) -> set[str]:
        """Return the parameters that are right at every point."""
        return set.intersection(*(point.right(mask) for point, mask in zip(self.points, wrong, strict=True)))

    def alone(self, patch: Patch) -> Outcome | None:
        """Try one patch in a child of its own, so that nothing that was tried before has a part in it."""
        _, found, _ = self.batch([patch], 0, 1)
        return found[0][1] if found else None


def as_digits(mask: Mask) -> str:
    """Return a mask as text."""
    return np.packbits(mask).tobytes().hex() or "00"


def from_digits(digits: str, size: int) -> Mask:
    """Return the mask of a text."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(digits), dtype=np.uint8))[:size].astype(bool)


def guarded(
    work: Callable[[int], str], at: int, stop: int, seconds: float, deadline: Deadline
) -> tuple[int, dict[int, str], bool]:
    """Do pieces of work in a child, each within a limit of time that nothing can catch.

    Parameters
    ----------
    work : callable
        (k) -> what it comes to; empty for nothing.
    at, stop : int
        The pieces.
    seconds : float
        That the code takes as it is; a piece has `TIMES` as long.
    deadline : Deadline
        Of all.

    Returns
    -------
    int
        The last piece that was begun.
    dict of int to str
        What came of those that came to something.
    bool
        Whether the last was done.
    """
    limit = max(LEAST, TIMES * seconds)

    def all_of_them(pipe: int) -> None:
        for k in range(at, stop):
            os.write(pipe, f"{k} ".encode())
            signal.setitimer(signal.ITIMER_PROF, limit)  # what it sends ends the process, whatever that catches
            signal.setitimer(signal.ITIMER_REAL, 5 * limit)
            os.write(pipe, f"{work(k)}\n".encode())
        os.write(pipe, b"end\n")

    lines = forked(all_of_them, deadline).decode().split("\n")
    begun, found = at, {}
    for line in lines:
        number, _, told = line.partition(" ")
        if number.isdecimal():
            begun = int(number)
            if told:
                found[begun] = told
    return begun, found, lines[-2:] == ["end", ""]


def all_guarded(work: Callable[[int], str], count: int, seconds: float, deadline: Deadline) -> dict[int, str]:
    """Do pieces of work in a child, in another one after each that never ended; see `guarded`."""
    found: dict[int, str] = {}
    at = stuck = 0
    while at < count and stuck < MOST_STUCK:
        begun, texts, whole = guarded(work, at, count, seconds, deadline)
        found |= texts
        stuck += not whole
        at = count if whole else begun + 1
    return found


def forked(work: Callable[[int], None], deadline: Deadline) -> bytes:
    """Do something in a child process, and return what it wrote into its pipe, whatever became of it.

    Parameters
    ----------
    work : callable
        (pipe) -> None.
    deadline : Deadline
        When it is killed.

    Raises
    ------
    TimeIsUpError
        Where it was.
    """
    read, write = out_of_the_way(os.pipe())
    with warnings.catch_warnings(), allowed():
        warnings.simplefilter("ignore")  # that other threads do not come along is as it should be
        pid = os.fork()
        if pid == 0:
            os.close(read)
            die_with_parent(signal.SIGKILL)
            for number in (signal.SIGPROF, signal.SIGALRM, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
    if pid == 0:
        with suppress(BaseException):
            work(write)
        os._exit(0)
    os.close(write)
    pieces: list[bytes] = []
    try:
        while True:
            ready, _, _ = select.select([read], [], [], deadline.left)
            piece = os.read(read, PIECE) if ready else b""
            if ready and not piece:
                return b"".join(pieces)
            pieces.append(piece)
    finally:
        os.close(read)
        with suppress(OSError), allowed():
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def out_of_the_way(pipe: tuple[int, int]) -> tuple[int, int]:
    """Return the ends of a pipe under numbers that no edit of the user's own numbers is likely to come to."""
    import fcntl

    with suppress(OSError):  # there may be no such numbers
        moved = fcntl.fcntl(pipe[0], fcntl.F_DUPFD_CLOEXEC, FAR), fcntl.fcntl(pipe[1], fcntl.F_DUPFD_CLOEXEC, FAR)
        for end in pipe:
            os.close(end)
        return moved
    return pipe
