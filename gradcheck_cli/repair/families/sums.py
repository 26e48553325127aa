"""Sums and means: one for the other, along another axis, with or without the axis that is summed over."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.repair.scene import Proposal, Spot

__all__ = ["proposals"]

OTHERS = {"sum": "mean", "mean": "sum"}


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose other reductions."""
    node, source = spot.node, spot.scene.source
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in OTHERS):
        return
    _, end = source.span(node.func)
    name = node.func.attr
    yield spot.exchanged(end - len(name), end, OTHERS[name], f"{OTHERS[name]}, not {name}", 0.0)
    _, last = spot.span
    words = {word.arg for word in node.keywords}
    comma = ", " if node.args or node.keywords else ""
    if "axis" not in words and len(node.args) < 2:
        for axis in (0, 1):
            yield spot.exchanged(last - 1, last - 1, f"{comma}axis={axis}", f"along axis {axis}", 0.6)
            more = f"{comma}axis={axis}, keepdims=True"
            yield spot.exchanged(last - 1, last - 1, more, f"along axis {axis}, which is kept", 0.8)
            head = spot.text[: end - len(name) - spot.span[0]]
            rest = spot.text[end - spot.span[0] : -1]
            yield spot.replaced(f"{head}{OTHERS[name]}{rest}{more})", f"{OTHERS[name]} along axis {axis}", 1.2)
    elif "keepdims" not in words:
        yield spot.exchanged(last - 1, last - 1, f"{comma}keepdims=True", "keep the axis", 0.4)
    for word in node.keywords:
        start, stop = source.span(word)
        before = source.content[:start].rstrip()
        if before.endswith(b","):
            start = len(before) - 1
        yield spot.exchanged(start, stop, "", "remove this", 0.5)
