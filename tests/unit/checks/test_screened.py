"""The use case of a screen, from Python: verdicts, reasons and names of mistakes."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from gradcheck_cli import CheckReport, check, check_gradient
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import Verdict
from tests.black_box import SMALL, BlackBox

Gradient = dict[str, Array]


def screened(spoil: Callable[[Gradient, BlackBox], object] = lambda *_: None, **settings: object) -> CheckReport:
    box = BlackBox((20, 15, 15, 1), 30, seed=2)
    claim = box.right()
    spoil(claim, box)
    return check_gradient(box.loss, claim, box.parameters, mode="screen", **{"seed": 7, **settings})  # type: ignore[arg-type]


def setter(name: str, change: Callable[[Array, BlackBox], Array]) -> Callable[[Gradient, BlackBox], None]:
    def spoil(claim: Gradient, box: BlackBox) -> None:
        claim[name] = change(claim[name], box)

    return spoil


def test_a_right_gradient_passes_and_its_limits_are_stated() -> None:
    report = screened()
    assert report.verdict is Verdict.PASS
    assert report.screen is not None
    assert (report.screen.seed, report.screen.directions, report.screen.missed) == (7, 14, 1e-3)
    assert report.difference < 2e-7
    for p in report.parameters:
        assert p.sensitivity is not None
        assert p.sensitivity.spread is not None
        assert 0 < p.sensitivity.relative < 1e-3
        assert 0 < p.sensitivity.factor < 1e-3
        assert (len(p.entries), p.slopes is not None and len(p.slopes)) == (0, 2)


@pytest.mark.parametrize("share", [3.0, 30.0])
def test_an_error_of_the_stated_size_is_caught(share: float) -> None:
    known = {p.name: p.sensitivity for p in screened().parameters}
    for name, sensitivity in known.items():
        assert sensitivity is not None

        def one_entry(g: Array, _: BlackBox, error: float = share * sensitivity.entry) -> Array:
            return np.asarray(g + error * (np.arange(g.size) == 0).reshape(g.shape))

        def all_entries(g: Array, _: BlackBox, error: float = share * sensitivity.factor) -> Array:
            return g * (1 + error)

        for change in (one_entry, all_entries):
            report = screened(setter(name, change))
            assert [p.name for p in report.parameters if p.verdict is Verdict.FAIL] == [name]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda g, _: -g, "factor"),
        (lambda g, _: 30 * g, "factor"),
        (lambda g, box: g + 0.1 * box.parameters["W2"], "regulariser-wrong"),
        (lambda g, _: g.T, "transposed"),
        (lambda g, _: g + 0.25, "offset"),
        (lambda g, _: g * 1.0001, "small-relative-error"),
        (lambda g, _: np.where(np.abs(g) == np.abs(g).max(), 0.0, g), "single-entry"),
        (lambda g, _: np.where(np.arange(225).reshape(15, 15) == 100, np.nan, g), "non-finite"),
        (lambda g, _: np.abs(g) + np.sin(np.arange(225)).reshape(15, 15), "unknown"),
    ],
)
def test_a_mistake_is_named(change: Callable[[Array, BlackBox], Array], code: str) -> None:
    report = screened(setter("W2", change))
    assert report.verdict is Verdict.FAIL
    assert (report.findings[0].code, report.findings[0].where) == (code, "dW2")
    assert [p.name for p in report.parameters if p.verdict is not Verdict.PASS] == ["W2"]
    assert len(next(p for p in report.parameters if p.name == "W2").entries) >= 1  # some are measured all the same


def test_a_gradient_of_zeros_is_not_passed_by() -> None:
    report = screened(setter("W1", lambda g, _: 0 * g))
    assert [p.name for p in report.parameters if p.verdict is Verdict.FAIL] == ["W1"]


def test_a_range_that_is_wrong_all_over_is_named_by_its_ends() -> None:
    box = BlackBox((300, 64, 1), 10)
    claim = box.right()
    claim["W1"][5:7] *= np.random.default_rng(0).uniform(0.5, 2, size=(2, 300))
    report = check_gradient(box.loss, claim, box.parameters, mode="screen", seed=1)
    assert report.findings[0].message.startswith("dW1 is wrong in many entries from W1[5, 0] to W1[6, 299];")


def test_more_wrong_entries_than_were_wanted_are_said_to_be_there() -> None:
    def some_wrong(g: Array, _: BlackBox) -> Array:
        return g * np.where(np.random.default_rng(0).random(g.shape) < 0.1, 2, 1)

    report = screened(setter("W1", some_wrong), locate=2)
    assert any("more is wrong than the entries that were found" in reason for reason in report.reasons)
    assert any(finding.code == "unknown" for finding in report.findings)


def test_a_gradient_in_single_precision_is_judged_by_that() -> None:
    def single(claim: Gradient, _: BlackBox) -> None:
        for name in claim:
            claim[name] = claim[name].astype(np.float32).astype(float) * (1 + 2.0**-21)
            claim[name] = claim[name].astype(np.float32).astype(float)

    for seed in range(12):
        report = screened(single, seed=seed)
        assert report.passed
    assert any("float32" in note for note in screened(single, seed=0).notes)


def test_what_only_all_parameters_together_show_is_said_to_be_so() -> None:
    def slightly(claim: Gradient, _: BlackBox) -> None:
        for name in claim:
            claim[name] *= 1 + 5e-7

    reports = [screened(slightly, seed=seed) for seed in range(40)]
    found = [r for r in reports if r.verdict is Verdict.FAIL and all(p.verdict is Verdict.PASS for p in r.parameters)]
    assert found
    for report in found:
        assert "the slopes through all parameters together contradict the gradient" in report.reasons[0]


def test_two_gradients_that_are_zero_agree() -> None:
    x = np.linspace(0.5, 2, 20)
    report = check_gradient(lambda p: float(np.sum(np.maximum(p - 100, 0))) + 3.0, 0 * x, x, mode="screen", seed=1)
    assert (report.verdict, report.difference) == (Verdict.PASS, 0)


@pytest.mark.parametrize("kind", ["right", "one entry", "whole parameter", "transposed"])
def test_a_screen_takes_memory_for_three_vectors_and_random_bits(kind: str) -> None:
    n = 700
    w = np.random.default_rng(0).normal(size=(n, n))

    def loss(p: Array) -> float:
        return sum(float(row @ row) * (k + 1) for k, row in enumerate(p)) / n

    claim = 2 * w * np.arange(1.0, n + 1)[:, None] / n
    if kind == "one entry":
        claim[3, 5] *= -1
    if kind == "whole parameter":
        claim *= 1.0001
    tracemalloc.start()
    report = check_gradient(loss, claim.T if kind == "transposed" else claim, w, mode="screen", seed=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.passed == (kind == "right")
    assert [f.code for f in report.findings] == {
        "right": [], "one entry": ["single-entry"], "whole parameter": ["small-relative-error"],
        "transposed": ["transposed"],
    }[kind]  # fmt: skip
    assert peak < 3 * w.nbytes + 2 * w.size + 2.5 * 2**20


def test_what_cannot_be_resolved_is_inconclusive() -> None:
    w = np.random.default_rng(0).normal(size=50)
    report = check_gradient(lambda x: 1e12 + 1e-4 * float((x**2).sum()), 2e-4 * w, w, mode="screen", seed=1)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert any("could not be resolved" in reason for reason in report.reasons)


def test_a_point_on_a_kink_is_never_called_wrong() -> None:
    for seed in range(5):
        box = BlackBox((20, 15, 15, 1), 30, seed=seed)
        box.X[:, :3] = 0
        for l in (1, 2, 3):
            box.parameters[f"b{l}"][:] = 0
        report = check_gradient(box.loss, box.right(), box.parameters, mode="screen", seed=seed)
        assert report.verdict is not Verdict.FAIL


def test_what_torch_in_its_fast_mode_misses_is_caught() -> None:
    claim = np.ones(10_000)
    claim[4321] = 20
    report = check_gradient(lambda x: float(x.sum()), claim, np.zeros(10_000), mode="screen")
    assert report.parameters[0].worst.name == "x[4321]"
    assert report.parameters[0].worst.reference == pytest.approx(1)


def test_many_parameters_are_screened_each() -> None:
    names = [f"p{k}" for k in range(40)]
    point = {name: np.arange(1.0, 6.0) for name in names}
    claim = {name: 2 * values for name, values in point.items()}
    claim["p33"] = claim["p33"] * 1.5
    report = check_gradient(lambda p: sum(float((v**2).sum()) for v in p.values()), claim, point, mode="screen")
    assert [p.name for p in report.parameters if p.verdict is Verdict.FAIL] == ["p33"]


def test_a_problem_that_is_no_function_can_be_screened_too() -> None:
    assert check(built_in_case("default"), mode="screen").passed


def test_the_callers_arrays_are_left_alone() -> None:
    box = BlackBox(*SMALL)
    before = {name: values.tobytes() for name, values in box.parameters.items()}
    claim, _ = box.spoiled(2, 2.0)
    claimed = {name: values.tobytes() for name, values in claim.items()}
    check_gradient(box.loss, claim, box.parameters, mode="screen")
    assert {name: values.tobytes() for name, values in box.parameters.items()} == before
    assert {name: values.tobytes() for name, values in claim.items()} == claimed


def test_a_function_that_writes_to_its_arguments_is_screened() -> None:
    def loss(x: Array) -> float:
        total = float((x**2).sum())
        x[:] = math.nan
        return total

    x = np.arange(1.0, 9.0)
    assert check_gradient(loss, 2 * x, x, mode="screen").passed
    assert not check_gradient(loss, 3 * x, x, mode="screen").passed


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_finds_what_is_wrong_in_a_part(seed: int) -> None:
    box = BlackBox(*SMALL)
    claim = box.right()
    claim["W2"] = claim["W2"] * 3
    report = check_gradient(box.loss, claim, box.parameters, mode="full", max_evals=800, seed=seed)
    assert report.verdict is Verdict.FAIL
    assert [p.name for p in report.parameters if p.verdict is Verdict.FAIL] == ["W2"]
    assert 0 < report.entry_count < report.size == 2625
    names = [entry.name for p in report.parameters for entry in p.entries]
    assert len(names) == len(set(names))  # without replacement
    assert all(len(p.entries) for p in report.parameters)  # every parameter its share


def test_a_sample_of_everything_is_a_full_check() -> None:
    box = BlackBox((5, 4, 1), 6)
    whole = check_gradient(box.loss, box.right(), box.parameters)
    sample = check_gradient(box.loss, box.right(), box.parameters, max_evals=5000)
    assert sample.passed
    assert [list(p.entries.analytic) for p in sample.parameters] == [list(p.entries.analytic) for p in whole.parameters]
    assert [p.shape for p in sample.parameters] == [p.shape for p in whole.parameters]
