from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli.checks.check import check
from gradcheck_cli.problems.networks.cases import CASES, built_in_case
from gradcheck_cli.vocabulary.errors import InputError
from gradcheck_cli.vocabulary.results import Verdict


def test_default_has_the_courses_cost() -> None:
    network = built_in_case("default")
    assert network.loss(network.parameters) == pytest.approx(2.407833389834, abs=1e-12)


def test_default_draws_in_the_courses_order() -> None:
    random = np.random.RandomState(1)
    network = built_in_case("default")
    for values in (network.X, *network.parameters.values()):
        np.testing.assert_array_equal(values, random.randn(*values.shape))


@pytest.mark.parametrize(
    ("name", "difference", "tolerance", "verdict"),
    [("default", 1.1890913e-07, 1e-2, Verdict.PASS), ("planted-bugs", 0.2850931567761623, 1e-9, Verdict.FAIL)],
)
def test_difference_is_the_known_figure(name: str, difference: float, tolerance: float, verdict: Verdict) -> None:
    report = check(built_in_case(name))
    assert report.difference == pytest.approx(difference, rel=tolerance)
    assert report.verdict is verdict


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_the_same_each_time(name: str) -> None:
    np.testing.assert_array_equal(built_in_case(name).X, built_in_case(name).X)


@pytest.mark.parametrize(
    ("name", "hint"), [("defalt", "default"), ("PLANTED-BUGS", "planted-bugs"), ("zzz", None), ("", None)]
)
def test_an_unknown_case_is_refused_with_the_near_name(name: str, hint: str | None) -> None:
    with pytest.raises(InputError, match="expected one of default") as caught:
        built_in_case(name)
    assert repr(name) in caught.value.message
    assert caught.value.hint == (f"did you mean {hint!r}?" if hint else None)
