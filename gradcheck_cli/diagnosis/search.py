"""Hold the guesses of many mistakes against the claim, and keep the best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from gradcheck_cli.diagnosis.mistake import (
    ENOUGH,
    EXACT,
    FITTED,
    LOOSE,
    NOTHING,
    RELATED,
    AnyGuess,
    Case,
    Fit,
    Hit,
    Mistake,
)

__all__ = ["search"]


def search(
    mistakes: Sequence[Mistake[Case, AnyGuess]],
    guesses: Callable[[Mistake[Case, AnyGuess]], Iterable[AnyGuess]],
    fit: Callable[[AnyGuess], Fit | None],
    equations: Callable[[AnyGuess], int],
) -> list[Hit[AnyGuess]]:
    """Return the best hits that there are: equals of each other, in the order of the catalogue.

    One that is right in every digit is better than one that is not; then the more special one is.

    Parameters
    ----------
    mistakes : sequence of Mistake
        What to try; the more special ones are tried first, the others only where none of these fits.
    guesses : callable
        Mistake -> its guesses.
    fit : callable
        Guess -> how near it comes to the claim, None where it does not explain the claim.
    equations : callable
        Guess -> how many independent numbers the claim tells of what it explains.
    """
    hits: list[Hit[AnyGuess]] = []
    for rank in (EXACT, FITTED, RELATED, LOOSE):
        for mistake in mistakes:
            if mistake.rank == rank:
                hits += best_of_one(mistake, guesses(mistake), fit, equations)
        if any(hit.rank <= rank and hit.is_exact for hit in hits) or (hits and rank == RELATED):
            break  # what is only described has to say nothing where something explains, be it nearly
    first = min((hit.order for hit in hits), default=None)
    return [hit for hit in hits if hit.order == first]


def best_of_one(
    mistake: Mistake[Case, AnyGuess],
    guesses: Iterable[AnyGuess],
    fit: Callable[[AnyGuess], Fit | None],
    equations: Callable[[AnyGuess], int],
) -> list[Hit[AnyGuess]]:
    """Return the first guess of a mistake that leaves nothing, or else the first that fits."""
    hits: list[Hit[AnyGuess]] = []
    for hit in fitting(mistake, guesses, fit):
        if not is_told(hit, equations):
            continue
        if hit.left <= NOTHING:
            return [hit]
        hits.append(hit)
    return hits[:1]


def is_told(hit: Hit[AnyGuess], equations: Callable[[AnyGuess], int]) -> bool:
    """Whether a claim tells more than the numbers that were fitted to it; of a relation, clearly more, and exactly."""
    if hit.rank == RELATED and hit.left > NOTHING:
        return False
    spare = {FITTED: 1, RELATED: ENOUGH}.get(hit.rank, 0)
    return not (spare and hit.guess.fitted) or equations(hit.guess) - hit.numbers >= spare


def fitting(
    mistake: Mistake[Case, AnyGuess], guesses: Iterable[AnyGuess], fit: Callable[[AnyGuess], Fit | None]
) -> Iterator[Hit[AnyGuess]]:
    """Yield the guesses of a mistake that explain the claim."""
    for guess in guesses:
        near = fit(guess)
        if near is not None:
            rank = mistake.rank if guess.rank is None else guess.rank
            yield Hit(guess.code or mistake.code, guess.help or mistake.help, rank, guess, near)
