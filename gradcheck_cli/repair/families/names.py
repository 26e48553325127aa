"""One name for another: its neighbour by a digit, or one that holds the same shape."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from gradcheck_cli.repair.scene import Proposal, Spot

__all__ = ["proposals"]


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose other names."""
    node = spot.node
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and isinstance(spot.parent, ast.Subscript):
        yield from other_keys(spot, node.value)
    if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return
    if isinstance(spot.parent, ast.Call) and spot.parent.func is node:
        return
    text, told, shape = spot.text, {spot.text}, spot.shape
    whole = spot.is_whole_number
    for name, other in spot.scene.arrays:
        if name in told:
            continue
        same = shape is not None and other == shape and isinstance(spot.scene.value(name), int) == whole
        near = alike(text, name)
        if same or near:
            told.add(name)
            yield spot.replaced(name, f"write {name} here", 0.1 if same and near else 0.6 if same else 1.0)
    if whole:
        for count in spot.scene.counts:
            if count not in told:
                yield spot.replaced(count, f"write {count} here", 0.9)


def other_keys(spot: Spot, key: str) -> Iterator[Proposal]:
    """Propose other keys that the code names."""
    quote = spot.text[:1]
    known = {k for atom in spot.scene.atoms for k in re.findall(r"""\[['"](\w+)['"]\]""", atom)}
    for name in sorted(known - {key}):
        yield spot.replaced(f"{quote}{name}{quote}", f"the key {name}", 0.3 if alike(key, name) else 1.0)


def alike(name: str, other: str) -> bool:
    """Whether two names differ by a digit, or by one letter, or begin alike."""
    if re.sub(r"\d", "#", name) == re.sub(r"\d", "#", other):
        return True
    if len(name) == len(other) and sum(a != b for a, b in zip(name, other, strict=True)) == 1:
        return True
    return other in {f"d{name}", name[1:]}
