from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from gradcheck_cli.evaluating.evaluator import Evaluator
from gradcheck_cli.numeric.ladder import ladder_reference
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.watch import watch_of

THRESHOLD = 2e-7
Loss = Callable[[Array], float]


def references(problem: Problem, analytic: Parameters, seed: int = 0) -> dict[str, Reference]:
    return dict(ladder_reference(problem, analytic, THRESHOLD, seed))


def disagreeing(reference: Reference, claim: Array) -> NDArray[np.bool_]:
    """Apply the comparison rule that `Reference.bars` is made for."""
    off = np.maximum(np.maximum(reference.low - claim, claim - reference.high), 0)
    allowed = THRESHOLD * np.maximum(abs(claim), abs(reference.values)) + reference.bars
    return np.asarray(~((off <= allowed) & np.isfinite(claim)))


def judged(loss: Loss, values: ArrayLike, claim: ArrayLike, seed: int = 0) -> tuple[Reference, NDArray[np.bool_]]:
    """Return the reference of a loss of one vector, and where the claim disagrees with it."""
    claims = np.asarray(claim, dtype=float)
    problem = FunctionProblem({"x": np.array(values, dtype=float)}, lambda p: loss(p["x"]), {"x": claims})
    reference = references(problem, {"x": claims}, seed)["x"]
    return reference, disagreeing(reference, claims)


def passes(loss: Loss, values: ArrayLike, claim: ArrayLike, seed: int = 0) -> bool:
    reference, wrong = judged(loss, values, claim, seed)
    return not wrong.any() and not reference.coarse.any()


def fails(loss: Loss, values: ArrayLike, claim: ArrayLike, seed: int = 0) -> bool:
    return bool(judged(loss, values, claim, seed)[1].any())


def relu(z: ArrayLike) -> Array:
    return np.maximum(z, 0.0)


def waves(x: Array) -> float:
    return float(np.sum(np.sin(x) * np.exp(0.3 * x)))


X = np.array([0.7, -1.3, 0.4, 2.1])
WAVES = np.exp(0.3 * X) * (np.cos(X) + 0.3 * np.sin(X))


# smooth losses


def test_right_gradient_costs_two_evaluations_an_entry() -> None:
    network = Evaluator(built_in_case("default"))
    analytic = network.gradient(network.parameters)
    found = references(network, analytic)
    assert not any(disagreeing(found[name], analytic[name]).any() or found[name].coarse.any() for name in found)
    assert network.evaluations <= 2 * 47 + 50


def test_planted_mistakes_are_found_and_nothing_else() -> None:
    problem = built_in_case("planted-bugs")
    analytic = problem.gradient(problem.parameters)
    found = references(problem, analytic)
    assert [name for name in found if disagreeing(found[name], analytic[name]).any()] == ["b1", "W2"]


@pytest.mark.parametrize("error", [2.0, -1.0, 0.0, 1 + 1e-3, 1 + 1e-5, 1 + 1e-6])
def test_factor_fails(error: float) -> None:
    assert passes(waves, X, WAVES)
    assert fails(waves, X, error * WAVES)


def test_bar_covers_the_error_when_the_claim_is_wrong() -> None:
    reference, wrong = judged(waves, X, 3 * WAVES)
    assert wrong.all()
    assert (abs(reference.values - WAVES) <= reference.bars).all()
    assert (reference.bars < 1e-6 * abs(WAVES)).all()


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_scale_of_the_loss_does_not_matter(scale: float) -> None:
    assert passes(lambda x: scale * waves(x), X, scale * WAVES)
    assert fails(lambda x: scale * waves(x), X, scale * WAVES * 1.001)


@pytest.mark.parametrize("scale", [1e-6, 1e6, 1e12])
def test_scale_of_the_parameters_does_not_matter(scale: float) -> None:
    assert passes(lambda x: waves(x / scale), X * scale, WAVES / scale)
    assert fails(lambda x: waves(x / scale), X * scale, WAVES / scale * 1.001)


@pytest.mark.parametrize("offset", [1e6, -1e6])
def test_offset_does_not_matter(offset: float) -> None:
    assert passes(lambda x: waves(x) + offset, X, WAVES)
    assert fails(lambda x: waves(x) + offset, X, WAVES * 1.001)


@pytest.mark.parametrize("size", [1e-9, 1e-7])
def test_noise_is_measured(size: float) -> None:
    random = np.random.default_rng(0)
    for _ in range(5):
        assert not fails(lambda x: waves(x) + size * random.standard_normal(), X, WAVES)
        assert fails(lambda x: waves(x) + size * random.standard_normal(), X, 2 * WAVES)


def test_fast_waves_need_smaller_steps() -> None:
    assert passes(lambda x: float(np.sin(1e5 * x).sum()), X, 1e5 * np.cos(1e5 * X))


# zero


def test_constant_loss_has_gradient_zero() -> None:
    assert passes(lambda x: 3.0, X, np.zeros(4))
    assert fails(lambda x: 3.0, X, [0, 0, 1e-9, 0])


def test_minimum_has_gradient_zero() -> None:
    assert passes(lambda x: float(np.sum((x - X) ** 2)), X, np.zeros(4))
    assert fails(lambda x: float(np.sum((x - X) ** 2)), X, [0, 1e-6, 0, 0])


def test_hidden_loss_is_coarse_and_not_agreement() -> None:
    reference, wrong = judged(lambda x: waves(x) + 1e15, X, WAVES)
    assert not wrong.any()
    assert reference.coarse[[0, 2, 3]].all()


# kinks


@pytest.mark.parametrize("claim", [0.0, 0.5, 1.0])
def test_relu_at_its_kink_may_have_any_slope_between(claim: float) -> None:
    reference, wrong = judged(lambda x: float(relu(x).sum()), [0.0, 1.0], [claim, 1.0])
    assert not wrong.any()
    assert reference.kinks[0]
    assert reference.low[0] == pytest.approx(0, abs=1e-6)
    assert reference.high[0] == pytest.approx(1, abs=1e-6)
    assert not reference.kinks[1]


@pytest.mark.parametrize("claim", [-1.0, -0.2, 1.2, 2.0])
def test_slope_outside_the_kink_fails(claim: float) -> None:
    assert fails(lambda x: float(relu(x).sum()), [0.0, 1.0], [claim, 1.0])


@pytest.mark.parametrize("distance", [1e-9, -1e-9, 1e-6, -1e-5])
def test_unit_near_its_kink_is_judged_by_its_own_side(distance: float) -> None:
    def loss(x: Array) -> float:
        return float(relu(x[0] - 1) + x[1] ** 2)

    right = float(distance > 0)
    assert not fails(loss, [1 + distance, 0.5], [right, 1.0])
    for wrong in (1 - right, 0.5):
        assert fails(loss, [1 + distance, 0.5], [wrong, 1.0])


def test_two_samples_that_switch_together_hide_the_kink_from_the_entry() -> None:
    def loss(
        x: Array,
    ) -> float:  # samples +1 and -1 of one unit with weight x[0] and bias x[1]; the slopes along x[0] are equal
        return float(relu(x[0] + x[1]) - relu(-x[0] + x[1]) + x[2])

    for claim in ([0, 0, 1], [2, 0, 1], [1, 0, 1]):
        assert not fails(loss, [0.0, 0.0, 1.0], claim)
    assert fails(loss, [0.0, 0.0, 1.0], [4, 0, 1])


# what cannot be evaluated


def test_steps_out_of_the_domain_are_unusable_not_errors() -> None:
    def loss(x: Array) -> float:
        with np.errstate(all="ignore"):
            return float(np.log(x).sum())

    x = np.array([1e-7, 1.0, 3.0])
    assert not fails(loss, x, 1 / x)
    assert fails(loss, x, [1e7, 1.0, 0.5])


def test_entry_that_can_never_be_evaluated_is_coarse() -> None:
    def loss(x: Array) -> float:
        return float(x[0]) if x[1] == 1 else np.nan

    reference, wrong = judged(loss, [2.0, 1.0], [1.0, 0.0])
    assert not wrong.any()
    assert reference.coarse.tolist() == [False, True]


def test_claim_that_is_not_finite_disagrees() -> None:
    _, wrong = judged(waves, X, [np.nan, np.inf, WAVES[2], WAVES[3]])
    assert wrong.tolist() == [True, True, False, False]


# conduct


def test_shapes_order_and_progress() -> None:
    problem = built_in_case("default")
    done: list[int] = []
    found = dict(ladder_reference(problem, problem.gradient(problem.parameters), THRESHOLD, 0, watch_of(done.append)))
    assert list(found) == list(problem.parameters)
    assert all(found[name].coarse.shape == values.shape for name, values in problem.parameters.items())
    assert sum(done) == 47


def test_is_deterministic_and_changes_nothing() -> None:
    problem = built_in_case("planted-bugs")
    before = {name: values.copy() for name, values in problem.parameters.items()}
    first, second = (references(problem, problem.gradient(problem.parameters)) for _ in range(2))
    for name in first:
        np.testing.assert_array_equal(first[name].values, second[name].values)
        np.testing.assert_array_equal(first[name].bars, second[name].bars)
        np.testing.assert_array_equal(problem.parameters[name], before[name])


def test_claim_never_makes_the_value() -> None:
    wrong, wronger = (judged(waves, X, factor * WAVES)[0] for factor in (2, 3))
    np.testing.assert_array_equal(wrong.values, wronger.values)


# noise of an entry


def saturated(z: Array) -> float:
    return float(-np.sum(np.log(1 - 1 / (1 + np.exp(-z)))))


def test_a_staircase_is_judged_by_steps_that_are_longer_than_its_stairs() -> None:
    z = np.array([28.0, 0.5, -1.0])
    claim = 1 / (1 + np.exp(-z))
    assert not fails(saturated, z, claim)
    for wrong in (0.0, -1.0, 2.0):
        assert fails(saturated, z, claim * [wrong, 1, 1])


def test_a_staircase_is_seen_beside_a_smooth_term_of_the_same_entry() -> None:
    def loss(z: Array) -> float:
        return saturated(z) + float(np.sum(z**2)) / 50

    z = np.array([28.0, 0.5, -1.0])
    claim = 1 / (1 + np.exp(-z)) + z / 25
    assert not fails(loss, z, claim)
    assert fails(loss, z, claim - [1, 0, 0])  # the slope on a stair


@pytest.mark.parametrize("rate", [3e4, 1e6, 1e8])
def test_waves_that_are_shorter_than_the_first_steps_are_no_stairs(rate: float) -> None:
    def loss(x: Array) -> float:
        return float(np.sum(np.sin(rate * x)) / rate + np.sum(x**2))

    x = np.array([0.7, -1.3])
    claim = np.cos(rate * x) + 2 * x
    assert not fails(loss, x, claim)
    assert fails(loss, x, 2 * x)  # what long steps tell


def test_a_zone_without_slope_is_no_stair() -> None:
    def shrunk(x: Array) -> float:
        return float(np.sum(x - np.clip(x, 0.6999, 0.7001)))

    assert not fails(shrunk, [0.7, 2.0], [0.0, 1.0])
    assert fails(shrunk, [0.7, 2.0], [1.0, 1.0])


def test_stairs_as_wide_as_a_quantiser_leave_the_verdict_open() -> None:
    def loss(x: Array) -> float:
        return float(np.sum(np.round(16 * x) / 16))

    for claim in ([0.0, 0.0], [1.0, 1.0]):
        reference, wrong = judged(loss, [0.71, -1.33], claim)
        assert not wrong.any()
        assert (reference.coarse | np.isinf(reference.bars)).any()


def test_what_other_entries_are_measured_with_changes_no_value() -> None:
    x = np.array([0.7, -1.3, 0.4])
    alone = judged(waves, x, [9.0, *np.exp(0.3 * x[1:]) * (np.cos(x[1:]) + 0.3 * np.sin(x[1:]))])[0]
    beside = judged(waves, x, [9.0, 8.0, 0.0])[0]
    assert alone.values[0] == beside.values[0]
    assert alone.bars[0] == beside.bars[0]
