"""The way in: from a claimed and a trusted gradient to findings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from gradcheck_cli.diagnosis.engine import Walk
from gradcheck_cli.diagnosis.evidence import Evidence, layer_of
from gradcheck_cli.diagnosis.layers import bare_names, layer_names, only_layer, renamed, with_own_names
from gradcheck_cli.diagnosis.layout import in_course_layout, in_own_layout, is_laid_out
from gradcheck_cli.diagnosis.propagation import Propagation
from gradcheck_cli.diagnosis.wording import entries_of, named
from gradcheck_cli.judging.precision import are_single_numbers
from gradcheck_cli.vocabulary.results import CheckReport, Finding, Verdict

__all__ = ["diagnose", "diagnosed", "of_what_fails"]

TRUSTED = 1e-4  # how far the simulation may be off from the reference, relative to a gradient's largest entry


def diagnose(evidence: Evidence) -> tuple[Finding, ...]:
    """Name the mistakes in a claimed gradient, the root cause first.

    Parameters
    ----------
    evidence : Evidence
        The claimed and the trusted gradient, and the network where there is one.

    Returns
    -------
    tuple of Finding
        Empty where the claim is right.
    """
    names = {} if evidence.depth else layer_names(evidence.parameters)
    if not names and evidence.network is not None and not evidence.depth:
        found = bare_names(evidence.parameters) or only_layer(evidence.parameters)
        names = found if any(own != name for own, name in found.items()) else {}
    if names:
        return tuple(with_own_names(finding, names) for finding in diagnose(renamed(evidence, names)))
    if evidence.network is None or is_laid_out(evidence):
        return found_in(evidence)
    laid_out = in_course_layout(evidence)
    if simulation(laid_out) is None:
        return found_in(replace(evidence, network=None))
    return tuple(in_own_layout(finding, evidence) for finding in found_in(laid_out))


def found_in(evidence: Evidence) -> tuple[Finding, ...]:
    """Name the mistakes where layers have the course's names, and those of a network its shapes."""
    if not all(np.isfinite(array).all() for array in evidence.analytic.values()):
        return (not_finite(evidence),)
    with np.errstate(all="ignore"):
        if is_right(evidence):
            return ()
        evidence = in_single_precision(evidence)
        if is_right(evidence):
            return (single_precision(),)
        propagation = simulation(evidence)
        return Walk(evidence if propagation else replace(evidence, network=None), propagation).run()


def diagnosed(report: CheckReport, evidence: Evidence) -> CheckReport:
    """Return a report with its findings; a diagnosis that crashes changes nothing but the notes.

    A finding never accuses a parameter alone whose verdict is not FAIL.
    """
    try:
        innocent = {f"d{p.name}" for p in report.parameters if p.verdict is not Verdict.FAIL}
        accused = (of_what_fails(finding, innocent) for finding in diagnose(evidence))
        return replace(report, findings=tuple(finding for finding in accused if finding is not None))
    except Exception as error:  # noqa: BLE001  (the verdict stands, whatever a guess at its cause runs into)
        note = f"the diagnosis failed, please report it: {type(error).__name__}: {error}"
        return replace(report, notes=(*report.notes, note))


def of_what_fails(finding: Finding, innocent: Collection[str]) -> Finding | None:
    """Return a finding without the places that are innocent; None where there are no others."""
    places = [place for place in (finding.where, *finding.also) if place not in innocent]
    if not places or len(places) == 1 + len(finding.also):
        return finding if places else None
    message = f"{named(places)}: {finding.message.partition(': ')[2]}"
    return finding._replace(where=places[0], also=tuple(places[1:]), message=message)


def single_precision() -> Finding:
    """Report a claim that is right as far as float32 goes."""
    return Finding(
        code="float32",
        where="all",
        message="every gradient has been rounded to float32 (correct to float32 precision)",
        help="compute in float64 for a stricter check",
        share=1.0,
    )


def is_right(evidence: Evidence) -> bool:
    """Whether the claim is the reference, entry by entry."""
    return all(evidence.agrees(name, evidence.reference[name]) for name in evidence.parameters)


def in_single_precision(evidence: Evidence) -> Evidence:
    """Return the evidence with the floors of float32 arithmetic where the claim looks as if it came from there."""
    if not are_single_numbers(evidence.analytic):
        return evidence
    return replace(evidence, floors=evidence.single_floors)


def simulation(evidence: Evidence) -> Propagation | None:
    """Return the network's backward pass to simulate mistakes in; None where it is not what the reference is of.

    At a kink the two may differ, for any slope between the one-sided ones is right: most entries decide. A network that
    only may be meant has to agree at every one.
    """
    if evidence.network is None:
        return None
    propagation = Propagation.of(evidence.network, evidence.divisor)
    off = total = 0
    for name, reference in evidence.reference.items():
        allowed = TRUSTED * np.max(np.abs(reference), initial=0.0) + evidence.floors[name]
        off += int(np.sum(~(np.abs(propagation.gradient(name) - reference) <= allowed)))
        total += reference.size
    most = 0 if evidence.is_guess else total / 2
    return propagation if off <= most else None


def not_finite(evidence: Evidence) -> Finding:
    """Report NaN and infinity at the first place where they turn up on the way back."""
    bad = [name for name, array in evidence.analytic.items() if not np.isfinite(array).all()]
    if evidence.depth:
        l = max(layer_of(name) or 0 for name in bad)
        first = [name for name in bad if layer_of(name) == l]
        where = f"dZ{l}" if len(first) == 2 else f"d{first[0]}"
    else:
        l, first, where = None, bad[:1], f"d{bad[0]}"
    count = sum(int((~np.isfinite(evidence.analytic[name])).sum()) for name in first)
    indices = entries_of(evidence, first[0], ~np.isfinite(evidence.analytic[first[0]]))
    return Finding(
        code="non-finite",
        where=where,
        layer=l,
        message=f"{where} is the first with NaN or infinity, at {count} entr{'y' if count == 1 else 'ies'}",
        help="look for a division by zero, a logarithm of zero or an overflow in the line that computes " + where,
        indices=indices,
        unnamed=count - len(indices),
        share=1.0,
        consequences=tuple(f"d{name}" for name in bad if name not in first),
    )
