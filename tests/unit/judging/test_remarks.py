from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli import CheckReport, check_gradient
from gradcheck_cli.vocabulary.parameters import Parameters
from gradcheck_cli.vocabulary.results import Verdict


def with_a_dead_parameter(claim: float) -> CheckReport:
    """Return the report on a gradient by b, of which the loss knows nothing."""
    a, b = np.array([1.0, 2.0]), np.array([1.0, 1.0])
    return check_gradient(lambda p: float(p["a"] @ p["a"]), {"a": 2 * a, "b": np.array([claim, 0])}, {"a": a, "b": b})


@pytest.mark.parametrize(
    ("claim", "verdict", "told"),
    [
        (0.0, Verdict.PASS, "both gradients are zero there"),
        (1e-17, Verdict.PASS, "the claimed gradient is zero to rounding"),
        (1e-9, Verdict.FAIL, "the claimed gradient is not zero"),
        (1.0, Verdict.FAIL, "the claimed gradient is not zero"),
    ],
)
def test_a_claim_that_is_not_zero_is_never_noted_under_a_pass(claim: float, verdict: Verdict, told: str) -> None:
    report = with_a_dead_parameter(claim)
    assert report.verdict is verdict
    assert report.notes == (f"the loss does not change with b: {told}",)


def share(x: np.ndarray) -> float:
    """Return a sum that is 1, whatever the logits are."""
    e = np.exp(x - x.max())
    return float((e / e.sum()).sum())


@pytest.mark.parametrize("claim", [0.0, 1e-9, 1.0])
@pytest.mark.parametrize("settings", [{}, {"epsilon": 1e-7}, {"max_evals": 60}])
def test_a_constant_loss_has_one_sentence_no_note_and_no_finding(claim: float, settings: dict[str, float]) -> None:
    x = np.array([0.3, -0.2, 0.9])
    report = check_gradient(share, np.full(3, np.float32(claim), dtype=np.float32), x, mode="full", **settings)  # type: ignore[arg-type]
    assert report.verdict is (Verdict.FAIL if claim else Verdict.PASS)
    (said,) = (reason for reason in report.reasons if "budget" not in reason)
    found = "its gradient is zero" if claim else "it checks nothing"
    assert said.startswith(f"this loss does not change: {found}; weight the outputs, as in loss = (w * out).sum()")
    assert said.endswith("were they copied?") == bool(claim)
    assert (report.notes, report.findings) == ((), ())


def test_where_the_last_digit_may_hide_a_slope_the_loss_is_not_called_constant() -> None:
    x = np.array([0.3, -0.2, 0.9])
    report = check_gradient(lambda x: 1e15 + float(np.sum(np.sin(x))), np.cos(x), x, mode="full")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.reasons[-1] == "this loss changes by no more than its last digit, where the claimed slopes may hide"


def test_a_loss_in_float32_is_noted_in_both_modes() -> None:
    x = np.linspace(0.5, 1.5, 40)

    def loss(p: Parameters) -> np.float32:
        return np.float32(np.sum(np.asarray(p, dtype=np.float32) ** 2))

    for mode in ("full", "screen"):
        notes = check_gradient(loss, 2 * x, x, mode=mode, seed=1).notes
        assert sum("computed in float32" in note for note in notes) == 1
