"""Whether a derivative is linear, as it should be: a backward pass in its cotangents, a JVP in its tangents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["LARGE", "SAME", "Derivative", "Fault", "differs", "fault_of"]

Named = Mapping[str, Array]

LARGE = 2.0**20  # a power of two: multiplying by it rounds nothing
OF_SMALL = 1e-3  # relative: a solver's tolerance that is not relative is not linear, and no mistake
SAME = 1e-9  # relative: calls that must give the same, to the last bit or almost


@dataclass(frozen=True)
class Fault:
    """Something that a derivative must not do, whatever its numbers are."""

    code: str
    message: str
    help: str


@dataclass(frozen=True)
class Derivative:
    """What should be linear, and the words for it."""

    at: Callable[[Named], Named]
    """What it makes of arrays."""
    it: str
    """What it is called, as ``the backward pass``."""
    made: str
    """What it makes, as ``gradient``."""
    given: str
    """What it makes that of, as ``cotangents``."""
    before_names: str
    """What stands before the names of what it makes."""
    if_constant: str
    """Where to look if it is not zero at zero."""
    if_clipped: str
    """Where to look if it does not grow with what it is given."""


def fault_of(derivative: Derivative, known: Iterable[tuple[Named, Named]]) -> Fault | None:
    """Return the first thing that is wrong with how a derivative depends on what it is given; None if nothing is.

    The same comes of the same, nothing of zeros, -2^20 times as much of -2^20 times as much, and so for -2^-20.

    Parameters
    ----------
    derivative : Derivative
        What should be linear.
    known : iterable of (mapping, mapping)
        What it was given before, and what it made of that; the first is multiplied.
    """
    known = list(known)
    it, made, given = derivative.it, derivative.made, derivative.given
    if any(differs(derivative.at(arrays), before) for arrays, before in known):
        return Fault(
            "changes-its-cache",
            f"{it} returns a different {made} for the same {given} when it is called again",
            f"look for state kept between calls, for {made}s that accumulate, or for random numbers",
        )
    arrays, before = known[0]
    at_zero = derivative.at({name: np.zeros_like(values) for name, values in arrays.items()})
    if any(values.any() or not np.isfinite(values).all() for values in at_zero.values()):
        return _of_zero(derivative, at_zero)
    large = derivative.at({name: -LARGE * values for name, values in arrays.items()})
    if differs(large, {name: -LARGE * values for name, values in before.items()}):
        said = f"{it} does not scale: -2^20 times the {given} do not give -2^20 times the {made}"
        return Fault("clips", said, derivative.if_clipped)
    small = derivative.at({name: -values / LARGE for name, values in arrays.items()})
    if differs(small, {name: -values / LARGE for name, values in before.items()}, OF_SMALL):
        said = f"{it} does not scale: -2^-20 times the {given} do not give -2^-20 times the {made}"
        return Fault("not-linear", said, "look for a threshold below which what comes in is ignored")
    return None


def differs(found: Named, expected: Named, relative: float = SAME, absolute: float = 0.0) -> bool:
    """Whether derivatives differ by more than rounding makes of them; what is not finite differs."""
    with np.errstate(all="ignore"):
        return not all(
            np.all(np.abs(found[name] - values) <= relative * np.max(np.abs(values), initial=0.0) + absolute)
            for name, values in expected.items()
        )


def _of_zero(derivative: Derivative, made: Named) -> Fault:
    """Say what the largest of numbers is that should be zero."""
    name, values = max(made.items(), key=lambda item: float(np.max(np.nan_to_num(np.abs(item[1]), nan=np.inf))))
    what = f"{derivative.it} returns {derivative.before_names}{name}"
    if not np.isfinite(values).all():
        said = f"{what} not finite if the {derivative.given} are zero, expected zeros"
        return Fault("non-finite", said, "look for a division by what comes in, or by its norm")
    size = float(np.max(np.abs(values)))
    said = f"{what} up to {size:.1e} for {derivative.given} that are zero"
    return Fault("adds-a-constant", said, derivative.if_constant)
