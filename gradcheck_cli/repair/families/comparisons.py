"""A comparison the wrong way round."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.repair.scene import Proposal, Spot

__all__ = ["proposals"]

SIGNS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose other comparisons, the opposite first."""
    node, source = spot.node, spot.scene.source
    if not (isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SIGNS):
        return
    sign = SIGNS[type(node.ops[0])]
    after = source.span(node.left)[1]
    at = source.content.index(sign.encode(), after)
    opposite = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "!=", "!=": "=="}[sign]
    for other in dict.fromkeys([opposite, *SIGNS.values()]):
        if other != sign:
            yield spot.exchanged(at, at + len(sign), other, f"{other}, not {sign}", 0.0 if other == opposite else 1.0)
