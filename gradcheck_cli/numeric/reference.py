"""The reference: a numeric derivative of every entry with an error bar, the second opinion behind a verdict.

It comes from losses alone. A problem whose losses take complex numbers is differentiated by the complex step, to the
last digits; any other by a ladder of centred differences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.numeric.counted import CountedProblem
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.problem import ComplexSafe
from gradcheck_cli.settings import Settings

__all__ = ["Found", "Reference", "find_reference"]

SMALLEST = 1e-200  # below it the complex step itself underflows


@dataclass(frozen=True)
class Reference:
    """The reference of one parameter; every array has the parameter's shape."""

    values: Array
    """The numeric derivatives."""
    bars: Array
    """What a right analytic value may be off by, whatever the threshold: the reference's own error and rounding."""
    single_bars: Array
    """The same for an analytic value that was computed in float32."""
    low: Array
    """Lower end of what is right: the smaller one-sided slope at a kink, `values` elsewhere."""
    high: Array
    """Upper end of what is right."""
    kinks: NDArray[np.bool_]
    """Entries whose one-sided slopes differ."""
    coarse: NDArray[np.bool_]
    """Entries whose bar is too wide to judge by."""


@dataclass(frozen=True)
class Found:
    """The reference of all parameters."""

    parameters: dict[str, Reference]
    method: str
    """How it was found."""


def find_reference(
    problem: CountedProblem, analytic: Parameters, settings: Settings, progress: Callable[[int], None]
) -> Found:
    """Find the reference of a problem in the best way that it offers.

    Parameters
    ----------
    problem : CountedProblem
        Whose losses are taken; its gradient is never asked for.
    analytic : mapping of str to ndarray
        The claimed gradient. It never enters the reference; where a first difference settles that an entry is right, it
        saves the others.
    settings : Settings
        Its threshold and seed.
    progress : callable
        Called with the number of entries done since the last call.
    """
    if isinstance(problem.problem, ComplexSafe):
        return Found(dict(complex_step_reference(problem.problem)), "complex step")
    raise NotImplementedError


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
