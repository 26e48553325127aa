"""What checking a trivial loss costs beside a bare loop: ``python tests/benchmarks/bench_overhead.py``.

Prints the ratio of one check through the Python API to a loop that makes the same evaluations of the loss and nothing
else: it moves an entry, calls the loss and moves the entry back. The two are timed in turn; the best times count.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcheck_cli import check_gradient
from gradcheck_cli.vocabulary.parameters import Array

Loss = Callable[[dict[str, Array]], Any]


def half_square(p: dict[str, Array]) -> Any:
    """Half the squared length."""
    return 0.5 * np.dot(p["w"], p["w"])


def logistic(p: dict[str, Array]) -> Any:
    """Sum of softplus."""
    return np.logaddexp(0.0, p["w"]).sum()


CASES: dict[str, tuple[Loss, Callable[[Array], Array]]] = {
    "half the squared length": (half_square, lambda w: w),
    "sum of softplus": (logistic, lambda w: 1 / (1 + np.exp(-w))),
}


def checked(loss: Loss, point: Array, gradient: Array) -> tuple[float, int]:
    """Time one check; return its seconds and its evaluations."""
    started = time.perf_counter()
    report = check_gradient(loss, {"w": gradient}, {"w": point})
    assert report.passed
    return time.perf_counter() - started, report.evaluations


def bare(loss: Loss, point: Array, evaluations: int) -> float:
    """Time the bare loop."""
    p = {"w": point.copy()}
    losses = np.empty(evaluations)
    started = time.perf_counter()
    for k in range(evaluations):
        i = k % point.size
        before = p["w"][i]
        p["w"][i] = before + 1e-5
        losses[k] = loss(p)
        p["w"][i] = before
    return time.perf_counter() - started


def ratio(loss: Loss, gradient: Callable[[Array], Array], size: int) -> tuple[float, int]:
    """Return how many times longer the check takes than the bare loop, and how many evaluations it makes."""
    point = np.random.default_rng(0).standard_normal(size)
    checks, loops = [], []
    for _ in range(9):
        seconds, evaluations = checked(loss, point, gradient(point))
        checks.append(seconds)
        loops.append(bare(loss, point, evaluations))
    return min(checks) / min(loops), evaluations


def main() -> None:
    """Print a line for each loss."""
    for name, (loss, gradient) in CASES.items():
        found, evaluations = ratio(loss, gradient, 5_000)
        print(f"{name:26} {evaluations} evaluations: check / bare loop = {found:.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
