"""The reference of a problem whose losses take complex numbers: the complex step, right to the last digits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.problems.problem import ComplexSafe

__all__ = ["complex_step_reference"]

SMALLEST = 1e-200  # below it the complex step itself underflows


def complex_step_reference(problem: ComplexSafe) -> Iterator[tuple[str, Reference]]:
    """Differentiate a problem by the complex step.

    Yields
    ------
    tuple of str and Reference
        Each parameter's name and its reference.
    """
    sides = problem.complex_step_gradients()
    double = problem.rounding_floor(float(np.finfo(np.float64).eps))
    single = problem.rounding_floor(float(np.finfo(np.float32).eps))
    for name, values in sides[0].items():
        slopes = [side[name] for side in sides]
        low, high = np.minimum.reduce(slopes), np.maximum.reduce(slopes)
        yield (
            name,
            Reference(
                values=values,
                bars=double[name] + SMALLEST,
                single_bars=single[name] + SMALLEST,
                low=low,
                high=high,
                kinks=high - low > double[name],
                coarse=np.zeros(values.shape, dtype=bool),
            ),
        )
