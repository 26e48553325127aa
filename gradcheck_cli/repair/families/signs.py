"""A sign that is wrong, and a difference taken the wrong way round."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.repair.scene import PRODUCT, SIGN, SUM, Proposal, Spot, operator_of

__all__ = ["proposals"]


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose the other sign."""
    node, source = spot.node, spot.scene.source
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        start, end = spot.span
        rest = source.content[start + 1 : end]
        yield spot.kept(end - len(rest.lstrip()), end, "remove this sign", 0.0)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        at, after = operator_of(source, node)
        yield spot.exchanged(at, after, "-" if isinstance(node.op, ast.Add) else "+", "the other sign", 0.0)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        start, end = spot.span
        at, after = operator_of(source, node)
        left, right = source.content[start:at].decode().strip(), source.content[after:end].decode().strip()
        yield spot.replaced(f"{right} - {left}", "the other way round", 0.0, SUM)
    if spot.is_term and not spot.is_whole_number:
        yield spot.replaced(f"-{spot.itself(PRODUCT)}", "the other sign", 0.3, SIGN)
