"""What is wrong with a complex gradient, and the names of its entries: the two real numbers of each are one again.

A claim c is held against relations f(r) of what is right, both as the user has them: its conjugate, half of it, one of
its halves. A relation that another convention has to the user's own is named by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.diagnosis.outputs import MEANT
from gradcheck_cli.problems.functions.complex_numbers import CONVENTIONS, ComplexView, Convention, from_halves
from gradcheck_cli.problems.functions.layer import Layer
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import (
    HALVES,
    CheckReport,
    EntryVerdict,
    Finding,
    ParameterResult,
    Verdict,
    entry_name,
)

__all__ = ["in_complex_numbers"]

Complex = NDArray[Any]
Relation = Callable[[Complex], Complex]
NumberArray = NDArray[np.float64]

RELATIONS: Mapping[str, tuple[str, Relation]] = {
    "zero": ("zero", np.zeros_like),
    "its conjugate": ("conjugate", np.conj),
    "half of it": ("factor", lambda r: r / 2),
    "half its conjugate": ("conjugate", lambda r: np.conj(r) / 2),
    "twice it": ("factor", lambda r: 2 * r),
    "twice its conjugate": ("conjugate", lambda r: 2 * np.conj(r)),
    "only the real part": ("half-missing", lambda r: r.real + 0j),
    "only the imaginary part": ("half-missing", lambda r: 1j * r.imag),
    "only the imaginary part, as a real number": ("half-missing", lambda r: r.imag + 0j),
    "i times it": ("factor", lambda r: 1j * r),
    "-i times it": ("factor", lambda r: -1j * r),
    "minus it": ("factor", lambda r: -r),
    "i times its conjugate": ("conjugate", lambda r: 1j * np.conj(r)),
    "-i times its conjugate": ("conjugate", lambda r: -1j * np.conj(r)),
    "its absolute value": ("absolute-values", lambda r: np.abs(r) + 0j),
    "minus its conjugate": ("conjugate", lambda r: -np.conj(r)),
}
"""By what a message says of the right gradient: the code of the finding, and what stands there."""
OTHERS = {"dJ/dconj(z)": Convention("(dJ/dx + i dJ/dy) / 2", 0.5, conjugate=False)}
"""What a gradient may be by no convention that can be asked for."""
EXACT = 1e-6  # relative: what a relation may leave
BARS = 4.0  # error bars of an entry that it may leave besides
FEW = 3  # wrong entries that are named one by one
WHOLE = {"factor-all", "float32", "non-finite"}
"""Mistakes to all gradients at once that are no matter of complex numbers, where some parameters are real."""


@dataclass(frozen=True)
class Compared:
    """A complex gradient beside what is right, as the user has them."""

    claim: Complex
    right: Complex
    bars: NumberArray
    wrong: NDArray[np.bool_]
    """Which entries are wrong; of shape (n, 2), for both halves."""
    shape: tuple[int, ...]
    """The parameter's."""
    parameter: str
    """Its name."""
    places: NDArray[np.intp]
    """Where the entries are in the parameter."""

    @classmethod
    def of(cls, row: ParameterResult, convention: Convention) -> Compared:
        """Take both from a row of the report: the entries of which both halves are known."""
        shape, entries = row.shape[:-1], row.entries
        columns = np.full((4, row.size), np.nan)
        positions = np.array([entries.place(k) for k in range(len(entries))], dtype=np.intp)
        columns[:, positions] = entries.analytic, entries.reference, entries.bars, bytearray(entries.verdicts)
        halves = columns.reshape(4, -1, 2)
        places = np.flatnonzero(np.isfinite(halves).all(axis=(0, -1)))
        claim, right, bars, verdicts = halves[:, places]
        return cls(
            convention.of(from_halves(claim)),
            convention.of(from_halves(right)),
            convention.factor * bars.sum(axis=-1),
            verdicts == EntryVerdict.DISAGREES,
            shape,
            row.entries.parameter,
            places,
        )

    def fits(self, expected: Complex) -> bool:
        """Whether the claim is what is expected, entry by entry; of no entries nothing can be told."""
        allowed = EXACT * np.abs(expected) + BARS * self.bars
        return bool(self.places.size and np.all(np.abs(self.claim - expected) <= allowed))

    def relations(self) -> list[str]:
        """Return all relations that the claim may have to what is right."""
        return [words for words, (_, relation) in RELATIONS.items() if self.fits(relation(self.right))]

    def multiple(self) -> str:
        """Say which complex multiple of what is right, or of its conjugate, the claim is; nothing where it is none."""
        for words, right in (("the right gradient", self.right), ("its conjugate", np.conj(self.right))):
            square = np.vdot(right, right)
            factor = complex(np.vdot(right, self.claim) / square) if square else 0j
            if self.claim.size > 1 and self.fits(factor * right):
                return f"{factor.real:.6g} times {words}" if abs(factor.imag) <= EXACT * abs(factor) else (
                    f"({factor:.6g}) times {words}"
                )  # fmt: skip
        return ""


def in_complex_numbers(report: CheckReport, view: ComplexView) -> CheckReport:
    """Return a report on real halves as one on complex numbers: with their names, and what is wrong with them.

    Parameters
    ----------
    report : CheckReport
        On the real parameters of a view.
    view : ComplexView
        Says which parameters are complex, and what their gradient means.
    """
    rows = [with_halves(row) if row.entries.parameter in view.centres else row for row in report.parameters]
    report = with_names(replace(report, parameters=tuple(rows)), list(view.centres))
    if report.verdict is not Verdict.FAIL or not report.findings:
        return report
    own = CONVENTIONS[view.convention]
    seen = {row.name: row for row in report.parameters if row.entries.halves}
    failed = {name: row for name, row in seen.items() if row.verdict is Verdict.FAIL}
    if not failed or any(finding.code == "non-finite" for finding in report.findings):
        return report
    if report.screen is not None:  # of a screen the worst entries are known, which may have a relation by chance
        return replace(report, findings=tuple(f for f in report.findings if f.code in MEANT))
    if len(view.centres) < len(view.given) and report.findings[0].code in WHOLE and report.findings[0].where == "all":
        return report
    found = findings_of(seen, list(failed), own)
    said = {finding.where for finding in found}
    others = [f for f in report.findings if f.where not in said and is_of_others(f, failed, every=bool(found))]
    return replace(report, findings=(*found, *others))


def is_of_others(finding: Finding, failed: Mapping[str, ParameterResult], *, every: bool) -> bool:
    """Whether a finding tells of something else than the complex gradients that have findings of their own."""
    if finding.where in {f"d{row.entries.parameter}" for row in failed.values()} or finding.where == "all":
        return not every and finding.code in MEANT
    return True


def findings_of(rows: Mapping[str, ParameterResult], failed: Sequence[str], own: Convention) -> list[Finding]:
    """Name what is wrong with complex gradients: with all in one finding if one relation fits all, or each for itself.

    Parameters
    ----------
    rows : mapping of str to ParameterResult
        Of all complex parameters.
    failed : sequence of str
        The names of those that are wrong.
    own : Convention
        The user's.
    """
    compared = {name: Compared.of(row, own) for name, row in rows.items()}
    fitting = {name: one.relations() for name, one in compared.items()}
    common = [words for words in RELATIONS if all(words in fits for fits in fitting.values())]
    if common and len({one.parameter for one in compared.values()}) > 1:
        return [of_relations("all", "every complex gradient", common, own, 1.0)]
    told = [name for name in failed if compared[name].wrong.any()]  # a sample may hold one half of each
    found = [finding_of(compared[name], fitting[name], own) for name in told]
    return [finding for number, finding in enumerate(found) if finding not in found[:number]]  # of each output the same


def finding_of(compared: Compared, fitting: Sequence[str], own: Convention) -> Finding:
    """Name what is wrong with one gradient."""
    where = f"d{compared.parameter}"
    if fitting:
        return of_relations(where, where, fitting, own, 1.0)
    multiple = compared.multiple()
    if multiple:
        return Finding("factor", where, f"{where} is {multiple}", help=f"look for a stray factor in {where}", share=1.0)
    return described(compared)


def by_another_convention(
    report: CheckReport,
    layers: Mapping[str, Layer],
    given: Sequence[tuple[str, Mapping[str, Array]]],
    reports: Sequence[CheckReport],
) -> CheckReport:
    """Return the report of a layer with a finding where all its gradients are right by another convention.

    Parameters
    ----------
    report : CheckReport
        On the layer.
    layers : mapping of str to Layer
        The same layer by each convention.
    given : sequence of (str, mapping)
        The cotangents of each output, as real arrays.
    reports : sequence of CheckReport
        What was found with each of the cotangents.
    """
    for name, layer in layers.items():
        if all(is_right(layer.gradient(u), found) for (_, u), found in zip(given, reports, strict=True)):
            said = f"cotangents and gradients are right in {name}'s convention, {CONVENTIONS[name].words}"
            help_ = f"if that is what you mean, give --complex {name}"
            return replace(report, findings=(Finding("conjugate", "all", said, help=help_, share=1.0),))
    return report


def is_right(gradient: Mapping[str, Array], report: CheckReport) -> bool:
    """Whether a gradient is what the differences of a report say, entry by entry."""
    for row in report.parameters:
        right, bars = np.array(row.entries.reference), np.array(row.entries.bars)
        if not np.all(np.abs(gradient[row.name].reshape(-1) - right) <= EXACT * np.abs(right) + BARS * bars):
            return False
    return True


def of_relations(where: str, what: str, fitting: Sequence[str], own: Convention, share: float) -> Finding:
    """Say which relation a claim has to what is right, and by whose convention it would be right."""
    words, *others = fitting
    code, relation = RELATIONS[words]
    told = {"zero": "zero"}.get(words, f"not the right gradient but {words}")
    meant = ", ".join(by_whom(relation, own))
    return Finding(
        code,
        where,
        f"{what} is {told}" + (f": that is {meant}" if meant else ""),
        help=help_for(relation, own, code),
        share=share,
        alternatives=tuple(f"{what} is {other}" for other in others),
    )


def by_whom(relation: Relation, own: Convention) -> Iterator[str]:
    """Yield by which other conventions a claim with this relation would be right."""
    probe = np.array([1 + 2j, -0.3 + 0.7j])
    claim = relation(own.of(probe))
    for name, other in {**CONVENTIONS, **OTHERS}.items():
        if np.allclose(claim, other.of(probe)):
            yield f"{name}'s convention, {other.words}" if name in CONVENTIONS else f"{name} = {other.words}"


def help_for(relation: Relation, own: Convention, code: str) -> str:
    """Say what to do about it."""
    probe = np.array([1 + 2j, -0.3 + 0.7j])
    asked = [name for name, other in CONVENTIONS.items() if np.allclose(relation(own.of(probe)), other.of(probe))]
    if asked:
        return f"if that is what you mean, give --complex {asked[0]}"
    if code == "conjugate":
        return "look for a conj() that is missing, or for one too many"
    if code == "half-missing":
        return "look for .real, abs() or a cast to float"
    return "look for a stray factor"


def described(compared: Compared) -> Finding:
    """Say where a gradient is wrong that has no relation to what is right."""
    name, wrong = compared.parameter, compared.wrong
    where = f"d{name}"
    names = [entry_name(name, compared.shape, int(compared.places[k])) + HALVES[half] for k, half in np.argwhere(wrong)]
    parts = [half for half, column in zip(("real part", "imaginary part"), wrong.T, strict=True) if column.any()]
    count = f"at {len(names)} of {wrong.size} numbers"
    few = len(names) <= FEW < wrong.size
    message = f"{where} is wrong {count}"
    if len(parts) == 1:
        message += f", in its {parts[0]} alone"
    elif few:
        message += f": {', '.join(names)}"
    help_ = "" if few else "look for a conj() that is missing in a product, or for z.T instead of z.conj().T"
    code, shown = "few-entries" if few else "unknown", tuple(names[:10])
    return Finding(code, where, message, help=help_, indices=shown, unnamed=len(names) - len(shown))


def with_halves(row: ParameterResult) -> ParameterResult:
    """Return a row whose entries are named as halves of complex numbers."""
    entries = replace(row.entries, halves=True)
    return replace(row, entries=entries)


def with_names(report: CheckReport, names: Sequence[str]) -> CheckReport:
    """Return a report in whose sentences ``W[0, 1, 1]`` is called ``W[0, 1].imag``."""
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w.])({known})\[(?:((?:\d+, )*\d+), )?([01])\]")

    def half(match: re.Match[str]) -> str:
        name, index, which = match.groups()
        return f"{name}{f'[{index}]' if index else ''}{HALVES[int(which)]}"

    def told(text: str) -> str:
        return pattern.sub(half, text)

    rows = [replace(row, worst=row.worst._replace(name=told(row.worst.name))) for row in report.parameters]
    findings = [
        finding._replace(
            message=told(finding.message),
            note=told(finding.note),
            help=told(finding.help),
            indices=tuple(map(told, finding.indices)),
        )
        for finding in report.findings
    ]
    return replace(
        report,
        parameters=tuple(rows),
        reasons=tuple(map(told, report.reasons)),
        notes=tuple(map(told, report.notes)),
        findings=tuple(findings),
        sweeps=tuple(sweep._replace(entry=told(sweep.entry)) for sweep in report.sweeps),
    )
