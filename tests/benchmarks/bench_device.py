"""A screen of a torch loss where its arrays are: `python tests/benchmarks/bench_device.py`.

Beside each screen, in the same run, are the same number of evaluations with the parameters moved there by one addition:
nothing can be quicker. On a GPU the sizes are those of the targets; without one that is said, and the processor screens
a smaller network through the same code. Nothing here is a test.
"""

from __future__ import annotations

import importlib
import itertools
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcheck_cli import check_gradient

torch: Any = importlib.import_module("torch")

SAMPLES = 64
ROUNDS = 3
ON_GPU = {(784, 2048, 2048, 1): 0.5, (4096, 8192, 2500, 1): 1.5}
"""Layers, and the seconds that a screen may take."""
ON_CPU = (784, 1024, 512, 1)

Point = dict[str, Any]


def network(sizes: tuple[int, ...]) -> Point:
    """Return random parameters."""
    random = np.random.default_rng(0)
    point = {}
    for k, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), 1):
        point[f"W{k}"] = random.standard_normal((fan_out, fan_in)) / np.sqrt(fan_in)
        point[f"b{k}"] = 0.1 * random.standard_normal((fan_out, 1))
    return point


def loss(p: Point, X: Any) -> Any:
    """Return the mean square of what a network with tanh makes of X."""
    A = X
    for k in range(1, len(p) // 2):
        A = torch.tanh(p[f"W{k}"] @ A + p[f"b{k}"])
    return ((p[f"W{len(p) // 2}"] @ A + p[f"b{len(p) // 2}"]) ** 2).mean()


def bare(point: Point, X: Any, evaluations: int, device: str) -> float:
    """Time so many evaluations with all parameters moved there before each; what is put there first does not count."""
    there = {name: torch.tensor(values, device=device) for name, values in point.items()}
    data = torch.tensor(X, device=device)
    float(loss(there, data))
    started = time.perf_counter()
    for _ in range(evaluations):
        for values in there.values():
            values.add_(1e-9)
        float(loss(there, data))
    return time.perf_counter() - started


def timed(task: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of a task, and what it returns."""
    started = time.perf_counter()
    answer = task()
    return time.perf_counter() - started, answer


def row(sizes: tuple[int, ...], device: str, target: float | None) -> str:
    """Return what a screen takes on a device, beside the same evaluations alone."""
    point, X = network(sizes), np.random.default_rng(1).standard_normal((sizes[0], SAMPLES))
    entries = sum(values.size for values in point.values())

    def screen() -> Any:
        return check_gradient(loss, None, point, data={"X": X}, autograd="torch", device=device, mode="screen", seed=1)

    pairs = []
    for _ in range(ROUNDS):
        seconds, report = timed(screen)
        report.raise_for_failure()
        pairs.append((seconds, bare(point, X, report.evaluations, device)))
    seconds, alone = (min(side) for side in zip(*pairs, strict=True))
    beside = 1e9 * (seconds - alone) / entries / report.evaluations
    wanted = "" if target is None else f" (target {target} s: {'met' if seconds <= target else 'not met'})"
    return (
        f"{entries:,} entries on {device}: {seconds:.2f} s{wanted}, {report.evaluations} evaluations,"
        f" {seconds / alone:.1f} x the evaluations alone ({alone:.2f} s), {beside:.2f} ns an entry each besides"
    )


def main() -> None:
    """Write a line for each network."""
    if torch.cuda.is_available():
        for sizes, target in ON_GPU.items():
            sys.stdout.write(f"{row(sizes, 'cuda', target)}\n")
    else:
        sys.stdout.write("no GPU here: the rows of the device were not measured\n")
    torch.set_num_threads(1)
    sys.stdout.write(f"{row(ON_CPU, 'cpu', None)}\n")


if __name__ == "__main__":
    main()
