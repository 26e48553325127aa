"""What it says of a mistake that the claim is the gradient of another loss, or of none."""

from __future__ import annotations

from dataclasses import replace

from gradcheck_cli.diagnosis.wording import noted
from gradcheck_cli.numeric.symmetry import Symmetry
from gradcheck_cli.vocabulary.results import CheckReport, Finding

__all__ = ["with_consistency"]

OF_ANOTHER = "the claim is the gradient of some loss, but not of this one: its derivative is symmetric (to {:.0e})"
OF_NONE = "the claim is not the gradient of any loss: its derivative is not symmetric"
OPEN = ("unknown", "derivation")  # what is helped by where the claim is inconsistent; a named mistake has its place
LOOK_AT_LOSS = (
    "the steps of the backward pass fit each other, so compare where they start with the loss: labels, a mask,"
    " weights, a mean or a sum, a penalty, a term, the derivative of the last step"
)
LOOK_AT_STEPS = (
    "look at the steps of the backward pass: an index, an axis, a transpose, a factor, the derivative of an activation"
)


def with_consistency(report: CheckReport, found: Symmetry) -> CheckReport:
    """Say it of the first finding; what is unknown gets the name of it where it follows."""
    named = [renamed(finding, found, alone=len(report.findings) == 1) for finding in report.findings]
    if not named:
        return report
    which = parts(found) if named[0].code in OPEN else ""
    told = OF_ANOTHER.format(found.asymmetry) if found.is_symmetric else f"{OF_NONE}{which}"
    return replace(report, findings=(noted(named[0], told), *named[1:]))


def parts(found: Symmetry) -> str:
    """Say which parameters' parts of a claim are inconsistent in themselves, or that it is seen in none alone."""
    wrong, right = ([f"d{name}" for name, fits in found.blocks.items() if fits is wanted] for wanted in (False, True))
    if wrong:
        are = "is not one" if len(wrong) == 1 else "are not"
        return f"; taken alone, {', '.join(wrong)} {are} either"
    return f"; taken alone, {', '.join(right)} may be one" if right else ""


def renamed(finding: Finding, found: Symmetry, *, alone: bool) -> Finding:
    """Name an unknown mistake by whether the claim is a gradient, where that is said of this very place."""
    if finding.code != "unknown":
        return finding
    if found.is_symmetric:
        return finding._replace(code="another-loss", help=LOOK_AT_LOSS)
    places = {place.removeprefix("d") for place in (finding.where, *finding.also)}
    if alone or any(not found.blocks.get(place, True) for place in places):
        return finding._replace(code="derivation", help=f"{finding.help}; {LOOK_AT_STEPS}")
    return finding
