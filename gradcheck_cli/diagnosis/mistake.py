"""The form in which a family declares its mistakes.

A mistake has one of three scopes. A *tensor* mistake is made in the line that computes one dW_l or db_l (or the
gradient of any parameter); a *delta* mistake in the line that computes dZ_l, so that dW_l, db_l and everything below
it are spoiled; a *whole* mistake is made to all gradients at once. Each is a function that, from what is expected
there, makes the guesses that the engine holds against the claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from gradcheck_cli.diagnosis.evidence import Evidence, layer_of
from gradcheck_cli.diagnosis.propagation import Propagation
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = [
    "ENOUGH",
    "EXACT",
    "FITTED",
    "LOOSE",
    "NOTHING",
    "RELATED",
    "DeltaCase",
    "DeltaMistake",
    "Fit",
    "Guess",
    "Hit",
    "Mistake",
    "TensorCase",
    "TensorMistake",
    "WholeCase",
    "WholeGuess",
    "WholeMistake",
]

ENOUGH = 3  # independent equations beyond the fitted numbers: with fewer, other mistakes fit as well
NOTHING = 1e-7  # of the discrepancy: what an explanation leaves that is right in every digit
EXACT, FITTED, RELATED, LOOSE = 0, 1, 2, 3
"""How special a mistake is: nothing is fitted to the claim; one number is; some are, and many more equations hold to
the last digit; many are, or it is only described."""


@dataclass(frozen=True)
class Guess:
    """What would stand in the claim if a certain mistake had been made."""

    value: Array
    """The gradient of the parameter, or dZ_l, with the mistake."""
    message: str
    """The relation in one line; ``{it}`` stands for the place."""
    help: str = ""
    """What to look for; the mistake's own text where there is none."""
    code: str = ""
    """The mistake's code; another one where the numbers say so."""
    factor: float | None = None
    positions: tuple[int, ...] = ()
    """The entries that are wrong, counted row by row, where they are few."""
    rank: int | None = None
    """How special this guess is; the mistake's rank where there is none."""
    fitted: int | None = None
    """How many numbers were fitted to the claim; what its rank says where it is not told."""


@dataclass(frozen=True)
class WholeGuess:
    """What all gradients would be if a certain mistake had been made."""

    values: Mapping[str, Array]
    """The gradients that the mistake changes."""
    message: str
    where: str = "all"
    help: str = ""
    code: str = ""
    factor: float | None = None
    rank: int | None = None
    fitted: int | None = None
    """How many numbers were fitted to the claim; what its rank says where it is not told."""


@dataclass(frozen=True)
class TensorCase:
    """One parameter's gradient that is wrong, with all that is known about it."""

    evidence: Evidence
    name: str
    expected: Array
    """What should stand there, mistakes found before included."""
    propagation: Propagation | None

    @property
    def claim(self) -> Array:
        """The gradient under test."""
        return self.evidence.analytic[self.name]

    @property
    def parameter(self) -> Array:
        """The parameter itself."""
        return self.evidence.parameters[self.name]

    @property
    def is_weight(self) -> bool:
        """Whether it is some W_l."""
        return self.name[0] == "W" and layer_of(self.name) is not None

    @property
    def is_bias(self) -> bool:
        """Whether it is some b_l."""
        return self.name[0] == "b" and layer_of(self.name) is not None

    @property
    def l(self) -> int:  # noqa: E743
        """The layer; 0 where the parameter belongs to none."""
        return layer_of(self.name) or 0


@dataclass(frozen=True)
class DeltaCase:
    """A dZ_l that is wrong, in a network whose steps above it are known."""

    evidence: Evidence
    propagation: Propagation
    l: int

    @property
    def expected(self) -> Array:
        """What dZ_l should be, mistakes found before included."""
        return self.propagation.dZ[self.l]


@dataclass(frozen=True)
class WholeCase:
    """All gradients, with what they should be."""

    evidence: Evidence
    expected: Parameters
    propagation: Propagation | None


Case = TypeVar("Case", TensorCase, DeltaCase, WholeCase)
AnyGuess = TypeVar("AnyGuess", Guess, WholeGuess)


@dataclass(frozen=True)
class Mistake(Generic[Case, AnyGuess]):
    """One entry of the catalogue."""

    code: str
    rank: int
    guesses: Callable[[Case], Iterator[AnyGuess]]
    help: str
    """What to look for."""
    scalable: bool = False
    """Of a dZ_l: whether it is also tried with one of the usual factors on top."""


TensorMistake: TypeAlias = Mistake[TensorCase, Guess]
DeltaMistake: TypeAlias = Mistake[DeltaCase, Guess]
WholeMistake: TypeAlias = Mistake[WholeCase, WholeGuess]


class Fit(NamedTuple):
    """How near a guess comes to the claim."""

    left: float
    """The share of the discrepancy that it leaves."""
    agrees: bool
    """Whether the claim agrees with it at every entry, by the rule of the check itself."""


@dataclass(frozen=True)
class Hit(Generic[AnyGuess]):
    """A guess that explains the claim, with the mistake that made it."""

    code: str
    """The kind of mistake."""
    help: str
    """What to look for."""
    rank: int
    """How special it is."""
    guess: AnyGuess
    fit: Fit

    @property
    def left(self) -> float:
        """The share of the discrepancy that the guess leaves."""
        return self.fit.left

    @property
    def is_exact(self) -> bool:
        """Whether it leaves nothing that could be seen; else it explains the claim but nearly."""
        return self.left <= NOTHING or self.fit.agrees

    @property
    def numbers(self) -> int:
        """How many numbers were fitted to the claim."""
        return int(self.rank == FITTED) if self.guess.fitted is None else self.guess.fitted

    @property
    def order(self) -> tuple[bool, int, bool, int]:
        """What decides between two hits: one that is exact, then the more special one, then one that leaves nothing.

        Of two relations it is the one with fewer numbers, of which the other is but a wider form.
        """
        return not self.is_exact, self.rank, self.left > NOTHING, self.numbers if self.rank == RELATED else 0
