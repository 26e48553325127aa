"""Processes that belong together: none outlives what it is for."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

__all__ = ["adopt_orphans", "die_with_parent", "kill_all_below", "remove_temporary_folders", "temporary_prefix"]

PARENT_DEATH_SIGNAL, CHILD_SUBREAPER = 1, 36  # of Linux's prctl
GENERATIONS = 100  # of orphans: each may have left children of its own


def die_with_parent(number: int) -> bool:
    """Have this process sent a signal when its parent has ended, however that came; return whether that can be done."""
    parent = os.getppid()
    done = _prctl(PARENT_DEATH_SIGNAL, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)
    return done


def check_process() -> int:
    """Return the process that makes the check: this one, or that which it works for."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    return os.getpid() if parent is None or parent.pid is None else parent.pid


def temporary_prefix() -> str:
    """Return how the names of temporary folders begin, by which they are found where nobody could remove them."""
    return f"gradcheck-{check_process()}-"


def remove_temporary_folders(process: int) -> None:
    """Remove the temporary folders of a check whose process has not removed them, nor its workers."""
    import shutil
    import tempfile

    folder = tempfile.tempdir or os.environ.get("TMPDIR") or "/tmp"  # noqa: S108  (asking for it writes a file there)
    with suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208  (pathlib takes its time to import)
            if name.startswith(f"gradcheck-{process}-"):
                shutil.rmtree(os.path.join(folder, name), ignore_errors=True)  # noqa: PTH118


def adopt_orphans() -> None:
    """Have Linux make this process the parent of whatever its children leave behind; elsewhere do nothing."""
    _prctl(CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> bool:
    """Ask Linux for something; False elsewhere."""
    if sys.platform != "linux":
        return False
    import ctypes

    try:
        return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def kill_all_below() -> None:
    """Kill every child of this process, and on Linux what they leave behind, until there is none."""
    for _ in range(GENERATIONS):
        children = _children()
        if not children:
            return
        for child in children:
            with suppress(OSError):
                os.kill(child, signal.SIGKILL)
        for child in children:
            with suppress(OSError):
                os.waitpid(child, 0)


def _children() -> list[int]:
    """Return the processes whose parent this is."""
    own = "/proc/self/task"
    with suppress(OSError):
        threads = os.listdir(own)  # noqa: PTH208  (pathlib takes its time to import)
        return [int(child) for thread in threads for child in _content(f"{own}/{thread}/children").split()]
    found = []
    with suppress(OSError):  # a kernel that does not list them: all processes are looked at
        for name in filter(str.isdecimal, os.listdir("/proc")):  # noqa: PTH208
            with suppress(OSError):
                parent = _content(f"/proc/{name}/stat").rpartition(b")")[2].split()[1]  # a name may hold anything
                found += [int(name)] if int(parent) == os.getpid() else []
    return found


def _content(path: str) -> bytes:
    """Return the content of a file of the system."""
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()
