"""Products of matrices: transposed, the other way round, or entry by entry."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.repair.scene import PRODUCT, Proposal, Spot, operator_of

__all__ = ["proposals"]

OTHERS = {"dot": "multiply", "multiply": "dot", "matmul": "multiply"}


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose transposed parts, and other products."""
    node, source = spot.node, spot.scene.source
    start, end = spot.span
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield spot.kept(start, source.span(node.value)[1], "do not transpose", 0.0)
    elif isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
        shape = spot.shape
        if (shape is None or len(shape) == 2) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            yield spot.replaced(f"{spot.text}.T", "transpose", 0.1 if shape else 1.2)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult | ast.Mult):
        at, after = operator_of(source, node)
        left, right = source.content[start:at].decode().strip(), source.content[after:end].decode().strip()
        if isinstance(node.op, ast.MatMult):
            yield spot.exchanged(at, after, "*", "entry by entry", 1.0)
            yield spot.replaced(f"{right} @ {left}", "the other way round", 0.6, PRODUCT)
            if all(len(spot.scene.shape(text) or ()) == 2 for text in (left, right)):
                yield spot.replaced(f"{right}.T @ {left}", "the other way round", 1.0, PRODUCT)
        else:
            yield spot.exchanged(at, after, "@", "a product of matrices", 1.0)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in OTHERS:
        _, stop = source.span(node.func)
        name = node.func.attr
        yield spot.exchanged(stop - len(name), stop, OTHERS[name], f"{OTHERS[name]}, not {name}", 0.8)
        if len(node.args) == 2:
            first, second = (source.text(argument) for argument in node.args)
            a, b = source.span(node.args[0])[0], source.span(node.args[1])[1]
            yield spot.exchanged(a, b, f"{second}, {first}", "the other way round", 0.8)
