"""What a diagnosis is made from, and when a hypothesis counts as an explanation of it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.judging.agreement import agrees
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.parameters import Array, Parameters, norm
from gradcheck_cli.vocabulary.results import entry_name

__all__ = ["Evidence", "Sampled", "fitted", "largest_rows", "layer_of", "projection"]

UNEXPLAINED = 3e-4  # what a hypothesis may leave of the discrepancy: a wrong hint is worse than none
UNEXPLAINED_OF_FEW = 1e-6  # the same where there are so few entries that chance would often do better
FEW = 3
ROWS = 16  # of a matrix, that a few numbers are fitted to
CLEAR = 100  # floors that an entry must stand above to tell a number that is fitted
MOST_RANKED = 300  # rows and columns of a matrix whose rank is looked at
NO_RANK = 1e-9  # of the largest singular value
GLANCE = 500  # entries that are looked at first: most hypotheses fail there, and cost nothing more
FLOORS = 2.5  # an explanation goes through one more rounding than the right gradient: so many floors are free


class Sampled(NamedTuple):
    """Some of a parameter's entries."""

    shape: tuple[int, ...]
    """The parameter's."""
    positions: NDArray[np.intp]
    """Of the entries, counted row by row; of the shape of the arrays."""


@dataclass(frozen=True)
class Evidence:
    """A claimed gradient beside a trusted one, by parameter: W1, b1, ...; all mappings have the same keys."""

    parameters: Parameters
    """The point at which the gradient was checked."""
    analytic: Parameters
    """The gradient under test."""
    reference: Parameters
    """The trusted gradient."""
    floors: Parameters
    """What a right analytic value may be off by, entry by entry."""
    single_floors: Parameters
    """The same for a value that was computed in float32."""
    network: Network | None = None
    """What the gradient belongs to; None where only the two gradients are known."""
    is_guess: bool = False
    """Whether the network only may be what the gradient belongs to: a user's own loss is checked beside it."""
    divisor: float | None = None
    """What the loss's sum over the samples is divided by; None where that is their number."""
    is_turned: bool = False
    """Whether the user's weights are the transposes of the network's, for samples are rows."""
    threshold: float = 2e-7
    """The relative error that a right value may have besides."""
    samples: Mapping[str, Sampled] = field(default_factory=dict)
    """Of which parameters the arrays are a sample."""

    @cached_property
    def depth(self) -> int:
        """The number L of layers where the parameters are W1, b1, ..., WL, bL; otherwise 0."""
        layers = len(self.parameters) // 2
        names = {f"{kind}{l}" for kind in "Wb" for l in range(1, layers + 1)}
        return layers if names == set(self.parameters) else 0

    def entry_name(self, name: str, k: int) -> str:
        """Name the k-th entry of an array by its place in the parameter."""
        if name not in self.samples:
            return entry_name(name, self.parameters[name].shape, k)
        return entry_name(name, self.samples[name].shape, int(self.samples[name].positions.flat[k]))

    def extent(self, name: str) -> str:
        """Say how many entries are here where they are not all."""
        if name not in self.samples:
            return ""
        return f" (looking at {self.parameters[name].size:,} of {math.prod(self.samples[name].shape):,} entries)"

    def wrong_entries(self, name: str, expected: Array) -> NDArray[np.bool_]:
        """Return where the claim is off from `expected` by more than its floor and the threshold explain."""
        return ~agrees(self.analytic[name], expected, expected, self.floors[name], self.threshold)

    def agrees(self, name: str, expected: Array) -> bool:
        """Whether the claim is what `expected` says, entry by entry."""
        return not self.wrong_entries(name, expected).any()

    def equations(self, name: str, expected: Array, clear: float = CLEAR) -> int:
        """Return how many independent numbers a claim tells: an entry at its floor tells nothing, two alike tell one.

        A matrix of n rows, k columns and rank r has but r (n + k - r) of them.
        """
        claim, floor = self.analytic[name], self.floors[name]
        pairs = np.stack([claim, expected], axis=-1)
        live = (np.abs(pairs) > clear * floor[..., np.newaxis]).any(axis=-1)
        told = len(np.unique(pairs[live].astype(np.float32), axis=0)) if live.any() else 0
        if claim.ndim != 2 or not 1 < min(claim.shape) <= MOST_RANKED:
            return told
        rank = max(rank_of(claim), rank_of(expected))
        return min(told, rank * (sum(claim.shape) - rank))

    def discrepancy(self, name: str, expected: Array) -> float:
        """Return the length of claim - expected."""
        return norm(self.analytic[name] - expected)

    def explains(self, name: str, explanation: Array, discrepancy: float) -> bool:
        """Whether `explanation` leaves next to nothing of a discrepancy of that length."""
        limit = (UNEXPLAINED if explanation.size > FEW else UNEXPLAINED_OF_FEW) * discrepancy
        step = explanation.size // GLANCE
        if step > 1 and self.unexplained(name, explanation, step) > limit:
            return False
        return self.unexplained(name, explanation) <= limit

    def unexplained(self, name: str, explanation: Array, step: int = 1) -> float:
        """Return the length of claim - explanation, after the floors; of every `step`-th entry only."""
        claim, floor = self.analytic[name].reshape(-1)[::step], self.floors[name].reshape(-1)[::step]
        left = np.abs(claim - explanation.reshape(-1)[::step]) - FLOORS * floor
        return norm(np.maximum(left, 0))


def projection(claim: Array, on: Array) -> float:
    """Return the c for which c * on is nearest to the claim; 0 where `on` vanishes."""
    largest = float(np.max(np.abs(on), initial=0.0))
    if largest == 0:
        return 0.0
    scaled = on / largest
    return float(np.sum(claim * scaled) / np.sum(scaled**2)) / largest


def rank_of(matrix: Array) -> int:
    """Return the rank of a matrix, rounding left out."""
    sizes = np.linalg.svd(matrix, compute_uv=False)
    return int(np.sum(sizes > NO_RANK * sizes[0]))


def fitted(claim: Array, *bases: Array) -> Array:
    """Return the numbers c for which the sum of c_k times the k-th basis is nearest to the claim.

    A basis that vanishes, or is a multiple of those before it, gets what least squares of the shortest length give it.
    """
    columns = np.stack([np.ravel(basis) for basis in bases], axis=1)
    sizes = np.max(np.abs(columns), axis=0, initial=0.0)
    sizes[sizes == 0] = 1
    return np.asarray(np.linalg.lstsq(columns / sizes, np.ravel(claim), rcond=None)[0] / sizes)


def largest_rows(matrix: Array) -> NDArray[np.intp]:
    """Return the rows that numbers are fitted to: of many, the largest; what they give is then held against all."""
    sizes = np.sum(matrix**2, axis=1)
    return np.sort(np.argsort(-sizes, kind="stable")[:ROWS])


def layer_of(parameter: str) -> int | None:
    """Return l for W_l and b_l, None for any other name."""
    match = re.fullmatch(r"[Wb]([1-9]\d*)", parameter)
    return int(match[1]) if match else None
