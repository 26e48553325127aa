"""Custom torch functions, right and wrong in their backward pass, their jvp and their double backward."""

import numpy as np
import torch
from torch.autograd.function import once_differentiable


def saved(ctx, inputs, output):
    ctx.save_for_backward(*inputs)
    ctx.save_for_forward(*inputs)


def cube(backward=3.0, forward=3.0, *, cut=False, once=False):
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x**3

        setup_context = staticmethod(saved)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return backward * g * (x.detach() if cut else x) ** 2

        @staticmethod
        def jvp(ctx, v):
            (x,) = ctx.saved_tensors
            return forward * v * x**2

    if once:
        Cube.backward = staticmethod(once_differentiable(Cube.backward))
    return Cube.apply


def linear(backward="", forward="", *, cut=False):
    class Linear(torch.autograd.Function):
        @staticmethod
        def forward(x, w, b):
            return x @ w + b

        setup_context = staticmethod(saved)

        @staticmethod
        def backward(ctx, g):
            x, w, _ = ctx.saved_tensors
            db = g.mean(0) if backward == "mean" else g.sum(0)
            return g @ w.T, (x.detach() if cut else x).T @ g, db

        @staticmethod
        def jvp(ctx, dx, dw, db):
            x, w, _ = ctx.saved_tensors
            return dx @ w + x @ dw + (0 if forward == "no b" else db)

    return Linear.apply


def norm(backward=1.0, forward=1.0, *, cut=False):
    class Norm(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x.pow(2).sum(-1).sqrt()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs, output)
            ctx.save_for_forward(*inputs, output)

        @staticmethod
        def backward(ctx, g):
            x, n = ctx.saved_tensors
            return (g / (n.detach() if cut else n)).unsqueeze(-1) * x * backward

        @staticmethod
        def jvp(ctx, v):
            x, n = ctx.saved_tensors
            return (x * v).sum(-1) / n * forward

    return Norm.apply


def polar(backward="", forward="", *, cut=False):
    class Polar(torch.autograd.Function):
        @staticmethod
        def forward(a, b):
            return torch.hypot(a, b), torch.atan2(b, a)

        setup_context = staticmethod(saved)

        @staticmethod
        def backward(ctx, gr, gt):
            a, b = ctx.saved_tensors
            r = torch.hypot(a, b)
            square = (r.detach() if cut else r) ** 2
            if backward == "lost":
                gt = gt * 0
            sign = -1 if backward == "sign" else 1
            return gr * a / r - sign * gt * b / square, gr * b / r + gt * a / square

        @staticmethod
        def jvp(ctx, va, vb):
            a, b = ctx.saved_tensors
            r = torch.hypot(a, b)
            angle = (a * vb - b * va) / (r if forward == "r" else r**2)
            return (a * va + b * vb) / r, angle

    return Polar.apply


_random = np.random.default_rng(3)
X = _random.normal(size=(3, 4))
POINTS = {
    "cube": {"x": X},
    "linear": {"x": X, "w": _random.normal(size=(4, 2)), "b": _random.normal(size=2)},
    "norm": {"x": X},
    "polar": {"a": _random.normal(size=5), "b": _random.normal(size=5)},
}
VARIANTS = {
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
