"""Custom torch functions, right and wrong in their backward pass, their jvp and their double backward.

    python tests/benchmarks/bench_autograd.py [SCALE of the outputs, 1e-6 say]

Prints what `check_autograd` says of each of the three beside torch.autograd.gradcheck (with its check of forward mode)
and torch.autograd.gradgradcheck: P for a pass, F for a failure, - where there is none; a wrong one in brackets.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gradcheck_cli import check_autograd

Point = dict[str, np.ndarray[Any, Any]]
LABELS = ("backward", "jvp", "double")
MODELS = Path(__file__).parents[1] / "real" / "models"
sys.path.insert(0, str(MODELS))
models: Any = importlib.import_module("torch_functions")


def scaled(function: Callable[..., Any], scale: float) -> Callable[..., Any]:
    """Return the function with its outputs multiplied."""

    def by_scale(*tensors: Any) -> Any:
        answer = function(*tensors)
        return tuple(scale * y for y in answer) if isinstance(answer, tuple) else scale * answer

    return by_scale


def ours(function: Callable[..., Any], point: Point) -> str:
    report = check_autograd(function, point if len(point) > 1 else next(iter(point.values())), seed=1)
    rows = {label: [p.verdict.value for p in report.parameters if p.name.endswith(f": {label}")] for label in LABELS}
    return "".join("-" if not found else "F" if "FAIL" in found else min(found)[0] for found in rows.values())


def theirs(function: Callable[..., Any], point: Point) -> str:
    inputs = tuple(torch.tensor(values, requires_grad=True) for values in point.values())

    def said(check: Callable[..., Any], **settings: Any) -> str:
        try:
            return "P" if check(function, inputs, raise_exception=True, **settings) else "F"
        except RuntimeError as error:
            return "-" if "once_differentiable" in str(error) else "F"

    backward = said(torch.autograd.gradcheck)
    both = said(torch.autograd.gradcheck, check_forward_ad=True, check_backward_ad=False)
    return backward + both + said(torch.autograd.gradgradcheck)


def table(scale: float) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield for each variant its name, what is right to say, what we say and what torch says."""
    for (name, variant), (function, right) in models.VARIANTS.items():
        by_scale = scaled(function, scale)
        yield name, variant, right, ours(by_scale, models.POINTS[name]), theirs(by_scale, models.POINTS[name])


def lines(scale: float) -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"outputs x {scale:g}; backward, jvp, double"
    yield f"{'function':9}{'variant':22}{'right':>7}{'ours':>7}{'torch':>8}"
    counted, rows = [0, 0], list(table(scale))
    for name, variant, right, *said in rows:
        shown = [verdicts if verdicts == right else f"({verdicts})" for verdicts in said]
        counted = [
            count + sum(one == other for one, other in zip(verdicts, right, strict=True))
            for count, verdicts in zip(counted, said, strict=True)
        ]
        yield f"{name:9}{variant:22}{right:>7}{shown[0]:>7}{shown[1]:>8}"
    yield f"right verdicts of {3 * len(rows)}: ours {counted[0]}, torch {counted[1]}"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for line in lines(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        sys.stdout.write(f"{line}\n")
