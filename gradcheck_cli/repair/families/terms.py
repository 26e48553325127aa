"""A term too many, or one too few that stands elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.repair.scene import SUM, Proposal, Spot, operator_of

__all__ = ["proposals"]


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose to remove each side of a sum, and to add what is of the same shape."""
    node = spot.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        start, end = spot.span
        at, after = operator_of(spot.scene.source, node)
        yield spot.kept(start, start + len(spot.scene.source.content[start:at].rstrip()), "remove this term", 0.0)
        first = at if isinstance(node.op, ast.Sub) else end - len(spot.scene.source.content[after:end].lstrip())
        yield spot.kept(first, end, "remove this term", 0.3)
        if isinstance(node.op, ast.Sub):
            first = end - len(spot.scene.source.content[after:end].lstrip())
            yield spot.kept(first, end, "remove this term", 0.5)
    if (spot.is_whole and spot.site.kind == "value") or isinstance(spot.parent, ast.Call | ast.UnaryOp):
        yield from with_terms(spot)
    elif isinstance(spot.parent, ast.BinOp) and isinstance(spot.parent.op, ast.MatMult | ast.Mult):
        yield from with_terms(spot, rare=1.0)


def with_terms(spot: Spot, rare: float = 0.0) -> Iterator[Proposal]:
    """Propose to add a term that stands elsewhere, a constant of the loss, or the derivative of a penalty."""
    shape = spot.shape
    if shape is None or spot.is_whole_number:
        return
    whole = spot.itself(SUM)
    for term in [*spot.scene.terms, *(text for text, _ in spot.scene.arrays)]:
        other = spot.scene.shape(term)
        if other is not None and fits(other, shape) and term != spot.text:
            wrapped = f"({term})" if is_sum(term) else term
            own = 0.6 if other == shape else 1.2
            yield spot.replaced(f"{whole} + {wrapped}", f"add {term}", rare + own, SUM)
            yield spot.replaced(f"{whole} - {wrapped}", f"subtract {term}", rare + own, SUM)
    for number in spot.scene.numbers:
        yield spot.replaced(f"{whole} + {number}", f"add {number}", rare + 1.0, SUM)
        yield spot.replaced(f"{whole} - {number}", f"subtract {number}", rare + 1.0, SUM)
    yield from with_penalty(spot, whole, shape, rare)


def with_penalty(spot: Spot, whole: str, shape: tuple[int, ...], rare: float) -> Iterator[Proposal]:
    """Propose to add a constant times something of the same shape."""
    for scalar in spot.scene.scalars:
        for name, other in spot.scene.arrays:
            if other == shape and name not in {scalar, spot.text}:
                for term in (f"{scalar} * {name}", f"2 * {scalar} * {name}"):
                    yield spot.replaced(f"{whole} + {term}", f"add {term}", rare + 0.8, SUM)
                for count in spot.scene.counts[:6]:
                    term = f"{scalar} / {count} * {name}"
                    yield spot.replaced(f"{whole} + {term}", f"add {term}", rare + 1.0, SUM)


def fits(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    """Whether an array of one shape spreads over another and does not make it larger."""
    if len(shape) > len(into):
        return False
    return all(n in {1, m} for n, m in zip(reversed(shape), reversed(into), strict=False))


def is_sum(text: str) -> bool:
    """Whether a text would come apart in a sum."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return True
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)
