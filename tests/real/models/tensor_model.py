"""Functions of tensors, right and wrong."""

import torch


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return g * (s + x * s * (1 - s))


class WrongSwish(Swish):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return g * (s + s * (1 - s))


class Net(torch.nn.Module):
    function = Swish

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 2)

    def forward(self, inputs):
        return self.function.apply(self.linear(inputs))


class WrongNet(Net):
    function = WrongSwish


net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh())


def cut(x):
    return x.detach() ** 2


def square(change=lambda g: g, tangent=None):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x**2

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * change(g)

    if tangent:
        Square.jvp = staticmethod(lambda ctx, v: 2 * ctx.saved_tensors[0] * tangent(v))
    return Square.apply


negative_lost = square(lambda g: torch.where(g > 0, g, 0.9 * g))
clipped = square(lambda g: g.clamp(-100, 100))
no_number_for_zeros = square(lambda g: g * g / g)
absolute_jvp = square(tangent=torch.abs)
clipped_jvp = square(tangent=lambda v: v.clamp(-1000, 1000))


def sine(mode):
    class Slope(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, u):
            ctx.save_for_backward(x, u)
            return u * torch.cos(x)

        @staticmethod
        def backward(ctx, v):
            x, u = ctx.saved_tensors
            by_x = torch.cos(x) if mode == "x" else torch.sin(x)
            return -v * u * by_x, v * torch.cos(x) * (1.01 if mode == "u" else 1)

    class Sine(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, torch.cos(x))
            return torch.sin(x)

        @staticmethod
        def backward(ctx, u):
            x, slope = ctx.saved_tensors
            return u * slope if mode == "saved" else Slope.apply(x, u)

    return Sine.apply


def tree(p):
    first, rest = p["layer"]
    return {"a": [first * rest["w"], None, first.argmax()], "b": rest["w"].sum(), "n": 3, "big": first > 0}


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, s):
        ctx.save_for_backward(s)
        return x * s

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0], None


def penalised(function, p):
    (slope,) = torch.autograd.grad(function(p["x"] * p["w"]).sum(), p["x"], create_graph=True)
    return (slope**2).sum()


def penalty(p):
    return penalised(Swish.apply, p)


def wrong_penalty(p):
    return penalised(sine("saved"), p)


class Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, w):
        ctx.save_for_backward(z, w)
        return z * w

    @staticmethod
    def backward(ctx, g):
        z, w = ctx.saved_tensors
        return g * w.conj(), g * z.conj()


class WithoutConj(Product):
    @staticmethod
    def backward(ctx, g):
        z, w = ctx.saved_tensors
        return g * w, g * z.conj()


class Squares(torch.autograd.Function):
    """x^2 + w^2, with a jvp that is wrong along w alone."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_forward(x, w)
        ctx.save_for_backward(x, w)
        return x * x + w * w

    @staticmethod
    def backward(ctx, u):
        x, w = ctx.saved_tensors
        return 2 * x * u, 2 * w * u

    @staticmethod
    def jvp(ctx, dx, dw):
        x, w = ctx.saved_tensors
        return 2 * x * dx + 4 * w * dw
