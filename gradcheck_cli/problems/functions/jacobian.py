"""What a Jacobian may come as: an array, a sparse matrix, or arrays by parameter and by output."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.functions.complex_numbers import as_halves
from gradcheck_cli.problems.functions.outputs import Outputs, real_array
from gradcheck_cli.problems.functions.own_arrays import has_parts, is_sparse
from gradcheck_cli.vocabulary.asking import asking, kind_of
from gradcheck_cli.vocabulary.errors import GradcheckError, ProblemError
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["claimed_block", "claimed_jacobian", "dense", "in_parts", "parts_of"]


def claimed_jacobian(
    claim: Any, outputs: Outputs, point: Parameters, complex_parameters: Collection[str] = ()
) -> dict[str, Array]:
    """Return for each parameter the rows of all outputs: an array of shape (m, *param.shape).

    Parameters
    ----------
    claim : object
        What the user has.
    outputs : Outputs
        At the point.
    point : mapping of str to ndarray
        The parameters; those that are complex have an axis of both halves at the end, as complex outputs have.
    complex_parameters : collection of str, optional
        Which of them are complex.

    Raises
    ------
    ProblemError
        Where something is missing, or has another shape.
    """
    by_output = parts_of(claim, outputs)
    found = {
        name: [
            complex_rows_of(by_output[o], name, o, outputs, point, by_complex=name in complex_parameters)
            if o in outputs.complex_names or name in complex_parameters
            else rows_of(by_output[o], name, o, outputs.arrays[o], point)
            for o in outputs.arrays
        ]
        for name in point
    }
    return {name: np.concatenate(parts) for name, parts in found.items()}


def in_parts(claim: Any, outputs: Outputs, point: Parameters) -> tuple[Any, list[str]]:
    """Return a Jacobian of one output in the form that `claimed_jacobian` takes, and how it was understood.

    Of several parameters it may be a tuple of arrays, one for each, or one array whose columns are those of all
    parameters, one after another. Of an output with the parameter's own shape it may have that shape as well: the
    derivative of each entry, as of an activation, with zeros beside the diagonal.
    """
    if not outputs.alone or outputs.complex_names or has_parts(claim) or is_sparse(claim):
        return claim, []
    if isinstance(claim, tuple) and len(claim) == len(point) > 1:
        return dict(zip(point, claim, strict=True)), []
    try:
        values = dense(claim, "the Jacobian")
    except GradcheckError:  # what is wrong with it is told by whoever takes it
        return claim, []
    (output,) = outputs.arrays.values()
    sizes = [array.size for array in point.values()]
    if len(point) > 1 and values.shape in ((output.size, sum(sizes)), (*output.shape, sum(sizes))):
        parts = np.split(values.reshape(output.size, -1), np.cumsum(sizes)[:-1], axis=1)
        return dict(zip(point, parts, strict=True)), [f"the columns of the Jacobian are those of {', '.join(point)}"]
    (first, *others) = point.values()
    if not others and values.shape == output.shape == first.shape and values.ndim:
        return np.diag(values.reshape(-1)), ["the derivative has the function's own shape: one of each entry by itself"]
    return claim, []


def parts_of(claim: Any, outputs: Outputs) -> Mapping[str, Any]:
    """Return the part of a Jacobian that is of each output.

    Raises
    ------
    ProblemError
        Where there is none for one of them.
    """
    names = list(outputs.arrays)
    if not outputs.alone and has_parts(claim) and set(names) <= set(claim):
        return claim
    if len(names) == 1:
        return {names[0]: claim}
    raise ProblemError(f"the Jacobian has no part for each of {', '.join(outputs.arrays)}, expected a dict of them")


def dense(claim: Any, what: str) -> Array:
    """Return a claim as an array, a sparse matrix among them."""
    with asking(f"converting {what} to an array raised"):
        return real_array(claim.toarray() if hasattr(claim, "toarray") else claim, what)


def claimed_block(claim: Any, name: str, output: str, point: Parameters) -> Any:
    """Return what is claimed of one output with respect to one parameter.

    Raises
    ------
    ProblemError
        Where there is nothing.
    """
    if has_parts(claim):
        if name not in claim:
            raise ProblemError(f"the Jacobian has no d {output} / d {name}; it has {', '.join(map(str, claim))}")
        return claim[name]
    if len(point) > 1:
        raise ProblemError(f"the Jacobian is one array, expected a dict with {', '.join(point)}")
    return claim


def rows_of(claim: Any, name: str, output: str, array: Array, point: Parameters) -> Array:
    """Return the derivatives of one output with respect to one parameter, row by row of the output."""
    what, shape = f"d {output} / d {name}", point[name].shape
    values = dense(claimed_block(claim, name, output, point), what)
    require_shape(values, array.shape, shape, what)
    return values.reshape(array.size, *shape)


def require_shape(values: NDArray[Any], output: tuple[int, ...], parameter: tuple[int, ...], what: str) -> None:
    """Raise ProblemError where an array is no Jacobian of an output and a parameter of these shapes."""
    wanted = ((math.prod(output), math.prod(parameter)), (*output, *parameter))
    if values.shape not in wanted:
        hint = "its transpose would fit" if values.T.shape in wanted else None
        raise ProblemError(f"{what} has shape {values.shape}, expected {wanted[0]} or {wanted[1]}", hint=hint)


def complex_rows_of(
    claim: Any, name: str, output: str, outputs: Outputs, point: Parameters, *, by_complex: bool
) -> Array:
    """Return the derivatives of the halves of one output with respect to the halves of one parameter.

    Of a complex output F and a complex parameter z = x + iy the claim is dF/dz, or the pair (dF/dz, dF/dconj(z)) where
    F is not holomorphic: dF/dx is their sum and dF/dy is i times their difference. Of a real output it is a gradient by
    the convention in use, of a real parameter the complex dF/dx.
    """
    what, of_complex = f"d {output} / d {name}", output in outputs.complex_names
    part = claimed_block(claim, name, output, point)
    pair = part if isinstance(part, tuple) and len(part) == 2 and of_complex and by_complex else (part,)
    array, shape = outputs.arrays[output], point[name].shape
    of, by = array.shape[: array.ndim - of_complex], shape[: len(shape) - by_complex]
    numbers = [complex_dense(each, what) for each in pair]
    for each in numbers:
        require_shape(each, of, by, what)
    by_z, *rest = (each.reshape(math.prod(of), math.prod(by)) for each in numbers)
    by_conj = rest[0] if rest else np.zeros_like(by_z)
    if by_complex and of_complex:
        slopes = np.stack([by_z + by_conj, 1j * (by_z - by_conj)], axis=-1)
    elif by_complex:
        slopes = as_halves(outputs.convention.slopes(by_z))
    else:
        slopes = by_z
    both = np.stack([slopes.real, slopes.imag], axis=1) if of_complex else slopes
    return np.asarray(both, dtype=np.float64).reshape(array.size, *shape)


def complex_dense(claim: Any, what: str) -> NDArray[Any]:
    """Return a claim as an array of complex numbers, a sparse matrix among them."""
    with asking(f"converting {what} to an array raised"):
        array = np.asarray(claim.toarray() if hasattr(claim, "toarray") else claim)
    if array.dtype.kind not in "fiubc":
        raise ProblemError(f"{what} is {kind_of(claim)}, expected complex numbers")
    return array.astype(np.complex128)
