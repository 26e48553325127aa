"""Hold the guesses of many mistakes against the claim, and keep the best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from gradcheck_cli.diagnosis.mistake import EXACT, FITTED, LOOSE, NOTHING, RELATED, AnyGuess, Case, Hit, Mistake

__all__ = ["search"]


def search(
    mistakes: Sequence[Mistake[Case, AnyGuess]],
    guesses: Callable[[Mistake[Case, AnyGuess]], Iterable[AnyGuess]],
    left: Callable[[AnyGuess], float | None],
) -> list[Hit[AnyGuess]]:
    """Return the most special hits that there are: equals of each other, in the order of the catalogue.

    Parameters
    ----------
    mistakes : sequence of Mistake
        What to try; the more special ones are tried first, the others only where none of these fits.
    guesses : callable
        Mistake -> its guesses.
    left : callable
        Guess -> the share of the discrepancy that it leaves, None where it does not explain the claim.
    """
    hits: list[Hit[AnyGuess]] = []
    for rank in (EXACT, FITTED, RELATED, LOOSE):
        for mistake in mistakes:
            if mistake.rank == rank:
                hits += best_of_one(mistake, guesses(mistake), left)
        if any(hit.rank <= rank for hit in hits):
            break
    first = min((hit.order for hit in hits), default=None)
    return [hit for hit in hits if hit.order == first]


def best_of_one(
    mistake: Mistake[Case, AnyGuess], guesses: Iterable[AnyGuess], left: Callable[[AnyGuess], float | None]
) -> list[Hit[AnyGuess]]:
    """Return the first guess of a mistake that leaves nothing, or else the first that fits."""
    hits: list[Hit[AnyGuess]] = []
    for hit in fitting(mistake, guesses, left):
        if hit.left <= NOTHING:
            return [hit]
        hits.append(hit)
    return hits[:1]


def fitting(
    mistake: Mistake[Case, AnyGuess], guesses: Iterable[AnyGuess], left: Callable[[AnyGuess], float | None]
) -> Iterator[Hit[AnyGuess]]:
    """Yield the guesses of a mistake that explain the claim."""
    for guess in guesses:
        share = left(guess)
        if share is not None:
            rank = mistake.rank if guess.rank is None else guess.rank
            if rank != RELATED or share <= NOTHING:
                yield Hit(guess.code or mistake.code, guess.help or mistake.help, rank, guess, share)
