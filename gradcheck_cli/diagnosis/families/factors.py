"""A constant factor: on one gradient, on a dZ_l and all that follows from it, or on everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gradcheck_cli.diagnosis.evidence import Evidence, projection
from gradcheck_cli.diagnosis.mistake import EXACT, FITTED, DeltaCase, Guess, Mistake, TensorCase, WholeCase, WholeGuess
from gradcheck_cli.diagnosis.naming import factor_names, fraction_near, nearest_named, plain_within, sizes_of, times
from gradcheck_cli.vocabulary.parameters import Array, Parameters, norm

__all__ = ["DELTA", "TENSOR", "WHOLE", "code_of", "factor_help", "settled"]

NONE = 1e-12  # a factor that is smaller is zero but for rounding
COARSE = 1e-4  # a doubt about a factor, from the bars of a reference, that is larger decides which numbers it may be
HUGE = 1e9  # one that is larger says that the right gradient is zero but for rounding
SMALL = 5e-3  # a factor nearer to 1 than this is a small relative error


def settled(factor: float, sizes: dict[str, float], doubt: float = 0.0) -> Iterator[tuple[float, int]]:
    """Yield the named factor that is meant where there is one, then the factor itself, each with its rank.

    Where the factor is known no better than by some doubt, the plain number within it is meant.
    """
    named = plain_within(factor, doubt) if doubt > COARSE else nearest_named(factor, sizes)
    if named is None and (fraction := fraction_near(factor)) is not None:
        named = float(fraction)
    if named is not None:
        yield named, EXACT
    if NONE < abs(factor) < HUGE:
        yield factor, FITTED


def telling(evidence: Evidence, expected: Parameters) -> int:
    """Return the number of entries that stand far enough above their floors to show a factor."""
    return sum(int(np.sum(np.abs(array) > 100 * evidence.floors[name])) for name, array in expected.items())


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
    data = "" if rest.ndim == 0 else " (the part that comes from the data)"
    floor = case.evidence.floors[case.name]
    doubt = float(np.sum(np.abs(part) * floor)) / (norm(part) ** 2 or 1.0)
    for factor, rank in settled(projection(case.claim - rest, part), sizes, doubt):
        code = code_of(factor, "factor")
        if part.size == 1 and is_the_factor_of_another(case, factor):
            rank = EXACT  # noqa: PLW2901
        if rank == EXACT or code != "factor" or telling(case.evidence, {case.name: part}) > 1:
            value = factor * part + rest
            so_many = part.size - int(case.evidence.wrong_entries(case.name, value).sum())
            some = f", at {so_many} of {part.size} entries" if so_many < part.size else ""
            message = f"{{it}} is {times(factor, sizes)}{data}{some}"
            yield Guess(value, message, factor_help(factor, sizes), code, factor, rank=rank)


def is_the_factor_of_another(case: TensorCase, factor: float) -> bool:
    """Whether another gradient, of more entries, is the same multiple of the right one: one number alone fits any."""
    evidence = case.evidence
    return any(
        right.size > 1
        and not evidence.agrees(name, right)
        and evidence.explains(name, factor * right, evidence.discrepancy(name, right))
        for name, right in evidence.reference.items()
        if name != case.name
    )


def code_of(factor: float, code: str) -> str:
    """Return the code of a factor: that of a small error where it is nearly 1."""
    return "small-relative-error" if abs(factor - 1) < SMALL else code


def factor_help(factor: float, sizes: dict[str, float]) -> str:
    """Say what to look for where a factor turns up."""
    names = factor_names(factor, sizes)
    if abs(factor - 1) < SMALL:
        return "look for a constant that is slightly off in the line that computes {it}"
    if "m" in names:
        return "look for a sum over the samples instead of their mean: 1/m is missing in the line that computes {it}"
    if "1/m" in names:
        return "look for 1/m applied twice in the line that computes {it}"
    if factor == -1:
        return "look for a flipped sign in the line that computes {it}"
    fraction = fraction_near(factor)
    shown = names[0] if names else f"{factor:g}" if fraction is None else str(fraction)
    return f"look for a stray factor of {shown} in the line that computes {{it}}"


def delta_factor(case: DeltaCase) -> Iterator[Guess]:
    """Guess c times dZ_l; c is fitted to what dW_l has from the data, or to db_l."""
    p, l = case.propagation, case.l
    sizes, term = sizes_of(case.evidence, l), p.regulariser(l)
    from_weights = projection(case.evidence.analytic[f"W{l}"] - term, p.weights_from(l, case.expected) - term)
    from_bias = projection(case.evidence.analytic[f"b{l}"], p.bias_from(case.expected))
    for factor, rank in (*settled(from_weights, sizes), *settled(from_bias, sizes)):
        code = code_of(factor, "delta-factor")
        message = f"{{it}} is {times(factor, sizes)}{'; the penalty term is right' if term.any() else ''}"
        yield Guess(factor * case.expected, message, factor_help(factor, sizes), code, factor, rank=rank)


def all_factor(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess c times everything."""
    sizes = sizes_of(case.evidence)
    claim, right = (np.concatenate([array.ravel() for array in arrays.values()]) for arrays in pair(case))
    if telling(case.evidence, case.expected) < 2 or len(case.expected) < 2:
        return
    for factor, rank in settled(projection(claim, right), sizes):
        values = {name: factor * array for name, array in case.expected.items()}
        yield from clipped_whole(values, factor, norm(claim))
        help_text = factor_help(factor, sizes).replace("the line that computes {it}", "what all gradients share")
        message, code = f"every gradient is {times(factor, sizes)}", code_of(factor, "factor-all")
        yield WholeGuess(values, message, help=help_text, code=code, factor=factor, rank=rank)


def clipped_whole(values: Parameters, factor: float, length: float) -> Iterator[WholeGuess]:
    """Guess that the whole gradient was shortened to a length that a person may have written down."""
    short = float(f"{length:.1e}")
    if 0 < factor < 1 and abs(length - short) <= 1e-9 * short:
        message = f"the whole gradient is {factor:.7g} times the right one, and its norm is {short:g}"
        help_text = f"look for clipping of the gradient to the norm {short:g}"
        yield WholeGuess(values, message, help=help_text, code="clipped-norm", factor=factor, rank=EXACT)


def one_kind(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess c times every dW and nothing else, or every db."""
    for kind, others in (("W", "b"), ("b", "W")):
        part = {name: array for name, array in case.expected.items() if name[0] == kind}
        rest = [name for name in case.expected if name[0] == others]
        alone = all(case.evidence.agrees(name, case.expected[name]) for name in rest)
        if case.evidence.depth > 1 and alone and telling(case.evidence, part) > 1:
            for guess in all_factor(WholeCase(case.evidence, part, case.propagation)):
                message = guess.message.replace("every gradient", f"every d{kind}").replace(
                    "the whole gradient", f"d{kind}"
                )
                yield replace(guess, code=guess.code.removesuffix("-all"), where=f"all-{kind}", message=message)


def pair(case: WholeCase) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the claimed and the expected gradients in one order."""
    return {name: case.evidence.analytic[name] for name in case.expected}, dict(case.expected)


def unit_lengths(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess that every gradient was cut or stretched to one length."""
    lengths = [norm(case.evidence.analytic[name]) for name in case.expected if norm(case.expected[name])]
    length = max(lengths, default=0.0)
    if len(lengths) < 2 or length == 0 or sum(abs(one - length) <= 1e-9 * length for one in lengths) < 2:
        return
    clipped = {name: array * min(1.0, length / (norm(array) or 1.0)) for name, array in case.expected.items()}
    yield WholeGuess(clipped, f"every gradient is clipped to the norm {length:g}")
    stretched = {name: array * (length / (norm(array) or 1.0)) for name, array in case.expected.items()}
    yield WholeGuess(stretched, f"every gradient is scaled to the norm {length:g}")


TENSOR = (Mistake("factor", EXACT, tensor_factor, "look for a stray factor in the line that computes {it}"),)
DELTA = (Mistake("delta-factor", EXACT, delta_factor, "look for a stray factor in the line that computes {it}"),)
WHOLE = (
    Mistake("factor-all", EXACT, all_factor, "look for a stray factor in what all gradients share"),
    Mistake("factor", EXACT, one_kind, "look for a stray factor in what these gradients share"),
    Mistake("clipped-norm", EXACT, unit_lengths, "look for clipping or scaling of each gradient by its own norm"),
)
