"""The structured evaluation beside the course's loop and torch's slow check.

Run as `python tests/benchmarks/bench_structured.py`: ratios from interleaved rounds on one thread, beside the targets.
Nothing here is a test: timings do not gate.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

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


def main() -> None:
    """Write a line for each network."""
    for sizes, samples, activation, wanted, wanted_torch in CASES:
        timings = {timing.name: timing for timing in time_ways(random_network(sizes, samples, activation))}
        ours = timings["structured"]
        line = f"{'-'.join(map(str, sizes))} {activation}: {ours.seconds:.4f} s, {ours.ratio:.0f} x the loop ({wanted})"
        torch = timings.get("torch gradcheck, slow")
        if torch:
            line += f", {torch.seconds / ours.seconds:.0f} x torch ({wanted_torch or 'no target'})"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
