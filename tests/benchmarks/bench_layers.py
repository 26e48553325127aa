"""Layers beside other checkers: `python tests/benchmarks/bench_layers.py`, from the folder above tests.

Every right and every wrong backward pass of the zoo goes through each checker as it is set by default, at three sizes
of the outputs. Of each it is counted how many wrong ones it misses and how many right ones it refuses; a column at the
end has the time of all checks, in times ours. Those that are not installed are left out. Nothing here is a test.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from gradcheck_cli import Verdict, check_layer
from tests.layer_zoo import KINDS, WRONG, Array, Backward, Kind, at_scale

SCALES = (1.0, 1e-6, 1e6)
STEP, MOST = 1e-5, 1e-6  # of the course CS231n: h of its differences, and the largest relative error

Checker = Callable[[Callable[..., Any], Backward, Mapping[str, Array]], bool]


def ours(forward: Callable[..., Any], backward: Backward, point: Mapping[str, Array]) -> bool:
    """Say whether gradcheck passes a layer."""
    return check_layer(forward, backward, point, seed=1).verdict is Verdict.PASS


def of_course(forward: Callable[..., Any], backward: Backward, point: Mapping[str, Array]) -> bool:
    """Say whether CS231n's rule passes it: one random cotangent, and the relative error of the worst entry."""
    outputs, cache = forward(point)
    named = outputs if isinstance(outputs, Mapping) else {"": outputs}
    random = np.random.default_rng(0)
    given = {name: random.normal(size=values.shape) for name, values in named.items()}
    claim = backward(given if isinstance(outputs, Mapping) else given[""], cache)

    def loss(name: str, k: int, step: float) -> float:
        moved = {key: values.copy() for key, values in point.items()}
        moved[name].reshape(-1)[k] += step
        found = forward(moved)[0]
        return sum(float((u * (found[key] if key else found)).sum()) for key, u in given.items())

    for name, values in point.items():
        slopes = [(loss(name, k, STEP) - loss(name, k, -STEP)) / (2 * STEP) for k in range(values.size)]
        numeric, analytic = np.array(slopes), claim[name].reshape(-1)
        error = np.abs(analytic - numeric) / np.maximum(1e-8, np.abs(analytic) + np.abs(numeric))
        if not np.max(error) <= MOST:
            return False
    return True


def of_torch(
    forward: Callable[..., Any], backward: Backward, point: Mapping[str, Array], *, torch: Any, fast: bool
) -> bool:
    """Say whether torch.autograd.gradcheck passes it."""
    names = list(point)
    outputs = forward(point)[0]
    keys = list(outputs) if isinstance(outputs, Mapping) else None

    class Layer(torch.autograd.Function):  # type: ignore[misc]  # of a module that need not be installed
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            found, ctx.cache = forward({name: x.detach().numpy() for name, x in zip(names, inputs, strict=True)})
            return tuple(torch.tensor(found[k]) for k in keys) if keys else torch.tensor(found)

        @staticmethod
        def backward(ctx: Any, *given: Any) -> Any:
            arrays = [d.numpy().copy() for d in given]
            claim = backward(dict(zip(keys, arrays, strict=True)) if keys else arrays[0], ctx.cache)
            return tuple(torch.tensor(np.array(claim[name])) for name in names)

    inputs = tuple(torch.tensor(values, requires_grad=True) for values in point.values())
    return bool(torch.autograd.gradcheck(Layer.apply, inputs, fast_mode=fast, raise_exception=False))


def of_jax(forward: Callable[..., Any], backward: Backward, point: Mapping[str, Array], *, jax: Any) -> bool:
    """Say whether jax's check_vjp passes it."""
    check_vjp = importlib.import_module("jax.test_util").check_vjp

    def value(p: Any) -> Any:
        found = forward({name: np.asarray(x) for name, x in p.items()})[0]
        return {k: np.asarray(v) for k, v in found.items()} if isinstance(found, Mapping) else np.asarray(found)

    def vjp(p: Any) -> tuple[Any, Callable[[Any], Any]]:
        found, cache = forward({name: np.asarray(x) for name, x in p.items()})

        def pulled(d: Any) -> Any:
            given = {k: np.array(v) for k, v in d.items()} if isinstance(d, Mapping) else np.array(d)
            return (backward(given, cache),)

        return found, pulled

    try:
        check_vjp(value, vjp, (dict(point),))
    except AssertionError:
        return False
    return True


def checkers() -> Iterator[tuple[str, Checker]]:
    """Yield what is installed."""
    yield "gradcheck", ours
    yield "CS231n, 1e-6", of_course
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        pass
    else:
        yield "torch slow", partial(of_torch, torch=torch, fast=False)
        yield "torch fast", partial(of_torch, torch=torch, fast=True)
    try:
        jax = importlib.import_module("jax")
    except ImportError:
        return
    jax.config.update("jax_enable_x64", True)
    yield "jax check_vjp", partial(of_jax, jax=jax)


def passes(check: Checker, layer: Kind, backward: Backward, scale: float) -> bool:
    """Say whether a checker passes a layer; what it raises is no pass."""
    try:
        with np.errstate(all="ignore"):
            return check(*at_scale(layer, backward, scale), layer.point)
    except (RuntimeError, ValueError, TypeError):
        return False


def main() -> None:
    """Write a line for each checker."""
    head = "".join(f"   outputs x {scale:<7g}" for scale in SCALES)
    sys.stdout.write(f"{len(KINDS)} right, {len(WRONG)} wrong    missed/refused at{head}  time\n")
    whole = None
    for name, check in checkers():
        cells, started = "", time.perf_counter()
        for scale in SCALES:
            refused = sum(not passes(check, layer, layer.backward, scale) for layer in KINDS.values())
            missed = sum(passes(check, KINDS[kind], KINDS[kind].wrong[mistake], scale) for kind, mistake in WRONG)
            cells += f"{missed:>14} / {refused:<3}"
        seconds = time.perf_counter() - started
        whole = whole or seconds
        sys.stdout.write(f"{name:30}{cells}  {seconds / whole:.1f} x\n")


if __name__ == "__main__":
    main()
