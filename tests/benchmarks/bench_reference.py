"""What the reference costs beside the plain centred differences: ``python tests/benchmarks/bench_reference.py``.

Prints ratios of one run, the two timed in turn.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from gradcheck_cli.numeric.centred import centred_gradient
from gradcheck_cli.numeric.complex_step import complex_step_reference
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.networks.network import Network


def network(sizes: tuple[int, ...], activation: str, m: int) -> Network:
    """Make a network for a binary classification."""
    random = np.random.default_rng(0)
    parameters = {}
    for l in range(1, len(sizes)):
        parameters[f"W{l}"] = random.standard_normal((sizes[l], sizes[l - 1])) / np.sqrt(sizes[l - 1])
        parameters[f"b{l}"] = np.zeros((sizes[l], 1))
    X, Y = random.standard_normal((sizes[0], m)), random.integers(2, size=(1, m)).astype(float)
    return Network("bench", X, Y, parameters, (activation,) * (len(sizes) - 2) + ("sigmoid",), "bce")


def reference(subject: Network) -> None:
    """Find the reference of every entry."""
    dict(complex_step_reference(subject))


def plain(subject: Network) -> None:
    """Take the course's differences."""
    dict(centred_gradient(subject, subject.parameters, 1e-7))


def seconds(work: Callable[[Network], None], subject: Network) -> float:
    """Time one call."""
    started = time.perf_counter()
    work(subject)
    return time.perf_counter() - started


def main() -> None:
    """Print a line for each network."""
    subjects = {"course (47)": built_in_case("default")}
    for activation in ("relu", "tanh"):
        subjects[f"64-32-16-1 {activation} (2,625)"] = network((64, 32, 16, 1), activation, 32)
    for name, subject in subjects.items():
        pairs = [(seconds(reference, subject), seconds(plain, subject)) for _ in range(5)]
        ratio = statistics.median(first / second for first, second in pairs)
        print(f"{name:28} reference / plain differences = {ratio:.3f}")  # noqa: T201


if __name__ == "__main__":
    main()
