"""A literal that is another: a factor, an exponent, an axis, an index."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator

from gradcheck_cli.repair.scene import SIGN, Proposal, Spot

__all__ = ["proposals"]

PLAIN = (0.0, 1.0, 2.0, 3.0, 0.5, 4.0)


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose other numbers, those first that undo the factor by which a gradient is off."""
    node = spot.node
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool) or not isinstance(node.value, int | float):
        return
    value = float(node.value)
    undone = [value / ratio for ratio in spot.scene.ratios if ratio]
    near = [value + 1, value - 1, 2 * value, value / 2, -value, *PLAIN]
    told: set[float] = {value}
    for k, number in enumerate([*undone, *near]):
        if number in told or not math.isfinite(number) or abs(number * 12 - round(number * 12)) > 1e-6:
            continue
        told.add(number)
        text = written(number, like=spot.text)
        rare = 0.2 if k < len(undone) else 0.5 + 0.25 * (number not in {value + 1, value - 1, 1.0, 2.0})
        yield spot.replaced(text, f"write {text} here", rare, SIGN if number < 0 else 6)
    if isinstance(node.value, int) and isinstance(spot.parent, ast.Subscript | ast.Tuple | ast.Slice):
        for count in spot.scene.counts:
            if count.isidentifier():
                yield spot.replaced(count, f"write {count} here", 1.0)
        for name, held in spot.scene.local.items():
            if isinstance(held, int) and not isinstance(held, bool) and name not in spot.scene.counts:
                yield spot.replaced(name, f"write {name} here", 1.0)


def written(number: float, *, like: str) -> str:
    """Return a number as the one whose place it takes is written."""
    if number == round(number):
        whole = str(int(number))
        return f"{whole}." if like.endswith(".") else f"{whole}.0" if "." in like and number else whole
    return repr(round(number, 12))
