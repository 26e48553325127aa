"""What more processes bring: `python tests/benchmarks/bench_jobs.py`, from the folder above tests.

A loss of 20 milliseconds is checked entry by entry in some 900 evaluations, by 1, 2, 4, 8 and 16 processes, through the
command and through the function; so are a wrong gradient and a screen. The start of the processes is part of the time.
Where a machine has as many cores as processes the loss keeps one busy, elsewhere it sleeps: that shows what the
processes wait for each other, and not what they take from each other. The cores must be free. Nothing here is a test.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from types import FunctionType
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from gradcheck_cli import check_gradient
from gradcheck_cli.vocabulary.parameters import Array

TAKES = 0.02  # seconds of an evaluation
TARGETS = {2: 1.9, 4: 3.7, 8: 7.0, 16: 12.0}
ROUNDS = 3
POINT = np.linspace(0.5, 2.0, 450)


def sines(x: Array) -> float:
    """Return sum x sin x."""
    return float(np.sum(x * np.sin(x)))


def busy(x: Array) -> float:
    """Return it after a while at work."""
    end = time.process_time() + TAKES
    while time.process_time() < end:
        pass
    return sines(x)


def asleep(x: Array) -> float:
    """Return it after a while at rest."""
    time.sleep(TAKES)
    return sines(x)


def gradient(x: Array) -> Array:
    """Return sin x + x cos x."""
    return np.sin(x) + x * np.cos(x)


def wrong(x: Array) -> Array:
    """Return it with an error."""
    return gradient(x) * np.where(x == POINT[5], 2, 1)


def by_function(loss: FunctionType, claim: FunctionType, mode: str, jobs: int) -> str:
    """Make a check with `check_gradient`, and return what it came to."""
    return check_gradient(loss, claim, POINT, mode=mode, seed=1, jobs=jobs).verdict.name


def by_command(loss: FunctionType, claim: FunctionType, mode: str, jobs: int) -> str:
    """Make it with `gradcheck func`, whose processes start afresh."""
    names = [f"{__file__}:{function.__name__}" for function in (loss, claim)]
    at = ",".join(map(repr, POINT.tolist()))
    words = ["func", names[0], "--grad", names[1], "--at", at, "--mode", mode, "--seed", "1", "--jobs", str(jobs)]
    done = subprocess.run([sys.executable, "-m", "gradcheck_cli", *words], capture_output=True, text=True, check=False)
    return done.stdout.split(maxsplit=1)[0]


def seconds(way: Any, loss: FunctionType, claim: FunctionType, mode: str, jobs: int) -> float:
    """Time a check, which has to come to what is right."""
    started = time.perf_counter()
    verdict = way(loss, claim, mode, jobs)
    if verdict != ("FAIL" if claim is wrong else "PASS"):
        raise SystemExit(f"{way.__name__}, {jobs} processes: {verdict}")
    return time.perf_counter() - started


def main() -> None:
    """Write a line for each way and number of processes."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    rows: list[tuple[Any, Any, str, int]] = [
        *((way, gradient, "full", jobs) for way in (by_command, by_function) for jobs in TARGETS),
        (by_function, wrong, "full", 16),
        (by_function, gradient, "screen", 2),
    ]
    sys.stdout.write(f"{cores} cores; the loss sleeps where there are more processes\n")
    for way, claim, mode, jobs in rows:
        loss: Any = busy if jobs <= cores else asleep
        pairs = [[seconds(way, loss, claim, mode, n) for n in (1, jobs)] for _ in range(ROUNDS)]
        one, many = (min(side) for side in zip(*pairs, strict=True))
        target = f", target {TARGETS[jobs]:g}" if mode == "full" and claim is gradient else ""
        sys.stdout.write(
            f"{way.__name__:11} {mode:6} {claim.__name__:8} {loss.__name__:6}"
            f"  1 process {one:5.2f} s, {jobs:2} {many:5.2f} s: {one / many:5.2f} x{target}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
