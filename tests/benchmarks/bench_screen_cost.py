"""What a screen costs beside the loss, for each entry and evaluation.

Run as `python tests/benchmarks/bench_screen_cost.py`, from the folder above tests. Whole checks of a loss that costs
next to nothing: their time less that of the loss and of the gradient goes to moving the parameters, to the claimed
slopes and to the arrays that the functions get. Some evaluations move all entries and some those of one parameter; all
entries are counted for each. Beside it stands what moving all of them takes, to both sides of a direction. The limit is
to read the parameters and write them, once for each evaluation: it is measured in the same rounds. Times are of the
processor, and the least of all rounds counts. Nothing here is a test: timings do not gate.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from gradcheck_cli import check_gradient
from gradcheck_cli.problems.directions import Direction, moved_in_turn, sizes_of
from gradcheck_cli.vocabulary.parameters import Array, Parameters, dictionary_to_vector

SHAPES = {"W1": (1000, 2000), "W2": (1000, 2000), "W3": (1000, 2000)}
ROUNDS = 9
NANO = 1e-9
Returned = TypeVar("Returned")


class Quadratic:
    """J = p p / 2 + c p and its gradient, and how long they took."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self.point, self.c = ({name: random.normal(size=shape) for name, shape in SHAPES.items()} for _ in range(2))
        self.seconds = 0.0

    def loss(self, p: Parameters) -> float:
        """Return J."""
        return self.timed(lambda: sum(float(np.vdot(v, v) / 2 + np.vdot(self.c[name], v)) for name, v in p.items()))

    def gradient(self, p: Parameters) -> dict[str, Array]:
        """Return the right one."""
        return self.timed(lambda: {name: values + self.c[name] for name, values in p.items()})

    def timed(self, function: Callable[[], Returned]) -> Returned:
        """Call a function; its time is added to the rest."""
        started = time.process_time()
        returned = function()
        self.seconds += time.process_time() - started
        return returned


def beside(problem: Quadratic, seed: int) -> tuple[float, int]:
    """Return the seconds that a check takes beside the functions, for each evaluation, and how many those are."""
    problem.seconds, started = 0.0, time.process_time()
    report = check_gradient(problem.loss, problem.gradient, problem.point, mode="screen", seed=seed)
    seconds = time.process_time() - started - problem.seconds
    if not report.passed:
        raise SystemExit(f"the right gradient does not pass: {report.verdict}")
    return seconds / report.evaluations, report.evaluations


def moving(point: Parameters, moved: Parameters, seed: int) -> float:
    """Return the seconds that it takes to move all entries, and at last back, for each move."""
    entries = sum(values.size for values in point.values())
    moves = [(Direction(seed, number, 0, entries), step) for number in range(2) for step in (2.0**-20, -(2.0**-20))]
    sizes, started = sizes_of(point), time.process_time()
    deque(moved_in_turn(moved, point, sizes, moves), maxlen=0)
    return (time.process_time() - started) / len(moves)


def reading_and_writing(vector: Array, out: Array) -> float:
    """Return the seconds that nothing but this takes."""
    started = time.process_time()
    np.add(vector, 1.0, out=out)
    return time.process_time() - started


def main() -> None:
    """Print a line for each."""
    problem = Quadratic()
    moved = {name: values.copy() for name, values in problem.point.items()}
    vector = dictionary_to_vector(problem.point)
    out, evaluations = np.empty_like(vector), 0
    rounds = []
    for seed in range(ROUNDS):
        seconds, evaluations = beside(problem, seed)
        rounds.append((seconds, moving(problem.point, moved, seed), reading_and_writing(vector, out)))
    whole, moves, limit = np.min(rounds, axis=0) / NANO / vector.size
    sys.stdout.write(
        f"{vector.size:,} entries, {evaluations} evaluations, for each entry and evaluation\n"
        f"  a screen beside the loss         {whole:5.2f} ns  {whole / limit:5.1f} x\n"
        f"  moving all entries               {moves:5.2f} ns  {moves / limit:5.1f} x\n"
        f"  reading and writing them once    {limit:5.2f} ns    1.0 x\n"
    )


if __name__ == "__main__":
    main()
