"""Errors of float32 are told from wrong formulas, and widen what a claim may be off by."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli import check_gradient
from gradcheck_cli.judging.precision import (
    are_single_numbers,
    are_small,
    are_spread,
    is_factor,
    judge_precision,
    lost_to_rounding,
)
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.results import Verdict
from gradcheck_cli.vocabulary.settings import MACHINE_EPSILON, Settings

RIGHT = np.random.default_rng(0).standard_normal(40)
ROUNDED = RIGHT.astype(np.float32).astype(np.float64)
LIKE_SINGLE = RIGHT * (1 + 2e-7 * np.random.default_rng(1).standard_normal(40))


def reference(values: Array, bar: float = 1e-15) -> Reference:
    bars, nowhere = np.full(values.shape, bar), np.zeros(values.shape, dtype=bool)
    return Reference(values, bars, bars + 2e-6, values, values, nowhere, nowhere)


def test_float32_numbers_are_known_as_such() -> None:
    assert are_single_numbers({"w": ROUNDED})
    assert not are_single_numbers({"w": RIGHT})
    assert not are_single_numbers({"w": np.array([np.nan, 1.0])})


def test_round_numbers_tell_nothing_of_where_they_came_from() -> None:
    assert not are_single_numbers({"w": np.array([1.0, -2.0, 0.5])})


def test_rounding_is_small_spread_and_scattered() -> None:
    assert are_small(ROUNDED, RIGHT)
    assert are_spread(ROUNDED, reference(RIGHT))
    assert not is_factor(ROUNDED, RIGHT)


def test_one_wrong_entry_is_not_spread() -> None:
    wrong = RIGHT.copy()
    wrong[3] *= 1 + 1e-6
    assert not are_spread(wrong, reference(RIGHT))


def test_what_the_reference_itself_may_be_off_by_is_not_spread() -> None:
    assert not are_spread(ROUNDED, reference(RIGHT, bar=1e-6))
    assert not are_spread(RIGHT * (1 + 1e-10), reference(RIGHT))


@pytest.mark.parametrize("size", [1e-250, 1.0, 1e250])
def test_a_common_factor_is_known_at_any_size(size: float) -> None:
    assert is_factor(size * RIGHT * (1 + 1e-6), size * RIGHT)
    assert not is_factor(size * LIKE_SINGLE, size * RIGHT)


def test_an_error_of_1e_5_is_not_small() -> None:
    assert not are_small(RIGHT * (1 + 1e-5 * np.sign(ROUNDED - RIGHT)), RIGHT)


def test_what_is_lost_grows_with_the_machine_epsilon() -> None:
    right = reference(RIGHT)
    assert np.array_equal(right.rounded_to(MACHINE_EPSILON["float64"]).bars, right.bars)
    assert right.rounded_to(MACHINE_EPSILON["float32"]).bars == pytest.approx(right.single_bars)
    assert right.rounded_to(MACHINE_EPSILON["float16"]).bars == pytest.approx(2e-6 * 2**13)
    assert right.rounded_to(MACHINE_EPSILON["bfloat16"]).bars == pytest.approx(2e-6 * 2**16)


def test_an_entry_of_which_nothing_is_known_stays_so() -> None:
    unknown = reference(RIGHT, bar=np.inf).rounded_to(MACHINE_EPSILON["float16"])
    assert np.isposinf(unknown.bars).all()


def test_each_parameter_is_judged_for_itself() -> None:
    claims = {"right": RIGHT, "single": ROUNDED * (1 + 2.0**-21), "alike": LIKE_SINGLE, "half": RIGHT}
    claims["single"] = claims["single"].astype(np.float32).astype(float)
    judged = judge_precision(claims, {name: reference(RIGHT) for name in claims}, Settings(), {"half": "float16"})
    bars = {name: float(r.whole().bars[0]) for name, r in judged.references.items()}
    assert bars == pytest.approx({"right": 1e-15, "single": 2e-6, "alike": 1e-15, "half": 2e-6 * 2**13}, rel=1e-6)
    assert list(judged.doubts) == ["alike"]
    assert [note.split(" was ")[0].split(" is ")[0] for note in judged.notes] == [
        "the analytic gradient by half",
        "the analytic gradient by single",
    ]
    for name, claim in claims.items():
        alone = judge_precision({name: claim}, {name: reference(RIGHT)}, Settings(), {"half": "float16"})
        assert alone.references[name].whole().bars[0] == judged.references[name].whole().bars[0]
        assert (name in alone.doubts) == (name in judged.doubts)


def test_what_is_right_in_float64_alone_is_neither_right_nor_wrong() -> None:
    def loss(p: Parameters) -> float:
        return float(np.sum(p["w"] ** 3) + np.sum(p["v"] ** 2))

    point = {"w": np.array([0.3, -0.7]), "v": np.array([1.5])}
    right = {"w": 3 * point["w"] ** 2, "v": 2 * point["v"]}
    double, low = (check_gradient(loss, {**right, "w": right["w"] * by}, point) for by in (1.0, 1.01))
    report = lost_to_rounding(low, double, "float32")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert {row.name: row.verdict for row in report.parameters} == {"w": Verdict.INCONCLUSIVE, "v": Verdict.PASS}
    assert report.reasons == (
        f"w: right in float64 and off by {low.parameters[0].difference:.1e} in float32: lost to rounding, or wrong in"
        " float32 alone",
    )
    assert report.difference == low.difference
