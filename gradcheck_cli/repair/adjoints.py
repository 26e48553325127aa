"""Measured adjoints: what the derivative of the loss is with respect to each value that the user's forward code has.

A value is moved where it stands, by a probe, and the loss is asked for: six losses a value show which of the backward
code's values may be its adjoint, however large it is. The whole adjoint takes four losses an entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

import numpy as np

from gradcheck_cli.diagnosis.propagation import Propagation
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.repair.probes import Noted, Probes
from gradcheck_cli.repair.program import Program
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["KNOWN", "Adjoint", "Known", "Measured", "measured_adjoints", "network_adjoints", "ratio"]

DIRECTIONS = 3
STEP = 1e-4  # of the size of a value
KNOWN = -1  # the spot of what needs no measurement
SAME = 1e-5  # relative: what slopes along a direction may differ by
MOST_VALUES = 60
MOST_WHOLE = 300  # entries of a value whose adjoint is measured whole


class Adjoint(Protocol):
    """A value of the forward code, and the derivative of the loss with respect to it."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def spot(self) -> int:
        """Where it was given."""

    @property
    def value(self) -> Array:
        """It itself."""

    def multiple(self, claimed: Array) -> float | None:
        """Return which positive or negative multiple of it something of its shape is; None where it is none."""

    def whole(self) -> Array | None:
        """Return all of it; None where it is too large."""


@dataclass(frozen=True)
class Known:
    """An adjoint that is known."""

    name: str
    value: Array
    adjoint: Array
    spot: int = KNOWN

    def multiple(self, claimed: Array) -> float | None:
        """Return which multiple of it something is."""
        return ratio(claimed.ravel(), self.adjoint.ravel())

    def whole(self) -> Array:
        """Return it."""
        return self.adjoint


@dataclass(frozen=True)
class Measured:
    """An adjoint that is measured, along some directions at first."""

    name: str
    spot: int
    value: Array
    slope: Callable[[Array, float], float]
    """(direction, step) -> the difference quotient of the loss."""
    directions: Sequence[Array]

    @cached_property
    def slopes(self) -> Array:
        """The slopes along the directions."""
        return np.array([self.slope(u, STEP * self.size) for u in self.directions])

    @property
    def size(self) -> float:
        """The usual size of an entry."""
        return float(np.sqrt(np.mean(self.value**2))) or 1.0

    def multiple(self, claimed: Array) -> float | None:
        """Return which multiple of it something is, as far as the directions show."""
        return ratio(np.array([np.vdot(claimed, u) for u in self.directions]), self.slopes)

    def whole(self) -> Array | None:
        """Measure all of it."""
        if self.value.size > MOST_WHOLE:
            return None
        found = np.empty(self.value.size)
        for k in range(self.value.size):
            unit = np.zeros(self.value.shape)
            unit.flat[k] = 1.0
            step = 10 * STEP * self.size
            found[k] = (4 * self.slope(unit, step) - self.slope(unit, 2 * step)) / 3
        return np.reshape(found, self.value.shape)


def ratio(claimed: Array, right: Array) -> float | None:
    """Return by what `right` is multiplied in `claimed`; None where there is no such number.

    A single number is a multiple of any other: of one alone only a plain multiple counts.
    """
    square = float(np.vdot(right, right))
    if not (np.isfinite(claimed).all() and 0 < square < np.inf):
        return None
    factor = float(np.vdot(claimed, right)) / square
    off = np.max(np.abs(claimed - factor * right))
    if not factor or off > SAME * np.max(np.abs(claimed)):
        return None
    plain = min(abs(abs(factor) - n) for n in range(1, 10)) <= SAME
    several = np.count_nonzero(np.abs(right) > SAME * np.max(np.abs(right))) > 1
    return factor if several or plain else None


def measured_adjoints(
    probes: Probes, program: Program, loss: Callable[[], float], random: np.random.Generator
) -> list[Measured]:
    """Return the adjoint of every value that the code of the loss gives a name, in the order of its run."""
    probes.run(program, loss)
    noted = probes.noted[:MOST_VALUES]

    def slope(one: Noted, direction: Array, step: float) -> float:
        ends = [
            float(probes.run(program, loss, {(one.spot, one.turn): partial(np.add, sign * step * direction)}))
            for sign in (1.0, -1.0)
        ]
        return (ends[0] - ends[1]) / (2 * step)

    return [
        Measured(
            one.name,
            one.spot,
            one.value,
            partial(slope, one),
            [random.normal(size=one.value.shape) for _ in range(DIRECTIONS)],
        )
        for one in noted
    ]


def network_adjoints(network: Network) -> list[Known]:
    """Return the adjoints of a network's Z and A, which need no loss."""
    right, m = Propagation.of(network), network.sample_count
    found = [Known(f"Z{l}", right.Z(l), right.dZ[l] / m) for l in right.dZ]
    found += [Known(f"A{l}", right.A(l), right.dA[l] / m) for l in right.dA]
    return sorted(found, key=lambda one: (one.name[1:], one.name[0] == "A"))
