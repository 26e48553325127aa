"""The analytic gradient against the numeric one: differences and verdicts.

Every comparison is written so that a number that is not finite fails.
"""

from __future__ import annotations

import math
from array import array

import numpy as np

from gradcheck_cli.parameters import Array
from gradcheck_cli.results import Entries, ParameterResult, Verdict

__all__ = ["compare_parameter", "relative_difference", "verdict_of"]


def norm(vector: Array) -> float:
    """Return the Euclidean norm; scaled, so that neither large nor small entries overflow or vanish in squaring."""
    largest = float(np.max(np.abs(vector), initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(vector / largest))


def relative_difference(analytic: Array, numeric: Array) -> float:
    """Return norm(analytic - numeric) / (norm(analytic) + norm(numeric)), the course's figure.

    Parameters
    ----------
    analytic, numeric : ndarray of shape (n,)
        The two gradients.

    Returns
    -------
    float
        Between 0 and 1; 0 where both are zero; NaN where one of them is not finite.
    """
    largest = max(norm(analytic), norm(numeric))
    if largest == 0:
        return 0.0
    if not math.isfinite(largest):
        return math.nan
    analytic, numeric = analytic / largest, numeric / largest
    return norm(analytic - numeric) / (norm(analytic) + norm(numeric))


def verdict_of(difference: float, threshold: float) -> Verdict:
    """PASS where `difference` is at most `threshold`; NaN fails."""
    return Verdict.PASS if difference <= threshold else Verdict.FAIL


def compare_parameter(name: str, analytic: Array, numeric: Array, threshold: float) -> ParameterResult:
    """Compare the two gradients of one parameter, of one shape."""
    a, n = analytic.reshape(-1), numeric.reshape(-1)
    with np.errstate(invalid="ignore"):
        errors = np.abs(a - n)
    entries = Entries(name, analytic.shape, array("d", a), array("d", n))
    difference = relative_difference(a, n)
    return ParameterResult(
        name=name,
        shape=analytic.shape,
        verdict=verdict_of(difference, threshold),
        difference=difference,
        analytic_norm=norm(a),
        numeric_norm=norm(n),
        worst=entries[int(np.argmax(np.where(np.isnan(errors), np.inf, errors)))],
        entries=entries,
    )
