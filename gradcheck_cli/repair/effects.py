"""What code does beside computing: refused in a search, in which it would be done hundreds of times."""

from __future__ import annotations

import _thread
import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

__all__ = ["DeniedError", "Effects", "allowed", "cut_off"]

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
KINDS = {
    "os.remove": "removes files", "os.rename": "renames files", "os.rmdir": "removes files", "os.mkdir": "writes files",
    "os.link": "writes files", "os.symlink": "writes files", "os.truncate": "writes files", "os.chmod": "changes files",
    "os.chown": "changes files", "os.utime": "changes files", "os.chdir": "changes folders",
    "os.putenv": "changes the environment", "os.unsetenv": "changes the environment",
    "os.system": "starts programs", "os.exec": "starts programs", "os.posix_spawn": "starts programs",
    "os.spawn": "starts programs", "os.startfile": "starts programs", "subprocess.Popen": "starts programs",
    "os.fork": "starts programs", "os.forkpty": "starts programs", "pty.spawn": "starts programs",
    "os.kill": "sends signals", "os.killpg": "sends signals", "signal.pthread_kill": "sends signals",
    "_thread.start_new_thread": "starts threads", "ctypes.dlopen": "loads libraries",
    "ctypes.dlsym": "calls functions of C",
    "os.setxattr": "changes files", "os.removexattr": "changes files", "webbrowser.open": "starts programs",
}  # fmt: skip
"""What an event of the interpreter's means, by its name."""


class DeniedError(BaseException):
    """The code does what a search must not do; no Exception, so that it does not take it for one of its own."""


class Effects:
    """Refuses from now on whatever reaches beyond this process; a hook cannot be taken away again."""

    ours = 0
    """How many blocks of `allowed` there are about what is done now."""

    def __init__(self) -> None:
        self.seen = ""
        """What was refused last."""
        sys.dont_write_bytecode = True  # of what the code imports when it is called
        _thread.start_new_thread = threading._start_new_thread = self.refuse_thread  # type: ignore[attr-defined]  # noqa: SLF001  (no event tells of them)
        sys.addaudithook(self.hook)

    def refuse(self, kind: str) -> NoReturn:
        """Note what it is, and raise DeniedError."""
        self.seen = kind
        raise DeniedError(kind)

    def refuse_thread(self, *_: object, **__: object) -> NoReturn:
        """Stand in for what starts a thread."""
        self.refuse("starts threads")

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse an event, where it is one of those."""
        if Effects.ours:
            return
        kind = KINDS.get(event)
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if event.startswith("socket."):
            kind = "uses the network"
        elif writes or event.startswith(("shutil.", "tempfile.")):
            kind = "writes files"
        if kind:
            self.refuse(kind)


@contextmanager
def allowed() -> Iterator[None]:
    """Do something of our own that would be refused to the user's code."""
    Effects.ours += 1
    try:
        yield
    finally:
        Effects.ours -= 1


def cut_off(*kept: int) -> None:
    """Put nothing in the place of whatever this process could write to: files, pipes and sockets that were open.

    Parameters
    ----------
    *kept : int
        What stays.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in {0, 1, 2, *open_numbers()} - {nowhere, *kept}:
        with suppress(OSError):
            if number <= 2 or can_be_written_to(number):
                os.dup2(nowhere, number)


def open_numbers() -> list[int]:
    """Return the numbers of what is open."""
    with suppress(OSError):
        return [int(number) for number in os.listdir("/dev/fd")]  # noqa: PTH208
    return list(range(256))


def can_be_written_to(number: int) -> bool:
    """Whether something open is no file that is only read."""
    import fcntl

    only_read = fcntl.fcntl(number, fcntl.F_GETFL) & (os.O_WRONLY | os.O_RDWR) == 0
    return not (only_read and stat.S_ISREG(os.fstat(number).st_mode))
