"""The reference of a problem whose losses take complex numbers: the complex step, right to the last digits."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from gradcheck_cli.numeric.reference import Reference, RemadeReference
from gradcheck_cli.problems.problem import ComplexSafe
from gradcheck_cli.vocabulary.settings import MACHINE_EPSILON

__all__ = ["complex_step_reference"]

SMALLEST = 1e-200  # below it the complex step itself underflows


def complex_step_reference(problem: ComplexSafe) -> Iterator[tuple[str, RemadeReference]]:
    """Differentiate a problem by the complex step.

    Yields
    ------
    tuple of str and RemadeReference
        Each parameter's name and its reference.
    """
    for name, values in problem.parameters.items():
        yield name, RemadeReference(values.shape, partial(reference_of_rows, problem, name))


def reference_of_rows(problem: ComplexSafe, name: str, rows: slice) -> Reference:
    """Return the reference of some rows of a parameter."""
    sides = problem.complex_step_gradients(name, rows)
    low, high = np.minimum.reduce(sides), np.maximum.reduce(sides)
    double = problem.rounding_floor(name, rows, MACHINE_EPSILON["float64"])
    return Reference(
        values=sides[0],
        bars=double + SMALLEST,
        single_bars=double * (MACHINE_EPSILON["float32"] / MACHINE_EPSILON["float64"]) + SMALLEST,
        low=low,
        high=high,
        kinks=high - low > double,
        coarse=np.zeros(low.shape, dtype=bool),
    )
