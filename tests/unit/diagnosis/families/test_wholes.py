"""Mistakes made to all gradients at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.vocabulary.parameters import Array
from tests.unit.diagnosis.support import M, findings, first, network, right_gradient

NET = network()
L2 = network(l2=0.7)


def everywhere(change: Callable[..., Array]) -> dict[str, Array]:
    return {name: change(values) for name, values in right_gradient(NET).items()}


RANDOM = np.random.default_rng(4)
LENGTH = np.sqrt(sum((values**2).sum() for values in right_gradient(NET).values()))

PLANTED: list[tuple[Any, ...]] = [
    ("factor-all", lambda d: 0.1 * d),
    ("factor-all", lambda d: 1.2345 * d),
    ("clipped-norm", lambda d: d * 0.01 / LENGTH),
    ("clipped-value", lambda d: np.clip(d, -0.02, 0.02)),
    ("offset", lambda d: d + 0.01),
    ("rounded", lambda d: np.round(d, 4)),
    ("float16", lambda d: d.astype(np.float16).astype(float)),
    ("float32", lambda d: d.astype(np.float32).astype(float)),
    ("noise", lambda d: d + 0.01 * np.sqrt((d**2).mean()) * RANDOM.normal(size=d.shape)),
]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("code", "change"), PLANTED)
def test_a_mistake_on_everything_is_named(code: str, change: Callable[..., Array], known: bool) -> None:
    assert first(NET, everywhere(change), known=known) == (code, "all")


@pytest.mark.parametrize("kind", ["W", "b"])
def test_a_factor_on_every_gradient_of_one_kind_is_one_finding(kind: str) -> None:
    claim = {name: values * (M if name[0] == kind else 1) for name, values in right_gradient(NET).items()}
    (finding,) = findings(NET, claim)
    assert (finding.code, finding.where, finding.factor) == ("factor", f"all-{kind}", M)


def test_a_regulariser_missing_everywhere_is_one_finding() -> None:
    claim = {n: d - (0.7 / M * L2.parameters[n] if n[0] == "W" else 0) for n, d in right_gradient(L2).items()}
    (finding,) = findings(L2, claim)
    assert (finding.code, finding.where) == ("regulariser-missing", "all-W")


def test_large_errors_without_a_pattern_are_not_called_noise() -> None:
    claim = everywhere(lambda d: d + np.sqrt((d**2).mean()) * RANDOM.normal(size=d.shape))
    assert first(NET, claim) == ("unknown", "dZ3")
