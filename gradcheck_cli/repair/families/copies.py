"""What the loss computes under the same name, and what stands elsewhere with the same shape."""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.repair.scene import Proposal, Spot

__all__ = ["proposals"]


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose the expressions of other places."""
    if spot.site.kind != "value":
        return
    shape, text = spot.shape, spot.text
    for other in spot.scene.wholes:
        if other.text == text:
            continue
        same_name = bool(set(other.names) & set(spot.site.names))
        there = spot.scene.shape(other.text)
        if spot.is_whole and same_name and other.forward and (there is not None or shape is None):
            yield spot.replaced(other.text, "as the loss has it", 0.0, other.level)
        elif shape is not None and shape != () and there == shape:
            yield spot.replaced(other.text, "as it is elsewhere", 2.0, other.level)
