"""Elementary functions against those of the standard library."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from gradcheck_cli.problems.networks.elementary import erfc, expm1, log1p
from gradcheck_cli.vocabulary.parameters import Array


def test_erfc_has_full_precision_in_all_its_ranges() -> None:
    x = np.concatenate([np.linspace(-7, 26, 20_001), np.linspace(-0.6, 0.6, 2_001), [0.46875, -0.46875, 4.0, -4.0]])
    exact = np.array([math.erfc(value) for value in x.tolist()])
    assert np.abs(erfc(x) / exact - 1).max() < 2e-15


def test_erfc_at_its_ends() -> None:
    assert erfc(np.array([-np.inf, -100.0, 0.0, 100.0, np.inf])).tolist() == [2, 2, 1, 0, 0]
    assert np.isnan(erfc(np.array([np.nan]))).all()


@pytest.mark.parametrize("bound", [1e-300, 1e-12, 1e-8, 1e-7, 1e-5, 1e-3, 1e-2, 0.1, 0.9])
@pytest.mark.parametrize(("ours", "exact"), [(expm1, math.expm1), (log1p, math.log1p)])
def test_series_are_as_exact_as_the_library(
    ours: Callable[[Array, float], Array], exact: Callable[[float], float], bound: float
) -> None:
    x = np.linspace(-bound, bound, 1000)
    wanted = np.array([exact(value) for value in x.tolist()])
    assert np.abs(ours(x, bound) / wanted - 1).max() < 5e-16
