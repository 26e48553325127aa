"""An alarm for code that may never come back: it is raised in the midst of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["GRACE", "LateError", "raised_after"]

GRACE = 1.0  # seconds that an evaluation may take beyond a limit of time, for it was begun within it
AGAIN = 1.0  # seconds after which it is raised once more, for code that catches everything


class LateError(BaseException):
    """Time is up; no Exception, so that code that is not ours does not take it for one of its own."""


@contextmanager
def raised_after(seconds: float | None) -> Iterator[None]:
    """Raise LateError where what is done within this takes longer.

    Nothing is raised off the main thread, which alone can be interrupted, where somebody else uses the alarm, and where
    the system has none; nor in the midst of compiled code, which has to return first.

    Parameters
    ----------
    seconds : float, optional
        From now on; None for any time.
    """
    if seconds is None or not is_free():
        yield
        return
    before = signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, GRACE / 100), AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def is_free() -> bool:
    """Whether the alarm is there, and nobody else's."""
    return (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    )


def _late(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise LateError
