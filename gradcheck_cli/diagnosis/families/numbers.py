"""The right numbers, but clipped, rounded, kept in too few digits, or noisy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradcheck_cli.diagnosis.mistake import (
    EXACT,
    FITTED,
    LOOSE,
    DeltaCase,
    Guess,
    Mistake,
    TensorCase,
    WholeCase,
    WholeGuess,
)
from gradcheck_cli.vocabulary.parameters import Array, Parameters, norm

__all__ = ["DELTA", "TENSOR", "WHOLE", "WHOLE_LOOSE"]

WIDTHS = {"float16": (np.float16, 2.0**-10, 2.0**-24), "float32": (np.float32, 2.0**-22, 2.0**-149)}
"""By code: the type, the relative error of its rounding with some room, its smallest step near 0."""
DECIMALS = range(1, 9)


def clipped(case: TensorCase) -> Iterator[Guess]:
    """Guess that entries beyond a limit were put to the limit."""
    limit = float(np.max(np.abs(case.claim)))
    beyond = cut_off(case.claim, case.expected, limit)
    if 1 < beyond < case.claim.size:
        message = f"{{it}} is clipped at {limit:g}: {beyond} of {case.claim.size} entries are cut off"
        yield Guess(np.clip(case.expected, -limit, limit), message)


def all_clipped(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess that entries beyond one limit were put to it, in all gradients."""
    claims = {name: case.evidence.analytic[name] for name in case.expected}
    limit = max(float(np.max(np.abs(claim))) for claim in claims.values())
    beyond = sum(cut_off(claims[name], array, limit) for name, array in case.expected.items())
    if beyond > 2 or (beyond and float(f"{limit:.1e}") == limit):  # two may be a pair that sums to zero
        values = {name: np.clip(array, -limit, limit) for name, array in case.expected.items()}
        yield WholeGuess(values, f"every gradient is clipped at {limit:g}: {beyond} entries are cut off")


def cut_off(claim: Array, expected: Array, limit: float) -> int:
    """Return the number of entries that are beyond the limit and claimed to be at it; none where a sign is wrong."""
    beyond = (np.abs(expected) > limit) & np.isclose(np.abs(claim), limit, rtol=1e-9, atol=0)
    return int(beyond.sum()) if np.array_equal(np.sign(claim[beyond]), np.sign(expected[beyond])) else 0


def kept_in(code: str, claim: Array, expected: Array) -> bool:
    """Whether a claim is nothing but the expected values rounded to a narrow type."""
    kind, relative, step = WIDTHS[code]
    with np.errstate(over="ignore", under="ignore"):
        representable = bool(np.array_equal(claim.astype(kind).astype(np.float64), claim))
    return representable and bool((np.abs(claim - expected) <= relative * np.abs(expected) + step).all())


def narrow(case: TensorCase) -> Iterator[Guess]:
    """Guess a narrow floating-point type."""
    for code in WIDTHS:
        if case.claim.any() and kept_in(code, case.claim, case.expected):
            yield Guess(case.claim, f"{{it}} has been rounded to {code} (correct to {code} precision)", code=code)


def narrow_delta(case: DeltaCase) -> Iterator[Guess]:
    """Guess that dZ_l was kept in a narrow type."""
    for code, (kind, _, _) in WIDTHS.items():
        with np.errstate(over="ignore", under="ignore"):
            yield Guess(case.expected.astype(kind).astype(np.float64), f"{{it}} has been rounded to {code}", code=code)


def all_narrow(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess a narrow floating-point type for all gradients."""
    claims = {name: case.evidence.analytic[name] for name in case.expected}
    for code in WIDTHS:
        if all(kept_in(code, claims[name], case.expected[name]) for name in claims):
            yield WholeGuess(
                claims, f"every gradient has been rounded to {code} (correct to {code} precision)", code=code
            )


def rounding(claims: Parameters, expected: Parameters) -> int | None:
    """Return the number of decimals to which all claims are rounded, None where they are not."""
    for decimals in DECIMALS:
        if all(is_rounded(claims[n], expected[n], decimals) for n in claims):
            return decimals
    return None


def is_rounded(claim: Array, expected: Array, decimals: int) -> bool:
    """Whether a claim is nothing but values rounded to some decimals, but for the rounding of its own digits."""
    nothing = 1e-12 * np.minimum(10.0**-decimals, np.max(np.abs(expected), initial=0.0))
    return bool((np.abs(np.round(expected, decimals) - claim) <= nothing + 1e-15 * np.abs(claim)).all())


def rounded(case: TensorCase) -> Iterator[Guess]:
    """Guess rounding to some decimals."""
    decimals = rounding({case.name: case.claim}, {case.name: case.expected})
    if decimals is not None and np.unique(case.claim).size > 1:
        yield Guess(np.round(case.expected, decimals), f"{{it}} is rounded to {decimals} decimal{'s' * (decimals > 1)}")


def all_rounded(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess rounding of everything to some decimals."""
    claims = {name: case.evidence.analytic[name] for name in case.expected}
    decimals = rounding(claims, case.expected)
    if decimals is not None and any(claim.any() for claim in claims.values()):
        values = {name: np.round(array, decimals) for name, array in case.expected.items()}
        yield WholeGuess(values, f"every gradient is rounded to {decimals} decimal{'s' * (decimals > 1)}")


def scatter(case: TensorCase) -> Iterator[Guess]:
    """Describe small relative errors that follow no pattern."""
    right = np.abs(case.expected)
    error = np.abs(case.claim - case.expected)
    wrong = case.evidence.wrong_entries(case.name, case.expected)
    if 2 * wrong.sum() > wrong.size > 1 and (error <= 1e-2 * right + case.evidence.floors[case.name]).all():
        relative = ((case.claim - case.expected) / np.where(case.expected == 0, 1, case.expected))[wrong]
        worst = float(np.max(np.abs(relative)))
        if relative.size > 6 and (one_sided(relative) or worst > 5 * np.sqrt(np.mean(relative**2))):
            return
        yield Guess(case.claim, f"{{it}} is off by up to {worst:.1e} of its value, in no known pattern")


def one_sided(errors: Array) -> bool:
    """Whether nearly all errors have one sign: a pattern."""
    return bool(abs(np.mean(np.sign(errors))) > 1 - 2.5 / errors.size)


def noise(case: WholeCase) -> Iterator[WholeGuess]:
    """Describe errors of one size in all entries of all gradients, in no known pattern."""
    claims = {name: case.evidence.analytic[name] for name in case.expected}
    everything = rms(np.concatenate([array.reshape(-1) for array in case.expected.values()]))
    errors = {name: claims[name] - array for name, array in case.expected.items()}
    scales: dict[str, dict[str, Any]] = {
        "of the gradient's size": dict.fromkeys(claims, everything),
        "of each gradient's size": {name: rms(array) for name, array in case.expected.items()},
        "of each value": {name: np.abs(array) for name, array in case.expected.items()},
    }
    for words, scale in scales.items():
        error, right = (relative(arrays, scale) for arrays in (errors, case.expected))
        if is_noise(error) and not leans(error, right) and not is_product(errors):
            yield WholeGuess(claims, f"every gradient is off by about {rms(error):.1e} {words}, in no known pattern")


def relative(arrays: Parameters, scale: Mapping[str, Any]) -> Array:
    """Return all entries as one vector, each divided by its scale; 0 where that is 0."""
    return np.concatenate([np.ravel(array / np.where(scale[n] > 0, scale[n], np.inf)) for n, array in arrays.items()])


def leans(error: Array, right: Array) -> bool:
    """Whether errors go with the right values, or against them, more than chance would have it."""
    return bool(abs(np.sum(error * right)) > 3 / error.size**0.5 * norm(error) * norm(right))


def is_product(errors: Parameters) -> bool:
    """Whether the matrices of errors are little else than a column times a row each."""
    matrices = [array for array in errors.values() if array.ndim == 2 and min(array.shape) > 2]
    squares = [np.linalg.svd(matrix, compute_uv=False) ** 2 for matrix in matrices]
    return sum(float(square[0]) for square in squares) > 0.9 * sum(float(square.sum()) for square in squares)


def rms(array: Array) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(array**2)))


def is_noise(error: Array) -> bool:
    """Whether errors, relative to what they should be, are small, of one size, and no way inclined."""
    error = error[error != 0]
    if error.size < 8 or not 0 < rms(error) < 0.1:
        return False
    size = rms(error)
    no_outlier = np.max(np.abs(error)) < 5 * size and np.mean(np.abs(error) < size / 20) < 0.2
    level = [rms(part) for part in np.array_split(error, min(error.size // 8, 6))]
    return bool(no_outlier and abs(np.mean(error)) < 4 * size / error.size**0.5 and max(level) < 3 * min(level))


TENSOR = (
    Mistake("clipped-value", EXACT, clipped, "look for np.clip or a limit on {it}"),
    Mistake("float16", EXACT, narrow, "look for a cast or an array of a narrow type in the line that computes {it}"),
    Mistake("rounded", FITTED, rounded, "look for np.round, or for numbers that went through a text file"),
    Mistake("small-relative-error", LOOSE, scatter, "look for an approximation or a narrow type in what {it} uses"),
)
DELTA = (Mistake("float16", EXACT, narrow_delta, "look for a cast to a narrow type in the line that computes {it}"),)
WHOLE = (
    Mistake("clipped-value", EXACT, all_clipped, "look for np.clip or a limit on the gradients"),
    Mistake("float16", EXACT, all_narrow, "look for a cast or a narrow type shared by all gradients"),
    Mistake("rounded", FITTED, all_rounded, "look for np.round, or for numbers that went through a text file"),
)
WHOLE_LOOSE = (
    Mistake("noise", LOOSE, noise, "look for random numbers that are drawn again: dropout, batches, added noise"),
)
