"""A custom function in torch, right and wrong."""

import torch


class Square(torch.autograd.Function):
    factor = 2

    @classmethod
    def forward(cls, ctx, x):
        ctx.save_for_backward(x)
        ctx.factor = cls.factor
        return x**2

    @staticmethod
    def backward(ctx, slope):
        return ctx.factor * slope * ctx.saved_tensors[0]


class WrongSquare(Square):
    factor = 1


def right(p):
    return (Square.apply(p["a"]) * p["b"]).sum()


def wrong(p):
    return (WrongSquare.apply(p["a"]) * p["b"]).sum()
