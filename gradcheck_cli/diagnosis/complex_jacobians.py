"""What is wrong with the derivatives of complex outputs, and whether they are holomorphic."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.diagnosis.complex_numbers import BARS, EXACT, RELATIONS, Complex, NumberArray, with_names
from gradcheck_cli.problems.functions.complex_numbers import ComplexView, Convention, from_halves
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import CheckReport, EntryVerdict, Finding, ParameterResult, Verdict

__all__ = ["complex_jacobian"]

HOW_MANY = 10  # entries that are named


@dataclass(frozen=True)
class Block:
    """The derivatives of one output with respect to one parameter, as complex numbers where they are."""

    row: ParameterResult
    by_z: tuple[Complex, Complex]
    """dF/dz, or what there is for it where one of both is real: claimed, and right."""
    by_conj: tuple[Complex, Complex] | None
    """dF/dconj(z), claimed and right; None unless output and parameter are complex."""
    bars: NumberArray

    @classmethod
    def of(cls, row: ParameterResult, convention: Convention) -> Block:
        """Take the derivatives from a row of the report."""
        entries = row.entries
        claim, right, bars = (
            np.array(column).reshape(in_halves(row)) for column in (entries.analytic, entries.reference, entries.bars)
        )
        by_z, by_conj = zip(*(wirtinger(halves, row, convention) for halves in (claim, right)), strict=True)
        return cls(row, by_z, by_conj if entries.halves and entries.output_halves else None, bars.sum(axis=(1, 3)))

    def is_near(self, claim: Complex, right: Complex) -> bool:
        """Whether numbers are what they should be, entry by entry."""
        return bool(np.all(np.abs(claim - right) <= EXACT * np.abs(right) + BARS * self.bars))

    @property
    def is_holomorphic(self) -> bool:
        """Whether dF/dconj(z) is zero as far as the differences tell."""
        return self.by_conj is None or self.is_near(self.by_conj[1], np.zeros_like(self.by_conj[1]))


def complex_jacobian(
    report: CheckReport, outputs: Collection[str], view: ComplexView | None, convention: Convention
) -> CheckReport:
    """Return the report on a Jacobian of real halves as one on complex numbers.

    Parameters
    ----------
    report : CheckReport
        On the real parameters of a view, and on the halves of outputs.
    outputs : collection of str
        Those that are complex.
    view : ComplexView, optional
        Where some parameters are.
    convention : Convention
        What the derivatives of a real output with respect to a complex parameter mean.
    """
    parameters = [] if view is None else list(view.centres)
    rows = []
    for row in report.parameters:
        entries = replace(
            row.entries, halves=row.entries.parameter in parameters, output_halves=row.entries.output in outputs
        )
        rows.append(replace(row, entries=entries))
    report = with_names(replace(report, parameters=tuple(rows)), [*parameters, *outputs])
    blocks = [Block.of(row, convention) for row in report.parameters if row.entries.halves or row.entries.output_halves]
    notes = [said for block in blocks for said in of_kind(block)]
    if report.verdict is not Verdict.FAIL:
        return replace(report, notes=(*report.notes, *notes))
    found = [finding_of(block) for block in blocks if block.row.verdict is Verdict.FAIL]
    names = {block.row.name for block in blocks}
    others = [finding for finding in report.findings if finding.where not in names]
    return replace(report, findings=(*found, *others), notes=(*report.notes, *notes))


def in_halves(row: ParameterResult) -> tuple[int, int, int, int]:
    """Return the shape (m, halves, n, halves) of a block; where numbers are real they have one half."""
    of, by = 1 + row.entries.output_halves, 1 + row.entries.halves
    rows = int(np.prod(row.shape[: row.entries.rank], dtype=int))
    return rows // of, of, row.size // rows // by, by


def wirtinger(halves: Array, row: ParameterResult, convention: Convention) -> tuple[Complex, Complex]:
    """Return dF/dz and dF/dconj(z) of derivatives by halves; of a real output the gradient, and zeros."""
    slopes: Complex = from_halves(np.moveaxis(halves, 1, -1)) if row.entries.output_halves else halves[:, 0]
    if not row.entries.halves:
        return slopes[..., 0], np.zeros_like(slopes[..., 0])
    if not row.entries.output_halves:
        return convention.of(from_halves(halves[:, 0])), np.zeros(slopes.shape[:-1], dtype=np.complex128)
    by_x, by_y = slopes[..., 0], slopes[..., 1]
    return (by_x - 1j * by_y) / 2, (by_x + 1j * by_y) / 2


def of_kind(block: Block) -> Iterator[str]:
    """Say whether a complex output is holomorphic in a complex parameter."""
    if block.by_conj is None:
        return
    output, parameter = block.row.entries.output, block.row.entries.parameter
    if block.is_holomorphic:
        yield f"{output} is holomorphic in {parameter} at this point: d {output} / d conj({parameter}) is zero"
    else:
        size = float(np.max(np.abs(block.by_conj[1])))
        yield f"{output} is not holomorphic in {parameter}: d {output} / d conj({parameter}) is up to {size:.3g}"


def finding_of(block: Block) -> Finding:
    """Name what is wrong with the derivatives of one output with respect to one parameter."""
    where, (claim, right) = block.row.name, block.by_z
    if block.by_conj is not None:
        other = block.by_conj
        if not other[0].any() and not block.is_holomorphic:
            if block.is_near(claim, right):
                said = f"{where} is right, but the derivative with respect to the conjugate is missing"
                help_ = "it is not holomorphic: give the pair (dF/dz, dF/dconj(z))"
                return Finding("not-holomorphic", where, said, help=help_, share=1.0)
            if block.is_near(claim, other[1]):
                said = f"{where} is the derivative with respect to the conjugate"
                return Finding("conjugate", where, said, help="look for a conj() too many, or too few", share=1.0)
        if block.is_near(claim, other[1]) and block.is_near(other[0], right):
            said = f"{where} and the derivative with respect to the conjugate are swapped"
            return Finding("swapped", where, said, share=1.0)
        if not block.is_near(*other):
            return described(block)
    for words, (code, relation) in RELATIONS.items():
        if block.is_near(claim, relation(right)):
            told = "zero" if words == "zero" else f"not the right derivative but {words}"
            return Finding(code, where, f"{where} is {told}", help="look for a conj() or a factor", share=1.0)
    return described(block)


def described(block: Block) -> Finding:
    """Say how much is wrong."""
    entries = block.row.entries
    wrong = [k for k, verdict in enumerate(entries.verdicts) if verdict == EntryVerdict.DISAGREES]
    names = tuple(entries.name(entries.place(k)) for k in wrong[:HOW_MANY])
    said = f"{block.row.name} is wrong at {len(wrong)} of {len(entries)} numbers"
    code = "few-entries" if len(wrong) <= HOW_MANY else "unknown"
    return Finding(code, block.row.name, said, indices=names, unnamed=len(wrong) - len(names))
