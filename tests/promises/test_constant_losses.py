"""A loss that is constant by construction checks nothing: that is said once, and nobody is accused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from gradcheck_cli import Verdict, check_gradient
from tests.promises.claims import BOTH_MODES, FAIL, PASS, report, verdict, words
from tests.zoo import Array

_random = np.random.default_rng(10)
SAMPLES = _random.uniform(size=(25, 5))
LOGITS = _random.normal(size=(3, 4))


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def normalised(x: Array, axis: int) -> Array:
    return np.asarray((x - x.mean(axis=axis, keepdims=True)) / np.sqrt(x.var(axis=axis, keepdims=True) + 1e-5))


def through_norm(x: Array, g: Array, axis: int) -> Array:
    """Return what the backward pass of a normalisation makes of g."""
    hat, std = normalised(x, axis), np.sqrt(x.var(axis=axis, keepdims=True) + 1e-5)
    mean, along = g.mean(axis=axis, keepdims=True), (g * hat).mean(axis=axis, keepdims=True)
    return np.asarray((g - mean - hat * along) / std)


class Constant(NamedTuple):
    loss: Callable[[Array], Any]
    at: Array
    by_formula: Array
    """The right gradient as a backward pass computes it: zero but for rounding."""
    wrong: Array


ones = np.ones_like(SAMPLES)
CONSTANT = {
    "softmax": Constant(
        lambda z: softmax(z).sum(),
        LOGITS,
        softmax(LOGITS) * (1 - softmax(LOGITS).sum(axis=1, keepdims=True)),
        softmax(LOGITS),
    ),
    "batch norm": Constant(
        lambda x: normalised(x, 0).sum(),
        SAMPLES,
        through_norm(SAMPLES, ones, 0),
        ones / np.sqrt(SAMPLES.var(axis=0) + 1e-5),
    ),
    "layer norm": Constant(
        lambda x: normalised(x, 1).sum(),
        SAMPLES,
        through_norm(SAMPLES, ones, 1),
        ones / np.sqrt(SAMPLES.var(axis=1, keepdims=True) + 1e-5),
    ),
    "batch norm far from zero": Constant(
        lambda x: normalised(x, 0).sum(),
        10 + 0.01 * SAMPLES,
        through_norm(10 + 0.01 * SAMPLES, ones, 0),
        ones / np.sqrt((0.01 * SAMPLES).var(axis=0) + 1e-5),
    ),
}
each = pytest.mark.parametrize("case", CONSTANT.values(), ids=CONSTANT)


@pytest.mark.parametrize("mode", BOTH_MODES)
@each
def test_zeros_pass(case: Constant, mode: str) -> None:
    assert verdict(case.loss, np.zeros_like(case.at), case.at, mode=mode) is PASS


@pytest.mark.parametrize("mode", BOTH_MODES)
@each
def test_what_a_backward_pass_leaves_of_zero_passes(case: Constant, mode: str) -> None:
    assert np.abs(case.by_formula).max() < 1e-9
    assert verdict(case.loss, case.by_formula, case.at, mode=mode) is PASS


@pytest.mark.parametrize("mode", BOTH_MODES)
@each
def test_a_claim_that_is_clearly_not_zero_fails(case: Constant, mode: str) -> None:
    assert np.abs(case.wrong).max() > 0.1
    assert verdict(case.loss, case.wrong, case.at, mode=mode) is FAIL


@each
def test_one_sentence_says_that_the_loss_does_not_move_and_nothing_else_is_said(case: Constant) -> None:
    found = report(case.loss, case.by_formula, case.at)
    said = [line for line in (*found.reasons, *found.notes) if "does not change" in line or "constant" in line]
    assert len(said) == 1
    assert "float32" not in words(found)
    assert "not zero" not in words(found)
    assert found.findings == ()


@each
def test_it_takes_few_evaluations_to_see(case: Constant) -> None:
    calls = 0

    def counted(x: Array) -> Any:
        nonlocal calls
        calls += 1
        return case.loss(x)

    assert report(counted, case.by_formula, case.at).passed
    assert calls <= 2 * case.at.size + 30


def test_a_loss_that_weighs_the_outputs_is_none_of_these() -> None:
    weights = _random.normal(size=SAMPLES.shape)
    claim = through_norm(SAMPLES, weights, 0)
    found = report(lambda x: (weights * normalised(x, 0)).sum(), claim, SAMPLES)
    assert found.verdict is PASS
    assert "does not change" not in words(found)
    assert verdict(lambda x: (weights * normalised(x, 0)).sum(), 0 * claim, SAMPLES) is FAIL


# One parameter that does not matter beside one that does: a bias before batch norm.

MIX = np.random.default_rng(2).normal(size=(5, 3))
WEIGHED = np.random.default_rng(1).normal(size=(25, 3))
POINT = {"W": MIX, "b": np.array([0.1, -0.2, 0.3])}


def normed_layer(p: dict[str, Array]) -> Any:
    return (WEIGHED * normalised(SAMPLES @ p["W"] + p["b"], 0)).sum()


def normed_gradient() -> dict[str, Array]:
    d = through_norm(SAMPLES @ POINT["W"] + POINT["b"], WEIGHED, 0)
    return {"W": SAMPLES.T @ d, "b": d.sum(axis=0)}


def test_a_bias_before_batch_norm_passes_with_zeros_and_with_what_rounding_leaves() -> None:
    claim = normed_gradient()
    assert 0 < np.abs(claim["b"]).max() < 1e-12
    for b in (claim["b"], np.zeros(3)):
        found = report(normed_layer, {**claim, "b": b}, POINT)
        assert found.verdict is PASS
        assert "not zero" not in words(found)


def test_a_bias_before_batch_norm_fails_where_its_gradient_is_not_zero() -> None:
    claim = normed_gradient()
    assert verdict(normed_layer, {**claim, "b": np.array([0.0, 0.1, 0.0])}, POINT) is FAIL


def test_what_matters_beside_a_bias_that_does_not_is_judged_as_ever() -> None:
    claim = normed_gradient()
    found = report(normed_layer, {**claim, "W": 1.01 * claim["W"]}, POINT)
    assert {p.name: p.verdict for p in found.parameters} == {"W": FAIL, "b": PASS}


def test_arrays_that_never_reach_the_model_are_told_of() -> None:
    own, kept = {"w": np.array([1.0, -2.0])}, np.array([1.0, -2.0])
    params = {"w": kept}

    def rebinding(p: dict[str, Any]) -> float:
        params.update(p)
        return float((kept**2).sum())

    report = check_gradient(rebinding, lambda p: {"w": 2 * p["w"]}, own)
    assert report.verdict is Verdict.FAIL
    assert "put into the model: were they copied?" in "".join(report.reasons)
