"""An assignment that should add, or that gives values the wrong names."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.repair.scene import Proposal, Spot

__all__ = ["proposals"]


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose other assignments, and names in another order."""
    if spot.site.kind != "target" or not spot.is_whole:
        return
    node, statement, source = spot.node, spot.site.statement, spot.scene.source
    _, end = spot.span
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and not isinstance(node, ast.Tuple):
        at = source.content.index(b"=", end)
        for sign in ("+=", "-=", "*=", "/="):
            yield spot.exchanged(at, at + 1, sign, f"{sign}, not =", 0.0 if sign == "+=" else 1.0)
    if isinstance(statement, ast.AugAssign):
        at = source.content.index(b"=", end)
        for sign in ("=", "+=", "-=", "*=", "/="):
            start = at - 1
            if sign != source.content[start : at + 1].decode():
                yield spot.exchanged(start, at + 1, sign, f"{sign} here", 0.2 if sign in {"=", "+=", "-="} else 1.0)
    if isinstance(node, ast.Tuple):
        names = [source.text(part) for part in node.elts]
        for a in range(len(names)):
            for b in range(a + 1, min(a + 5, len(names))):
                first, last = source.span(node.elts[a])[0], source.span(node.elts[b])[1]
                swapped = [*names[a : b + 1]]
                swapped[0], swapped[-1] = swapped[-1], swapped[0]
                yield spot.exchanged(first, last, ", ".join(swapped), "in the other order", 0.0 if b == a + 1 else 0.8)
