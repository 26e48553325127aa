"""What is said of the loss itself, beside the verdict: that it is coarse, or does not change with a parameter."""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.judging.ruling import Facts
from gradcheck_cli.vocabulary.results import ParameterResult, Verdict

__all__ = ["remarks"]

SINGLE = "the loss is computed in float32, so it is judged by its noise; gradients are best checked in float64"


def remarks(facts: Facts) -> Iterator[str]:
    """Say what was seen of the loss; where it is constant, that is a reason, and nothing else is worth a word."""
    if facts.constant:
        return
    if facts.single:
        yield SINGLE
    for p in facts.parameters:
        if p.name in facts.ignored:
            yield f"the loss does not change with {p.name}: {what_is_claimed(p)}"


def what_is_claimed(parameter: ParameterResult) -> str:
    """Say whether the claim is zero as well; one that passes is, to rounding."""
    if not parameter.analytic_norm:
        return "both gradients are zero there"
    right = parameter.verdict is Verdict.PASS
    return "the claimed gradient is zero to rounding" if right else "the claimed gradient is not zero"
