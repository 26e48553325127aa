"""What is wrong with a Hessian."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.diagnosis.outputs import finding_of
from gradcheck_cli.parameters import Array
from gradcheck_cli.results import Finding, ParameterResult

__all__ = ["hessian_findings"]

SAME = 1e-5  # relative


def hessian_findings(row: ParameterResult, *, diagonal: bool) -> tuple[Finding, ...]:
    """Name the mistake in a Hessian of which the derivatives of the gradient are known."""
    if not diagonal:
        size = row.shape[0]
        claim, right = (np.array(column).reshape(size, -1) for column in (row.entries.analytic, row.entries.reference))
        own = np.eye(size, dtype=bool)
        if is_like(claim[own], right[own]) and is_like(claim[~own], 2 * right[~own]):
            said = "every entry beside the diagonal is 2 times what is right"
            return (
                Finding("off-diagonal-doubled", "H", f"H: {said}", help="look for a sum over i < j of both halves"),
            )
        for half, kept, lost in (("lower", np.tril, np.triu), ("upper", np.triu, np.tril)):
            if not lost(claim, 1 if half == "lower" else -1).any() and is_like(kept(claim), kept(right)):
                said = f"only its {half} triangle is there"
                return (Finding("half-stored", "H", f"H: {said}", help="H + H.T less its diagonal is the whole"),)
    found = finding_of(row)
    return () if found is None else (found,)


def is_like(claim: Array, right: Array) -> bool:
    """Whether numbers are what they should be, but for what differences do not tell."""
    return bool(np.all(np.abs(claim - right) <= SAME * np.max(np.abs(right), initial=0.0)))
