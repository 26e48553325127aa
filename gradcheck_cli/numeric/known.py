"""The reference of a problem that has the right gradient itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.problems.problem import KnownGradient
from gradcheck_cli.vocabulary.settings import MACHINE_EPSILON

__all__ = ["known_reference"]


def known_reference(problem: KnownGradient) -> Iterator[tuple[str, Reference]]:
    """Take the known gradient for the reference; where it is NaN there is none.

    Yields
    ------
    tuple of str and Reference
        Each parameter's name and its reference.
    """
    double = problem.known_bars(MACHINE_EPSILON["float64"])
    single = problem.known_bars(MACHINE_EPSILON["float32"])
    for name, values in problem.known_gradient().items():
        nowhere = np.zeros(values.shape, dtype=bool)
        yield name, Reference(values, double[name], single[name], values, values, kinks=nowhere, coarse=nowhere)
