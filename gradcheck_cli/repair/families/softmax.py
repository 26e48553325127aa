"""The derivative of a softmax without what its normalisation adds, and a probability without its label."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from gradcheck_cli.repair.scene import SUM, Proposal, Spot

__all__ = ["proposals"]


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose ``d - sum(d * p)`` for d beside a factor p, and ``p[j] - (j == y[i])`` for p[j]."""
    node, source = spot.node, spot.scene.source
    if isinstance(spot.parent, ast.BinOp) and isinstance(spot.parent.op, ast.Mult) and isinstance(node, ast.Name):
        other = spot.parent.left if node is spot.parent.right else spot.parent.right
        p = source.text(other)
        if isinstance(other, ast.Name) and len(spot.shape or ()) == 2:
            for axis in (1, 0):
                text = f"{node.id} - np.sum({node.id} * {p}, axis={axis}, keepdims=True)"
                yield spot.replaced(text, "a softmax has this term too", 0.6, SUM)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name) and isinstance(node.ctx, ast.Load):
        j = node.slice.id
        for text in spot.scene.atoms:
            label = spot.scene.value(text)
            if "[" in text and isinstance(label, int | np.integer) and text != spot.text:
                yield spot.replaced(f"{spot.text} - ({j} == {text})", "less 1 at the label", 1.0, SUM)
