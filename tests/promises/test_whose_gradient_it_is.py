"""Of every mistake in a gradient that can be called: is the claim the gradient of another loss, or of none?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcheck_cli import CheckReport, check_gradient
from gradcheck_cli.vocabulary.parameters import Array

R = np.random.default_rng(0)
X, T = R.normal(size=(30, 5)), R.random(30) > 0.5
POINT = {"w": R.normal(size=5), "b": np.array(0.2)}
OF_A_LOSS, OF_NONE = (
    "the claim is the gradient of some loss, but not of this one",
    "the claim is not the gradient of any loss",
)


def loss(p: dict[str, Array]) -> float:
    """Return a loss that is no standard network's, for its bias has a penalty."""
    z = X @ p["w"] + p["b"]
    return float(np.mean(np.logaddexp(0, z) - T * z) + 0.01 * p["b"] ** 2)


def gradient(p: dict[str, Array], labels: Any = T, power: int = 1) -> dict[str, Any]:
    e = (1 / (1 + np.exp(-X @ p["w"] - p["b"])) - labels) / 30
    return {"w": X.T @ e**power, "b": e.sum() + 0.02 * p["b"]}


def shifted(p: dict[str, Array]) -> dict[str, Any]:
    return gradient(p, np.roll(T, 1))


def squared(p: dict[str, Array]) -> dict[str, Any]:
    return gradient(p, power=2)


def test_wrong_labels_are_of_another_loss() -> None:
    (finding,) = check_gradient(loss, shifted, POINT, seed=0).findings
    assert (finding.code, finding.where, finding.also) == ("another-loss", "dw", ())
    assert OF_A_LOSS in finding.note
    assert "labels" in finding.help


def test_a_wrong_step_is_of_none() -> None:
    (finding,) = check_gradient(loss, squared, POINT, seed=0).findings
    assert finding.code == "derivation"
    assert OF_NONE in finding.note


def test_a_mistake_that_has_a_name_keeps_it() -> None:
    (finding,) = check_gradient(loss, lambda p: {**gradient(p), "w": -gradient(p)["w"]}, POINT, seed=0).findings
    assert finding.code == "factor"
    assert OF_NONE in finding.note


def test_a_saved_gradient_cannot_be_asked() -> None:
    report = check_gradient(loss, shifted(POINT), POINT, seed=0)
    assert report.findings[0].code == "unknown"
    assert not said(report)


def said(report: CheckReport) -> bool:
    return any(text in finding.note for finding in report.findings for text in (OF_A_LOSS, OF_NONE))


def test_a_gradient_that_leans_on_what_the_loss_left_behind_is_asked_right() -> None:
    kept: dict[str, Any] = {}

    def forward(p: dict[str, Array]) -> float:
        kept["e"] = (1 / (1 + np.exp(-X @ p["w"] - p["b"])) - np.roll(T, 1)) / 30
        return loss(p)

    report = check_gradient(
        forward, lambda p: {"w": X.T @ kept["e"], "b": kept["e"].sum() + 0.02 * p["b"]}, POINT, seed=0
    )
    assert report.findings[0].code == "another-loss"


@pytest.mark.parametrize("error", [ValueError, ZeroDivisionError, KeyError])
def test_a_gradient_that_has_no_value_elsewhere_is_told_of_without_it(error: type[Exception]) -> None:
    def claim(p: dict[str, Array]) -> dict[str, Any]:
        if not np.array_equal(p["w"], POINT["w"]):
            raise error
        return shifted(p)

    report = check_gradient(loss, claim, POINT, seed=0)
    assert report.findings[0].code == "unknown"
    assert not said(report)


def test_no_evaluation_is_hidden_and_a_budget_is_kept() -> None:
    calls = 0

    def counted(p: dict[str, Array]) -> float:
        nonlocal calls
        calls += 1
        return loss(p)

    report = check_gradient(counted, shifted, POINT, seed=0)
    assert calls <= report.evaluations <= calls + 2
    calls = 0
    few = check_gradient(counted, shifted, POINT, seed=0, max_evals=report.evaluations - 1)
    assert calls <= report.evaluations - 1
    assert few.verdict.name == "FAIL"
