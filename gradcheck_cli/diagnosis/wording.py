"""From an accepted guess to the finding that a reader gets."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.diagnosis.evidence import Evidence, layer_of
from gradcheck_cli.diagnosis.mistake import ENOUGH, AnyGuess, Guess, Hit, WholeGuess
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import Finding

__all__ = [
    "delta_finding",
    "entries_of",
    "joined",
    "merged",
    "named",
    "noted",
    "relation_of_delta",
    "reproduced",
    "tensor_finding",
    "unknown_delta",
    "unknown_tensor",
    "whole_finding",
    "with_note",
    "with_shared",
]

MOST_INDICES = 10  # entries that a finding names


def finding(hits: Sequence[Hit[AnyGuess]], where: str, layer: int | None, share: float) -> Finding:
    """Make the finding of the first hit; the others are its equals and are named beside it."""
    first = hits[0]
    message = filled(first.guess.message, where, layer)
    others = {hit.code: filled(hit.guess.message, where, layer) for hit in reversed(hits) if hit.code != first.code}
    return Finding(
        code=first.code,
        where=where,
        message=message,
        help=filled(first.help, where, layer),
        layer=layer,
        factor=first.guess.factor,
        share=max(0.0, share),
        alternatives=tuple(f"{code}: {text}" for code, text in reversed(others.items())),
    )


def filled(text: str, where: str, layer: int | None) -> str:
    """Return a text with its place and its layer filled in."""
    text = text.replace("{it}", where)
    return text if layer is None else re.sub(r"\bd([AZ])_l\b", rf"d\g<1>{layer}", text)


def tensor_finding(evidence: Evidence, name: str, hits: Sequence[Hit[Guess]], share: float) -> Finding:
    """Make the finding of a mistake in one gradient."""
    found = finding(hits, f"d{name}", layer_of(name), share)
    places = hits[0].guess.positions
    indices = tuple(evidence.entry_name(name, k) for k in places[:MOST_INDICES])
    message = f"{found.message}{evidence.extent(name)}"
    found = found._replace(message=message, indices=indices, unnamed=len(places) - len(indices))
    if found.factor == -1 and not any(evidence.agrees(other, right) for other, right in evidence.reference.items()):
        return noted(found, OTHER_SIGN)
    return found


def with_note(finding: Finding, findings: Sequence[Finding], witnesses: Collection[str]) -> Finding:
    """Say of a mistake in one gradient what agreed, and that the fault is therefore in this gradient itself.

    Only what could have shown a wrong dZ_l is a witness; and db_l, a sum over samples, is none of their order.
    """
    l = finding.layer
    if l is None or finding.where not in (f"dW{l}", f"db{l}"):
        return finding
    partner = f"db{l}" if finding.where == f"dW{l}" else f"dW{l}"
    agreed = [partner] if partner in witnesses and not any(other.where == partner for other in findings) else []
    below = [f"d{kind}{l - 1}" for kind in "Wb" if f"d{kind}{l - 1}" in witnesses]
    if below and not any(other.where == f"dZ{other.layer}" for other in findings if (other.layer or 0) < l):
        agreed.append(f"everything computed from dZ{l}")
    if not agreed:
        return finding
    verb = "agree" if len(agreed) > 1 else "agrees"
    follows = f"dZ{l} is right and the fault is in {finding.where} itself"
    if agreed == [f"db{l}"]:
        follows = f"dZ{l} is right up to the order of its samples: either that is wrong, or {finding.where} itself"
    told = f"{' and '.join(agreed)} {verb}, so {follows}"
    return finding._replace(note="; ".join(part for part in (told, finding.note) if part))


def with_shared(findings: Sequence[Finding]) -> list[Finding]:
    """Say of the same mistake in the dZ of several layers that one line may make it in all of them."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        if finding.where.startswith("dZ") and finding.code != "unknown":
            said = re.sub(r"\d+", "", finding.message.replace(finding.where, ""))
            groups.setdefault((finding.code, finding.factor, said), []).append(finding)
    for first, *others in groups.values():
        if others:
            also = " and ".join(finding.where for finding in others)
            told = noted(first, f"the same in {also}: look at what these layers share as well")
            findings = [told if finding is first else finding for finding in findings]
    return list(findings)


def noted(finding: Finding, note: str) -> Finding:
    """Add to the note of a finding."""
    return finding._replace(note="; ".join(part for part in (finding.note, note) if part))


def reproduced(right: int, wrong: int, numbers: int, equations: int) -> str:
    """Say how many wrong entries a mistake makes as they are, where that leaves a doubt, or tells it from no other."""
    if not right or (right == wrong and not numbers and equations >= ENOUGH):
        return ""
    fitted = f", {numbers} number{'s' * (numbers > 1)} fitted" if numbers else ""
    entries = f"all {wrong} wrong entries" if right == wrong else f"{right} of {wrong} wrong entries"
    if wrong == right <= 2:
        entries = "the one wrong entry" if wrong == 1 else "both wrong entries"
    few = ": too few equations to tell it from other mistakes" if equations - numbers < ENOUGH else ""
    return f"{'reproduces' if right == wrong else 'nearly: it reproduces'} {entries}{fitted}{few}"


def delta_finding(hits: Sequence[Hit[AnyGuess]], l: int, depth: int, share: float) -> Finding:
    """Make the finding of a mistake in the line that computes dZ_l."""
    return finding(hits, f"dZ{l}", l, share)._replace(note=delta_note(l, depth))


def delta_note(l: int, depth: int) -> str:
    """Say which step is the first wrong one on the way back."""
    above = f"dW{l + 1} and db{l + 1} confirm dZ{l + 1}; " if l < depth else ""
    below = " and everything below" if l > 1 else ""
    return f"{above}dW{l}, db{l}{below} follow from this dZ{l}"


def whole_finding(hits: Sequence[Hit[WholeGuess]], share: float) -> Finding:
    """Make the finding of a mistake in all gradients."""
    return finding(hits, hits[0].guess.where, None, share)


def unknown_delta(l: int, right: Sequence[str], unseen: Sequence[str]) -> Finding:
    """Say that the step to dZ_l is the first wrong one, and that nothing is known of what lies behind it."""
    where = f"dZ{l}"
    known = [f"{', '.join(right)} {'is' if len(right) == 1 else 'are'} right"] if right else []
    hidden = [f"{', '.join(unseen)} could not be examined because of it"] if unseen else []
    return Finding(
        code="unknown",
        where=where,
        layer=l,
        message=f"{where}, or something before it, is the first wrong step of the backward pass, wrong {NO_PATTERN}",
        note="; ".join(known + hidden),
        help=f"look at the line that computes {where}, and at what goes into it",
    )


def relation_of_delta(finding: Finding, name: str, hit: Hit[Guess]) -> Finding:
    """Say of a dZ_l that is not known which relation the dW_l that is made of it has to the right one."""
    message = finding.message.removesuffix(f", wrong {NO_PATTERN}")
    return finding._replace(
        code=hit.code,
        message=f"{message}: {hit.guess.message.replace('{it}', name)}",
        help=f"{finding.help}: {hit.help.replace('{it}', finding.where)}",
        factor=hit.guess.factor,
    )


def unknown_tensor(evidence: Evidence, name: str, expected: Array, right: Sequence[str]) -> Finding:
    """Say that no mistake known here fits, how much is wrong, and what is right."""
    where, wrong = f"d{name}", evidence.wrong_entries(name, expected)
    told = f"is wrong at {wrong.sum()} of {wrong.size} entries, {NO_PATTERN}{evidence.extent(name)}"
    if wrong.size == 1:
        told = f"is {one_number(evidence.analytic[name].item(), expected.item())}"
    return Finding(
        code="unknown",
        where=where,
        layer=layer_of(name),
        message=f"{where} {told}",
        note=f"{', '.join(right)} {'is' if len(right) == 1 else 'are'} right" if right else "",
        help=f"look at how {where} is computed: {EXCLUDED if wrong.size > 1 else 'a single number does not show how'}",
    )


def one_number(claim: float, right: float) -> str:
    """Set two numbers beside each other."""
    ratio = f", {claim / right:.6g} times that" if right and abs(claim / right) < 1e6 else ""
    return f"{claim:.6e} instead of {right:.6e}{ratio}"


OTHER_SIGN = "right if the loss is the negative of what is meant, such as a log-likelihood"
NO_PATTERN = "in no known pattern"
MOST_NAMED = 6  # places in one message; of more, half as many are named
EXCLUDED = "it is not a multiple of the right one, nor that plus a multiple of the parameter, nor its entries reordered"


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
    joined = first._replace(where=where, layer=None, message=message, help=help_text, indices=(), unnamed=0, note="")
    return [joined if f is first else f for f in findings if f is first or f not in same]


def joined(findings: Sequence[Finding]) -> list[Finding]:
    """Join findings that say the very same of different parameters: one cause, most likely, and one line."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.code, finding.factor and round(finding.factor, 9), general(finding)), []).append(
            finding
        )
    return [group[0] if len(group) == 1 else one_of(group) for group in groups.values()]


def general(finding: Finding) -> str:
    """Return a finding's message without what is of its parameter alone; an unknown one is like any other."""
    if finding.code == "unknown":
        return NO_PATTERN
    text = replaced(finding.message, finding.where, "each")
    return COUNTS.sub("", replaced(text, finding.where[1:], "its parameter"))


def one_of(group: Sequence[Finding]) -> Finding:
    """Make one finding of several that say the same."""
    first, places = group[0], [finding.where for finding in group]
    said = f"is wrong {NO_PATTERN}" if first.code == "unknown" else general(first).removeprefix("each ")
    several = f"each of them {said}" if "each " not in said else f"of each of them: {said}"
    return first._replace(
        layer=None,
        message=f"{named(places)}: {several}",
        help=replaced(replaced(first.help, first.where, "each"), first.where[1:], "its parameter"),
        note="" if first.code != "unknown" else first.note,
        indices=(),
        unnamed=0,
        share=min(finding.share for finding in group),
        alternatives=(),
        also=tuple(places[1:]),
    )


def named(places: Sequence[str]) -> str:
    """Return places by their names, or where they are many the first ones and how many more."""
    if len(places) <= MOST_NAMED:
        return ", ".join(places)
    first = ", ".join(places[: MOST_NAMED // 2])
    return f"{first} and {len(places) - MOST_NAMED // 2} more"


def replaced(text: str, name: str, by: str) -> str:
    """Return a text with a name, where it stands alone, replaced."""
    return re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w.]*\w)", lambda _: by, text)


COUNTS = re.compile(r", at \d+ of \d+ entries")


def entries_of(evidence: Evidence, name: str, wrong: NDArray[np.bool_]) -> tuple[str, ...]:
    """Name the first few entries where `wrong` holds."""
    return tuple(evidence.entry_name(name, int(k)) for k in np.flatnonzero(wrong)[:MOST_INDICES])
