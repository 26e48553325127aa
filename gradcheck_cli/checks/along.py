"""A function along directions: claims of all its outputs against differences, and a full check where that is unclear.

G(t) = F(p + sum_k t_k v_k) is a function of a few numbers t with the Jacobian J V: so products with a Jacobian, and
groups of its columns, are checked as Jacobians are. Each output of G is first compared by plain differences, which one
evaluation makes for all of them; those whose claims are not right at sight are checked with bars, noise and kinks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.judging.entries import sensitivity
from gradcheck_cli.numeric.columns import STEPS, UNMOVED, WIDE, WIDEST, far_steps, plain_columns
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.numeric.scales import entry_sizes, largest_size, like_sizes
from gradcheck_cli.numeric.tolerances import DUST, EPS
from gradcheck_cli.problems.functions.outputs import MOST_KEPT
from gradcheck_cli.vocabulary.errors import SettingError, UserFunctionError
from gradcheck_cli.vocabulary.parameters import Array, Parameters, dictionary_to_vector, vector_to_dictionary
from gradcheck_cli.vocabulary.results import CheckReport, EntryVerdict, Sensitivity, Verdict

__all__ = ["Along", "Found", "components", "felt_sizes", "found_along", "require_room"]

Places = NDArray[np.intp]
Check = Callable[..., CheckReport]

KEPT = 6  # arrays of outputs x directions that are kept at once
LEAST = 0.5  # of the largest component of a random direction: none is small
SAMPLED = 8  # outputs that are checked in full though they are clear
PORTION = 256  # outputs that are checked in full at once
FAR, FAR_BARS = 1e-5, 1e3  # relative, and in the bars of plain differences: an error that needs no bars of its own
HIDING, HIDING_BARS = 1e-10, 10.0  # relative, and in bars of plain differences: what most right claims stay below
PORTIONS_OF_WRONG = 2  # after which the rest of a wrong claim is only compared


def require_room(outputs: int, directions: int, hint: str) -> None:
    """Raise SettingError where derivatives of so many outputs along so many directions do not fit into the memory."""
    most = MOST_KEPT // KEPT // outputs
    if directions > most:
        raise SettingError(f"{outputs:,} outputs along {directions:,} directions, expected at most {most:,}", hint=hint)


def components(random: np.random.Generator, sizes: Array) -> Array:
    """Return random components of both signs, none of them small beside the size of its entry, and none larger."""
    return np.asarray(random.choice([-1.0, 1.0], sizes.shape) * random.uniform(LEAST, WIDEST, sizes.shape) * sizes)


def felt_sizes(
    function: Callable[[Parameters], Array], here: Array, point: Parameters, random: np.random.Generator
) -> dict[str, Array]:
    """Return the size of every entry, that of a zero for one that is nothing but the dust of a zero.

    What is tiny beside other entries may have a unit of its own. Where no output feels it though it is moved by most of
    its size, it is what rounding has left of a zero.

    Parameters
    ----------
    function : callable
        Parameters -> outputs of shape (m,); it may raise what the user's function does.
    here : ndarray of shape (m,)
        The outputs at the point.
    point : mapping of str to ndarray
        The parameters.
    random : Generator
        Of how much each entry is moved.
    """
    sizes, theta = dictionary_to_vector(entry_sizes(point)), dictionary_to_vector(point)
    classes, plain = like_sizes(sizes), theta.copy()
    for number in range(int(classes.max()) + 1):
        members = classes == number
        if np.max(sizes[members]) < DUST * largest_size(point):
            move = np.where(members, WIDE * components(random, sizes), 0.0)
            ends = (theta + move, theta - move)
            if not any(is_felt(function, here, vector_to_dictionary(end, point)) for end in ends):
                plain[members] = 0
    return entry_sizes(vector_to_dictionary(plain, point))


def is_felt(function: Callable[[Parameters], Array], here: Array, there: Parameters) -> bool:
    """Whether any output moves from the point to another by more than its rounding."""
    try:
        with np.errstate(all="ignore"):
            outputs = function(there)
            return outputs.shape != here.shape or not np.all(np.abs(outputs - here) <= UNMOVED * EPS * np.abs(here))
    except UserFunctionError:
        return True


@dataclass
class Along:
    """A function of how far one goes along each of K directions."""

    function: Callable[[Array], Array]
    """Steps of shape (K,) -> outputs of shape (m,); it may raise what the user's function does."""
    name: str
    """What the messages call it."""
    word: str
    """What they call the directions."""
    sizes: Array
    """The largest size in each direction, of shape (K,)."""
    here: Array
    """The outputs at the point, of shape (m,)."""
    calls: int = 0

    def __call__(self, steps: Array) -> Array:
        """Return the outputs at steps along all directions."""
        self.calls += 1
        with np.errstate(all="ignore"):
            return self.function(steps)

    def along(self, direction: int, step: float) -> Array:
        """Return the outputs at a step along one direction; NaN where the function has none."""
        steps = np.zeros(self.sizes.size)
        steps[direction] = step
        try:
            there = self(steps)
        except UserFunctionError:
            return np.full(self.here.shape, np.nan)
        return there if there.shape == self.here.shape else np.full(self.here.shape, np.nan)

    def checked(self, places: Places, claims: Array, check: Check, **settings: Any) -> CheckReport:
        """Check the derivatives of some outputs, of shape (places.size, K), in full."""

        def some(steps: Parameters) -> Array:
            return self(steps[self.word])[places]

        some.__name__ = self.name
        point = {self.word: np.zeros(self.sizes.size)}
        return check(some, {self.word: claims}, point, name=self.name, **settings)


@dataclass(frozen=True)
class Found:
    """What was found of m outputs along K directions; each array has the shape (m, K)."""

    claims: Array
    values: Array
    bars: Array
    verdicts: NDArray[np.uint8]
    reports: Sequence[CheckReport]
    """Of the outputs that were checked in full."""
    catches: Sequence[Sensitivity]
    hidden: NDArray[np.bool_]
    """Which claims are right, but not as near as differences are among themselves: something small may hide there."""

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Which claims are contradicted."""
        return np.asarray(self.verdicts == EntryVerdict.DISAGREES)

    def doubtful(self, threshold: float) -> NDArray[np.bool_]:
        """Return which claims are contradicted, or would be if the bars were not so wide."""
        with np.errstate(invalid="ignore"):
            size = np.maximum(np.abs(self.claims), np.abs(self.values))
            far = ~(np.abs(self.claims - self.values) <= threshold * size)
        return np.asarray(self.wrong | (far & (self.values != 0) & (self.verdicts != EntryVerdict.KINK)))


def found_along(
    function: Along, claims: Array, largest: float, check: Check, *, seed: int, threshold: float, **settings: Any
) -> Found:
    """Compare what is claimed of all outputs along all directions with differences.

    Parameters
    ----------
    function : Along
        The function, of m outputs along K directions.
    claims : ndarray of shape (m, K)
        The derivatives that are claimed.
    largest : float
        The largest size of an entry of the parameters, beside which a smaller one may be nothing.
    check : callable
        (function, Jacobian, point, **settings) -> CheckReport, of a few outputs in full: `check_jacobian`.
    seed : int
        Of which outputs are checked in full though their claims are right at sight, and of the noise.
    threshold, **settings
        Of the check.
    """
    columns = plain_columns(function.along, function.here, claims, far_steps(function.sizes, largest), threshold)
    values, bars = columns.values.copy(), columns.bars.copy()
    verdicts = np.where(columns.clear, EntryVerdict.AGREES, EntryVerdict.UNRESOLVED).astype(np.uint8)
    doubtful = np.flatnonzero(~columns.clear.all(axis=1))
    moving = np.flatnonzero(claims.any(axis=1))
    sampled = np.random.default_rng([seed, 3]).permutation(moving if moving.size else len(claims))[:SAMPLED]
    left = np.concatenate([doubtful, np.setdiff1d(sampled, doubtful)])
    reports = list[CheckReport]()
    while left.size and not is_wrong_for_sure(reports):
        some, left = left[:PORTION], left[PORTION:]
        report = function.checked(some, claims[some], check, seed=seed, threshold=threshold, **settings)
        reports.append(report)
        entries, shape = report.parameters[0].entries, (some.size, -1)
        values[some] = np.array(entries.reference).reshape(shape)
        bars[some] = np.array(entries.bars).reshape(shape)
        verdicts[some] = np.frombuffer(entries.verdicts, dtype=np.uint8).reshape(shape)
    if left.size:  # that the claim is wrong is known: this is to say where as well
        verdicts[left] = np.where(
            is_far(claims, columns.values, columns.bars)[left], EntryVerdict.DISAGREES, verdicts[left]
        )
    clear = columns.clear.all(axis=1)
    caught = [row.sensitivity for report in reports for row in report.parameters if row.sensitivity is not None]
    if clear.any():
        caught.append(sensitivity(plain_reference(columns.values[clear], columns.bars[clear]), threshold))
    hidden = columns.clear & ~is_near(claims, columns.values, columns.bars, function.here)
    return Found(claims, values, bars, verdicts, reports, caught, hidden)


def is_near(claims: Array, values: Array, bars: Array, outputs: Array) -> NDArray[np.bool_]:
    """Whether claims are as near to plain differences as those are among themselves, and rounding allows."""
    rounding = EPS / STEPS[-1] * np.abs(outputs)[:, np.newaxis]
    with np.errstate(invalid="ignore"):
        near = np.abs(claims - values) <= HIDING_BARS * (bars + rounding) + HIDING * np.abs(claims)
    return np.asarray(near)


def is_wrong_for_sure(reports: Sequence[CheckReport]) -> bool:
    """Whether enough is known of a wrong claim."""
    return len(reports) >= PORTIONS_OF_WRONG and any(report.verdict is Verdict.FAIL for report in reports)


def is_far(claims: Array, values: Array, bars: Array) -> NDArray[np.bool_]:
    """Whether claims are off by far more than the differences among themselves."""
    with np.errstate(invalid="ignore"):
        return ~(np.abs(claims - values) <= FAR_BARS * bars + FAR * np.maximum(np.abs(claims), np.abs(values)))


def plain_reference(values: Array, bars: Array) -> Reference:
    """Return plain differences as a reference."""
    none = np.zeros(values.shape, dtype=np.bool_)
    return Reference(values, bars, bars, values, values, none, none).floored()
