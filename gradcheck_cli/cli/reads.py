"""The files that a check reads, told by its own process to the one that waits until one of them is saved.

Whatever opens a file says so to Python's audit hooks: the import of a module, `numpy.load`, the user's own `open`. A
process that is forked off a check, as those in which the user's code runs, tells of its files by itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from importlib.util import source_from_cache
from typing import NamedTuple

__all__ = ["Read", "reads_told_in", "state_of", "tell"]

NOT_THE_USERS = ("/proc/", "/dev/", "/sys/", os.path.dirname(os.path.dirname(__file__)) + os.sep)  # noqa: PTH120
LIBRARIES = {"site-packages", "dist-packages", ".git", ".gradcheck_cache"}
"""Folders that are not the user's either, wherever they are."""
END = "\0"  # of what is told of one file


class Read(NamedTuple):
    """A file that was opened."""

    path: str
    state: str
    """As it was then; empty where it was written to, and so is none that the user saves."""


def state_of(path: str) -> str:
    """Return what is another text once a file was saved."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return "missing"
    return f"{found.st_mtime_ns},{found.st_size},{found.st_ino}"


def reads_told_in(text: str) -> Iterator[Read]:
    """Yield what a check has told so far."""
    for told in text.split(END)[:-1]:
        state, _, path = told.partition(":")
        yield Read(path, state)


def tell(to: str) -> None:
    """Tell of every file that this process opens from now on, or one that is forked off it."""
    descriptor = os.open(to, os.O_WRONLY | os.O_APPEND)
    prefixes = (*NOT_THE_USERS, *(os.path.join(prefix, "") for prefix in {sys.prefix, sys.base_prefix}))  # noqa: PTH118
    told: set[tuple[str, bool]] = set()

    def hook(event: str, arguments: Sequence[object]) -> None:
        if event == "open":
            path, _, flags = arguments
            written = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR) != 0
        elif event == "os.rename":
            path, written = arguments[1], True
        else:
            return
        if not isinstance(path, str | bytes | os.PathLike):
            return
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
        if name.endswith(".pyc") and not written:
            name = source_from_cache(name) if "__pycache__" in name else name
        if (name, written) in told or name.startswith(prefixes) or not LIBRARIES.isdisjoint(name.split(os.sep)):  # noqa: PTH206
            return
        told.add((name, written))
        state = "" if written else state_of(name)
        if state != "missing":
            os.write(descriptor, os.fsencode(f"{state}:{name}{END}"))

    def quiet_hook(event: str, arguments: Sequence[object]) -> None:
        try:
            hook(event, arguments)
        except (OSError, ValueError, TypeError):  # the check has closed what it tells by, or a path is none
            return

    sys.addaudithook(quiet_hook)
