"""What a Jacobian may come as: an array, a sparse matrix, or arrays by parameter and by output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.asking import asking
from gradcheck_cli.errors import ProblemError
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.outputs import Outputs, real_array

__all__ = ["claimed_block", "claimed_jacobian", "dense", "parts_of"]


def claimed_jacobian(claim: Any, outputs: Outputs, point: Parameters) -> dict[str, Array]:
    """Return for each parameter the rows of all outputs: an array of shape (m, *param.shape).

    Raises
    ------
    ProblemError
        Where something is missing, or has another shape.
    """
    by_output = parts_of(claim, outputs)
    found = {name: [rows_of(by_output[o], name, o, outputs.arrays[o], point) for o in outputs.arrays] for name in point}
    return {name: np.concatenate(parts) for name, parts in found.items()}


def parts_of(claim: Any, outputs: Outputs) -> Mapping[str, Any]:
    """Return the part of a Jacobian that is of each output.

    Raises
    ------
    ProblemError
        Where there is none for one of them.
    """
    names = list(outputs.arrays)
    if not outputs.alone and isinstance(claim, Mapping) and set(names) <= set(claim):
        return claim
    if len(names) == 1:
        return {names[0]: claim}
    raise ProblemError(f"the Jacobian has no part for each of {', '.join(outputs.arrays)}, expected a dict of them")


def dense(claim: Any, what: str) -> Array:
    """Return a claim as an array, a sparse matrix among them."""
    with asking(f"taking {what} for an array raised"):
        return real_array(claim.toarray() if hasattr(claim, "toarray") else claim, what)


def claimed_block(claim: Any, name: str, output: str, point: Parameters) -> Any:
    """Return what is claimed of one output with respect to one parameter.

    Raises
    ------
    ProblemError
        Where there is nothing.
    """
    if isinstance(claim, Mapping):
        if name not in claim:
            raise ProblemError(f"the Jacobian has no d {output} / d {name}; it has {', '.join(map(str, claim))}")
        return claim[name]
    if len(point) > 1:
        raise ProblemError(f"the Jacobian is one array, expected a dict with {', '.join(point)}")
    return claim


def rows_of(claim: Any, name: str, output: str, array: Array, point: Parameters) -> Array:
    """Return the derivatives of one output with respect to one parameter, row by row of the output."""
    what = f"d {output} / d {name}"
    values, shape = dense(claimed_block(claim, name, output, point), what), point[name].shape
    wanted = ((array.size, point[name].size), (*array.shape, *shape))
    if values.shape not in wanted:
        hint = "its transpose would fit" if values.T.shape in wanted else None
        raise ProblemError(f"{what} has shape {values.shape}, expected {wanted[0]} or {wanted[1]}", hint=hint)
    return values.reshape(array.size, *shape)
