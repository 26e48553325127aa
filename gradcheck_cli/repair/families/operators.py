"""One operator typed for another: a sum for a product, or a product for a sum."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.repair.scene import Proposal, Spot, operator_of

__all__ = ["proposals"]

OTHERS: dict[type[ast.operator], tuple[str, ...]] = {
    ast.Add: ("*", "/"), ast.Sub: ("*",), ast.Mult: ("+", "-", "@"), ast.Div: ("-",), ast.MatMult: ("*",),
}  # fmt: skip
RARITY = 0.8


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose other operators as they are typed: without parentheses, whatever holds together then."""
    node = spot.node
    if isinstance(node, ast.BinOp):
        at, after = operator_of(spot.scene.source, node)
        for other in OTHERS.get(type(node.op), ()):
            yield spot.exchanged(at, after, other, f"write {other} here", RARITY)
