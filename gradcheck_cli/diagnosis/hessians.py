"""What is wrong with a Hessian."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.diagnosis.outputs import finding_of
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import EntryVerdict, Finding, ParameterResult

__all__ = ["hessian_findings"]

SAME = 1e-5  # relative
MOST = 0.8  # of a part: entries that are zero but for rounding are not seen to be wrong

Mask: TypeAlias = NDArray[np.bool_]


def hessian_findings(row: ParameterResult, *, diagonal: bool) -> tuple[Finding, ...]:
    """Name the mistake in a Hessian of which the derivatives of the gradient are known."""
    if not diagonal:
        size = row.shape[0]
        claim, right = (np.array(column).reshape(size, -1) for column in (row.entries.analytic, row.entries.reference))
        wrong = np.array(bytearray(row.entries.verdicts)).reshape(size, -1) == EntryVerdict.DISAGREES
        own = np.eye(size, dtype=bool)
        if is_all_of(wrong, ~own & (right != 0)) and is_like(claim[wrong], 2 * right[wrong]):
            said = "H: every entry beside the diagonal is 2 times what is right"
            return (Finding("off-diagonal-doubled", "H", said, help="look for a sum over i < j of both halves"),)
        for half, lost in (("lower", np.triu(~own)), ("upper", np.tril(~own))):
            if is_all_of(wrong, lost & (right != 0)) and not claim[wrong].any():
                said = f"H: only its {half} triangle is there"
                return (Finding("half-stored", "H", said, help="H + H.T less its diagonal is the whole"),)
    found = finding_of(row)
    return () if found is None else (found,)


def is_all_of(wrong: Mask, part: Mask) -> bool:
    """Whether a part of the entries is wrong, all of it that can be seen, and nothing else."""
    return bool(wrong.any()) and not bool((wrong & ~part).any()) and int(wrong.sum()) >= MOST * int(part.sum())


def is_like(claim: Array, right: Array) -> bool:
    """Whether numbers are what they should be, each but for what differences do not tell."""
    return bool(np.all(np.abs(claim - right) <= SAME * np.abs(right)))
