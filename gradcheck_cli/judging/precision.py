"""Whether an analytic gradient was computed in float32: right, but with float32's rounding.

Two signs are looked for, where all errors stay within the float32 floor: all values of the gradient are float32
numbers, and not so round that this tells nothing; or, in the parameters that are off at all, errors of about 1e-7 are
spread over most entries and are mostly not one common factor, which a wrong formula would leave.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck_cli.judging.entries import entry_verdicts
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.results import EntryVerdict
from gradcheck_cli.settings import Settings

__all__ = ["LARGEST_DIFFERENCE", "SINGLE_NOTE", "are_single_numbers", "judge_precision"]

SINGLE_NOTE = "the analytic gradient is off by float32 rounding, and is judged by that; --precision float64 refuses it"
DISAGREES = EntryVerdict.DISAGREES
LARGEST_DIFFERENCE = 1e-6  # relative, of a parameter: some ten float32 roundings
SMALLEST_ERROR = 1e-10  # relative, of an entry: float64 arithmetic stays far below, float32 far above
SPREAD = 0.5  # share of the entries that must be off
FEWEST_ENTRIES = 3  # fewer show no pattern
SCATTER = 0.01  # share of the errors that no common factor explains; a wrong factor leaves 1e-9


def judge_precision(
    analytic: Parameters, references: Mapping[str, Reference], settings: Settings
) -> tuple[dict[str, Reference], tuple[str, ...]]:
    """Widen the error bars to the float32 floor where the analytic gradient is to be judged by it.

    Parameters
    ----------
    analytic : mapping of str to ndarray
        The claimed gradient.
    references : mapping of str to Reference
        What it is held against.
    settings : Settings
        Its precision: ``auto`` tells by the gradient's own values and errors.

    Returns
    -------
    tuple of dict and tuple of str
        The references to judge by, and a note where they are the wider ones.
    """
    single = {name: dataclasses.replace(r, bars=r.bars + r.single_bars) for name, r in references.items()}
    if settings.precision == "float32":
        return single, ("judged as float32 arithmetic, as asked for",)
    if settings.precision == "float64" or agrees(analytic, references, settings.threshold):
        return dict(references), ()
    if not agrees(analytic, single, settings.threshold):
        return dict(references), ()
    if not looks_single(analytic, references):
        return dict(references), ()
    return single, (SINGLE_NOTE,)


def agrees(analytic: Parameters, references: Mapping[str, Reference], threshold: float) -> bool:
    """Whether no entry contradicts its reference."""
    return not any(
        (entry_verdicts(analytic[name], reference, threshold) == DISAGREES).any()
        for name, reference in references.items()
    )


def looks_single(analytic: Parameters, references: Mapping[str, Reference]) -> bool:
    """Whether the parameters that are off by more than float64's rounding show the signs of float32 arithmetic."""
    if are_single_numbers(analytic):
        return True
    off = [name for name, r in references.items() if (entry_verdicts(analytic[name], r, 0.0) == DISAGREES).any()]
    pairs = [(analytic[name].ravel(), references[name].values.ravel()) for name in off]
    return are_small(pairs) and are_spread(pairs) and are_scattered(pairs)


def are_single_numbers(gradient: Parameters) -> bool:
    """Whether every value is a float32 number; not where all are so round that it tells nothing."""
    return all_are(np.float32, gradient) and not all_are(np.float16, gradient)


def all_are(kind: type[np.floating[Any]], gradient: Parameters) -> bool:
    """Whether every value is a number of that kind."""
    with np.errstate(over="ignore", under="ignore"):
        return all(bool(np.all(values.astype(kind) == values)) for values in gradient.values())


def are_small(pairs: Sequence[tuple[Array, Array]]) -> bool:
    """Whether the errors of all entries together are of float32's size."""
    a, n = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return bool(np.linalg.norm(a - n) <= LARGEST_DIFFERENCE * (np.linalg.norm(a) + np.linalg.norm(n)))


def are_spread(pairs: Sequence[tuple[Array, Array]]) -> bool:
    """Whether most entries are off."""
    relative = np.concatenate([relative_errors(a, n) for a, n in pairs])
    return len(relative) >= FEWEST_ENTRIES and bool(np.mean(relative > SMALLEST_ERROR) >= SPREAD)


def are_scattered(pairs: Sequence[tuple[Array, Array]]) -> bool:
    """Whether most entries are in parameters whose errors are not one common factor."""
    scattered = sum(len(a) for a, n in pairs if not is_factor(a, n))
    return 2 * scattered >= sum(len(a) for a, _ in pairs)


def relative_errors(analytic: Array, reference: Array) -> Array:
    """Return |a - n| / max(|a|, |n|) of the entries that are not 0."""
    scale = np.maximum(np.abs(analytic), np.abs(reference))
    used = scale > 0
    return np.asarray(np.abs(analytic - reference)[used] / scale[used])


def is_factor(a: Array, n: Array) -> bool:
    """Whether the best common factor takes nearly all of the error away."""
    factor = float(np.dot(a, n) / np.dot(n, n)) if n.any() else 0.0
    return not float(np.linalg.norm(a - factor * n)) > SCATTER * float(np.linalg.norm(a - n))
