"""The derivative of an activation in another's place, or its value, or its argument for its result."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.repair.scene import COMPARE, PRODUCT, SUM, Proposal, Spot

__all__ = ["proposals"]


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose derivatives in the place of a factor."""
    node, shape = spot.node, spot.shape
    factor = isinstance(spot.parent, ast.BinOp) and isinstance(spot.parent.op, ast.Mult)
    factor |= isinstance(spot.parent, ast.Call) or spot.is_whole
    if not shape or not factor:
        return
    own = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} | {spot.text}
    own |= {spot.scene.source.text(n) for n in ast.walk(node) if isinstance(n, ast.Attribute | ast.Subscript)}
    for name, other in spot.scene.arrays:
        if other != shape:
            continue
        rare = 0.8 if name in own else 1.6
        yield spot.replaced(f"{name} > 0", "the derivative of relu", rare, COMPARE)
        yield spot.replaced(f"1 - {name} ** 2", "the derivative of tanh", rare, SUM)
        yield spot.replaced(f"{name} * (1 - {name})", "the derivative of the sigmoid", rare, PRODUCT)
        for function in ("sign", "cos", "sin", "exp", "tanh"):
            yield spot.replaced(f"np.{function}({name})", f"np.{function}", rare + 0.4)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):  # x * (1 - x) for 1 - x ** 2, and back
        yield from mixed(spot, node)


def mixed(spot: Spot, node: ast.BinOp) -> Iterator[Proposal]:
    """Propose a derivative for the last two factors of a product."""
    if not (isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Mult)):
        return
    source = spot.scene.source
    start = source.span(node.left.right)[0]
    end = spot.span[1]
    while source.content[start - 1 : start] == b"(":
        start -= 1
    for name in dict.fromkeys(n.id for n in ast.walk(node.right) if isinstance(n, ast.Name)):
        for text in (f"(1 - {name} ** 2)", f"{name} * (1 - {name})", f"({name} > 0)"):
            yield spot.exchanged(start, end, text, f"the derivative is {text}", 1.0)
