"""A factor too many, or a plain one too few: 2, 1/2, the number of samples, a constant that has a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.repair.scene import PRODUCT, Proposal, Spot, operator_of

__all__ = ["proposals"]


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose to remove each part of a product, and to multiply or divide a value."""
    node = spot.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        yield from without_parts(spot, node)
    if spot.is_term:
        yield from with_factor(spot)


def without_parts(spot: Spot, node: ast.BinOp) -> Iterator[Proposal]:
    """Propose one side of a product; of a long one, what stands before the last parts."""
    start, end = spot.span
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult | ast.Div):
        at, after = operator_of(spot.scene.source, left)
        yield spot.kept(start, start + len(spot.scene.source.content[start:at].rstrip()), "remove this", 0.0)
        if left is node and isinstance(node.op, ast.Mult):
            rest = spot.scene.source.content[after:end]
            yield spot.kept(end - len(rest.lstrip()), end, "remove this", 0.0)
        if left is node and isinstance(node.op, ast.Div):
            yield spot.exchanged(at, after, "*", "multiply here", 1.0)
        elif left is node:
            yield spot.exchanged(at, after, "/", "divide here", 1.0)
        left = left.left


def with_factor(spot: Spot) -> Iterator[Proposal]:
    """Propose to multiply or divide."""
    whole = spot.itself(PRODUCT)
    if spot.is_whole_number:
        return
    extra = 0.0 if spot.is_whole else 0.5
    for count in spot.scene.counts:
        rare = extra + (0.0 if count.isidentifier() or count.startswith("len(") else 0.8)
        yield spot.replaced(f"{whole} / {count}", f"divide by {count}", rare, PRODUCT)
        yield spot.replaced(f"{whole} * {count}", f"multiply by {count}", rare + 0.4, PRODUCT)
    yield spot.replaced(f"2 * {whole}", "multiply by 2", extra, PRODUCT)
    yield spot.replaced(f"{whole} / 2", "divide by 2", extra + 0.2, PRODUCT)
    for scalar in spot.scene.scalars:
        yield spot.replaced(f"{whole} * {scalar}", f"multiply by {scalar}", extra + 0.6, PRODUCT)
        yield spot.replaced(f"{whole} / {scalar}", f"divide by {scalar}", extra + 0.9, PRODUCT)
