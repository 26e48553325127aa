"""Where workers come from: processes of our own, a dask cluster, or any executor that the user has."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from gradcheck_cli.evaluating.nursery import THREADS, elsewhere, let_go, make_ready, of_workers
from gradcheck_cli.vocabulary.errors import ExtraError, SettingError, WorkerError
from gradcheck_cli.vocabulary.processes import die_with_parent

__all__ = ["dask_executor", "process_pools"]

DASK = "dask://"
STDOUT, STDERR = 1, 2
PATIENCE = 10  # seconds to find a cluster
PATIENCE_WITHOUT = 5  # seconds without a scheduler or a worker
PATIENCE_AT_THE_END = 2  # seconds for an answer from a scheduler that may be gone
WORTH_A_FORK = 0.1  # seconds of work: a forked process is there in a hundredth
WORTH_A_SPAWN = 0.5  # a fresh one has to load numpy and the user's file


class ProcessPools:
    """Pools of processes, one after another: where one breaks, the next takes its place."""

    def __init__(self, jobs: int, *, fresh: bool) -> None:
        self.jobs = jobs
        self.forks = not fresh and "fork" in multiprocessing.get_all_start_methods()
        self.context = multiprocessing.get_context("fork" if self.forks else "forkserver" if make_ready() else "spawn")
        self.others = set(multiprocessing.active_children())
        self.pool: ProcessPoolExecutor | None = None

    @property
    def worth_starting(self) -> float:
        """Seconds of work that a pool is started for."""
        return WORTH_A_FORK if self.forks else WORTH_A_SPAWN

    def start(self) -> Executor:
        """Start a pool, and end the one before it."""
        self.end(at_once=True)
        if self.forks:
            with suppress(ImportError):  # the processes then need not
                importlib.import_module(THREADS)
        old = sys.version_info < (3, 11) and not self.forks
        with elsewhere() as home:
            self.pool = ProcessPoolExecutor(self.jobs, mp_context=self.context, initializer=begin, initargs=(home,))
            for _ in range(self.jobs if old else 0):  # each starts one
                self.pool.submit(int)
        return self.pool

    def stop(self) -> None:
        """Stop the workers, whatever they are at."""
        self.end(at_once=True)

    def end(self, *, at_once: bool) -> None:
        """End the pool: its workers finish what they are at, or are stopped."""
        if self.pool is None:
            return
        self.pool.shutdown(wait=not at_once, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - self.others if at_once else ():
            process.terminate()
        self.pool = None


def begin(home: str) -> None:
    """Begin a worker: Ctrl-C is for the process that it works for, so is stdout, and one thread is enough for it."""
    os.chdir(home)
    let_go()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in {getattr(signal, name, signal.SIGTERM) for name in ("SIGTERM", "SIGHUP")}:
        signal.signal(number, signal.SIG_DFL)  # a forked process has those of the process that it works for
    if not die_with_parent(getattr(signal, "SIGKILL", signal.SIGTERM)):
        threading.Thread(target=end_with_parent, daemon=True).start()
    os.dup2(STDERR, STDOUT)  # what the user's functions print does not belong in the report
    limit_threads()


def limit_threads() -> None:
    """Let numerical libraries have one thread: in a forked process the environment comes too late."""
    with suppress(ImportError):
        importlib.import_module(THREADS).threadpool_limits(1)


def end_with_parent() -> None:
    """End this process when that which it works for has ended, however that came."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def process_pools(jobs: int, *, fresh: bool) -> Iterator[ProcessPools]:
    """Offer pools of processes.

    Parameters
    ----------
    jobs : int
        How many processes.
    fresh : bool
        Whether they start afresh and make the problem themselves; else they are forked where that can be done, and
        inherit it: then its functions need not be picklable.
    """
    pools = ProcessPools(jobs, fresh=fresh)
    with of_workers():
        try:
            yield pools
        except BaseException:
            pools.end(at_once=True)
            raise
        finally:
            pools.end(at_once=False)


class Cluster:
    """A dask cluster.

    Parameters
    ----------
    client : distributed.Client
        Is connected to it.
    """

    def __init__(self, client: Any) -> None:
        self.client = client
        # the same task on the same numbers is to be done again where it is asked for again
        self.executor: Executor = client.get_executor(pure=False)
        self.workers = max(sum(client.nthreads().values()), 1)
        self.gone_since: float | None = None

    def look(self) -> None:
        """Look whether the scheduler and a worker are there.

        Raises
        ------
        WorkerError
            Where they have not been for a while.
        """
        if self.is_there():
            self.gone_since = None
            return
        self.gone_since = self.gone_since or time.monotonic()
        if time.monotonic() - self.gone_since > PATIENCE_WITHOUT:
            raise WorkerError(
                f"the scheduler, or the last worker, at {self.client.scheduler.address} is gone",
                hint="--save and --resume continue elsewhere with what was evaluated",
            )

    def is_there(self) -> bool:
        """Whether somebody works."""
        if self.client.status != "running":
            return False
        try:
            return bool(self.client.sync(self.client.scheduler.ncores, callback_timeout=PATIENCE_AT_THE_END))
        except Exception:  # noqa: BLE001  (of a connection that breaks it raises what it likes)
            return False


@contextmanager
def dask_executor(address: str) -> Iterator[Cluster]:
    """Offer the workers of a cluster.

    Parameters
    ----------
    address : str
        ``dask://HOST:PORT`` of its scheduler.

    Raises
    ------
    SettingError
        Where it is none, or no cluster answers.
    ExtraError
        Where dask is not installed.
    """
    if not address.startswith(DASK) or ":" not in address.removeprefix(DASK):
        raise SettingError(f"executor is {address!r}, expected {DASK}HOST:PORT")
    client = connected(f"tcp://{address.removeprefix(DASK)}")
    try:
        yield Cluster(client)
    finally:
        with suppress(Exception):  # of a scheduler that is gone it raises what it likes
            client.close(timeout=PATIENCE_AT_THE_END)


def connected(address: str) -> Any:
    """Return a client of the cluster."""
    try:
        distributed = importlib.import_module("distributed")
    except ImportError as error:
        raise ExtraError.missing("--executor dask://...", "distributed", "dask") from error
    try:
        return distributed.Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise SettingError(
            f"no dask scheduler answers at {address} within {PATIENCE} s", hint="is it running, and is the port right?"
        ) from error
