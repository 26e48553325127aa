"""The standard network that has a loss: identified to rounding, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.problems.networks.standard import POINTS, Standard, standard_network
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from tests.unit.diagnosis.support import network

Loss = Callable[[Parameters], float]


def moved(problem: Network, seed: int = 1) -> list[Parameters]:
    random = np.random.default_rng(seed)
    return [
        {n: v + 0.1 * k * random.normal(size=v.shape) for n, v in problem.parameters.items()} for k in range(POINTS)
    ]


def identified(problem: Network, loss: Loss | None = None, /, **arrays: NDArray[np.generic]) -> Standard | None:
    points = moved(problem)
    losses = np.array([(loss or problem.loss)(point) for point in points])
    return standard_network(points, losses, arrays or {"X": problem.X, "Y": problem.Y})


@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize(
    ("activations", "loss"),
    [
        (("relu", "relu", "softmax"), "softmax_ce"),
        (("tanh", "tanh", "sigmoid"), "bce"),
        (("sigmoid", "sigmoid", "identity"), "mse"),
        (("elu", "elu", "tanh"), "mse"),
        (("relu", "gelu", "softmax"), "mse"),
    ],
)
def test_a_network_is_found_by_its_losses(activations: tuple[str, ...], loss: str, l2: float) -> None:
    problem = network(activations, loss, l2=l2)
    found = identified(problem)
    assert found is not None
    assert (found.network.activations, found.network.loss_name) == (activations, loss)
    assert found.divisor == problem.sample_count
    assert found.network.l2 == pytest.approx(l2, rel=1e-9)
    assert np.array_equal(found.network.X, problem.X)


@pytest.mark.parametrize("divisor", [1.0, 3.5, 21.0])
def test_a_sum_or_another_mean_is_found_by_its_divisor(divisor: float) -> None:
    problem = network(("tanh", "tanh", "identity"), "mse", l2=0.3)

    def loss(p: Parameters) -> float:
        penalty = problem.penalty(p)
        return (problem.loss(p) - penalty) * problem.sample_count / divisor + penalty

    found = identified(problem, loss)
    assert found is not None
    assert found.divisor == divisor
    assert found.network.l2 == pytest.approx(0.3, rel=1e-9)


def test_masks_are_found_where_they_lie() -> None:
    problem = network(keep=0.6)
    masks = {f"D{l}": mask for l, mask in problem.masks.items()}
    found = identified(problem, None, X=problem.X, Y=problem.Y, **masks)
    assert found is not None
    assert set(found.network.masks) == {1, 2}
    assert identified(problem) is None


def test_samples_may_be_rows_and_labels_numbers_of_classes() -> None:
    problem = network()
    found = identified(problem, labels=problem.Y.argmax(axis=0), rows=problem.X.T.copy())
    assert found is not None
    assert np.array_equal(found.network.Y, problem.Y)
    assert np.array_equal(found.network.X, problem.X)


def with_guard(problem: Network) -> Loss:
    def loss(p: Parameters) -> float:
        A = problem.forward_propagation(p)[-1].A
        return float(-np.sum(problem.Y * np.log(A + 1e-7)) / problem.sample_count)

    return loss


def with_penalised_biases(problem: Network) -> Loss:
    return lambda p: problem.loss(p) + 0.1 * sum(float(np.sum(v**2)) for n, v in p.items() if n[0] == "b")


def with_other_l2(problem: Network) -> Loss:
    return lambda p: problem.loss(p) + 0.1 * float(np.sum(p["W1"] ** 2))


def of_float32(problem: Network) -> Loss:
    return lambda p: float(np.float32(problem.loss(p)))


@pytest.mark.parametrize("almost", [with_guard, with_penalised_biases, with_other_l2, of_float32])
def test_what_is_almost_a_standard_network_is_none(almost: Callable[[Network], Loss]) -> None:
    assert identified(network(), almost(network())) is None


def arrays_of(problem: Network) -> list[Mapping[str, Array]]:
    return [
        {},
        {"X": problem.X},
        {"X": problem.X, "Y": problem.Y + 1e-6},
        {"X": problem.X[:, 1:], "Y": problem.Y[:, 1:]},
    ]


@pytest.mark.parametrize("which", range(4))
def test_without_its_data_there_is_none(which: int) -> None:
    problem = network()
    points = moved(problem)
    losses = np.array([problem.loss(point) for point in points])
    assert standard_network(points, losses, arrays_of(problem)[which]) is None


def test_too_few_points_and_losses_that_are_none_tell_nothing() -> None:
    problem = network()
    points = moved(problem)
    data = {"X": problem.X, "Y": problem.Y}
    losses = np.array([problem.loss(point) for point in points])
    assert standard_network(points[:3], losses[:3], data) is None
    assert standard_network(points, losses * np.nan, data) is None
    assert standard_network(points, losses * 0, data) is None
    assert standard_network(points, np.where(losses == losses[0], 0, losses), data) is None
    assert standard_network(points, losses * 1e-320, data) is None


def test_it_says_what_it_is() -> None:
    found = identified(replace(network(("tanh", "tanh", "identity"), "mse"), l2=0.7))
    assert found is not None
    assert found.words == (
        "tanh, tanh, identity; squared errors, summed and divided by 14, plus 0.05 times the squared weights"
    )
