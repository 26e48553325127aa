"""A screen beside what others do of one direction: what each sees, what it misses, and what it costs.

Run as `python tests/benchmarks/bench_screen.py`, from the folder above tests. Every round spoils the gradient of a new
network in one way and asks all that are installed, one after another. Nothing here is a test: timings do not gate.

torch.autograd.gradcheck in its fast mode and jax's check_grads run at their defaults; the slow mode that torch adds to
a failure, 2 n evaluations, is left out. scipy's check_grad returns a difference, of which 1e-6 counts as wrong.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from gradcheck_cli import check_gradient
from gradcheck_cli.vocabulary.parameters import Array, dictionary_to_vector, vector_to_dictionary
from tests.black_box import LARGE, MIDDLE, SMALL, BlackBox

ROUNDS = ((SMALL, 20), (MIDDLE, 8), (LARGE, 2))
"""The networks, and how often each is spoiled in every way, with relu and with tanh."""

Claim = dict[str, Array]
Tool = Callable[[BlackBox, Claim, int], bool]
"""(network, claim, seed) -> whether the claim passes."""


def one_parameter(box: BlackBox, seed: int) -> Claim:
    """Scale one parameter's gradient by 1.0001."""
    right = box.right()
    name = list(right)[seed % len(right)]
    return {**right, name: 1.0001 * right[name]}


FAULTS: dict[str, Callable[[BlackBox, int], Claim]] = {
    "none": lambda box, seed: box.right(),
    "one parameter x 1.0001": one_parameter,
    "one entry x 2": lambda box, seed: box.spoiled(1, 2.0, seed)[0],
    "one entry's sign": lambda box, seed: box.spoiled(1, -1.0, seed)[0],
    "ten entries x 2": lambda box, seed: box.spoiled(10, 2.0, seed)[0],
}


@dataclass
class Tally:
    """What one tool did about one kind of fault."""

    failed: list[bool] = field(default_factory=list)
    evaluations: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def take(self, tool: Tool, box: BlackBox, claim: Claim, seed: int) -> None:
        """Ask the tool."""
        box.calls, started = 0, time.perf_counter()
        self.failed.append(not tool(box, claim, seed))
        self.seconds.append(time.perf_counter() - started)
        self.evaluations.append(box.calls)

    def line(self, fault: str, tool: str) -> str:
        """Return what came of it."""
        wrong = sum(self.failed) if fault == "none" else len(self.failed) - sum(self.failed)
        return (
            f"  {fault:24} {tool:22} flagged {sum(self.failed):3} of {len(self.failed):3}"
            f"  {'false alarms' if fault == 'none' else 'misses':12} {wrong:3}"
            f"  evaluations {statistics.median(self.evaluations):5.0f}, at most {max(self.evaluations):3}"
            f"  {statistics.median(self.seconds):8.3f} s\n"
        )


def screen(box: BlackBox, claim: Claim, seed: int) -> bool:
    """Ask gradcheck; the wrong entries are located and named, too."""
    return check_gradient(box.loss, claim, box.parameters, mode="screen", seed=seed).passed


def torch_fast() -> Tool:
    """Return torch's check along one direction."""
    torch = importlib.import_module("torch")
    module: Any = importlib.import_module("torch.autograd.gradcheck")
    torch.set_num_threads(1)
    module._run_slow_mode_and_get_error = lambda *_: ""

    def passes(box: BlackBox, claim: Claim, seed: int) -> bool:
        class Loss(torch.autograd.Function):  # type: ignore[misc, name-defined]
            @staticmethod
            def forward(ctx: Any, *values: Any) -> Any:
                moved = dict(zip(claim, (value.numpy() for value in values), strict=True))
                return torch.tensor(box.loss(moved), dtype=torch.float64)

            @staticmethod
            def backward(ctx: Any, grad: Any) -> Any:
                return tuple(grad * torch.from_numpy(values) for values in claim.values())

        inputs = [torch.from_numpy(values.copy()).requires_grad_() for values in box.parameters.values()]
        return bool(module.gradcheck(Loss.apply, inputs, fast_mode=True, raise_exception=False))

    return passes


def jax_check_grads() -> Tool:
    """Return jax's check along one direction."""
    jax: Any = importlib.import_module("jax")
    test_util = importlib.import_module("jax.test_util")
    jax.config.update("jax_enable_x64", True)

    def passes(box: BlackBox, claim: Claim, seed: int) -> bool:
        shape = jax.ShapeDtypeStruct((), np.float64)

        def called(p: Any) -> Any:
            return np.float64(box.loss({name: np.asarray(values) for name, values in p.items()}))

        loss = jax.custom_vjp(lambda p: jax.pure_callback(called, shape, p))
        loss.defvjp(lambda p: (loss(p), None), lambda _, g: ({name: g * values for name, values in claim.items()},))
        try:
            test_util.check_grads(loss, (box.parameters,), order=1, modes=["rev"])
        except AssertionError:
            return False
        return True

    return passes


def scipy_random() -> Tool:
    """Return scipy's check along one direction."""
    check_grad = importlib.import_module("scipy.optimize").check_grad

    def passes(box: BlackBox, claim: Claim, seed: int) -> bool:
        def loss(vector: Array) -> float:
            return box.loss(vector_to_dictionary(vector, box.parameters))

        point, gradient = dictionary_to_vector(box.parameters), dictionary_to_vector(claim)
        return bool(check_grad(loss, lambda _: gradient, point, direction="random", rng=seed) < 1e-6)

    return passes


OTHERS = {"torch fast_mode": torch_fast, "jax check_grads": jax_check_grads, "scipy random direction": scipy_random}


def tools() -> dict[str, Tool]:
    """Return gradcheck and what else is installed."""
    asked: dict[str, Tool] = {"gradcheck": screen}
    for name, make in OTHERS.items():
        with contextlib.suppress(ImportError):
            asked[name] = make()
    return asked


def compare(sizes: Sequence[int], samples: int, rounds: int, asked: dict[str, Tool]) -> None:
    """Write a line for each fault and tool."""
    tallies = {(fault, name): Tally() for fault in FAULTS for name in asked}
    for seed in range(rounds):
        for activation in ("relu", "tanh"):
            box = BlackBox(sizes, samples, activation, seed=seed)
            for fault, spoil in FAULTS.items():
                claim = spoil(box, seed)
                for name, tool in asked.items():
                    tallies[fault, name].take(tool, box, claim, seed)
    entries = sum(values.size for values in box.parameters.values())
    sys.stdout.write(f"{'-'.join(map(str, sizes))}, {entries:,} entries\n")
    sys.stdout.writelines(tally.line(fault, name) for (fault, name), tally in tallies.items())
    sys.stdout.flush()


def main() -> None:
    """Compare them on networks of three sizes."""
    asked = tools()
    for (sizes, samples), rounds in ROUNDS:
        compare(sizes, samples, rounds, asked)


if __name__ == "__main__":
    main()
