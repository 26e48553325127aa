"""The walk back from the output layer: places, several mistakes, and what is said of the rest."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradcheck_cli import check, check_gradient
from gradcheck_cli.diagnosis.diagnose import diagnose, diagnosed, of_what_fails
from gradcheck_cli.diagnosis.evidence import Evidence, Sampled
from gradcheck_cli.diagnosis.propagation import Propagation
from gradcheck_cli.diagnosis.wording import named
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.results import Finding, Verdict
from tests.unit.diagnosis.support import (
    evidence,
    findings,
    first,
    network,
    right_gradient,
    single,
    with_delta,
    with_tensor,
)

NET = network()


@pytest.mark.parametrize("known", [True, False])
def test_a_right_gradient_has_no_findings(known: bool) -> None:
    assert findings(NET, right_gradient(NET), known=known) == ()


def test_the_course_s_planted_bugs_read_as_they_should() -> None:
    problem = built_in_case("planted-bugs")
    dW2, db1 = findings(problem, dict(problem.gradient(problem.parameters)))
    assert dW2.message == "dW2 is 2 times the right gradient"
    assert dW2.note.startswith("db2 and everything computed from dZ2 agree, so dZ2 is right")
    assert dW2.help == "look for a stray factor of 2 in the line that computes dW2"
    assert (db1.code, db1.where, db1.factor, db1.share) == ("factor", "db1", 4, 1)


def test_two_mistakes_in_different_layers_are_both_named() -> None:
    def twice(p: Propagation) -> Propagation:
        return with_factor(p.with_delta(2, p.dA[2]))

    def with_factor(p: Propagation) -> Propagation:
        return p.with_delta(1, -p.dZ[1])

    wrong = twice(Propagation.of(NET))
    claim = {name: wrong.gradient(name) for name in NET.parameters}
    named = [(finding.code, finding.where) for finding in findings(NET, claim)]
    assert named == [("missing-activation-derivative", "dZ2"), ("delta-factor", "dZ1")]


def test_a_mistake_in_a_delta_beside_one_in_a_gradient_of_its_layer() -> None:
    claim = with_delta(NET, 2, lambda p: p.dA[2])
    claim["W2"] = claim["W2"].T
    named = [(finding.code, finding.where) for finding in findings(NET, claim)]
    assert named == [("missing-activation-derivative", "dZ2"), ("transposed", "dW2")]


def test_a_mistake_in_the_last_delta_beside_one_in_a_gradient_that_nothing_below_tells_of() -> None:
    p = Propagation.of(NET)
    claim = with_delta(NET, 1, lambda p: p.dA[1])
    claim["W1"] = claim["W1"] - np.outer(p.dA[1][:, 2], p.A(0)[:, 2]) / p.m
    named = [(finding.code, finding.where) for finding in findings(NET, claim)]
    assert named == [("missing-activation-derivative", "dZ1"), ("sample-missing", "dW1")]


def test_a_mistake_in_a_delta_is_told_by_one_gradient_here_and_one_below() -> None:
    claim = with_delta(NET, 2, lambda p: p.dA[2])
    claim["W2"] = claim["W2"].T
    claim["b1"] = -claim["b1"]
    named = [(finding.code, finding.where) for finding in findings(NET, claim)]
    assert named == [("missing-activation-derivative", "dZ2"), ("transposed", "dW2"), ("factor", "db1")]


def test_a_mistake_in_a_delta_is_told_by_both_gradients_below() -> None:
    claim = with_delta(NET, 2, lambda p: p.dA[2])
    claim["W2"], claim["b2"] = claim["W2"].T, 7 * claim["b2"]
    named = [(finding.code, finding.where, finding.factor) for finding in findings(NET, claim)]
    assert named == [("missing-activation-derivative", "dZ2", None), ("transposed", "dW2", None), ("factor", "db2", 7)]


def test_two_gradients_of_a_layer_may_be_wrong_each_for_itself_beside_a_mistake_below() -> None:
    claim = with_delta(NET, 1, lambda p: p.dA[1])
    claim["W2"], claim["b2"] = 7 * claim["W2"], -claim["b2"]
    named = [(finding.code, finding.where, finding.factor) for finding in findings(NET, claim)]
    assert named == [("factor", "dW2", 7), ("factor", "db2", -1), ("missing-activation-derivative", "dZ1", None)]


def test_a_gradient_that_is_right_but_for_an_entry_is_not_taken_for_one_of_a_wrong_delta() -> None:
    claim = with_delta(NET, 1, lambda p: -p.dZ[1])
    claim["b2"] = -claim["b2"]
    claim["W2"] = claim["W2"].copy()
    claim["W2"][1, 2] = 0
    named = [(finding.code, finding.where) for finding in findings(NET, claim)]
    assert named == [("single-entry", "dW2"), ("factor", "db2"), ("delta-factor", "dZ1")]


def test_the_same_mistake_in_several_layers_is_told_as_such() -> None:
    p = Propagation.of(NET)
    p = p.with_delta(2, p.dZ[2] / 3)
    p = p.with_delta(1, p.dZ[1] / 3)
    upper, lower = findings(NET, {name: p.gradient(name) for name in NET.parameters})
    assert (upper.where, lower.where) == ("dZ2", "dZ1")
    assert "the same in dZ1: look at what these layers share" in upper.note
    assert "the same in" not in lower.note


def test_consequences_are_listed_and_are_no_findings() -> None:
    (finding,) = findings(NET, with_delta(NET, 2, lambda p: p.dA[2]))
    assert finding.consequences == ("dW1", "db1", "dW2", "db2")


def test_equally_good_names_are_all_given() -> None:
    problem = network(m=2, sizes=(4, 5, 5, 2))
    claim = with_tensor(problem, "b3", lambda d: d[::-1])  # two numbers that sum to zero
    (finding,) = findings(problem, claim)
    assert finding.code == "factor"
    assert any(text.startswith("permuted") for text in finding.alternatives)


def test_a_number_that_could_be_anything_is_not_named() -> None:
    problem = network(("tanh", "tanh", "identity"), "mse", sizes=(4, 5, 5, 1))
    assert first(problem, with_tensor(problem, "b3", lambda d: d * 1.2345)) == ("unknown", "db3")


@pytest.mark.parametrize(
    ("names", "where"), [(("W2",), "dW2"), (("W2", "b2"), "dZ2"), (("W1", "b1", "W2", "b2"), "dZ2"), (("b1",), "db1")]
)
def test_nan_is_placed_at_the_first_step_that_has_it(names: tuple[str, ...], where: str) -> None:
    claim = right_gradient(NET)
    for name in names:
        claim[name] = claim[name] * np.nan
    assert first(NET, claim) == ("non-finite", where)


def test_parameters_of_any_name_and_shape_are_diagnosed_one_by_one() -> None:
    point = {"theta": np.array(3.0), "scale": np.arange(1.0, 5.0), "table": np.sin(np.arange(12.0).reshape(2, 3, 2))}
    right = {name: np.cos(values) + np.arange(values.size).reshape(values.shape) for name, values in point.items()}
    claim = {"theta": -right["theta"], "scale": right["scale"] * 3, "table": right["table"] + 1}
    floors = {name: np.full(values.shape, 1e-14) for name, values in point.items()}
    named = [(f.code, f.where, f.factor) for f in diagnose(Evidence(point, claim, right, floors, single(floors)))]
    assert named == [("factor", "dtheta", -1), ("factor", "dscale", 3), ("offset", "dtable", None)]


SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, max_side=6)


@settings(max_examples=150, deadline=None)
@given(shapes=st.lists(st.tuples(SHAPES, SHAPES), min_size=1, max_size=3), data=st.data())
def test_the_course_s_names_with_any_shapes_are_diagnosed(
    shapes: list[tuple[tuple[int, ...], tuple[int, ...]]], data: st.DataObject
) -> None:
    """Most code has samples as rows: W1 is then (n0, n1), b1 is (n1,) or (1, n1)."""
    named = {f"{kind}{l}": shape for l, pair in enumerate(shapes, 1) for kind, shape in zip("Wb", pair, strict=True)}
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    point, right = ({name: random.normal(size=shape) for name, shape in named.items()} for _ in range(2))
    spoiled = data.draw(st.sampled_from(list(named)))
    change = data.draw(st.sampled_from([lambda g: 3 * g, lambda g: random.normal(size=g.shape), lambda g: g + 1]))
    floors = {name: np.full(shape, 1e-14) for name, shape in named.items()}
    claim = {**right, spoiled: np.asarray(change(right[spoiled]))}
    assert [f.where for f in diagnose(Evidence(point, claim, right, floors, single(floors)))] == [f"d{spoiled}"]


def test_a_sample_of_the_entries_is_named_by_its_places() -> None:
    right = {"W1": np.arange(1.0, 101.0)}
    claim = {"W1": np.where(np.arange(100) == 7, 0, right["W1"])}
    floors = {"W1": np.full(100, 1e-14)}
    samples = {"W1": Sampled((50, 20), np.arange(0, 1000, 10))}
    (finding,) = diagnose(Evidence(right, claim, right, floors, single(floors), samples=samples))
    assert (finding.code, finding.indices) == ("single-entry", ("W1[3, 10]",))
    assert finding.message.endswith("(looking at 100 of 1,000 entries)")


def test_a_network_that_does_not_match_the_reference_is_left_out() -> None:
    other = dataclasses.replace(NET, Y=NET.Y[::-1])
    seen = dataclasses.replace(evidence(NET, with_tensor(NET, "W2", lambda d: 2 * d)), network=other)
    assert [(f.code, f.where) for f in diagnose(seen)] == [("factor", "dW2")]


def test_a_reference_that_differs_at_a_kink_leaves_the_network_in() -> None:
    exact = evidence(NET, with_delta(NET, 1, lambda p: p.dA[1]))
    kinked = {**exact.reference, "b1": exact.reference["b1"] + np.eye(5, 1)}
    seen = dataclasses.replace(exact, reference=kinked)
    assert [(f.code, f.where) for f in diagnose(seen)] == [("missing-activation-derivative", "dZ1")]


def test_a_coarse_reference_still_gives_the_name() -> None:
    exact = evidence(NET, with_delta(NET, 1, lambda p: p.dA[1]))
    noise = np.random.default_rng(0)
    reference = {name: values + 1e-8 * noise.normal(size=values.shape) for name, values in exact.reference.items()}
    floors = {name: np.full(values.shape, 5e-8) for name, values in reference.items()}
    seen = dataclasses.replace(exact, reference=reference, floors=floors)
    assert [(f.code, f.where) for f in diagnose(seen)] == [("missing-activation-derivative", "dZ1")]


@pytest.mark.parametrize("factor", [0.5, 2.0, -1.0])
def test_a_plain_factor_is_named_within_the_bars_of_a_noisy_reference(factor: float) -> None:
    random = np.random.default_rng(3)
    g = random.normal(size=100)
    noisy = g * (1 + 0.01 * random.normal(size=100))
    bars, point = {"x": 0.03 * np.abs(g)}, {"x": random.normal(size=100)}
    (finding,) = diagnose(Evidence(point, {"x": factor * g}, {"x": noisy}, bars, bars))
    assert (finding.code, finding.where, finding.factor) == ("factor", "dx", factor)
    (finding,) = diagnose(Evidence(point, {"x": 0.7 * g}, {"x": noisy}, bars, bars))
    assert finding.code == "unknown"


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_a_parameter_that_does_not_fail_on_a_kink_is_not_accused(slope: float) -> None:
    random = np.random.default_rng(0)
    x, point = random.normal(size=(6, 5)), {"W": random.normal(size=(5, 3)), "b": np.zeros(3)}
    x[0] = 0  # all units of this sample are on their kink

    def before_relu(p: Parameters) -> Array:
        return np.asarray(x @ p["W"] + p["b"])

    def loss(p: Parameters) -> float:
        return float(np.sum(np.log1p(np.maximum(before_relu(p), 0))))

    Z = before_relu(point)
    dZ = np.where(Z > 0, 1 / (1 + np.maximum(Z, 0)), slope * (Z == 0))
    report = check_gradient(loss, {"W": 2 * x.T @ dZ, "b": dZ.sum(axis=0)}, point)
    assert [p.name for p in report.parameters if p.verdict is Verdict.FAIL] == ["W"]
    assert [(f.code, f.where) for f in report.findings] == [("factor", "dW")]


def test_a_finding_accuses_only_what_fails() -> None:
    claim = {**with_tensor(NET, "W2", lambda d: 2 * d), "b3": 3 * right_gradient(NET)["b3"]}
    seen = evidence(NET, claim, known=False)
    report = check(dataclasses.replace(NET, claimed=claim))
    assert [(f.code, f.where) for f in diagnosed(report, seen).findings] == [("factor", "db3"), ("factor", "dW2")]
    both = Finding("factor", "db3", "db3, dW2: each of them is wrong", also=("dW2",))
    assert of_what_fails(both, ()) == both
    assert of_what_fails(both, ("db3",)) == Finding("factor", "dW2", "dW2: each of them is wrong")
    assert of_what_fails(both, ("db3", "dW2")) is None
    passed = [dataclasses.replace(p, verdict=Verdict.PASS) if p.name == "b3" else p for p in report.parameters]
    told = diagnosed(dataclasses.replace(report, parameters=tuple(passed)), seen)
    assert [(f.code, f.where) for f in told.findings] == [("factor", "dW2")]


def test_a_mistake_in_many_parameters_names_the_first_few() -> None:
    places = [f"dw{k}" for k in range(20)]
    assert named(places[:6]) == "dw0, dw1, dw2, dw3, dw4, dw5"
    assert named(places) == "dw0, dw1, dw2 and 17 more"
