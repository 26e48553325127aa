"""How fresh processes are started: from one that has loaded what they need, where that can be had."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, util

from gradcheck_cli.vocabulary.processes import temporary_prefix

__all__ = ["THREADS", "elsewhere", "let_go", "make_ready", "of_workers"]

SAFE_PATH = "PYTHONSAFEPATH"  # no file of the current folder stands in for a module, from Python 3.11 on
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
THREADS = "threadpoolctl"  # where it is installed
NEEDED = ("gradcheck_cli.evaluating.tasks", THREADS)  # by every worker
OURS = ("gradcheck_cli.", "numpy.")  # what was loaded here by then is what it takes to make a problem
LAST = -100  # of what is done at the end of this process


def make_ready() -> bool:
    """Start the process that fresh workers are forked from, if there is none; return whether there can be one.

    It has loaded what all of them need, and nothing of the user's: that takes longer than many an evaluation, and goes
    on while there are other things to do here.
    """
    if sys.platform != "linux":  # elsewhere the libraries below numpy do not bear a fork
        return False
    multiprocessing.set_forkserver_preload([*NEEDED, *(name for name in sys.modules if name.startswith(OURS))])
    own = vars(multiprocessing.current_process()).get("_config", {})
    if "tempdir" not in own:  # where its socket is
        own["tempdir"] = folder = tempfile.mkdtemp(prefix=temporary_prefix())
        util.Finalize(None, shutil.rmtree, (folder, True), exitpriority=LAST)
    with of_workers(), elsewhere():
        try:
            forkserver.ensure_running()
        except OSError:  # the folder's name is too long for a socket
            return False
    return True


def let_go() -> None:
    """Let the process that this worker was forked from end with that which they work for: hold nothing open for it."""
    held = vars(forkserver.ensure_running.__self__).get("_forkserver_alive_fd")  # type: ignore[attr-defined]
    if held is not None:
        os.close(held)


@contextmanager
def elsewhere() -> Iterator[str]:
    """Go to another folder where Python looks in it for the modules of a process that it starts; offer the present one.

    It does before 3.11, which knows no safe path.
    """
    home = os.getcwd()  # noqa: PTH109
    if sys.version_info < (3, 11):
        os.chdir(sys.prefix)
    try:
        yield home
    finally:
        os.chdir(home)


@contextmanager
def of_workers() -> Iterator[None]:
    """Have the environment that workers start with: it is read by a fresh process, and by the libraries it loads."""
    wanted = {**dict.fromkeys(ONE_THREAD, "1"), SAFE_PATH: "1"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
