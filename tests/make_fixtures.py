"""Write the problems of ``fixtures/`` and their manifest: ``python -m tests.make_fixtures``.

Every problem is made from a seed, so the files can be made again; a test holds that they are what this script makes.
"""

from __future__ import annotations

import dataclasses
import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np

from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.networks.fixtures import save_fixture
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.parameters import Array

FIXTURES = Path(__file__).parents[1] / "fixtures"


def random_network(seed: int, sizes: list[int], activations: str, loss: str, m: int, *, l2: float = 0.0) -> Network:
    """Make a network with parameters of a usual size and targets that fit its loss."""
    random = np.random.default_rng(seed)
    parameters: dict[str, Array] = {}
    for l, (inputs, units) in enumerate(pairwise(sizes), start=1):
        parameters[f"W{l}"] = random.standard_normal((units, inputs)) / math.sqrt(inputs)
        parameters[f"b{l}"] = 0.1 * random.standard_normal((units, 1))
    X = random.standard_normal((sizes[0], m))
    return Network("", X, targets(random, loss, sizes[-1], m), parameters, activations.split(), loss, l2)


def targets(random: np.random.Generator, loss: str, units: int, m: int) -> Array:
    """Make labels for a classification, numbers for a regression."""
    if loss == "softmax_ce":
        return np.eye(units)[random.integers(units, size=m)].T
    if loss == "bce":
        return random.integers(2, size=(units, m)).astype(float)
    return random.standard_normal((units, m))


def with_claim(network: Network, **changes: float) -> Network:
    """Claim the network's own gradient, some parameters' times a factor."""
    gradient = network.gradient(network.parameters)
    claimed = {name: values * changes.get(name, 1.0) for name, values in gradient.items()}
    return dataclasses.replace(network, claimed=claimed)


def dropout() -> Network:
    """Make a network with masks of half its hidden units, scaled by the share that is kept."""
    network = random_network(6, [4, 6, 5, 1], "relu tanh sigmoid", "bce", 5)
    random = np.random.default_rng(60)
    masks = {l: (random.random((n, 5)) < 0.5) / 0.5 for l, n in ((1, 6), (2, 5))}
    return dataclasses.replace(network, masks=masks)


def relu_kink() -> Network:
    """Make a network of which one hidden unit is exactly at 0 for one sample."""
    network = random_network(9, [3, 4, 1], "relu sigmoid", "bce", 4)
    parameters = {name: values.copy() for name, values in network.parameters.items()}
    X = network.X.copy()
    X[:, 0] = [1.0, 2.0, -1.0]
    parameters["W1"][1] = [1.0, 0.5, 2.0]
    parameters["b1"][1] = 0.0
    return dataclasses.replace(network, X=X, parameters=parameters)


def hidden_bias() -> Network:
    """Make a network whose large weights' gradient hides a bias with the wrong sign from any norm over everything."""
    network = random_network(10, [3, 2], "identity", "mse", 4)
    X = network.X * 1e9
    W1 = network.parameters["W1"] * 1e-9
    return with_claim(dataclasses.replace(network, X=X, parameters={**network.parameters, "W1": W1}), b1=-1.0)


def single(network: Network) -> Network:
    """Claim the gradient that float32 arithmetic gives."""
    rounded = dataclasses.replace(
        network,
        X=network.X.astype(np.float32),
        Y=network.Y.astype(np.float32),
        parameters={name: values.astype(np.float32) for name, values in network.parameters.items()},
    )
    gradient = rounded.gradient(rounded.parameters)
    claimed = {name: values.astype(np.float32).astype(np.float64) for name, values in gradient.items()}
    return dataclasses.replace(rounded, claimed=claimed)


def problems() -> dict[str, tuple[Network, str, str]]:
    """Return each fixture's network, verdict and description by its name."""
    mixed = "leaky_relu tanh softplus elu gelu sigmoid"
    l2 = random_network(5, [4, 5, 2], "tanh identity", "mse", 6, l2=0.7)
    plain = random_network(7, [5, 6, 3], "tanh softmax", "softmax_ce", 6)
    return {
        "course": (built_in_case("default"), "PASS", "the course's case, correct backward propagation"),
        "planted_bugs": (built_in_case("planted-bugs"), "FAIL", "the course's case, dW2 doubled and db1 with 4/m"),
        "tanh_softmax": (random_network(2, [4, 6, 3], "tanh softmax", "softmax_ce", 5), "PASS", "tanh, then softmax"),
        "deep_mixed": (random_network(3, [3, 5, 5, 4, 5, 4, 2], mixed, "bce", 6), "PASS", "six layers, all different"),
        "mse": (random_network(4, [4, 5, 2], "gelu identity", "mse", 6), "PASS", "a regression with mse"),
        "l2": (l2, "PASS", "a regression with an L2 term"),
        "dropout": (dropout(), "PASS", "fixed dropout masks on two hidden layers"),
        "claimed_right": (with_claim(plain), "PASS", "brings its own gradient, which is right"),
        "claimed_wrong": (with_claim(plain, b1=-1.0), "FAIL", "brings its own gradient, db1 with the wrong sign"),
        "claimed_hidden": (hidden_bias(), "FAIL", "db1 with the wrong sign, hidden beside large weights' gradients"),
        "relu_kink": (relu_kink(), "INCONCLUSIVE", "a unit exactly at relu's kink: right, but no step can show it"),
        "float32": (single(plain), "PASS", "a gradient computed in float32"),
    }


def manifest() -> dict[str, dict[str, str]]:
    """Return what ``manifest.json`` holds: the expected verdict of each file, and what it is."""
    return {f"{name}.npz": {"verdict": v, "description": d} for name, (_, v, d) in problems().items()}


def main() -> None:
    """Write everything."""
    for name, (network, _, _) in problems().items():
        save_fixture(network, FIXTURES / f"{name}.npz")
    (FIXTURES / "manifest.json").write_text(json.dumps(manifest(), indent=1) + "\n", encoding="utf-8")
    lines = [f"| `{file}` | {entry['verdict']} | {entry['description']} |" for file, entry in manifest().items()]
    head = "# Fixtures\n\nProblems for the README and the tests, written by `python -m tests.make_fixtures`.\n\n"
    table = "\n".join(["| file | verdict | what it is |", "| --- | --- | --- |", *lines])
    (FIXTURES / "README.md").write_text(f"{head}{table}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
