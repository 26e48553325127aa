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
from gradcheck_cli.vocabulary.asking import kind_of, safe_text
from gradcheck_cli.vocabulary.processes import adopt_orphans, die_with_parent, kill_all_below, remove_temporary_folders
from gradcheck_cli.vocabulary.results import Outcome, Unchecked

__all__ = ["GRACE", "Begun", "FaultInChildError", "Job", "can_be_apart", "made_apart", "made_here"]

STDOUT, STDERR = 1, 2
SIGKILL = 9
GRACE = 5.0  # seconds that a child has to end by itself when it is told to, or when its time is up
SOON = 0.005  # seconds after which it is looked again whether it has ended, where it is about to
LOOK = 0.1  # seconds after which it is looked whether the child still lives
PIECE = 2**16  # bytes that are read at once
OURS = {"gradcheck_cli.vocabulary.results", __name__}
HELD = {("array", "_array_reconstructor"), ("array", "array")} | {
    ("numpy", name) for name in ("_reconstruct", "ndarray", "dtype", "scalar", "_frombuffer")
}
"""What the records of messages may hold besides plain values, by module and name."""
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
            _run_exit_hooks()
        send("ended")
    finally:  # nothing that is still to be torn down can change what was found
        os._exit(0)


def _run_exit_hooks() -> None:
    """Do what Python does at its end for those who have asked for it, and no more."""
    import threading

    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  (pools of processes are told by it)
    atexit._run_exitfuncs()  # noqa: SLF001  (there is no other way but to end, and to be torn down)


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
        send("done")
    except KeyboardInterrupt as error:
        send("interrupted", ended_by(error))
    except BaseException as error:  # noqa: BLE001  (told there as what it is)
        send("fault", f"{kind_of(error)}: {safe_text(error)}", traceback.format_exc())


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
        self.deadline = self.ends_by = float("inf")
        self.told: list[int] = []
        self.status: int | None = None
        self.done = self.garbled = False
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
        """Yield what the child finds; where it ends before it has said so, that the check it was at was not made.

        Of a child that was told to end, only what it knows of as cut short counts.
        """
        held: list[Outcome] = []
        with forwarding(self.process, self.told):
            for kind, *content in self.messages():
                if kind == "interrupted":
                    yield from held
                    raise Ended(content[0])
                if kind == "fault":
                    raise FaultInChildError(*content)
                if self.told:
                    held += content if kind == "outcome" else []
                elif kind == "outcome":
                    self.deadline = float("inf")
                    yield content[0]
                else:
                    self.take_note(kind, *content)
        if self.told:
            raise Ended(self.told[-1])
        if not self.done:
            yield self.not_finished()
        elif self.at < len(self.jobs) and not self.is_late():  # an exit hook has ended it; one that waits does no harm
            self.wait()
            yield Unchecked(self.jobs[self.at].name, *_how_it_ended(self.status, "before it was done"))

    def take_note(self, kind: str, content: Any = None) -> None:
        """Take note of what the child says of how far it is."""
        if kind == "job":
            self.at, self.deadline = content, float("inf")
        elif kind == "begun":
            self.deadline = float("inf") if content.seconds is None else time.monotonic() + content.seconds + GRACE
        elif kind == "done":  # what the user's code has registered for the exit is still to be done
            self.done, self.deadline = True, time.monotonic() + GRACE
        else:
            self.at = len(self.jobs)

    def messages(self) -> Iterator[tuple[Any, ...]]:
        """Yield the messages of the child until there are no more."""
        received = bytearray()
        while self.at < len(self.jobs):
            while len(received) >= LENGTH:
                end = LENGTH + int.from_bytes(received[:LENGTH], "big")
                if len(received) < end:
                    break
                try:
                    message = unpacked(received[LENGTH:end])
                except Exception:  # noqa: BLE001  (somebody else has written there)
                    self.garbled = True
                    return
                yield message
                del received[:end]
            piece = self.read()
            if not piece:
                return
            received += piece

    def read(self) -> bytes:
        """Return what the child sends next; nothing where it has ended or its time is up."""
        import select

        while not self.is_late():
            if select.select([self.pipe], [], [], LOOK)[0]:
                return os.read(self.pipe, PIECE)
            if self.has_ended() and not select.select([self.pipe], [], [], 0)[0]:  # its own children may have the pipe
                return b""
        return b""

    def is_late(self) -> bool:
        """Whether the child should have ended by now: for the time that its check may take, or since it was told to."""
        now = time.monotonic()
        if self.told and self.ends_by == float("inf"):
            self.ends_by = now + GRACE
        return now >= min(self.deadline, self.ends_by)

    def has_ended(self) -> bool:
        """Whether the child has ended."""
        if self.status is None:
            process, status = os.waitpid(self.process, os.WNOHANG)
            self.status = status if process else None
        return self.status is not None

    def not_finished(self) -> Unchecked:
        """Return the record of the check that the child was at."""
        name = self.jobs[self.at].name
        if self.is_late() and not self.has_ended():
            return Unchecked(name, f"it did not end within its --time and {GRACE:g} s more", "does the loss return?")
        if self.garbled:
            return Unchecked(name, "something else was written to where the check's process reports", CLOSES)
        self.wait()
        return Unchecked(name, *_how_it_ended(self.status, "before there was a verdict"))

    def wait(self) -> None:
        """Wait for the end of the child, but not for ever."""
        until = time.monotonic() + GRACE
        while not self.has_ended() and time.monotonic() < until:
            time.sleep(SOON)

    def end(self) -> None:
        """See that the child has ended, and that nothing it started is left."""
        os.close(self.pipe)
        if not (self.is_late() or self.garbled):
            self.wait()
        if not self.has_ended():
            with suppress(ProcessLookupError):
                os.kill(self.process, SIGKILL)
        kill_all_below()
        if self.at < len(self.jobs):
            remove_temporary_folders(self.process)


def unpacked(message: bytes | bytearray) -> tuple[Any, ...]:
    """Return a message of the child; nothing but records of ours, and what they hold, is made of it.

    Raises
    ------
    Exception
        Where it is none: whoever shares the child's process may have written it.
    """
    import io
    import pickle

    class Records(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if module in OURS or (module.partition(".")[0], name) in HELD:
                return super().find_class(module, name)
            raise pickle.UnpicklingError(f"{module}.{name} is no record")

    found: tuple[Any, ...] = Records(io.BytesIO(message)).load()
    return found


CLOSES = "does the code close, or write to, files that are not its own?"


def _how_it_ended(status: int | None, when: str) -> tuple[str, str]:
    """Return what is told of a child that ended too early, and a hint."""
    if status is None:
        return "the check's process has closed what it reports by", CLOSES
    if os.WIFSIGNALED(status):
        import signal

        name = signal.Signals(os.WTERMSIG(status)).name
        return f"the check's process was ended by {name} {when}", "is there enough memory?"
    how = f"the check's process ended with {os.WEXITSTATUS(status)} {when}"
    return how, "does the code call os._exit, or put another program in the process's place?"
