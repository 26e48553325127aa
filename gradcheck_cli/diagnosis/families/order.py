"""The right numbers in the wrong places: within one gradient, or exchanged between two."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from gradcheck_cli.diagnosis.mistake import EXACT, FITTED, Guess, Mistake, TensorCase, WholeCase, WholeGuess

__all__ = ["TENSOR", "WHOLE"]


MOST_AXES = 4  # of which all orders are tried


def transposed(case: TensorCase) -> Iterator[Guess]:
    """Guess the transpose of a square gradient; of more than two axes, any order of them that leaves the shape."""
    right = case.expected
    if not 2 <= right.ndim <= MOST_AXES:
        return
    for axes in permutations(range(right.ndim)):
        value = right.transpose(axes)
        if list(axes) != sorted(axes) and value.shape == right.shape and right.size > 1:
            whole = "is the transpose of the right gradient"
            order = f"is the right gradient with its axes in the order {', '.join(map(str, axes))}"
            yield Guess(value, f"{{it}} {whole if right.ndim == 2 else order}")


def turned(case: TensorCase) -> Iterator[Guess]:
    """Guess an array of more than two axes that is turned round along some of them."""
    right = case.expected
    if 3 <= right.ndim <= MOST_AXES:
        for count in range(1, right.ndim + 1):
            for axes in combinations([k for k in range(right.ndim) if right.shape[k] > 1], count):
                words = f"ax{'is' if count == 1 else 'es'} {' and '.join(map(str, axes))}"
                yield Guess(np.flip(right, axes), f"{{it}} is the right gradient flipped along {words}")


def rearranged(case: TensorCase) -> Iterator[Guess]:
    """Guess a reshape in the wrong order, rows or columns shifted or turned round."""
    right, shape = case.expected, case.expected.shape
    if right.ndim != 2 or right.size < 2:
        return
    if shape[0] != shape[1]:
        yield Guess(right.T.reshape(shape), "{it} is the transpose of the right gradient, reshaped back")
    yield Guess(right.reshape(-1).reshape(shape, order="F"), "{it} is reshaped in column order instead of row order")
    for axis, word in ((0, "rows"), (1, "columns")):
        if shape[axis] > 1:
            yield Guess(np.flip(right, axis), f"{{it}} has its {word} in reverse order")
            for shift in range(1, min(shape[axis], 4)):
                for by in (shift, -shift):
                    yield Guess(np.roll(right, by, axis), f"{{it}} has its {word} shifted by {by}")


def along_an_axis(case: TensorCase) -> Iterator[Guess]:
    """Guess the slices along an axis in some other order; random sums of their entries tell them apart."""
    right, claim = case.expected, case.claim
    for axis in range(right.ndim if right.ndim > 1 else 0):
        count = right.shape[axis]
        lines, others = (np.moveaxis(array, axis, 0).reshape(count, -1) for array in (right, claim))
        weights = np.random.default_rng(0).normal(size=lines.shape[1])
        source = np.empty(count, dtype=np.intp)
        source[np.argsort(others @ weights, kind="stable")] = np.argsort(lines @ weights, kind="stable")
        moved = np.flatnonzero(source != np.arange(count))
        if moved.size:
            some = ", ".join(f"{k} has what belongs to {source[k]}" for k in moved[:3])
            what = f"{{it}} has its indices along axis {axis} in another order: {some}"
            yield Guess(right.take(source, axis), what + (", ..." if len(moved) > 3 else ""), fitted=0)


def permuted(case: TensorCase) -> Iterator[Guess]:
    """Guess the right entries in some other order: those that are wrong, among themselves."""
    moved = case.evidence.wrong_entries(case.name, case.expected).reshape(-1)
    right, claim = case.expected.reshape(-1)[moved], case.claim.reshape(-1)[moved]
    if np.unique(right).size < 2 or np.unique(case.expected).size < 3 or not np.isfinite(claim).all():
        return
    value = case.expected.reshape(-1).copy()
    value[np.flatnonzero(moved)[np.argsort(claim, kind="stable")]] = np.sort(right)
    yield Guess(value.reshape(case.expected.shape), "{it} has the right entries in the wrong order", fitted=0)


def copied(case: TensorCase) -> Iterator[Guess]:
    """Guess that the gradient of another parameter stands here."""
    for name, other in case.evidence.reference.items():
        if name != case.name and other.shape == case.expected.shape and other.any():
            yield Guess(other, f"{{it}} is the gradient of {name}")


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
        yield WholeGuess(values, f"{words} are swapped", where=f"d{pairs[0][0]}")


TENSOR = (
    Mistake("transposed", EXACT, transposed, "look for a transpose too many or too few in the line that computes {it}"),
    Mistake("permuted", EXACT, turned, "look for a flip, or for a correlation instead of a convolution"),
    Mistake("permuted", EXACT, rearranged, "look for a reshape or an index in the line that computes {it}"),
    Mistake("copied", EXACT, copied, "look for the wrong name on the right-hand side, or a wrong key of the result"),
    Mistake("permuted", FITTED, along_an_axis, "look at the order in which the parts along this axis are put together"),
    Mistake("permuted", FITTED, permuted, "look for a reshape, a sort or an index in the line that computes {it}"),
)
WHOLE = (Mistake("swapped", EXACT, swapped, "look for two names exchanged where the gradients are returned"),)
