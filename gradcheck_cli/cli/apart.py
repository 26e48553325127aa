"""Checks in a process of their own: nothing that the user's code does there decides how the command ends.

The child makes the checks and sends what it finds, one message after another; this process runs none of the user's
code, and shows, writes and exits by what has come. A child that ends without having said that it is done has reached no
verdict on the check that it was at, whatever its own exit code is; the checks after that one are made by another child.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn

from gradcheck_cli.cli.ending import Ended, ended_by, forwarding, raise_when_told_to_end
from gradcheck_cli.processes import adopt_orphans, die_with_parent, kill_all_below
from gradcheck_cli.results import Outcome, Unchecked

__all__ = ["GRACE", "Begun", "FaultInChildError", "Job", "can_be_apart", "made_apart", "made_here"]

STDOUT, STDERR = 1, 2
SIGKILL = 9
GRACE = 5.0  # seconds that a child has to end by itself when it is told to, or when its time is up
SOON = 0.005  # seconds after which it is looked again whether it has ended, where it is about to
LOOK = 0.1  # seconds after which it is looked whether the child still lives
PIECE = 2**16  # bytes that are read at once
LENGTH = 8  # bytes that say how long a message is


class FaultInChildError(Exception):
    """An exception in the child that nobody expected.

    Parameters
    ----------
    line : str
        Its kind and its text.
    traceback : str
        Where it was raised.
    """

    def __init__(self, line: str, traceback: str) -> None:
        super().__init__(line)
        self.traceback = traceback


class Begun(NamedTuple):
    """A check begins: what comes before it, as the import of the user's file, is not limited in time."""

    seconds: float | None
    """What it may take; None for any time."""


class Job(NamedTuple):
    """What comes to outcomes: the checks of a command, or one check of a project."""

    name: str
    """What it is called where it comes to none."""
    outcomes: Callable[[], Iterator[Outcome | Begun]]


def can_be_apart() -> bool:
    """Whether this system can divide a process in two."""
    return hasattr(os, "fork")


def made_here(jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
    """Do jobs in this process, and yield the number of each with what it comes to."""
    home = os.getcwd()  # noqa: PTH109
    for number, job in enumerate(jobs):
        os.chdir(home)  # the user's code may have gone elsewhere
        yield from ((number, outcome) for outcome in job.outcomes() if not isinstance(outcome, Begun))


def made_apart(jobs: Sequence[Job], *, meanwhile: Callable[[], object] = lambda: None) -> Iterator[tuple[int, Outcome]]:
    """Do jobs in a child, and in another one after each that ended before its time; yield them as `made_here` does.

    Parameters
    ----------
    jobs : sequence of Job
        What is to be done.
    meanwhile : callable, optional
        What this process does while the child begins.

    Raises
    ------
    Ended
        Where a signal told this process, or the child, to end.
    FaultInChildError
        Where something went wrong in the child that is none of the user's.
    """
    start = 0
    while start < len(jobs):
        child = Child(jobs, start)
        try:
            meanwhile()
            yield from ((child.at, outcome) for outcome in child.outcomes())
        finally:
            child.end()
        start = child.at + 1


# in the child


def _be_child(jobs: Sequence[Job], start: int, pipe: int) -> NoReturn:
    """Do jobs, send what they come to, and end."""
    import pickle

    me = os.getpid()

    def send(kind: str, *content: Any) -> None:
        if os.getpid() != me:  # a process that the user's code has made, and that has come back from it
            os._exit(1)
        data = pickle.dumps((kind, *content))
        data = len(data).to_bytes(LENGTH, "big") + data
        while data:
            data = data[os.write(pipe, data) :]

    try:
        _send_outcomes(jobs, start, send)
        with suppress(BaseException):
            atexit._run_exitfuncs()  # noqa: SLF001  (there is no other way but to end, and to be torn down)
        send("ended")
    finally:  # nothing that is still to be torn down can change what was found
        os._exit(0)


def _send_outcomes(jobs: Sequence[Job], start: int, send: Callable[..., None]) -> None:
    """Do jobs, and send what they come to and why that is all."""
    import signal
    import traceback

    try:
        raise_when_told_to_end()
        die_with_parent(signal.SIGTERM)
        os.dup2(STDERR, STDOUT)  # what the user's functions print does not belong in the report
        sys.stdout = sys.stderr
        home = os.getcwd()  # noqa: PTH109
        for number, job in enumerate(jobs[start:], start):
            os.chdir(home)  # the user's code may have gone elsewhere
            send("job", number)
            for outcome in job.outcomes():
                send("begun" if isinstance(outcome, Begun) else "outcome", outcome)
    except KeyboardInterrupt as error:
        send("interrupted", error.number if isinstance(error, Ended) else ended_by())
    except BaseException as error:  # noqa: BLE001  (told there as what it is)
        send("fault", f"{type(error).__name__}: {error}", traceback.format_exc())


# in the parent


class Child:
    """The child that does jobs from one of them on.

    Parameters
    ----------
    jobs : sequence of Job
        All there are.
    start : int
        The first that the child does.
    """

    def __init__(self, jobs: Sequence[Job], start: int) -> None:
        self.jobs, self.at = jobs, start
        self.deadline = float("inf")
        self.told: list[int] = []
        self.status: int | None = None
        for stream in (sys.stdout, sys.stderr):  # or both would write what it still holds
            if stream is not None:
                stream.flush()
        self.pipe, other = os.pipe()
        self.process = os.fork()
        if not self.process:
            os.close(self.pipe)
            _be_child(jobs, start, other)
        os.close(other)
        adopt_orphans()

    def outcomes(self) -> Iterator[Outcome]:
        """Yield what the child finds; where it ends before it has said so, that the check it was at was not made."""
        with forwarding(self.process, self.told):
            for kind, *content in self.messages():
                if kind == "job":
                    self.at, self.deadline = content[0], float("inf")
                elif kind == "begun":
                    self.set_deadline(content[0].seconds)
                elif kind == "outcome":
                    self.deadline = float("inf")
                    yield content[0]
                elif kind == "interrupted":
                    raise Ended(content[0])
                elif kind == "fault":
                    raise FaultInChildError(*content)
                else:  # all are done, and what the user's code had registered for the exit is done too
                    self.at = len(self.jobs)
                    return
        if self.told:
            raise Ended(self.told[-1])
        yield self.not_finished()

    def messages(self) -> Iterator[tuple[Any, ...]]:
        """Yield the messages of the child until there are no more."""
        import pickle

        received = bytearray()
        while True:
            while len(received) >= LENGTH:
                end = LENGTH + int.from_bytes(received[:LENGTH], "big")
                if len(received) < end:
                    break
                yield pickle.loads(received[LENGTH:end])  # noqa: S301  (it comes from our own child)
                del received[:end]
            piece = self.read()
            if not piece:
                return
            received += piece

    def read(self) -> bytes:
        """Return what the child sends next; nothing where it has ended or its time is up."""
        import select

        while time.monotonic() < self.deadline:
            if select.select([self.pipe], [], [], LOOK)[0]:
                return os.read(self.pipe, PIECE)
            if self.told and self.deadline == float("inf"):
                self.deadline = time.monotonic() + GRACE
            if self.has_ended() and not select.select([self.pipe], [], [], 0)[0]:  # its own children may have the pipe
                return b""
        return b""

    def set_deadline(self, seconds: float | None) -> None:
        """Take note of when the check that begins must have ended."""
        if seconds is not None and not self.told:
            self.deadline = time.monotonic() + seconds + GRACE

    def has_ended(self) -> bool:
        """Whether the child has ended."""
        if self.status is None:
            process, status = os.waitpid(self.process, os.WNOHANG)
            self.status = status if process else None
        return self.status is not None

    def not_finished(self) -> Unchecked:
        """Return the record of the check that the child was at."""
        name, late = self.jobs[self.at].name, time.monotonic() >= self.deadline
        if late and not self.has_ended():
            return Unchecked(name, f"it did not end within its --time and {GRACE:g} s more", "does the loss return?")
        self.wait()
        return Unchecked(name, *_how_it_ended(self.status))

    def wait(self) -> None:
        """Wait for the end of the child, but not for ever."""
        until = time.monotonic() + GRACE
        while not self.has_ended() and time.monotonic() < until:
            time.sleep(SOON)

    def end(self) -> None:
        """See that the child has ended, and where that was not as it should, that nothing it started is left."""
        os.close(self.pipe)
        if time.monotonic() < self.deadline:
            self.wait()
        if not self.has_ended():
            with suppress(ProcessLookupError):
                os.kill(self.process, SIGKILL)
        if self.at < len(self.jobs):
            kill_all_below()


def _how_it_ended(status: int | None) -> tuple[str, str]:
    """Return what is told of a child that ended without a verdict, and a hint."""
    if status is None:
        return "the check's process has closed what it reports by", "does the code close files that are not its own?"
    if os.WIFSIGNALED(status):
        import signal

        name = signal.Signals(os.WTERMSIG(status)).name
        return f"the check's process was ended by {name} before there was a verdict", "is there enough memory?"
    how = f"the check's process ended with {os.WEXITSTATUS(status)} before there was a verdict"
    return how, "does the code call os._exit, or put another program in the process's place?"
