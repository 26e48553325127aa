"""Wrong in some entries only: zeros, one entry, rows, columns, signs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.diagnosis.evidence import projection
from gradcheck_cli.diagnosis.mistake import EXACT, LOOSE, DeltaCase, Guess, Mistake, TensorCase
from gradcheck_cli.vocabulary.parameters import Array, norm

__all__ = ["DELTA", "TENSOR", "TENSOR_FIRST"]

NOTHING_LEFT = 1e-14  # of the right gradient's largest entry: a claim that is smaller everywhere is zero
MANY = 20  # times as many entries as are wrong: then they are few


def zero(case: TensorCase) -> Iterator[Guess]:
    """Guess that the gradient was never filled in; in a network with a regulariser, that only its term was."""
    if not np.max(np.abs(case.claim), initial=0.0) > NOTHING_LEFT * np.max(np.abs(case.expected), initial=0.0):
        rounding = " but for rounding" if case.claim.any() else ""
        yield Guess(np.zeros_like(case.expected), f"{{it}} is zero at every entry{rounding}")
    elif case.propagation is not None and case.is_weight and case.propagation.network.l2:
        yield Guess(case.propagation.regulariser(case.l), "{it} is the regulariser term alone; the data term is zero")


def zero_delta(case: DeltaCase) -> Iterator[Guess]:
    """Guess that nothing flows back through this layer."""
    yield Guess(np.zeros_like(case.expected), f"{{it}} is zero: nothing flows back through layer {case.l}")


def absolute(case: TensorCase) -> Iterator[Guess]:
    """Guess |gradient|."""
    turned = case.expected[case.expected != np.abs(case.expected)]
    if turned.size > 1 or case.expected.size > 2:
        yield Guess(np.abs(case.expected), "{it} is the absolute value of the right gradient")


def signs(case: TensorCase) -> Iterator[Guess]:
    """Guess the right sizes with some signs turned round."""
    turned = case.evidence.wrong_entries(case.name, case.expected)
    if turned.sum() > 1 and case.expected.size > 3:
        value = np.where(turned, -case.expected, case.expected)
        message = f"{{it}} has the wrong sign at {turned.sum()} of {turned.size} entries"
        yield Guess(value, message, positions=positions(turned))


def single_entry(case: TensorCase) -> Iterator[Guess]:
    """Describe one wrong entry among others that are right."""
    wrong = case.evidence.wrong_entries(case.name, case.expected)
    if wrong.sum() == 1 < wrong.size:
        k = int(np.argmax(wrong))
        message = f"{{it}} is wrong at one entry only: {relation(case.claim.flat[k], case.expected.flat[k])}"
        yield Guess(np.where(wrong, case.claim, case.expected), message, positions=(k,))


def relation(claim: float, right: float) -> str:
    """Say how a wrong number stands to the right one."""
    if claim == 0:
        return f"0 instead of {right:.6e}"
    ratio = f", {claim / right:.7g} times" if right and abs(claim / right) < 1e6 else ""
    return f"{claim:.6e} instead of {right:.6e}{ratio}"


def few_entries(case: TensorCase) -> Iterator[Guess]:
    """Describe some wrong entries among many that are right."""
    wrong = case.evidence.wrong_entries(case.name, case.expected)
    if 1 < wrong.sum() <= wrong.size / MANY:
        factor = common_factor(case.claim[wrong], case.expected[wrong])
        how = "" if factor is None else f": {factor:g} times the right one" if factor else ": they are zero"
        message = f"{{it}} is wrong at {wrong.sum()} entries only{how}"
        yield Guess(np.where(wrong, case.claim, case.expected), message, positions=positions(wrong))


def rows(case: TensorCase) -> Iterator[Guess]:
    """Describe a wrong row among others that are right."""
    yield from lines("row", case.claim, case.expected, case.evidence.wrong_entries(case.name, case.expected))


def columns(case: TensorCase) -> Iterator[Guess]:
    """Describe a wrong column among others that are right."""
    wrong = case.evidence.wrong_entries(case.name, case.expected)
    if wrong.ndim == 2:
        for guess in lines("column", case.claim.T, case.expected.T, wrong.T):
            yield Guess(guess.value.T, guess.message, positions=positions(wrong))


def lines(word: str, claim: Array, expected: Array, wrong: NDArray[np.bool_]) -> Iterator[Guess]:
    """Describe a wrong row of `claim`; all three arrays may be transposed."""
    if wrong.ndim != 2 or min(wrong.shape) < 2:
        return
    hit = np.asarray(wrong.any(axis=1))
    if hit.sum() == 1 and wrong.sum() > 1:
        how = line_relation(claim[hit], expected[hit], expected)
        which = int(np.argmax(hit))
        value, at = np.where(hit[:, None], claim, expected), f"{word} {which}"
        yield Guess(value, f"{{it}} is wrong in {at} only: {how}", positions=positions(wrong))


def line_relation(claim: Array, right: Array, everything: Array) -> str:
    """Say how a wrong line stands to the right ones."""
    factor = common_factor(claim, right)
    if factor is not None:
        return f"{factor:g} times the right one" if factor else "it is zero there"
    for k, line in enumerate(everything):
        if np.allclose(claim, line, rtol=1e-9, atol=0):
            return f"it has what belongs to index {k}"
    return "no simple relation to what is right"


def common_factor(claim: Array, right: Array) -> float | None:
    """Return the c with claim = c * right, None where there is none."""
    factor = projection(claim, right)
    return factor if norm(claim - factor * right) <= 1e-6 * norm(claim - right) else None


def positions(wrong: NDArray[np.bool_]) -> tuple[int, ...]:
    """Return where `wrong` holds, counted row by row."""
    return tuple(np.flatnonzero(wrong).tolist())


TENSOR_FIRST = (Mistake("zero", EXACT, zero, "look for a gradient that is never filled in, or overwritten with zeros"),)
TENSOR = (
    Mistake("absolute-values", EXACT, absolute, "look for a stray abs in the line that computes {it}"),
    Mistake(
        "single-entry", LOOSE, single_entry, "look for code that treats this entry apart: a loop's bound, an index"
    ),
    Mistake("rows", LOOSE, rows, "look for a loop over the rows that skips, repeats or overwrites one"),
    Mistake("columns", LOOSE, columns, "look for a loop over the columns that skips, repeats or overwrites one"),
    Mistake("signs", LOOSE, signs, "look for an abs, a square root of a square, or a comparison in the line of {it}"),
    Mistake("few-entries", LOOSE, few_entries, "look at what these entries have in common: an index, a mask, a limit"),
)
DELTA = (Mistake("zero", EXACT, zero_delta, "look for a dead mask or a detached value in the line that computes {it}"),)
