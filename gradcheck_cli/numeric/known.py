"""The reference of a problem that has the right gradient itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.problems.problem import KnownGradient

__all__ = ["known_reference"]


def known_reference(problem: KnownGradient) -> Iterator[tuple[str, Reference]]:
    """Take the known gradient for the reference.

    Yields
    ------
    tuple of str and Reference
        Each parameter's name and its reference.
    """
    double = problem.known_bars(float(np.finfo(np.float64).eps))
    single = problem.known_bars(float(np.finfo(np.float32).eps))
    for name, values in problem.known_gradient().items():
        nowhere = np.zeros(values.shape, dtype=bool)
        yield name, Reference(values, double[name], single[name], values, values, kinks=nowhere, coarse=nowhere)
