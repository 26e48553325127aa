"""How the command ends that is told to: TERM and HUP end a check as Ctrl-C does."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

__all__ = ["Ended", "code_of_signal", "ended_by", "forwarding", "heed", "raise_when_told_to_end"]

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
ONCE = 0.5  # seconds in which a signal that comes again is the same: to a whole group it comes to each of its processes


class Ended(KeyboardInterrupt):
    """A signal has told this process to end.

    Parameters
    ----------
    number : int
        Of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by signal {number}")
        self.number = number


_received: list[tuple[float, int]] = []
"""When the last signal came, and which one it was."""


def raise_when_told_to_end() -> None:
    """Let the signals that end a process raise `Ended` in its main thread; one that is ignored stays so."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _raise)
    sys.unraisablehook = _say_what_is_lost


def _say_what_is_lost(lost: UnraisableHookArgs) -> None:
    """Say which exception Python could raise nowhere, but for what `heed` raises later.

    A signal that comes while a destructor or a callback of a weak reference runs, as the import system has them, is
    raised there, where nothing catches it.
    """
    if not isinstance(lost.exc_value, Ended):
        sys.__unraisablehook__(lost)


def _raise(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    now = time.monotonic()
    before, _received[:] = list(_received), [(now, number)]
    if not before or now - before[0][0] > ONCE:
        raise Ended(number)


def heed() -> None:
    """Raise Ended where this process was told to end, and somebody has caught what said so."""
    if _received:
        raise Ended(_received[0][1])


def ended_by(interruption: BaseException | None = None) -> int:
    """Return the signal that has told a check to end: that of the interruption, or Ctrl-C where none is known."""
    if isinstance(interruption, Ended):
        return interruption.number
    return _received[0][1] if _received else signal.SIGINT


def code_of_signal(number: int) -> int:
    """Return the exit code of a process that a signal has ended, as a shell tells it."""
    return 128 + number


@contextmanager
def forwarding(process: int, told: list[int]) -> Iterator[None]:
    """Hand the signals on to a child while this process waits for it, and note in `told` which they were."""

    def hand_on(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        told.append(number)
        _received[:] = [(time.monotonic(), number)]
        with suppress(ProcessLookupError):
            os.kill(process, number)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, hand_on)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
