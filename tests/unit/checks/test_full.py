"""The verdict, trap by trap: what one step and one norm over everything get wrong, both ways."""

from __future__ import annotations

import dataclasses
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradcheck_cli import check
from gradcheck_cli.checks.bench import random_network as bench_network
from gradcheck_cli.judging.precision import are_single_numbers
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import EntryVerdict, Verdict
from tests.networks import random_network


def claiming(network: Network, **changed: Array) -> Network:
    """The network with a claimed gradient: its own but for the parameters that are given."""
    gradient = dict(network.gradient(network.parameters))
    return dataclasses.replace(network, claimed={**gradient, **changed})


def own(network: Network, name: str) -> Array:
    """The network's own gradient of one parameter."""
    return np.array(network.gradient(network.parameters)[name])


@example(2735, 1e3)
@given(st.integers(0, 2**32), st.sampled_from([1e-6, 1e-3, 1.0, 1e3, 1e6]))
@settings(max_examples=150, deadline=None)
def test_a_right_gradient_never_fails(seed: int, scale: float) -> None:
    network = random_network(seed, scale=scale)
    report = check(network, epsilon="auto")
    if scale < 1e3:
        assert report.verdict is Verdict.PASS
    else:  # rounding of a loss so steep may hide a factor, and then a PASS would say nothing
        assert report.passed or "would have passed as well" in report.reasons[0]


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_right_gradient_never_fails_at_the_courses_step_either(seed: int) -> None:
    assert check(random_network(seed)).verdict is not Verdict.FAIL


@given(st.integers(0, 2**32), st.sampled_from([2.0, -1.0, 1.001, 1 + 1e-6, 0.0]))
@settings(max_examples=60, deadline=None)
def test_one_parameter_by_a_factor_fails(seed: int, factor: float) -> None:
    network = random_network(seed)
    name = max(network.parameters, key=lambda key: float(np.abs(own(network, key)).max()))
    report = check(claiming(network, **{name: own(network, name) * factor}), epsilon="auto")
    if np.abs(own(network, name)).max() > 1e-9:  # where the whole gradient is nothing a factor changes nothing
        assert report.verdict is Verdict.FAIL


def test_the_courses_figures_stand() -> None:
    report = check(built_in_case("default"))
    assert report.passed
    assert math.isclose(report.difference, 1.1890913e-07, rel_tol=1e-2)
    report = check(built_in_case("planted-bugs"))
    assert report.verdict is Verdict.FAIL
    assert math.isclose(report.difference, 0.2850931567761623)
    assert [p.name for p in report.parameters if p.verdict is Verdict.FAIL] == ["b1", "W2"]


def test_a_small_wrong_bias_is_not_hidden_beside_large_weights(large_inputs: Network) -> None:
    wrong = claiming(large_inputs, b1=-own(large_inputs, "b1"))
    assert check(wrong, classic=True).passed
    report = check(wrong)
    assert report.difference <= report.threshold
    assert report.verdict is Verdict.FAIL
    assert "b1 has a difference of" in report.reasons[0]


@pytest.fixture
def large_inputs() -> Network:
    """One linear layer with inputs of 1e9: the weights' gradient is 1e9 times the biases'."""
    random = np.random.default_rng(0)
    X, Y = 1e9 * random.standard_normal((3, 4)), random.standard_normal((2, 4))
    parameters = {"W1": 1e-9 * random.standard_normal((2, 3)), "b1": random.standard_normal((2, 1))}
    return Network("large", X, Y, parameters, ("identity",), "mse")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("epsilon", [1e-7, "auto"])
def test_a_gradient_that_is_not_finite_fails_and_is_named(value: float, epsilon: float | str) -> None:
    network = built_in_case("default")
    wrong = own(network, "W2")
    wrong[1, 2] = value
    report = check(claiming(network, W2=wrong), epsilon=epsilon)
    assert report.verdict is Verdict.FAIL
    assert report.reasons[0] == f"the analytic gradient is not finite: W2[1, 2] is {value}"


def test_a_loss_that_is_not_finite_cannot_be_checked() -> None:
    network = built_in_case("default")
    overflowing = dataclasses.replace(network, parameters={**network.parameters, "W1": np.full((5, 4), 1e308)})
    with pytest.raises(ProblemError, match="expected a finite number"):
        check(overflowing, epsilon="auto")


def test_two_zero_gradients_pass_and_it_is_said() -> None:
    network = built_in_case("default")
    dead = dataclasses.replace(
        network, parameters={**network.parameters, "b2": np.full((3, 1), -1e3)}, Y=np.ones((1, 3))
    )
    dead = dataclasses.replace(dead, parameters={**dead.parameters, "b3": np.array([[800.0]])})
    report = check(dead)
    assert report.passed
    assert report.difference == 0


def kinked(claim_slope: float) -> Network:
    """A single relu unit exactly at 0, J = relu(w x) with mse against -1: the slopes are 0 and x."""
    X, Y = np.array([[2.0]]), np.array([[-1.0]])
    network = Network("kink", X, Y, {"W1": np.array([[0.0]]), "b1": np.array([[0.0]])}, ("relu",), "mse")
    return claiming(network, W1=np.array([[2.0 * claim_slope]]), b1=np.array([[claim_slope]]))


@pytest.mark.parametrize("slope", [0.0, 0.25, 0.5, 1.0])
def test_any_slope_between_the_sides_of_a_kink_is_right(slope: float) -> None:
    report = check(kinked(slope), epsilon="auto")
    assert report.passed
    assert report.parameters[0].count(EntryVerdict.KINK) == 1


@pytest.mark.parametrize("slope", [-0.1, 1.1, math.nan])
def test_any_other_slope_at_a_kink_is_wrong(slope: float) -> None:
    assert check(kinked(slope), epsilon="auto").verdict is Verdict.FAIL


@pytest.mark.parametrize("distance", [1e-9, -1e-9, 1e-12])
def test_a_unit_near_its_kink_is_judged_by_its_own_side(distance: float) -> None:
    X, Y = np.array([[1.0]]), np.array([[-1.0]])
    network = Network("near", X, Y, {"W1": np.array([[1.0]]), "b1": np.array([[distance - 1.0]])}, ("relu",), "mse")
    assert check(network, epsilon="auto").passed
    other_side = np.array([[0.0 if distance > 0 else 1.0]])
    assert check(claiming(network, W1=other_side, b1=other_side), epsilon="auto").verdict is Verdict.FAIL


def test_a_kink_within_the_step_is_inconclusive_and_the_step_is_blamed() -> None:
    report = check(kinked(0.0))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "comes from a kink within epsilon" in report.reasons[0]
    assert "try --epsilon auto" in report.reasons[0]


def test_rounding_of_the_loss_is_inconclusive_and_blamed() -> None:
    network = built_in_case("default")
    report = check(network, epsilon=1e-10)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "is round-off of J (noise floor" in report.reasons[0]


def test_too_large_a_step_is_inconclusive_and_blamed() -> None:
    random = np.random.default_rng(1)
    network = Network(
        "smooth", random.standard_normal((2, 3)), random.standard_normal((1, 3)),
        {"W1": random.standard_normal((1, 2)), "b1": random.standard_normal((1, 1))}, ("tanh",), "mse",
    )  # fmt: skip
    report = check(network, epsilon=1e-2)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "is truncation: epsilon is too large" in report.reasons[0]


def in_single_precision(network: Network) -> Network:
    """The network with the gradient that float32 arithmetic gives it, as float64 numbers that are float32's."""
    single = dataclasses.replace(
        network,
        X=network.X.astype(np.float32),
        Y=network.Y.astype(np.float32),
        parameters={name: values.astype(np.float32) for name, values in network.parameters.items()},
        masks={l: mask.astype(np.float32) for l, mask in network.masks.items()},
    )
    gradient = {name: values.astype(np.float64) for name, values in single.gradient(single.parameters).items()}
    double = {name: values.astype(np.float64) for name, values in single.parameters.items()}
    return dataclasses.replace(
        single, X=single.X.astype(np.float64), Y=single.Y.astype(np.float64), parameters=double, claimed=gradient
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_float32_gradient_passes_unless_float64_is_asked_for(seed: int) -> None:
    network = in_single_precision(random_network(seed))
    report = check(network, epsilon="auto")
    strict = check(network, epsilon="auto", precision="float64")
    loose = check(network, epsilon="auto", precision="float32")
    assert loose.passed
    assert report.verdict is not Verdict.FAIL
    assert network.claimed is not None
    if are_single_numbers(network.claimed):
        assert report.passed
    if any("float32" in said for said in (*report.notes, *report.reasons)):
        assert strict.verdict is Verdict.FAIL


def test_errors_that_only_look_like_single_precision_are_a_doubt() -> None:
    network = built_in_case("default")
    random = np.random.default_rng(3)
    claim = {
        name: values * (1 + 3e-7 * random.standard_normal(values.shape) * (values.size > 2))
        for name, values in network.gradient(network.parameters).items()
    }
    wrong = dataclasses.replace(network, claimed=claim)
    report = check(wrong, epsilon="auto")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "errors as small as those of float32 rounding, a small slip" in report.reasons[0]
    assert check(wrong, epsilon="auto", precision="float32").passed


@pytest.mark.parametrize("error", [1e-6, 5e-7])
def test_the_same_error_as_a_common_factor_is_a_wrong_formula(error: float) -> None:
    network = built_in_case("default")
    claim = {name: values * (1 + error) for name, values in network.gradient(network.parameters).items()}
    assert check(dataclasses.replace(network, claimed=claim), epsilon="auto").verdict is Verdict.FAIL


def test_the_same_error_in_one_entry_is_a_wrong_formula() -> None:
    network = built_in_case("default")
    wrong = own(network, "W2")
    wrong[2, 1] *= 1 + 1e-6
    assert check(claiming(network, W2=wrong), epsilon="auto").verdict is Verdict.FAIL


def fails_with(network: Network, name: str, claim: Array) -> bool:
    """Whether a claim for one parameter fails."""
    return check(claiming(network, **{name: claim}), epsilon="auto", precision="float64").verdict is Verdict.FAIL


def smallest_failing(low: float, high: float, fails: object) -> float:
    """Bisect for the smallest error that fails, to 1 %."""
    assert callable(fails)
    while high > 1.01 * low:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if fails(middle) else (middle, high)
    return high


@pytest.mark.parametrize("seed", range(20))
def test_what_a_pass_would_have_caught_is_true_within_a_factor_of_two(seed: int) -> None:
    network = random_network(seed)
    report = check(network, epsilon="auto")
    random = np.random.default_rng(seed)
    result = report.parameters[int(random.integers(len(report.parameters)))]
    assert result.sensitivity is not None
    right = own(network, result.name)
    if not right.any():
        pytest.skip("a parameter without a gradient has no factor")
    stated = result.sensitivity

    largest = np.unravel_index(int(np.argmax(np.abs(right))), right.shape)

    def one_entry(error: float) -> bool:
        claim = right.copy()
        claim[largest] += error
        return fails_with(network, result.name, claim)

    found = smallest_failing(stated.entry * 1e-3, stated.entry * 1e3, one_entry)
    assert stated.entry / 2 <= found <= stated.entry * 2
    found = smallest_failing(
        stated.factor * 1e-3, stated.factor * 1e3, lambda f: fails_with(network, result.name, right * (1 + f))
    )
    assert stated.factor / 2 <= found <= stated.factor * 2


def test_a_required_sensitivity_that_is_met_passes() -> None:
    assert check(built_in_case("default"), require_sensitivity=1e-6).passed


def test_a_required_sensitivity_that_is_not_met_is_inconclusive() -> None:
    report = check(built_in_case("default"), require_sensitivity=1e-8)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "would not have been seen" in report.reasons[0]


def test_a_saturated_network_takes_the_stable_form_and_passes() -> None:
    network = built_in_case("default")
    saturated = dataclasses.replace(network, parameters={**network.parameters, "b3": np.array([[60.0]])})
    report = check(saturated, epsilon="auto")
    assert report.passed
    assert any("stable form" in note for note in report.notes)


@pytest.mark.parametrize(
    "setting",
    [{"epsilon": 0.0}, {"epsilon": math.nan}, {"threshold": -1.0}, {"threshold": math.inf}, {"precision": "float8"},
     {"classic": True, "epsilon": "auto"}, {"require_sensitivity": 0.0}, {"epsilon": "big"}],
)  # fmt: skip
def test_a_setting_out_of_range_is_refused(setting: dict[str, object]) -> None:
    with pytest.raises(SettingError):
        check(built_in_case("default"), **setting)  # type: ignore[arg-type]


def test_a_step_that_vanishes_is_said() -> None:
    network = built_in_case("default")
    huge = dataclasses.replace(network, parameters={**network.parameters, "b3": np.array([[1e12]])})
    with pytest.raises(ProblemError, match=r"is too small for b3\[0, 0\] = 1e\+12"):
        check(huge)
    assert check(huge, epsilon="auto").verdict is not Verdict.FAIL


def test_every_entry_takes_less_memory_than_one_more_gradient() -> None:
    """The reference is made, judged and forgotten some rows at a time; the report keeps what it shows."""
    network = bench_network((8000, 200, 1), 2, "relu")
    network = claiming(network)
    tracemalloc.start()
    report = check(network, epsilon="auto")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.passed
    assert peak < network.parameters["W1"].nbytes
    assert report.parameters[0].entries.total == network.parameters["W1"].size > 50 * len(report.parameters[0].entries)
