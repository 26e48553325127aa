"""A power that is missing, too many, or of the wrong thing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.repair.scene import ATOM, POWER, SUM, Proposal, Spot, operator_of

__all__ = ["proposals"]


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose other powers."""
    node, source = spot.node, spot.scene.source
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        start, _ = spot.span
        at, _ = operator_of(source, node)
        yield spot.kept(start, start + len(source.content[start:at].rstrip()), "remove this power", 0.0)
        inner = node.left
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add | ast.Sub):
            sign = "-" if isinstance(inner.op, ast.Sub) else "+"
            raised = source.text(node.right)
            left, right = source.text(inner.left), source.text(inner.right)
            text = f"{left} {sign} {right} ** {raised}"
            yield spot.replaced(text, "only this is raised", 0.0, SUM)
            if not spot.is_bracketed:
                yield spot.replaced(f"({text})", "only this is raised", 0.1)
    is_name = isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call)
    if is_name and isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and spot.shape is not None:
        if spot.is_whole_number:
            return
        for power in (2, 3):
            yield spot.replaced(f"{spot.itself(ATOM)} ** {power}", f"raise to {power}", 0.4 + 0.6 * (power - 2), POWER)
    elif spot.is_bracketed and isinstance(node, ast.BinOp) and spot.shape:
        start, end = spot.span
        end += source.content[end:].index(b")") + 1
        yield spot.exchanged(end, end, " ** 2", "square this", 0.8)
