"""The right numbers in the wrong places: within one gradient, or exchanged between two."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.mistake import EXACT, FITTED, Guess, Mistake, TensorCase, WholeCase, WholeGuess

__all__ = ["TENSOR", "WHOLE"]


def transposed(case: TensorCase) -> Iterator[Guess]:
    """Guess the transpose of a square gradient."""
    if case.expected.ndim == 2 and case.expected.shape[0] == case.expected.shape[1] > 1:
        yield Guess(case.expected.T, "{it} is the transpose of the right gradient")


def rearranged(case: TensorCase) -> Iterator[Guess]:
    """Guess a reshape in the wrong order, rows or columns shifted or turned round."""
    right, shape = case.expected, case.expected.shape
    if right.ndim != 2 or right.size < 2:
        return
    yield Guess(right.T.reshape(shape), "{it} is the transpose of the right gradient, reshaped back")
    yield Guess(right.reshape(-1).reshape(shape, order="F"), "{it} is reshaped in column order where row order is due")
    for axis, word in ((0, "rows"), (1, "columns")):
        if shape[axis] > 1:
            yield Guess(np.flip(right, axis), f"{{it}} has its {word} in reverse order")
            for shift in range(1, min(shape[axis], 4)):
                for by in (shift, -shift):
                    yield Guess(np.roll(right, by, axis), f"{{it}} has its {word} shifted by {by}")


def permuted(case: TensorCase) -> Iterator[Guess]:
    """Guess the right entries in some other order: those that are wrong, among themselves."""
    moved = case.evidence.wrong_entries(case.name, case.expected).reshape(-1)
    right, claim = case.expected.reshape(-1)[moved], case.claim.reshape(-1)[moved]
    if np.unique(right).size < 2 or np.unique(case.expected).size < 3 or not np.isfinite(claim).all():
        return
    value = case.expected.reshape(-1).copy()
    value[np.flatnonzero(moved)[np.argsort(claim, kind="stable")]] = np.sort(right)
    yield Guess(value.reshape(case.expected.shape), "{it} has the right entries in the wrong order")


def copied(case: TensorCase) -> Iterator[Guess]:
    """Guess that the gradient of another parameter stands here."""
    for name, other in case.evidence.reference.items():
        if name != case.name and other.shape == case.expected.shape and other.any():
            yield Guess(other, f"{{it}} holds the gradient of {name}")


def swapped(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess that parameters of one shape have each other's gradients: one pair, or W and b of two layers."""
    right, wrong = case.expected, [n for n in case.expected if not case.evidence.agrees(n, case.expected[n])]
    pairs = [
        (one, other)
        for k, one in enumerate(wrong)
        for other in wrong[k + 1 :]
        if right[one].shape == right[other].shape
        and case.evidence.explains(one, right[other], case.evidence.discrepancy(one, right[one]))
        and case.evidence.explains(other, right[one], case.evidence.discrepancy(other, right[other]))
    ]
    if pairs:
        values = {name: right[other] for pair in pairs for name, other in (pair, pair[::-1])}
        words = ", ".join(f"d{one} and d{other}" for one, other in pairs)
        yield WholeGuess(values, f"{words} stand in each other's place", where=f"d{pairs[0][0]}")


TENSOR = (
    Mistake("transposed", EXACT, transposed, "look for a transpose too many or too few in the line that computes {it}"),
    Mistake("permuted", EXACT, rearranged, "look for a reshape or an index in the line that computes {it}"),
    Mistake("copied", EXACT, copied, "look for the wrong name on the right-hand side, or a wrong key of the result"),
    Mistake("permuted", FITTED, permuted, "look for a reshape, a sort or an index in the line that computes {it}"),
)
WHOLE = (Mistake("swapped", EXACT, swapped, "look for two names exchanged where the gradients are returned"),)
