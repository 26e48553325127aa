"""An index one off, a whole axis where single places are meant."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.repair.scene import SUM, Proposal, Spot

__all__ = ["proposals"]


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose neighbouring indices."""
    node = spot.node
    inside = isinstance(spot.parent, ast.Subscript) and spot.parent.value is not node
    inside |= isinstance(spot.parent, ast.Slice) or (isinstance(spot.parent, ast.Tuple) and spot.shape == ())
    if inside and isinstance(node, ast.Name):
        for step in ("+ 1", "- 1"):
            yield spot.replaced(f"{node.id} {step}", f"{node.id} {step}", 0.4, SUM)
        for name, held in spot.scene.local.items():
            if name != node.id and isinstance(held, int) and not isinstance(held, bool):
                yield spot.replaced(name, f"write {name} here", 0.8)
    if isinstance(node, ast.Slice) and node.lower is node.upper is None and isinstance(spot.parent, ast.Tuple):
        for count in spot.scene.counts:
            if count.isidentifier() or count.startswith("len("):
                yield spot.replaced(f"np.arange({count})", f"np.arange({count}), not all", 1.0)
