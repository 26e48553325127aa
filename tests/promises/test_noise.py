"""Noise is found where it is, and is no excuse: right gradients never fail for it, wrong ones never pass by it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.promises.claims import FAIL, PASS, Named, verdict, with_entry
from tests.zoo import Array

f32 = np.float32

# A batch norm that computes in float32; its parameters are float64.

_random = np.random.default_rng(0)
NORM = {"x": _random.normal(size=(6, 4)), "gamma": _random.normal(size=4), "beta": _random.normal(size=4)}
UPSTREAM = _random.normal(size=(6, 4))


def normalised(p: Named, kind: Any) -> tuple[Any, ...]:
    x, gamma, beta = (np.asarray(p[name]).astype(kind) for name in ("x", "gamma", "beta"))
    centred = x - x.mean(axis=0)
    std = np.sqrt((centred**2).mean(axis=0) + kind(1e-8))
    return gamma * centred / std + beta, centred / std, std, gamma


def norm_loss(p: Named, kind: Any = f32) -> Any:
    return np.sum(normalised(p, kind)[0] * UPSTREAM.astype(kind))


def norm_gradient(p: Named, kind: Any = f32) -> dict[str, Array]:
    _, hat, std, gamma = normalised(p, kind)
    up = UPSTREAM.astype(kind)
    d = up * gamma
    found = {
        "x": (d - d.mean(axis=0) - hat * (d * hat).mean(axis=0)) / std,
        "gamma": (up * hat).sum(axis=0),
        "beta": up.sum(axis=0),
    }
    return {name: value.astype(float) for name, value in found.items()}


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_right_gradient_of_a_batch_norm_passes_in_any_precision(kind: Any) -> None:
    assert verdict(lambda p: norm_loss(p, kind), norm_gradient(NORM, kind), NORM) is PASS


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "place", "off"), [("beta", 3, 1.0), ("x", 19, 3.0), ("gamma", 0, -1.0)])
def test_an_entry_of_a_batch_norm_that_is_grossly_wrong_fails_in_any_precision(
    name: str, place: int, off: float, kind: Any
) -> None:
    claim = norm_gradient(NORM, kind)
    claim[name].flat[place] += off
    assert verdict(lambda p: norm_loss(p, kind), claim, NORM) is FAIL
    alone = {name: NORM[name]}
    assert verdict(lambda p: norm_loss({**NORM, **p}, kind), {name: claim[name]}, alone) is FAIL


# One parameter goes through float32, the other does not.

TWO = {"a": np.array([0.3, 1.1, -0.7]), "b": np.array([0.9, -0.4, 0.2])}


def two_kinds(p: Named, kind: Any = f32) -> Any:
    return np.sum(np.sin(p["a"])) + float(np.sum(np.exp(np.asarray(p["b"]).astype(kind))))


RIGHT = {"a": np.cos(TWO["a"]), "b": np.exp(TWO["b"])}


@pytest.mark.parametrize("seed", range(12))
def test_a_float32_parameter_beside_a_float64_one_never_fails(seed: int) -> None:
    assert verdict(two_kinds, RIGHT, TWO, seed=seed) is not FAIL
    assert verdict(two_kinds, RIGHT, TWO, seed=seed, mode="screen") is not FAIL


@pytest.mark.parametrize("factor", [-1.0, 2.0, 0.0])
@pytest.mark.parametrize("name", ["a", "b"])
def test_a_grossly_wrong_parameter_fails_whichever_precision_it_has(name: str, factor: float) -> None:
    assert verdict(two_kinds, {**RIGHT, name: factor * RIGHT[name]}, TWO) is FAIL
    for seed in range(6):
        claim = {**RIGHT, name: factor * RIGHT[name]}
        assert verdict(two_kinds, claim, TWO, mode="screen", seed=seed) is not PASS


def test_the_float64_parameter_is_judged_as_sharply_as_without_the_other() -> None:
    assert verdict(two_kinds, {**RIGHT, "a": with_entry(RIGHT["a"], 0, 1 + 1e-3)}, TWO) is FAIL
    assert verdict(lambda p: two_kinds(p, np.float64), RIGHT, TWO) is PASS
    wrong = {**RIGHT, "a": with_entry(RIGHT["a"], 0, 1 + 1e-3)}
    assert verdict(lambda p: two_kinds(p, np.float64), wrong, TWO) is FAIL


# A loss that is printed with so many decimals.


def rounded(x: Array, decimals: int) -> float:
    return round(float(np.sum(np.sin(x) * np.exp(x / 3))), decimals)


POINT = np.array([0.4, 1.2, -0.9])
SLOPE = np.exp(POINT / 3) * (np.cos(POINT) + np.sin(POINT) / 3)


@pytest.mark.parametrize("decimals", [4, 6, 8, 10, 15])
def test_a_right_gradient_of_a_rounded_loss_never_fails(decimals: int) -> None:
    for seed in range(6):
        assert verdict(lambda x: rounded(x, decimals), SLOPE, POINT, seed=seed) is not FAIL
        assert verdict(lambda x: rounded(x, decimals), SLOPE, POINT, seed=seed, mode="screen") is not FAIL


@pytest.mark.parametrize("decimals", [4, 6, 8, 10, 15])
@pytest.mark.parametrize("factor", [-1.0, 2.0, 0.0])
def test_a_grossly_wrong_gradient_of_a_rounded_loss_fails(factor: float, decimals: int) -> None:
    assert verdict(lambda x: rounded(x, decimals), with_entry(SLOPE, 1, factor), POINT) is FAIL


# log(1 - a) where a is saturated: the loss is a staircase whose steps are much wider than rounding.


def saturated(z: Array) -> Any:
    return -np.sum(np.log(1 - 1 / (1 + np.exp(-z))))


@pytest.mark.parametrize("z", [20.0, 26.0, 30.0, 33.0, 35.0])
def test_a_right_gradient_on_a_staircase_never_fails(z: float) -> None:
    x = np.array([z, 0.5, -1.0])
    claim = 1 / (1 + np.exp(-x))
    for mode in ("full", "screen"):
        assert verdict(saturated, claim, x, mode=mode) is not FAIL


@pytest.mark.parametrize("z", [20.0, 26.0, 30.0, 33.0, 35.0])
@pytest.mark.parametrize("factor", [0.0, -1.0, 2.0])
def test_a_grossly_wrong_gradient_on_a_staircase_never_passes(factor: float, z: float) -> None:
    x = np.array([z, 0.5, -1.0])
    claim = with_entry(1 / (1 + np.exp(-x)), 0, factor)
    for mode in ("full", "screen"):
        assert verdict(saturated, claim, x, mode=mode) is not PASS


@pytest.mark.parametrize("z", [20.0, 30.0, 35.0])
def test_the_same_loss_without_stairs_has_a_verdict(z: float) -> None:
    x = np.array([z, 0.5, -1.0])
    claim = 1 / (1 + np.exp(-x))
    assert verdict(lambda z: np.sum(np.logaddexp(0, z)), claim, x) is PASS
    assert verdict(lambda z: np.sum(np.logaddexp(0, z)), with_entry(claim, 0, 0.0), x) is FAIL


# A loss made of terms that cancel: its noise is much larger than its last digit, and chance may hide that.


def trigonometric(x: Array) -> Any:
    i = np.arange(1, x.size + 1)
    return ((x.size - np.cos(x).sum() + i * (1 - np.cos(x)) - np.sin(x)) ** 2).sum()


def trigonometric_gradient(x: Array) -> Array:
    i = np.arange(1, x.size + 1)
    r = x.size - np.cos(x).sum() + i * (1 - np.cos(x)) - np.sin(x)
    return np.asarray(2 * r.sum() * np.sin(x) + 2 * r * (i * np.sin(x) - np.cos(x)))


@pytest.mark.parametrize("seed", range(40))
def test_the_verdict_on_a_loss_of_cancelling_terms_is_the_same_for_every_seed(seed: int) -> None:
    x = np.full(5, 0.2)
    claim = trigonometric_gradient(x)
    assert verdict(trigonometric, claim, x, seed=seed) is PASS
    assert verdict(trigonometric, with_entry(claim, 1, 2.0), x, seed=seed) is FAIL
    assert verdict(trigonometric, with_entry(claim, 4, 1.1), x, seed=seed) is FAIL


@pytest.mark.parametrize("seed", range(6))
def test_ten_cancelling_terms_hide_no_tenth_of_an_entry(seed: int) -> None:
    x = np.full(10, 0.1)
    claim = trigonometric_gradient(x)
    assert verdict(trigonometric, claim, x, seed=seed) is PASS
    largest = int(np.argmax(np.abs(claim)))
    assert verdict(trigonometric, with_entry(claim, largest, 1.1), x, seed=seed) is FAIL
