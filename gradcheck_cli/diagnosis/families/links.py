"""The ratio to the right gradient is a known function of the entry itself: the derivative of a link is missing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.evidence import projection
from gradcheck_cli.diagnosis.mistake import RELATED, Guess, Mistake, TensorCase
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["TENSOR"]


def missing(case: TensorCase) -> Iterator[Guess]:
    """Guess that {it} times the derivative of a link is the right gradient, or that it has the derivative too much."""
    if not np.ptp(case.parameter):  # of entries that are all alike, any function is a constant factor
        return
    with np.errstate(all="ignore"):
        forms = list(derivatives(case.parameter, case.name))
    for slope, words in forms:
        for value, relation in (
            (np.divide(case.expected, slope, out=np.zeros_like(slope), where=slope != 0), f"lacks {words}"),
            (case.expected * slope, f"has {words} once too often"),
        ):
            if np.isfinite(value).all():
                c = projection(case.claim, value)
                yield Guess(c * value, f"{{it}} {relation} at every entry{stray(c)}", fitted=1)


def stray(c: float) -> str:
    """Say by what constant it is off besides."""
    return "" if abs(c - 1) <= 1e-6 else f", and a factor of {c:.6g}"


def derivatives(V: Array, name: str) -> Iterator[tuple[Array, str]]:
    """Yield what a reparametrisation multiplies with."""
    s, t = 1 / (1 + np.exp(-V)), np.tanh(V)
    yield s * (1 - s), f"sigmoid'({name})"
    yield s, f"sigmoid({name}), the derivative of softplus,"
    yield np.exp(V), f"exp({name})"
    yield 1 - t**2, f"1 - tanh({name})^2"
    yield V, f"a factor {name}"
    yield V**2, f"a factor {name}^2"
    yield 1 - V**2, f"1 - {name}^2"
    yield V * (1 - V), f"{name} (1 - {name})"
    yield np.cos(V), f"cos({name})"


TENSOR = (
    Mistake("link-derivative", RELATED, missing, "look for a chain rule that leaves out, or repeats, this factor"),
)
