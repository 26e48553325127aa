"""From an accepted guess to the finding that a reader gets."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.diagnosis.evidence import Evidence, layer_of
from gradcheck_cli.diagnosis.mistake import AnyGuess, Guess, Hit, WholeGuess
from gradcheck_cli.results import Finding

__all__ = ["delta_finding", "entries_of", "merged", "tensor_finding", "unknown_finding", "whole_finding", "with_note"]


def finding(hits: Sequence[Hit[AnyGuess]], where: str, layer: int | None, share: float) -> Finding:
    """Make the finding of the first hit; the others are its equals and are named beside it."""
    first = hits[0]
    message = first.guess.message.replace("{it}", where)
    others = {hit.code: hit.guess.message.replace("{it}", where) for hit in reversed(hits) if hit.code != first.code}
    return Finding(
        code=first.code,
        where=where,
        message=message,
        help=first.help.replace("{it}", where),
        layer=layer,
        factor=first.guess.factor,
        share=max(0.0, share),
        alternatives=tuple(f"{code}: {text}" for code, text in reversed(others.items())),
    )


def tensor_finding(evidence: Evidence, name: str, hits: Sequence[Hit[Guess]], share: float) -> Finding:
    """Make the finding of a mistake in one gradient."""
    found = finding(hits, f"d{name}", layer_of(name), share)
    indices = tuple(evidence.entry_name(name, k) for k in hits[0].guess.positions)
    return found._replace(message=f"{found.message}{evidence.extent(name)}", indices=indices)


def with_note(finding: Finding, findings: Sequence[Finding]) -> Finding:
    """Say of a mistake in one gradient what agreed, and that the fault is therefore in this gradient itself."""
    l = finding.layer
    if l is None or finding.where not in (f"dW{l}", f"db{l}"):
        return finding
    partner = f"db{l}" if finding.where == f"dW{l}" else f"dW{l}"
    agreed = [] if any(other.where == partner for other in findings) else [partner]
    if l > 1 and not any(other.where == f"dZ{other.layer}" for other in findings if (other.layer or 0) < l):
        agreed.append(f"everything computed from dZ{l}")
    if not agreed:
        return finding
    verb = "agree" if len(agreed) > 1 else "agrees"
    note = f"{' and '.join(agreed)} {verb}, so dZ{l} is right and the fault is in {finding.where} itself"
    return finding._replace(note=note)


def delta_finding(hits: Sequence[Hit[AnyGuess]], l: int, depth: int, share: float) -> Finding:
    """Make the finding of a mistake in the line that computes dZ_l."""
    return finding(hits, f"dZ{l}", l, share)._replace(note=delta_note(l, depth))


def delta_note(l: int, depth: int) -> str:
    """Say which step is the first wrong one on the way back."""
    above = f"dW{l + 1} and db{l + 1} show that dZ{l + 1} is known; " if l < depth else ""
    below = " and everything below" if l > 1 else ""
    return f"{above}dW{l}, db{l}{below} follow from this dZ{l}"


def whole_finding(hits: Sequence[Hit[WholeGuess]], share: float) -> Finding:
    """Make the finding of a mistake in all gradients."""
    return finding(hits, hits[0].guess.where, None, share)


def unknown_finding(where: str, layer: int | None, *, spoiled: bool) -> Finding:
    """Say that no mistake known here fits, and which step is the first wrong one."""
    step = f"the step that computes {where}" if layer else f"how {where} is computed"
    first = (
        f"{where} or something before it is the first wrong step on the way back" if spoiled else f"{where} is wrong"
    )
    return Finding(
        code="unknown",
        where=where,
        layer=layer,
        message=f"{first}; no mistake in the catalogue explains it",
        help=f"look at {step}",
    )


def merged(findings: Sequence[Finding], kind: str, names: Sequence[str]) -> list[Finding]:
    """Join findings that say the same of every dW_l, or of every db_l, into one on all of them."""
    places = {f"d{name}" for name in names if name[0] == kind}
    same = [f for f in findings if f.where in places]
    alike = len({(f.code, None if f.factor is None else round(f.factor, 9)) for f in same}) == 1
    if len(places) < 2 or len(same) < len(places) or not alike:
        return list(findings)
    first = same[0]
    where = f"all-{kind}"
    own = re.sub(rf"\b{first.where[1:]}\b", f"its {kind}", first.message.replace(first.where, "each"))
    message = f"all {len(same)} d{kind}: {own}"
    help_text = first.help.replace(first.where, f"every d{kind}")
    joined = first._replace(where=where, layer=None, message=message, help=help_text, indices=(), note="")
    return [joined if f is first else f for f in findings if f is first or f not in same]


def entries_of(evidence: Evidence, name: str, wrong: NDArray[np.bool_]) -> tuple[str, ...]:
    """Name the first few entries where `wrong` holds."""
    return tuple(evidence.entry_name(name, int(k)) for k in np.flatnonzero(wrong)[:10])
