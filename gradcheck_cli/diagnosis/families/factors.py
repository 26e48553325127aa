"""A constant factor: on one gradient, on a dZ_l and all that follows from it, or on everything."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.evidence import norm, projection
from gradcheck_cli.diagnosis.mistake import EXACT, FITTED, DeltaCase, Guess, Mistake, TensorCase, WholeCase, WholeGuess
from gradcheck_cli.diagnosis.naming import factor_names, nearest_named, sizes_of, times
from gradcheck_cli.parameters import Array

__all__ = ["DELTA", "TENSOR", "WHOLE"]

SMALL = 5e-3  # a factor nearer to 1 than this is a small relative error


def settled(factor: float, sizes: dict[str, float]) -> tuple[float, int]:
    """Return the factor, exact where it has a name, and the rank of a guess with it."""
    named = nearest_named(factor, sizes)
    return (factor, FITTED) if named is None else (named, EXACT)


def significant(array: Array) -> int:
    """Return the number of entries that are not negligible beside the largest."""
    largest = np.max(np.abs(array), initial=0.0)
    return int(np.sum(np.abs(array) > 1e-6 * largest)) if largest else 0


def tensor_factor(case: TensorCase) -> Iterator[Guess]:
    """Guess c times the whole gradient; in a network with a regulariser also c times its data part."""
    sizes = sizes_of(case.evidence, case.l)
    yield from scaled(case, case.expected, np.zeros(()), sizes)
    propagation = case.propagation
    if propagation is not None and case.is_weight and propagation.network.l2:
        regulariser = propagation.regulariser(case.l)
        yield from scaled(case, case.expected - regulariser, regulariser, sizes)


def scaled(case: TensorCase, part: Array, rest: Array, sizes: dict[str, float]) -> Iterator[Guess]:
    """Guess c * part + rest, c fitted and settled."""
    factor, rank = settled(projection(case.claim - rest, part), sizes)
    small = abs(factor - 1) < SMALL
    if factor == 0 or (rank == FITTED and not small and significant(part) < 2):
        return
    wrong = int(case.evidence.wrong_entries(case.name, case.expected).sum())
    where = f"at {wrong} of {part.size} entries" if part.size > 1 else "at its one entry"
    data = " (the part that comes from the data)" if rest.size > 1 else ""
    yield Guess(
        factor * part + rest,
        f"{{it}} is {times(factor, sizes)}{data}, {where}",
        help=factor_help(factor, sizes),
        code="small-relative-error" if small else "factor",
        factor=factor,
        rank=rank,
    )


def factor_help(factor: float, sizes: dict[str, float]) -> str:
    """Say what to look for where a factor turns up."""
    names = factor_names(factor, sizes)
    if abs(factor - 1) < SMALL:
        return "look for a constant that is slightly off in the line that computes {it}"
    if "m" in names:
        return "look for a sum over the samples where their mean is due: 1/m is missing in the line that computes {it}"
    if "1/m" in names:
        return "look for 1/m applied twice in the line that computes {it}"
    if factor == -1:
        return "look for a sign that is turned round in the line that computes {it}"
    return f"look for a stray factor of {names[0] if names else f'{factor:g}'} in the line that computes {{it}}"


def delta_factor(case: DeltaCase) -> Iterator[Guess]:
    """Guess c times dZ_l; c is fitted to what dW_l and db_l have from the data."""
    p, l = case.propagation, case.l
    sizes = sizes_of(case.evidence, l)
    claim = case.evidence.analytic[f"W{l}"] - p.regulariser(l)
    right = p.weights_from(l, case.expected) - p.regulariser(l)
    if not norm(right):
        claim, right = case.evidence.analytic[f"b{l}"], p.bias_from(case.expected)
    factor, rank = settled(projection(claim, right), sizes)
    if factor and np.isfinite(factor):
        small = abs(factor - 1) < SMALL
        code = "small-relative-error" if small else "delta-factor"
        message = f"{{it}} is {times(factor, sizes)}"
        yield Guess(factor * case.expected, message, factor_help(factor, sizes), code, factor, rank=rank)


def all_factor(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess c times everything."""
    sizes = sizes_of(case.evidence)
    claim, right = (np.concatenate([array.ravel() for array in arrays.values()]) for arrays in pair(case))
    factor, rank = settled(projection(claim, right), sizes)
    if not factor or significant(right) < 2 or len(case.expected) < 2:
        return
    values = {name: factor * array for name, array in case.expected.items()}
    if length := round_length(norm(claim)):
        message = f"the whole gradient is {factor:.6f} times the right one, and its length is {length:g}"
        if factor < 1:
            help_text = f"look for clipping of the gradient to the length {length:g}"
            yield WholeGuess(values, message, help=help_text, code="clipped-norm", factor=factor, rank=EXACT)
    message = f"every gradient is {times(factor, sizes)}"
    code = "small-relative-error" if abs(factor - 1) < SMALL else "factor-all"
    help_text = factor_help(factor, sizes).replace("the line that computes {it}", "what all gradients share")
    yield WholeGuess(values, message, help=help_text, code=code, factor=factor, rank=rank)


def pair(case: WholeCase) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the claimed and the expected gradients in one order."""
    return {name: case.evidence.analytic[name] for name in case.expected}, dict(case.expected)


def round_length(length: float) -> float | None:
    """Return a length that a person may have written down, None where it is no such number."""
    short = float(f"{length:.1e}")
    return short if 0 < short and abs(length - short) <= 1e-9 * short else None


def unit_lengths(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess that every gradient was cut or stretched to one length."""
    lengths = [norm(case.evidence.analytic[name]) for name in case.expected if norm(case.expected[name])]
    length = max(lengths, default=0.0)
    if len(lengths) < 2 or length == 0 or sum(abs(one - length) <= 1e-9 * length for one in lengths) < 2:
        return
    clipped = {name: array * min(1.0, length / (norm(array) or 1.0)) for name, array in case.expected.items()}
    yield WholeGuess(clipped, f"every gradient is clipped to the length {length:g}")
    stretched = {name: array * (length / (norm(array) or 1.0)) for name, array in case.expected.items()}
    yield WholeGuess(stretched, f"every gradient is scaled to the length {length:g}")


TENSOR = (Mistake("factor", EXACT, tensor_factor, "look for a stray factor in the line that computes {it}"),)
DELTA = (Mistake("delta-factor", EXACT, delta_factor, "look for a stray factor in the line that computes {it}"),)
WHOLE = (
    Mistake("factor-all", EXACT, all_factor, "look for a stray factor in what all gradients share"),
    Mistake("clipped-norm", EXACT, unit_lengths, "look for clipping or scaling of each gradient by its own norm"),
)
