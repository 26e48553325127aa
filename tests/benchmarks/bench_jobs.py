"""What more processes bring: `python tests/benchmarks/bench_jobs.py`, from the folder above tests.

A loss of 20 milliseconds is checked entry by entry in some 900 evaluations, by 1, 2, 4, 8 and 16 processes, and a wrong
gradient and a screen by two as well; the start of the processes is part of the time. Where a machine has as many cores
as processes the loss keeps one busy, elsewhere it sleeps: that shows what the processes wait for each other, and not
what they take from each other. The cores must be free. Nothing here is a test.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from gradcheck_cli import CheckReport, check_gradient
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


def timed(loss: Callable[[Array], float], claim: Callable[[Array], Array], mode: str, jobs: int) -> CheckReport:
    """Make a check; its report has the seconds that it took."""
    return check_gradient(loss, claim, POINT, mode=mode, seed=1, jobs=jobs)


def main() -> None:
    """Write a line for each number of processes."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    rows = [(gradient, "full", jobs, f"{target:g}") for jobs, target in TARGETS.items()]
    rows += [(wrong, "full", 16, "none"), (gradient, "screen", 2, "none")]
    sys.stdout.write(f"{cores} cores\n")
    for claim, mode, jobs, target in rows:
        loss = busy if jobs <= cores else asleep
        pairs = [[timed(loss, claim, mode, n) for n in (1, jobs)] for _ in range(ROUNDS)]
        one, many = (min(report.seconds for report in side) for side in zip(*pairs, strict=True))
        evaluations = pairs[0][1].evaluations
        sys.stdout.write(
            f"{mode:6} {pairs[0][1].verdict.value:4} {evaluations:4} evaluations {loss.__name__:6}"
            f"  1 process {one:5.2f} s, {jobs:2} {many:5.2f} s: {one / many:5.2f} x, target {target}\n"
        )


if __name__ == "__main__":
    main()
