"""The structured evaluation beside the course's loop and torch's slow check.

Run as `python tests/benchmarks/bench_structured.py`: ratios from interleaved rounds on one thread, beside the targets.
Nothing here is a test: timings do not gate.

The last line is of a whole check of 9.4 million entries, every one beside its reference and its difference at a step.
Its memory is "over the network": the peak of the process less its peak after the network and its data were made and
forward and backward propagation had run once, whose gradient is the claim. What these take, for parameters, data,
activations and gradient and for the backward pass's own arrays, is not counted; the loop and torch would take days.
"""

from __future__ import annotations

import dataclasses
import os
import resource
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from gradcheck_cli import check
from gradcheck_cli.checks.bench import random_network, time_ways

CASES = [
    ((4, 5, 3, 1), 3, "relu", 1, None),
    ((256, 64, 32, 1), 64, "relu", 150, 300),
    ((784, 128, 64, 1), 64, "relu", 1000, 1200),
    ((784, 128, 64, 1), 64, "tanh", 1000, 1000),
    ((784, 128, 64, 1), 64, "sigmoid", 1000, 1000),
    ((784, 512, 256, 1), 128, "relu", 2500, None),
]
"""Layers, samples, activation, what is wanted against the course's loop, and against torch."""
LARGE, LARGE_SAMPLES, LARGE_MIB = (4096, 2048, 512, 1), 32, 64


def peak() -> float:
    """Return the largest memory that this process has had, in MiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2 ** (20 if sys.platform == "darwin" else 10)


def large_line() -> str:
    """Check a large network: first of all, for the peak of a process never falls."""
    network = random_network(LARGE, LARGE_SAMPLES, "relu")
    network = dataclasses.replace(network, claimed=network.gradient(network.parameters))
    before = peak()
    report = check(network)
    return (
        f"{'-'.join(map(str, LARGE))} relu, the whole check: {report.verdict.value}, {report.seconds:.1f} s,"
        f" {peak() - before:.0f} MiB over the network's {before:.0f} ({LARGE_MIB})"
    )


def main() -> None:
    """Write a line for each network."""
    large = large_line()
    for sizes, samples, activation, wanted, wanted_torch in CASES:
        timings = {timing.name: timing for timing in time_ways(random_network(sizes, samples, activation))}
        ours = timings["structured"]
        line = f"{'-'.join(map(str, sizes))} {activation}: {ours.seconds:.4f} s, {ours.ratio:.0f} x the loop ({wanted})"
        torch = timings.get("torch gradcheck, slow")
        if torch:
            line += f", {torch.seconds / ours.seconds:.0f} x torch ({wanted_torch or 'no target'})"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    sys.stdout.write(large + "\n")


if __name__ == "__main__":
    main()
