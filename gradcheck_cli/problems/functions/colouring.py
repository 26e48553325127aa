"""A sparse Jacobian: its declared entries, and columns without a common row, which one evaluation moves together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.functions.jacobian import claimed_block, parts_of
from gradcheck_cli.problems.functions.outputs import Outputs
from gradcheck_cli.problems.functions.own_arrays import has_parts
from gradcheck_cli.vocabulary.asking import asking, kind_of
from gradcheck_cli.vocabulary.errors import ProblemError
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["SparseJacobian", "colours_of", "is_sparse", "sparse_jacobian"]

Places = NDArray[np.intp]


@dataclass(frozen=True)
class SparseJacobian:
    """The entries of a Jacobian of shape (m, n) that a pattern declares, row by row; all arrays have the shape (k,)."""

    rows: Places
    columns: Places
    values: Array
    shape: tuple[int, int]
    single: bool = False
    """Whether all of it was handed over in float32, or in less."""

    @property
    def keys(self) -> Places:
        """Each entry's place, counted row by row."""
        return self.rows * self.shape[1] + self.columns

    def along(self, weights: Array, directions: Places, count: int) -> Array:
        """Return for each of `count` directions the sum of its columns times their weights, of shape (m, count).

        The columns of direction -1 are left out.
        """
        found, part = np.zeros(self.shape[0] * count), directions[self.columns] >= 0
        columns = self.columns[part]
        with np.errstate(all="ignore"):
            np.add.at(found, self.rows[part] * count + directions[columns], self.values[part] * weights[columns])
        return found.reshape(self.shape[0], count)

    def columns_of(self, rows: Places) -> Places:
        """Return the columns that have a declared entry in some rows."""
        return np.unique(self.columns[np.isin(self.rows, rows)])

    def block(self, rows: Places, columns: Places) -> Array:
        """Return the claims of some rows and columns, zeros among them, of shape (rows.size, columns.size)."""
        found = np.zeros((rows.size, columns.size))
        of_row, of_column = (np.full(size, -1, dtype=np.intp) for size in self.shape)
        of_row[rows], of_column[columns] = np.arange(rows.size), np.arange(columns.size)
        inside = (of_row[self.rows] >= 0) & (of_column[self.columns] >= 0)
        found[of_row[self.rows[inside]], of_column[self.columns[inside]]] = self.values[inside]
        return found


def is_sparse(claim: Any) -> bool:
    """Whether a Jacobian is a sparse matrix, or has one among its parts."""
    if has_parts(claim):
        return any(is_sparse(part) for part in claim.values())
    with asking("inspecting the Jacobian raised"):
        return callable(getattr(claim, "tocoo", None))


def sparse_jacobian(claim: Any, outputs: Outputs, point: Parameters) -> SparseJacobian:
    """Return the declared entries of all outputs with respect to all parameters.

    What is stored belongs to the pattern, zeros too; what is stored twice is summed, as scipy does. Of a part that is
    no sparse matrix the pattern is what is not zero.

    Parameters
    ----------
    claim : sparse matrix, or mapping of such
        In a form that `claimed_jacobian` takes; a sparse matrix is what has `tocoo`.
    outputs : Outputs
        Those of the function.
    point : mapping of str to ndarray
        The parameters.

    Raises
    ------
    ProblemError
        Where something is missing, or has another shape.
    """
    by_output = parts_of(claim, outputs)
    shape = outputs.size, sum(values.size for values in point.values())
    parts, first_row = [], 0
    for output, array in outputs.arrays.items():
        first_column = 0
        for name, values in point.items():
            part = claimed_block(by_output[output], name, output, point)
            rows, columns, entries = coordinates(part, f"d {output} / d {name}", (array, values))
            parts.append((rows + first_row, columns + first_column, entries))
            first_column += values.size
        first_row += array.size
    rows, columns, entries = (np.concatenate(column) for column in zip(*parts, strict=True))
    keys, places = np.unique(rows * shape[1] + columns, return_inverse=True)
    sums = np.zeros(keys.size)
    with np.errstate(all="ignore"):
        np.add.at(sums, places, entries.astype(np.float64))
    return SparseJacobian(
        *np.divmod(keys, shape[1]),
        sums,
        shape,
        single=entries.dtype.kind == "f" and entries.dtype.itemsize < sums.dtype.itemsize,
    )


def coordinates(part: Any, what: str, sides: tuple[Array, Array]) -> tuple[Places, Places, NDArray[Any]]:
    """Return rows, columns and values of what is stored of one output with respect to one parameter."""
    output, parameter = sides
    wanted = ((output.size, parameter.size), (*output.shape, *parameter.shape))
    with asking(f"unpacking {what} raised"):
        if is_sparse(part):
            stored = part.tocoo()
            shape, values = tuple(stored.shape), np.asarray(stored.data)
            places = [np.asarray(axis) for axis in (stored.row, stored.col)]
        else:
            dense = np.asarray(part)
            shape = dense.shape
            flat = dense.reshape(wanted[0]) if shape in wanted else dense
            places = list(np.nonzero(flat))
            values = flat[tuple(places)]
    if shape not in wanted:
        hint = "its transpose would fit" if shape[::-1] in wanted else None
        raise ProblemError(f"{what} has shape {shape}, expected {wanted[0]} or {wanted[1]}", hint=hint)
    if values.dtype.kind not in "fiub":
        raise ProblemError(f"{what} is {kind_of(part)} of {values.dtype}, expected real numbers")
    for axis, size in zip(places, wanted[0], strict=True):
        fits = axis.shape == values.shape and axis.ndim == 1 and axis.dtype.kind in "iu"
        if not fits or (axis.size and not 0 <= axis.min() <= axis.max() < size):
            raise ProblemError(f"{what} has no row and column within {shape} for each of its values")
    return places[0].astype(np.intp), places[1].astype(np.intp), values


def colours_of(jacobian: SparseJacobian, classes: Places) -> Places:
    """Return for each column the number of its colour: no two of a colour have a declared entry in the same row.

    Columns are coloured one after another, those with the most entries first, each by the first colour that fits
    (Curtis, Powell and Reid, On the estimation of sparse Jacobian matrices, 1974).

    Parameters
    ----------
    jacobian : SparseJacobian
        The declared entries.
    classes : ndarray of int, of shape (n,)
        Columns of different classes have different colours.
    """
    order = np.argsort(jacobian.columns, kind="stable")
    counts = np.bincount(jacobian.columns, minlength=jacobian.shape[1])
    rows = jacobian.rows[order].tolist()
    ends = np.cumsum(counts).tolist()
    colours, first = np.zeros(jacobian.shape[1], dtype=np.intp), 0
    for number in range(int(classes.max()) + 1):
        members = np.flatnonzero(classes == number)
        taken: dict[int, int] = {}  # by row: a bit for each colour that stands in it
        for column in members[np.argsort(-counts[members], kind="stable")].tolist():
            own = rows[ends[column] - int(counts[column]) : ends[column]]
            used = 0
            for row in own:
                used |= taken.get(row, 0)
            free = ~used & (used + 1)  # the lowest bit that is not set
            colours[column] = first + free.bit_length() - 1
            for row in own:
                taken[row] = taken.get(row, 0) | free
        first = int(colours[members].max()) + 1
    return colours
