"""A loss may keep hold of the arrays that it is given: its right gradient passes, and a wrong one fails."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_gradient
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import Verdict

POINT = np.array([0.3, -0.7, 1.9])
Functions = tuple[Callable[[Any], float], Callable[[Any], Any]]


def value_of(x: Array) -> dict[str, Any]:
    return {"s": np.sin(x), "c": np.cos(x)}


def by_reference(of: Callable[[Any], Array]) -> Functions:
    """Share work between loss and gradient, as long as the last argument equals this one."""
    last: dict[str, Any] = {}

    def shared(p: Any) -> dict[str, Any]:
        x = of(p)
        if not (last and np.array_equal(last["x"], x)):
            last.update(x=x, **value_of(x))
        return last

    return functions_of(shared)


def by_identity(of: Callable[[Any], Any]) -> Functions:
    """The same, as long as it is the last argument itself."""
    last: dict[str, Any] = {}

    def shared(p: Any) -> dict[str, Any]:
        if not (last and last["x"] is of(p)):
            last.update(x=of(p), **value_of(of(p)))
        return last

    return functions_of(shared)


def by_last_id(of: Callable[[Any], Any]) -> Functions:
    """The same by an id, of an array that may be gone."""
    last: dict[str, Any] = {}

    def shared(p: Any) -> dict[str, Any]:
        if last.get("id") != id(of(p)):
            last.update(id=id(of(p)), **value_of(of(p)))
        return last

    return functions_of(shared)


def by_every_id(of: Callable[[Any], Any]) -> Functions:
    """Keep what was computed for every id there ever was."""
    every: dict[int, dict[str, Any]] = {}

    def shared(p: Any) -> dict[str, Any]:
        if id(of(p)) not in every:
            every[id(of(p))] = value_of(of(p))
        return every[id(of(p))]

    return functions_of(shared)


def functions_of(shared: Callable[[Any], dict[str, Any]]) -> Functions:
    return lambda p: float(np.sum(shared(p)["s"] ** 2)), lambda p: 2 * shared(p)["s"] * shared(p)["c"]


every_cache = pytest.mark.parametrize("cache", [by_reference, by_identity, by_last_id, by_every_id])
every_mode = pytest.mark.parametrize("mode", ["full", "screen"])


@every_cache
@every_mode
@pytest.mark.parametrize("named", [False, True])
def test_a_right_gradient_passes_and_a_wrong_one_fails(cache: Any, mode: str, named: bool) -> None:
    point: Any = {"x": POINT} if named else POINT
    loss, gradient = cache((lambda p: p["x"]) if named else (lambda p: p))
    report = check_gradient(loss, lambda p: {"x": gradient(p)} if named else gradient(p), point, mode=mode, seed=1)
    assert report.passed
    assert "keeps the arrays that it was given, so every call gets new ones" in "".join(report.notes)
    loss, gradient = cache((lambda p: p["x"]) if named else (lambda p: p))
    wrong = check_gradient(loss, lambda p: {"x": 1.01 * gradient(p)} if named else 1.01 * gradient(p), point, mode=mode)
    assert wrong.verdict is Verdict.FAIL


@every_cache
@every_mode
def test_so_it_is_with_workers(cache: Any, mode: str) -> None:
    loss, gradient = cache(lambda p: p)
    x = np.random.default_rng(0).normal(size=300)
    with ThreadPoolExecutor(1) as pool:
        assert check_gradient(loss, gradient, x, mode=mode, seed=1, executor=pool, jobs=1).passed
    loss, gradient = cache(lambda p: p)
    assert check_gradient(loss, gradient, x, mode=mode, seed=1, jobs=2).passed


@pytest.mark.parametrize("cache", [by_reference, by_identity, by_last_id])
def test_so_it_is_of_arrays_that_are_too_large_to_be_kept(cache: Any) -> None:
    loss, gradient = cache(lambda p: p)
    x = np.random.default_rng(0).normal(size=200_000)
    assert check_gradient(loss, gradient, x, mode="screen", seed=1).passed


@every_cache
def test_so_it_is_at_further_points(cache: Any) -> None:
    loss, gradient = cache(lambda p: p)
    assert check_gradient(loss, gradient, POINT, points=3).passed


def test_a_gradient_may_lean_on_what_the_loss_left_behind_by_reference() -> None:
    kept = {}

    def loss(x: Array) -> float:
        kept["x"] = x
        return float(np.sum(x**3))

    assert check_gradient(loss, lambda x: 3 * kept["x"] ** 2, POINT).passed


def test_a_loss_that_caches_by_value_is_served_as_usual() -> None:
    known: dict[bytes, float] = {}

    def loss(x: Array) -> float:
        return known.setdefault(x.tobytes(), float(np.sum(x**3)))

    report = check_gradient(loss, lambda x: 3 * x**2, POINT)
    assert report.passed
    assert report.notes == ()


def test_a_loss_with_noise_is_not_taken_for_one_that_remembers() -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        noisy = lambda x: float(np.sum(x**3)) + 1e-8 * random.standard_normal()  # noqa: B023, E731
        assert "remembers" not in "".join(check_gradient(noisy, lambda x: 3 * x**2, POINT).notes)
