"""What is wrong with a Hessian."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.diagnosis.outputs import finding_of
from gradcheck_cli.diagnosis.sparse import sparse_findings
from gradcheck_cli.problems.functions.own_arrays import is_sparse
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.results import EntryVerdict, Finding, ParameterResult

__all__ = ["hessian_findings", "hessian_notes"]

SAME = 1e-5  # relative
MOST = 0.8  # of a part: entries that are zero but for rounding are not seen to be wrong
LEAST_CLIPPED = 2  # entries: one alone may be any mistake
MOST_NAMED = 3  # entries, in a sentence

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Known:
    """The entries of a Hessian, or of its diagonal, that are known; all arrays have the shape (k,)."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    claim: Array
    right: Array
    bars: Array
    wrong: Mask

    @classmethod
    def of(cls, row: ParameterResult) -> Known:
        """Take them from what was found."""
        entries = row.entries
        places = np.arange(len(entries)) if entries.positions is None else np.array(entries.positions, dtype=np.intp)
        rows, columns = np.divmod(places, row.shape[0]) if len(row.shape) > 1 else (places, places)
        claim, right, bars = (np.array(column) for column in (entries.analytic, entries.reference, entries.bars))
        wrong = np.frombuffer(entries.verdicts, dtype=np.uint8) == EntryVerdict.DISAGREES
        return cls(rows, columns, claim, right, bars, np.asarray(wrong))

    def only_wrong_in(self, part: Mask) -> bool:
        """Whether a part of the entries is wrong, all of it that can be seen, and nothing else."""
        seen = part & (self.right != 0)
        return bool(self.wrong.any()) and not (self.wrong & ~seen).any() and self.wrong.sum() >= MOST * seen.sum()


def hessian_findings(row: ParameterResult, claim: Any) -> tuple[Finding, ...]:
    """Name the mistake in a Hessian, or in its diagonal, of which the derivatives of the gradient are known.

    Parameters
    ----------
    row : ParameterResult
        What was found of it.
    claim : ndarray or sparse matrix
        What is claimed.
    """
    known = Known.of(row)
    if not known.wrong.any():  # as of a screen that found none of the entries that make its slopes wrong
        return (Finding("unknown", row.name, f"{row.name} is wrong"),)
    if len(row.shape) == 1:
        return (clipped(row, known) or of_diagonal(row, known),)
    named = half_or_doubled(row, known) or damped(row, known)
    if named is not None:
        return (named,)
    if is_sparse(claim):
        return tuple(sparse_findings(row, declared(row, claim)))
    if row.slopes is None and len(row.entries) == row.size:
        return (gauss_newton(row, known) or finding_of(row),)
    names = tuple(row.entries[int(k)].name for k in np.flatnonzero(known.wrong)[:MOST_NAMED])
    more = f" and {int(known.wrong.sum()) - MOST_NAMED} more" if known.wrong.sum() > MOST_NAMED else ""
    return (Finding("few-entries", row.name, f"{row.name}: wrong at {', '.join(names)}{more}", indices=names),)


def half_or_doubled(row: ParameterResult, known: Known) -> Finding | None:
    """Say that one triangle is missing, or that both were added."""
    above, below = known.columns > known.rows, known.columns < known.rows
    claim, right = known.claim[known.wrong], known.right[known.wrong]
    if known.only_wrong_in(above | below) and is_like(claim, 2 * right):
        said = f"{row.name}: every off-diagonal entry is 2 times the right one"
        return Finding("off-diagonal-doubled", row.name, said, help="look for a sum over i < j of both halves")
    for half, lost in (("lower", above), ("upper", below)):
        if known.only_wrong_in(lost) and not claim.any():
            said = f"{row.name}: only its {half} triangle is there"
            return Finding("half-stored", row.name, said, help="the whole matrix is H + H.T minus its diagonal")
    return None


def clipped(row: ParameterResult, known: Known) -> Finding | None:
    """Say that a diagonal is right but for a bound that it is not let pass, as boosting and Newton's method have it."""
    wrong, values = known.wrong, known.claim[known.wrong]
    if wrong.sum() < LEAST_CLIPPED or wrong.all() or not np.all(values == values[0]):
        return None
    bound = float(values[0])
    for word, bounded in (("least", np.maximum), ("most", np.minimum)):
        if is_like(known.claim, bounded(known.right, bound), known.bars):
            said = f"{row.name}: at {word} {bound:g} everywhere, but {int(wrong.sum())} entries should be different"
            return Finding("clipped", row.name, said, help="a clipped entry is not a second derivative")
    return None


def of_diagonal(row: ParameterResult, known: Known) -> Finding:
    """Say which entries of a diagonal are wrong, and by what factor, where that is all."""
    wrong, count = known.wrong, int(known.wrong.sum())
    names = tuple(row.entries[int(k)].name for k in np.flatnonzero(wrong)[:MOST_NAMED])
    unnamed = count - len(names)
    factor = factor_within(known.claim[wrong], known.right[wrong], known.bars[wrong])
    every = bool(wrong[known.right != 0].all())
    where = row.name if every else names[0] if count == 1 else f"{row.name}: {count} of {len(wrong)} entries"
    if factor is None:
        said = f"{where} {'are' if count > 1 and not every else 'is'} wrong"
        return Finding("unknown" if every else "few-entries", row.name, said, indices=names, unnamed=unnamed)
    what = f"{factor:.6g} times the right one" if factor else "zero"
    said = f"{where} {'are' if count > 1 and not every else 'is'} {what}"
    code = "factor" if factor else "zero"
    return Finding(code, row.name, said, factor=factor or None, indices=names, unnamed=unnamed)


def factor_within(claim: Array, right: Array, bars: Array) -> float | None:
    """Return the number by which all of a claim differs from what is right, as far as that is known; None for none."""
    if not (right.any() and np.isfinite(claim).all()):
        return None
    largest = int(np.argmax(np.abs(right)))
    factor = float(claim[largest] / right[largest])
    return factor if is_like(claim, factor * right, abs(factor) * bars) else None


def damped(row: ParameterResult, known: Known) -> Finding | None:
    """Say that the same number was added to each entry of the diagonal."""
    own = known.rows == known.columns
    added = known.claim[own] - known.right[own]
    if own.sum() < LEAST_CLIPPED or not known.wrong[own].all() or known.wrong[~own].any():
        return None
    if not np.all(np.abs(added - added[0]) <= SAME * abs(added[0]) + known.bars[own]):
        return None
    said = f"{row.name}: {added[0]:.6g} is added to every entry of the diagonal"
    return Finding("damped", row.name, said, help="a damping, or a penalty that the gradient does not have?")


def gauss_newton(row: ParameterResult, known: Known) -> Finding | None:
    """Say that a claim may be J^T J: symmetric, without negative eigenvalues, though the right one has some."""
    size = row.shape[0]
    claim, right = known.claim.reshape(size, size), known.right.reshape(size, size)
    if not np.isfinite(claim).all() or known.wrong.sum() < size:
        return None
    rounding = SAME * float(np.max(np.abs(right), initial=0.0))
    of_claim, of_right = np.linalg.eigvalsh((claim + claim.T) / 2), np.linalg.eigvalsh((right + right.T) / 2)
    symmetric = bool(np.all(np.abs(claim - claim.T) <= rounding))
    if not (symmetric and of_claim[0] >= -rounding and of_right[0] < -rounding and of_claim[-1] > rounding):
        return None
    said = f"{row.name} has no negative eigenvalue, but the right one has {of_right[0]:.6g}: Gauss-Newton?"
    help_ = "J.T @ J leaves out the sum of each residual times its second derivative; or the eigenvalues were raised"
    return Finding("gauss-newton", row.name, said, help=help_)


def declared(row: ParameterResult, claim: Any) -> Mask:
    """Return which of the known entries a sparse matrix has in its pattern."""
    stored = claim.tocoo()
    places = np.asarray(stored.row, dtype=np.intp) * row.shape[0] + np.asarray(stored.col, dtype=np.intp)
    return np.isin(np.array(row.entries.positions, dtype=np.intp), places)


def hessian_notes(row: ParameterResult, point: Parameters) -> Sequence[str]:
    """Say which rows are whose, where there are several parameters, and that a wrong claim is not symmetric."""
    return [*whose_rows(row, point), *(not_symmetric(row) if len(row.shape) > 1 else ())]


def whose_rows(row: ParameterResult, point: Parameters) -> Iterator[str]:
    """Say which rows and columns are those of which parameter."""
    if len(point) > 1:
        ends = np.cumsum([values.size for values in point.values()]).tolist()
        each = (f"{name} {end - point[name].size} to {end - 1}" for name, end in zip(point, ends, strict=True))
        yield f"{row.name} has the entries of {', '.join(each)}"


def not_symmetric(row: ParameterResult) -> Iterator[str]:
    """Say where a wrong claim differs most from its transpose, which a Hessian never does."""
    if len(row.entries) != row.size or not row.entries.count(EntryVerdict.DISAGREES):
        return
    claim = np.array(row.entries.analytic).reshape(row.shape)
    if not np.isfinite(claim).all():
        return
    i, j = np.unravel_index(int(np.argmax(np.abs(claim - claim.T))), row.shape)
    a, b = float(claim[i, j]), float(claim[j, i])
    if abs(a - b) > SAME * max(abs(a), abs(b)):
        yield f"the claimed {row.name} is not symmetric: {row.name}[{i}, {j}] is {a:.6g}, [{j}, {i}] {b:.6g}"


def is_like(claim: Array, right: Array, bars: Array | float = 0.0) -> bool:
    """Whether numbers are what they should be, each but for what differences do not tell."""
    return bool(np.all(np.abs(claim - right) <= SAME * np.abs(right) + bars))
