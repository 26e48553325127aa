"""The use case of a linear operator and its adjoint: inner products, exact to rounding, and no differences."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.checks.given import require_plain_arguments
from gradcheck_cli.judging.entries import compare_parameter
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.numeric.solves import MOST_SOLVED, SolveRounding, rounding_of_solves
from gradcheck_cli.numeric.tolerances import EPS
from gradcheck_cli.problems.functions.arguments import refuse_masked
from gradcheck_cli.problems.functions.function import call
from gradcheck_cli.vocabulary.asking import asking, called, kind_of
from gradcheck_cli.vocabulary.errors import GradcheckError, ProblemError
from gradcheck_cli.vocabulary.results import CheckReport, Finding, ParameterResult, Verdict
from gradcheck_cli.vocabulary.settings import DEFAULT_THRESHOLD, require_whole

__all__ = ["PAIRS", "check_adjoint", "fitting_together"]

Vector = NDArray[Any]

PAIRS = 8
ROUNDING = 16.0  # machine epsilons of the terms of an inner product, times the root of their number
OF_DEPARTURE = 4.0  # times by how much an operator misses linearity: an iterative one is no more exact than that
MOST_DEPARTURE = 1e-3  # relative: what departs further is not linear
SMALLEST = 1e-24  # of the largest entry: a smaller one is weighed as if it were that
SAME_RATIO = 1e-6  # relative
ROWS, COLUMNS = "rows", "columns"
ALIKE = ("", ROWS, "", COLUMNS)
"""What counts alike in a pair, one after another."""
MUCH, LITTLE = (
    2.0**10,
    2.0**-7,
)  # times a random vector: a dead zone shows, and a tolerance that is not relative hardly does
ROUNDED_AWAY = "they differ by rounding alone: all their columns were compared"


@dataclass(frozen=True)
class Trial:
    """One pair of random vectors, and what the operators make of it."""

    u: Vector
    v: Vector
    forward: float
    """Re <u, A v>."""
    adjoint: float
    """Re <A* u, v>."""
    bar: float
    """What the two may differ by."""
    departure: float
    """Relative: by how much either operator is not linear."""


def check_adjoint(
    forward: Callable[..., Any],
    adjoint: Callable[..., Any],
    point: Any,
    *,
    pairs: int = PAIRS,
    seed: int | None = None,
    name: str = "operator",
) -> CheckReport:
    """Check that two linear operators are adjoint: <u, A v> = <A* u, v> for random u and v.

    The bar is 16 eps sqrt(max(m, n)) (sum |u A v| + sum |A* u v|), or four times what a departure from linearity makes
    of the products where that is more, as of a solver that stops at a tolerance. Square operators that miss it are
    applied to all unit vectors: where the rounding of a stable solver explains every difference between the two
    matrices, that is the bar (see `gradcheck_cli.numeric.solves`). It says that the operators fit together; whether A
    is the derivative of anything, differences have to say.

    Parameters
    ----------
    forward : callable
        A: an array like `point` -> an array, real or complex.
    adjoint : callable
        A*: an array like what `forward` returns -> an array like `point`.
    point : array_like
        Any array of the shape, and of the kind (real or complex), that `forward` takes; its values do not matter.
    pairs : int, optional
        How many pairs of random vectors.
    seed : int, optional
        Of the vectors; a fresh one where it is not given. The report has it.
    name : str, optional
        What the report calls the operator.

    Returns
    -------
    CheckReport
        With an entry for each pair: the inner product with the adjoint as the claim, that with the operator as what it
        is held against.

    Raises
    ------
    GradcheckError
        Where an operator raises, or returns another shape than the other takes.
    """
    require_plain_arguments(name, None)
    require_whole("pairs", pairs, 2)
    seed = secrets.randbits(32) if seed is None else seed
    require_whole("seed", seed, 0)
    return fitting_together(forward, adjoint, as_vector(point, "the point"), pairs, seed, name)


def fitting_together(
    forward: Callable[..., Any],
    adjoint: Callable[..., Any],
    v: Vector,
    pairs: int,
    seed: int,
    name: str,
    *,
    alike: bool = True,
    same: float = 0.0,
) -> CheckReport:
    """Compare the inner products of two operators; the arguments are those of `check_adjoint`, and two more.

    Parameters
    ----------
    alike : bool, optional
        Whether every second pair weighs the entries of what `forward`, or in turn `adjoint`, returns alike.
    same : float, optional
        What right operators may differ by, relative to the terms of the products, though neither is rounded so much.
    """
    started = time.perf_counter()
    random, calls = np.random.default_rng(seed), 0

    def counted(vector: Vector) -> Any:
        nonlocal calls
        calls += 1
        return forward(vector)

    counted.__name__ = called(forward)
    operators = Operators(counted, adjoint, v, applied(counted, signed(random, v), None), same)
    trials = [operators.trial(random, alike=ALIKE[number % 4] if alike else "") for number in range(pairs)]
    claims, values, bars = (np.array([getattr(t, n) for t in trials]) for n in ("adjoint", "forward", "bar"))
    row = compared(claims, values, bars)
    departure = max(*(trial.departure for trial in trials), operators.departure_at_zero(), operators.of_scales(random))
    looks = row.verdict is Verdict.FAIL and departure <= MOST_DEPARTURE and operators.may_solve()
    rounding = operators.rounding() if looks else None
    if rounding is not None:
        row = compared(claims, values, bars + [rounding.bar(trial.u, trial.v) for trial in trials])
    findings = findings_of(claims, values, departure, wrong=row.verdict is Verdict.FAIL)
    return CheckReport(
        name=name,
        verdict=Verdict.FAIL if findings else row.verdict,
        difference=row.difference,
        refined_difference=row.refined_difference,
        threshold=DEFAULT_THRESHOLD,
        epsilon="auto",
        loss=None,
        evaluations=calls,
        reference="inner products",
        seconds=time.perf_counter() - started,
        parameters=(row,),
        reasons=(f"not linear: by {departure:.1e} of its result",) if departure > MOST_DEPARTURE else (),
        findings=findings,
        notes=(
            f"{pairs} pairs of random vectors from seed {seed}, linear to {departure:.1e}",
            "this shows that the two operators fit together; only differences show whether they are a derivative",
            *([] if claims.any() or values.any() else ["all products are zero, so this shows next to nothing"]),
            *([] if rounding is None else [f"both solve equations that are nearly singular: {ROUNDED_AWAY}"]),
        ),
        settings={"seed": seed},
    )


@dataclass(frozen=True)
class Operators:
    """An operator and its adjoint, and vectors like those that they take."""

    forward: Callable[..., Any]
    adjoint: Callable[..., Any]
    v: Vector
    u: Vector
    same: float = 0.0
    """What they may differ by in any case, relative to the terms of an inner product."""

    def departure_at_zero(self) -> float:
        """Return whether either makes something of zeros: 1, or 0 where it does not."""
        made = [applied(self.forward, 0 * self.v, self.u), applied(self.adjoint, 0 * self.u, self.v)]
        return float(any(vector.any() for vector in made))

    def of_scales(self, random: np.random.Generator) -> float:
        """Return by how much what either makes of a large vector differs from as much of the same vector when small."""
        departures = []
        for operator, like, made_like in ((self.forward, self.v, self.u), (self.adjoint, self.u, self.v)):
            vector = signed(random, like)
            large, small = (applied(operator, scale * vector, made_like) / scale for scale in (MUCH, LITTLE))
            size = float(np.sum(np.abs(large)))
            missed = float(np.sum(np.abs(large - small)))
            departures.append(missed / size if size else float(missed > 0))
        return max(departures)

    def may_solve(self) -> bool:
        """Whether the operators may solve equations, so few that each column can be looked at."""
        return self.u.size == self.v.size <= MOST_SOLVED and np.iscomplexobj(self.u) == np.iscomplexobj(self.v)

    def rounding(self) -> SolveRounding | None:
        """Return the rounding of solvers that explains how the operators differ; None where it does not."""
        with suppress(GradcheckError):  # as of an operator that makes no number of a unit vector
            forward = [applied(self.forward, unit, self.u).ravel() for unit in units(self.v)]
            adjoint = [applied(self.adjoint, unit, self.v).ravel() for unit in units(self.u)]
            return rounding_of_solves(np.transpose(forward), np.transpose(adjoint))
        return None

    def trial(self, random: np.random.Generator, *, alike: str) -> Trial:
        """Apply both to random vectors, and to a sum of two.

        Where rows are to count alike, u is the smaller where A v is the larger, and where columns are, v where A* u is:
        what is small there cannot hide.
        """
        (v, w), (u, t) = ((signed(random, like), signed(random, like)) for like in (self.v, self.u))
        if alike == ROWS:
            u, t = evened([u, t], applied(self.forward, v, self.u))
        elif alike == COLUMNS:
            v, w = evened([v, w], applied(self.adjoint, u, self.v))
        there, by_forward = self.with_departure(self.forward, v, w, self.u)
        back, by_adjoint = self.with_departure(self.adjoint, u, t, self.v)
        terms = np.sum(np.abs(u * there)), np.sum(np.abs(back * v))
        rounding = ROUNDING * EPS * np.sqrt(max(u.size, v.size)) * (terms[0] + terms[1])
        missed = np.sum(np.abs(u) * by_forward), np.sum(np.abs(v) * by_adjoint)
        return Trial(
            u=u,
            v=v,
            forward=product(u, there),
            adjoint=product(back, v),
            bar=float(max(rounding, OF_DEPARTURE * (missed[0] + missed[1]), self.same * (terms[0] + terms[1]))),
            departure=0.0  # what is zero but for rounding is large in a vector that is evened
            if alike
            else max(
                float(part / whole) if whole else float(part > 0) for part, whole in zip(missed, terms, strict=True)
            ),
        )

    def with_departure(
        self, operator: Callable[..., Any], one: Vector, other: Vector, like: Vector
    ) -> tuple[Vector, NDArray[np.float64]]:
        """Return what an operator makes of a vector, and by how much it misses being linear in it."""
        alone = applied(operator, one, like)
        both = applied(operator, 2 * one - 0.75 * other, like)
        return alone, np.abs(both - (2 * alone - 0.75 * applied(operator, other, like)))


def evened(vectors: Sequence[Vector], made: Vector) -> list[Vector]:
    """Return vectors that are the smaller where what was made is the larger."""
    sizes = np.abs(made)
    return [vector / np.maximum(sizes, SMALLEST * np.max(sizes, initial=0.0) or 1.0) for vector in vectors]


def compared(claims: Vector, values: Vector, bars: Vector) -> ParameterResult:
    """Return the row of the report: each pair's two inner products, and what they may differ by."""
    flags = np.zeros(values.shape, dtype=np.bool_)
    return compare_parameter("pair", claims, values, Reference(values, bars, bars, values, values, flags, flags), EPS)


def applied(operator: Callable[..., Any], vector: Vector, like: Vector | None) -> Vector:
    """Return what an operator makes of a copy of a vector.

    Raises
    ------
    ProblemError
        Where it has another shape than `like`, or is not finite.
    """
    what = f"what {called(operator)} returned"
    found = as_vector(call(operator, vector.copy()), what)
    if like is not None and found.shape != like.shape:
        raise ProblemError(f"{what} has shape {found.shape}, expected {like.shape}")
    if not np.isfinite(found).all():
        raise ProblemError(f"{what} contains NaN or infinity, expected finite numbers")
    if like is not None and np.iscomplexobj(found) and not np.iscomplexobj(like):
        raise ProblemError(
            f"{what} is complex, expected real numbers", hint="the adjoint over the reals is its real part"
        )
    return found


def as_vector(value: Any, what: str) -> Vector:
    """Return numbers as an array, real or complex."""
    with asking(f"converting {what} to an array raised"):
        array = np.asanyarray(value)
        refuse_masked(array, what)
        array = np.asarray(array)
    if array.dtype.kind not in "fiubc" or not array.size:
        raise ProblemError(f"{what} is {kind_of(value)} of {array.dtype}, expected an array of numbers")
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def units(like: Vector) -> Iterator[Vector]:
    """Yield the unit vectors like another one."""
    for k in range(like.size):
        unit = np.zeros_like(like)
        unit.reshape(-1)[k] = 1
        yield unit


def signed(random: np.random.Generator, like: Vector) -> Vector:
    """Return a random vector like another one, real or complex."""
    real = random.standard_normal(like.shape)
    return real + 1j * random.standard_normal(like.shape) if np.iscomplexobj(like) else real


def product(one: Vector, other: Vector) -> float:
    """Return the real part of the inner product: over all vectors it says as much as the whole."""
    return float(np.real(np.vdot(one, other)))


def findings_of(claims: Vector, values: Vector, departure: float, *, wrong: bool) -> tuple[Finding, ...]:
    """Name what is wrong: not linear, or a constant times the right one."""
    if departure > MOST_DEPARTURE:
        said = "A or its adjoint is not linear: it does not keep sums, or does not scale with the vector"
        help_ = "look for an added constant, a clip, an abs, a threshold"
        return (Finding("not-linear", "all", said, help=help_),)
    if not wrong:
        return ()
    ratios = claims / np.where(values == 0, 1.0, values)
    same = np.ptp(ratios) <= SAME_RATIO * np.max(np.abs(ratios))
    if values.all() and same and abs(np.median(ratios) - 1) > SAME_RATIO:
        factor = float(np.median(ratios))
        help_ = "look for a scale such as 1/n or a step dx, or for an inverse instead of the adjoint"
        return (
            Finding("factor", "all", f"the adjoint is {factor:.6g} times the right one", help=help_, factor=factor),
        )
    return (Finding("unknown", "all", "the two operators are not adjoint"),)
