"""The arithmetic by which a claim is judged: what it may lose by rounding.

Each parameter is judged for itself. It is asked for; or the parameter's gradient was saved in it; or all its values are
float32 numbers, and not so round that this tells nothing. Errors that only look like float32's are not enough for a
PASS: a small slip in a formula looks the same. They make a doubt, where all these hold:

- no error exceeds the float32 floor, and the errors together are of float32's size;
- most entries are off, by more than float64's rounding and their own bars explain;
- the errors are not one common factor, which a wrong formula would leave.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from gradcheck_cli.judging.entries import entry_verdicts
from gradcheck_cli.numeric.reference import Reference, RemadeReference
from gradcheck_cli.vocabulary.parameters import PIECE, Array, Parameters, norm
from gradcheck_cli.vocabulary.results import CheckReport, EntryVerdict, Verdict
from gradcheck_cli.vocabulary.settings import AUTO, MACHINE_EPSILON, Settings

__all__ = [
    "SINGLE_NOTE",
    "JudgedPrecision",
    "are_single_numbers",
    "judge_precision",
    "largest_difference",
    "lost_to_rounding",
    "precision_of_all",
    "rounding_notes",
]

References: TypeAlias = Mapping[str, Reference | RemadeReference]

DISAGREES = EntryVerdict.DISAGREES
DOUBLE, SINGLE = "float64", "float32"
JUDGED = "so it is judged by that precision; --precision float64 refuses it"
OFF_BY_SINGLE = "is off by float32 rounding"
SINGLE_NOTE = f"the analytic gradient {OFF_BY_SINGLE}, {JUDGED}"
LARGEST_DIFFERENCE = 1e-6  # relative, of a parameter: some ten float32 roundings
SMALLEST_ERROR = 2e-9  # relative, of an entry: float64 arithmetic stays below, and so does most of a reference
TYPICAL = 1 / 8  # of what an entry may lose by rounding: what most lose
SPREAD = 0.5  # share of the entries that must be off
FEWEST_ENTRIES = 3  # fewer show no pattern
SCATTER = 0.01  # share of the errors that no common factor explains; a wrong factor leaves 1e-9


@dataclass(frozen=True)
class JudgedPrecision:
    """By which arithmetic a gradient is judged."""

    references: References
    """By parameter, what to judge by."""
    typical: References
    """The same with what most entries lose by rounding: what is wrong in a parameter that fails stands out of it."""
    doubts: References
    """By parameter whose errors look like float32's and nothing else says so: the reference with float32's bars."""
    notes: tuple[str, ...]
    lowered: tuple[str, ...]
    """The parameters that are judged by less than float64."""


def judge_precision(
    analytic: Parameters, references: References, settings: Settings, saved_in: Mapping[str, str]
) -> JudgedPrecision:
    """Widen the error bars of each parameter to what its arithmetic loses.

    Parameters
    ----------
    analytic : mapping of str to ndarray
        The claimed gradient.
    references : mapping of str to Reference
        What it is held against.
    settings : Settings
        Its precision: ``auto`` tells for each parameter, by what it was saved in or by its values.
    saved_in : mapping of str to str
        By parameter, the arithmetic that its gradient was saved in, where that is less than float64.
    """
    chosen = {
        name: arithmetic_of(analytic[name], reference, settings, saved_in.get(name))
        for name, reference in references.items()
    }
    epsilons = {name: MACHINE_EPSILON[arithmetic] for name, arithmetic in chosen.items()}
    double = MACHINE_EPSILON[DOUBLE]
    open_ = [name for name, arithmetic in chosen.items() if settings.precision == AUTO and arithmetic == DOUBLE]
    singles = {name: references[name].rounded_to(MACHINE_EPSILON[SINGLE]) for name in open_}
    threshold = settings.threshold
    lowered = tuple(name for name, arithmetic in chosen.items() if arithmetic != DOUBLE)
    return JudgedPrecision(
        references={name: reference.rounded_to(epsilons[name]) for name, reference in references.items()},
        typical={n: reference.rounded_to(max(double, TYPICAL * epsilons[n])) for n, reference in references.items()},
        doubts={
            name: single
            for name, single in singles.items()
            if not agrees(analytic[name], references[name], threshold)
            and agrees(analytic[name], single, threshold)
            and looks_single(analytic[name], references[name].whole())
        },
        notes=rounding_notes(settings, saved_in, analytic, lowered),
        lowered=lowered,
    )


def arithmetic_of(
    claim: Array, reference: Reference | RemadeReference, settings: Settings, saved_in: str | None
) -> str:
    """Return the arithmetic by which the claim of one parameter is judged."""
    if settings.precision != AUTO:
        return settings.precision
    if saved_in is not None:
        return saved_in
    if are_single_numbers({"": claim}) and not agrees(claim, reference, settings.threshold):
        return SINGLE
    return DOUBLE


def precision_of_all(analytic: Parameters, settings: Settings, saved_in: Mapping[str, str]) -> str:
    """Return the arithmetic by which a gradient is judged that is looked at as a whole: the finest of its parts."""
    if settings.precision != AUTO:
        return settings.precision
    return min((saved_in.get(name, DOUBLE) for name in analytic), key=MACHINE_EPSILON.__getitem__)


def largest_difference(arithmetic: str) -> float:
    """Return the relative error of a parameter that an arithmetic leaves at most."""
    return LARGEST_DIFFERENCE * MACHINE_EPSILON[arithmetic] / MACHINE_EPSILON[SINGLE]


def lost_to_rounding(low: CheckReport, double: CheckReport, arithmetic: str) -> CheckReport:
    """Return the report on a gradient that is wrong in less than float64, and right where it is computed in float64.

    Cancellation may take any number of digits from a right formula; a formula that is wrong in one arithmetic alone
    looks the same. So it is neither right nor wrong.

    Parameters
    ----------
    low, double : CheckReport
        On the gradient in either arithmetic.
    arithmetic : str
        That with fewer digits.
    """
    wrong = [row for row in low.parameters if row.verdict is Verdict.FAIL]
    unclear = {row.name for row in wrong}
    return dataclasses.replace(
        double,
        verdict=Verdict.INCONCLUSIVE,
        difference=low.difference,
        refined_difference=low.refined_difference,
        evaluations=low.evaluations + double.evaluations,
        seconds=low.seconds + double.seconds,
        parameters=tuple(
            dataclasses.replace(row, verdict=Verdict.INCONCLUSIVE) if row.name in unclear else row
            for row in double.parameters
        ),
        reasons=tuple(
            f"{row.name}: right in float64 and off by {row.difference:.1e} in {arithmetic}: lost to rounding, or wrong"
            f" in {arithmetic} alone"
            for row in wrong
        ),
        notes=low.notes,
        settings=low.settings,
    )


# words


def rounding_notes(
    settings: Settings, saved_in: Mapping[str, str], analytic: Parameters, lowered: Sequence[str]
) -> tuple[str, ...]:
    """Say by what else than float64 which parameters are judged."""
    if not lowered:
        return ()
    if settings.precision != AUTO:
        return (f"judged as {settings.precision} arithmetic, as asked for",)
    notes = []
    for arithmetic in MACHINE_EPSILON:
        names = [name for name in lowered if saved_in.get(name) == arithmetic]
        if names:
            notes.append(f"{gradient_of(names, analytic)} was saved in {arithmetic}, {JUDGED}")
    names = [name for name in lowered if name not in saved_in]
    if names:
        whole = are_single_numbers(analytic)
        notes.append(f"{gradient_of(analytic if whole else names, analytic)} {OFF_BY_SINGLE}, {JUDGED}")
    return tuple(notes)


def gradient_of(names: Collection[str], analytic: Parameters) -> str:
    """Name the gradient, or the part of it by some parameters."""
    return "the analytic gradient" if len(names) == len(analytic) else f"the analytic gradient by {', '.join(names)}"


# the signs


def agrees(claim: Array, reference: Reference | RemadeReference, threshold: float) -> bool:
    """Whether no entry contradicts its reference."""
    flat = claim.reshape(-1)
    return not any((entry_verdicts(flat[k], part, threshold) == DISAGREES).any() for k, part in reference.parts())


def are_single_numbers(gradient: Parameters) -> bool:
    """Whether every value is a float32 number; not where all are so round that it tells nothing."""
    return all_are(np.float32, gradient) and not all_are(np.float16, gradient)


def all_are(kind: type[np.floating[Any]], gradient: Parameters) -> bool:
    """Whether every value is a number of that kind."""
    with np.errstate(over="ignore", under="ignore"):
        flat = (values.reshape(-1) for values in gradient.values())
        pieces = (values[k : k + PIECE] for values in flat for k in range(0, values.size, PIECE))
        return all(bool(np.all(piece.astype(kind) == piece)) for piece in pieces)


def looks_single(claim: Array, reference: Reference) -> bool:
    """Whether the errors of one parameter show the pattern of float32 arithmetic."""
    a, n = claim.ravel(), reference.values.ravel()
    return are_small(a, n) and are_spread(claim, reference) and not is_factor(a, n)


def are_small(a: Array, n: Array) -> bool:
    """Whether the errors of all entries together are of float32's size."""
    return bool(norm(a - n) <= largest_difference(SINGLE) * (norm(a) + norm(n)))


def are_spread(claim: Array, reference: Reference) -> bool:
    """Whether most of the entries that are not 0 are off: beyond their own bars, and beyond float64's rounding."""
    scale = np.maximum(np.abs(claim), np.abs(reference.values))
    off = entry_verdicts(claim, reference, 0.0) == DISAGREES
    off &= np.abs(claim - reference.values) > SMALLEST_ERROR * scale
    used = scale > 0
    return int(used.sum()) >= FEWEST_ENTRIES and bool(np.mean(off[used]) >= SPREAD)


def is_factor(a: Array, n: Array) -> bool:
    """Whether the best common factor takes nearly all of the error away."""
    largest = float(np.max(np.abs(n), initial=0.0))
    n_scaled = n / largest if largest else n
    factor = float(np.dot(a, n_scaled) / np.dot(n_scaled, n_scaled)) if largest else 0.0
    return not norm(a - factor * n_scaled) > SCATTER * norm(a - n)
