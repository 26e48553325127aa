"""Jacobians for which there is no room."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli import Verdict, check_jacobian
from gradcheck_cli.checks import jacobian
from gradcheck_cli.vocabulary.errors import SettingError

X = np.linspace(1, 2, 100)


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jacobian, "MOST_KEPT", 10_000)


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, Verdict.PASS), (1.1, Verdict.FAIL)])
def test_one_that_cannot_be_kept_is_screened(factor: float, verdict: Verdict) -> None:
    claim = np.diag(2 * X)
    claim[7, 7] *= factor
    report = check_jacobian(lambda x: x**2, claim, X)
    assert report.verdict is verdict
    assert report.screen is not None
    assert any("more than can be kept" in note for note in report.notes)


def test_it_is_not_checked_entry_by_entry() -> None:
    with pytest.raises(SettingError, match="expected at most"):
        check_jacobian(lambda x: x**2, np.diag(2 * X), X, mode="full")
