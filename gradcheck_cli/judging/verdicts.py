"""From the verdicts of the parameters to that of the whole. Plain numbers only."""

from __future__ import annotations

from collections.abc import Sequence

from gradcheck_cli.results import ParameterResult, Verdict
from gradcheck_cli.settings import Settings

__all__ = ["blind_parameters", "verdict_of", "whole_verdict"]


def verdict_of(difference: float, threshold: float) -> Verdict:
    """PASS where `difference` is at most `threshold`; NaN fails."""
    return Verdict.PASS if difference <= threshold else Verdict.FAIL


def whole_verdict(parameters: Sequence[ParameterResult], difference: float, settings: Settings) -> Verdict:
    """Return FAIL where a parameter fails; PASS where all pass, the difference does, and enough could be seen."""
    verdicts = {parameter.verdict for parameter in parameters}
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    passed = verdicts == {Verdict.PASS} and difference <= settings.threshold
    return Verdict.PASS if passed and not blind_parameters(parameters, settings) else Verdict.INCONCLUSIVE


def blind_parameters(parameters: Sequence[ParameterResult], settings: Settings) -> list[ParameterResult]:
    """Return the parameters in which an error of the required size would not have been seen."""
    required = settings.require_sensitivity
    if required is None:
        return []
    return [p for p in parameters if p.sensitivity is None or not p.sensitivity.relative <= required]
