"""What a Jacobian may come as: an array, a sparse matrix, or arrays by parameter and by output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.asking import asking
from gradcheck_cli.errors import ProblemError
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.outputs import Outputs, real_array

__all__ = ["claimed_jacobian", "dense"]


def claimed_jacobian(claim: Any, outputs: Outputs, point: Parameters) -> dict[str, Array]:
    """Return for each parameter the rows of all outputs: an array of shape (m, *param.shape).

    Raises
    ------
    ProblemError
        Where something is missing, or has another shape.
    """
    names = list(outputs.arrays)
    by_output = claim if not outputs.alone and isinstance(claim, Mapping) and set(names) <= set(claim) else None
    if by_output is None and len(names) == 1:
        by_output = {names[0]: claim}
    if by_output is None:
        raise ProblemError(f"the Jacobian has no part for each of {', '.join(outputs.arrays)}, expected a dict of them")
    found = {name: [rows_of(by_output[o], name, o, outputs.arrays[o], point) for o in outputs.arrays] for name in point}
    return {name: np.concatenate(parts) for name, parts in found.items()}


def dense(claim: Any, what: str) -> Array:
    """Return a claim as an array, a sparse matrix among them."""
    with asking(f"taking {what} for an array raised"):
        return real_array(claim.toarray() if hasattr(claim, "toarray") else claim, what)


def rows_of(claim: Any, name: str, output: str, array: Array, point: Parameters) -> Array:
    """Return the derivatives of one output with respect to one parameter, row by row of the output."""
    what = f"d {output} / d {name}"
    if isinstance(claim, Mapping):
        if name not in claim:
            raise ProblemError(f"the Jacobian has no {what}; it has {', '.join(map(str, claim))}")
        claim = claim[name]
    elif len(point) > 1:
        raise ProblemError(f"the Jacobian is one array, expected a dict with {', '.join(point)}")
    values, shape = dense(claim, what), point[name].shape
    wanted = ((array.size, point[name].size), (*array.shape, *shape))
    if values.shape not in wanted:
        hint = "its transpose would fit" if values.T.shape in wanted else None
        raise ProblemError(f"{what} has shape {values.shape}, expected {wanted[0]} or {wanted[1]}", hint=hint)
    return values.reshape(array.size, *shape)
