"""Custom torch functions, right and wrong in their backward pass, their jvp and their double backward.

    python tests/benchmarks/bench_autograd.py [SCALE of the outputs, 1e-6 say]

Prints what `check_autograd` says of each of the three beside torch.autograd.gradcheck (with its check of forward mode)
and torch.autograd.gradgradcheck: P for a pass, F for a failure, - where there is none; a wrong one in brackets.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from gradcheck_cli import check_autograd

Point = dict[str, np.ndarray[Any, Any]]
LABELS = ("backward", "jvp", "double")


def saved(ctx: Any, inputs: Any, output: Any) -> None:
    ctx.save_for_backward(*inputs)
    ctx.save_for_forward(*inputs)


def cube(backward: float = 3.0, forward: float = 3.0, *, cut: bool = False, once: bool = False) -> Any:
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(x: Any) -> Any:
            return x**3

        setup_context = staticmethod(saved)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return backward * g * (x.detach() if cut else x) ** 2

        @staticmethod
        def jvp(ctx: Any, v: Any) -> Any:
            (x,) = ctx.saved_tensors
            return forward * v * x**2

    if once:
        Cube.backward = staticmethod(once_differentiable(Cube.backward))
    return Cube.apply


def linear(backward: str = "", forward: str = "", *, cut: bool = False) -> Any:
    class Linear(torch.autograd.Function):
        @staticmethod
        def forward(x: Any, w: Any, b: Any) -> Any:
            return x @ w + b

        setup_context = staticmethod(saved)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, w, _ = ctx.saved_tensors
            db = g.mean(0) if backward == "mean" else g.sum(0)
            return g @ w.T, (x.detach() if cut else x).T @ g, db

        @staticmethod
        def jvp(ctx: Any, dx: Any, dw: Any, db: Any) -> Any:
            x, w, _ = ctx.saved_tensors
            return dx @ w + x @ dw + (0 if forward == "no b" else db)

    return Linear.apply


def norm(backward: float = 1.0, forward: float = 1.0, *, cut: bool = False) -> Any:
    class Norm(torch.autograd.Function):
        @staticmethod
        def forward(x: Any) -> Any:
            return x.pow(2).sum(-1).sqrt()

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs, output)
            ctx.save_for_forward(*inputs, output)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, n = ctx.saved_tensors
            return (g / (n.detach() if cut else n)).unsqueeze(-1) * x * backward

        @staticmethod
        def jvp(ctx: Any, v: Any) -> Any:
            x, n = ctx.saved_tensors
            return (x * v).sum(-1) / n * forward

    return Norm.apply


def polar(backward: str = "", forward: str = "", *, cut: bool = False) -> Any:
    class Polar(torch.autograd.Function):
        @staticmethod
        def forward(a: Any, b: Any) -> Any:
            return torch.hypot(a, b), torch.atan2(b, a)

        setup_context = staticmethod(saved)

        @staticmethod
        def backward(ctx: Any, gr: Any, gt: Any) -> Any:
            a, b = ctx.saved_tensors
            r = torch.hypot(a, b)
            square = (r.detach() if cut else r) ** 2
            if backward == "lost":
                gt = gt * 0
            sign = -1 if backward == "sign" else 1
            return gr * a / r - sign * gt * b / square, gr * b / r + gt * a / square

        @staticmethod
        def jvp(ctx: Any, va: Any, vb: Any) -> Any:
            a, b = ctx.saved_tensors
            r = torch.hypot(a, b)
            angle = (a * vb - b * va) / (r if forward == "r" else r**2)
            return (a * va + b * vb) / r, angle

    return Polar.apply


_random = np.random.default_rng(3)
X = _random.normal(size=(3, 4))
POINTS: dict[str, Point] = {
    "cube": {"x": X},
    "linear": {"x": X, "w": _random.normal(size=(4, 2)), "b": _random.normal(size=2)},
    "norm": {"x": X},
    "polar": {"a": _random.normal(size=5), "b": _random.normal(size=5)},
}
VARIANTS: dict[tuple[str, str], tuple[Any, str]] = {
    ("cube", "right"): (cube(), "PPP"),
    ("cube", "backward x 2/3"): (cube(2.0), "FPP"),
    ("cube", "jvp x 2/3"): (cube(forward=2.0), "PFP"),
    ("cube", "input detached"): (cube(cut=True), "PPF"),
    ("cube", "once differentiable"): (cube(once=True), "PP-"),
    ("linear", "right"): (linear(), "PPP"),
    ("linear", "db a mean"): (linear("mean"), "FPP"),
    ("linear", "jvp without db"): (linear(forward="no b"), "PFP"),
    ("linear", "input detached"): (linear(cut=True), "PPF"),
    ("norm", "right"): (norm(), "PPP"),
    ("norm", "backward x 1.00001"): (norm(1.00001), "FPF"),  # it saves its output, and so leans on itself
    ("norm", "jvp x 1.00001"): (norm(forward=1.00001), "PFP"),
    ("norm", "norm detached"): (norm(cut=True), "PPF"),
    ("polar", "right"): (polar(), "PPP"),
    ("polar", "sign of an angle"): (polar("sign"), "FPP"),
    ("polar", "angle lost"): (polar("lost"), "FPP"),
    ("polar", "jvp by r"): (polar(forward="r"), "PFP"),
    ("polar", "radius detached"): (polar(cut=True), "PPF"),
}
"""By name: the function, and what is right to say of its backward pass, its jvp and its double backward."""


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
    for (name, variant), (function, right) in VARIANTS.items():
        by_scale = scaled(function, scale)
        yield name, variant, right, ours(by_scale, POINTS[name]), theirs(by_scale, POINTS[name])


def main() -> None:
    warnings.simplefilter("ignore")
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    print(f"outputs x {scale:g}; backward, jvp, double\n")
    print(f"{'function':9}{'variant':22}{'right':>7}{'ours':>7}{'torch':>8}")
    counted = [0, 0]
    rows = list(table(scale))
    for name, variant, right, *said in rows:
        shown = []
        for k, verdicts in enumerate(said):
            counted[k] += sum(one == other for one, other in zip(verdicts, right, strict=True))
            shown.append(verdicts if verdicts == right else f"({verdicts})")
        print(f"{name:9}{variant:22}{right:>7}{shown[0]:>7}{shown[1]:>8}")
    print(f"\nright verdicts of {3 * len(rows)}: ours {counted[0]}, torch {counted[1]}")


if __name__ == "__main__":
    main()
