"""What a second process brings: `python tests/benchmarks/bench_jobs.py`, from the folder above tests.

A loss that keeps a core busy for 20 milliseconds is screened, and checked entry by entry, with one process and with
two in turn; the start of the processes is part of the time. Two cores must be free. Nothing here is a test.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from gradcheck_cli import CheckReport, check_gradient
from gradcheck_cli.vocabulary.parameters import Array

BUSY = 0.02  # seconds of an evaluation
ROUNDS = 5


def loss(x: Array) -> float:
    """Return sum x sin x, after a while."""
    end = time.process_time() + BUSY
    while time.process_time() < end:
        pass
    return float(np.sum(x * np.sin(x)))


def gradient(x: Array) -> Array:
    """Return sin x + x cos x."""
    return np.sin(x) + x * np.cos(x)


def seconds(check: Callable[[int], CheckReport], jobs: int) -> float:
    """Time a check, which has to pass."""
    started = time.perf_counter()
    check(jobs).raise_for_failure()
    return time.perf_counter() - started


def main() -> None:
    """Write a line for each mode."""
    point = np.linspace(0.5, 2.0, 120)
    for mode in ("full", "screen"):

        def check(jobs: int, mode: str = mode) -> CheckReport:
            return check_gradient(loss, gradient, point, mode=mode, seed=1, jobs=jobs)

        pairs = [(seconds(check, 1), seconds(check, 2)) for _ in range(ROUNDS)]
        ratio = statistics.median(one / two for one, two in pairs)
        one, two = (statistics.median(side) for side in zip(*pairs, strict=True))
        sys.stdout.write(f"{mode:6} one process {one:.2f} s, two {two:.2f} s: {ratio:.2f} x\n")


if __name__ == "__main__":
    main()
