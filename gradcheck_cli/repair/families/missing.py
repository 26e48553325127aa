"""A factor too few: a name, a part of another product, the derivative of an activation."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.repair.families.terms import fits, is_sum
from gradcheck_cli.repair.scene import PRODUCT, Proposal, Spot

__all__ = ["proposals"]


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose to multiply a value by what spreads over it."""
    shape = spot.shape
    inner = isinstance(spot.parent, ast.BinOp) and isinstance(spot.parent.op, ast.MatMult)
    if not (spot.is_term or inner) or spot.is_whole_number or shape is None:
        return
    whole = spot.itself(PRODUCT)
    rare = 0.0 if spot.is_whole else 0.4
    for factor, more in factors(spot):
        other = spot.scene.shape(factor)
        if other is not None and fits(other, shape):
            wrapped = f"({factor})" if is_sum(factor) or ">" in factor else factor
            own = more + (0.0 if other in {shape, ()} else 0.6)
            yield spot.replaced(f"{whole} * {wrapped}", f"multiply by {factor}", rare + own, PRODUCT)


def factors(spot: Spot) -> Iterator[tuple[str, float]]:
    """Yield what may be missing, and how seldom it is."""
    told = set()
    for text in spot.scene.factors:
        told.add(text)
        yield text, 0.5
    for text, shape in spot.scene.arrays:
        if text not in told:
            yield text, 0.6
        if shape:
            yield f"1 - {text}", 1.0
            yield f"1 - {text} ** 2", 1.2
            yield f"{text} > 0", 1.2
            yield f"{text} * (1 - {text})", 1.4
