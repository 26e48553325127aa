"""Random networks for the tests: every activation, loss, depth and scale of the fixture format."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from gradcheck_cli.problems.networks.activations import ACTIVATIONS
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.parameters import Array


def random_network(seed: int, *, scale: float = 1.0) -> Network:
    """Make a network with a right gradient from a seed; `scale` multiplies all its parameters."""
    random = np.random.default_rng(seed)
    loss = str(random.choice(["bce", "softmax_ce", "mse"]))
    sizes = random.integers(1, 7, size=int(random.integers(2, 6)))
    hidden = [str(random.choice(list(ACTIVATIONS))) for _ in sizes[2:]]
    last = {"bce": "sigmoid", "softmax_ce": "softmax"}.get(loss) or str(random.choice([*ACTIVATIONS, "softmax"]))
    m = int(random.integers(1, 8))
    parameters: dict[str, Array] = {}
    for l, (inputs, units) in enumerate(pairwise(sizes), start=1):
        parameters[f"W{l}"] = scale * random.standard_normal((units, inputs)) / math.sqrt(inputs)
        parameters[f"b{l}"] = scale * random.standard_normal((units, 1))
    masks = {l: (random.random((sizes[l], m)) < 0.6) / 0.6 for l in range(1, len(hidden) + 1) if random.random() < 0.3}
    l2 = float(random.choice([0.0, 0.3]))
    X = random.standard_normal((sizes[0], m))
    return Network("random", X, _targets(random, loss, sizes[-1], m), parameters, (*hidden, last), loss, l2, masks)


def _targets(random: np.random.Generator, loss: str, units: int, m: int) -> Array:
    if loss == "softmax_ce":
        return np.eye(units)[random.integers(units, size=m)].T
    return random.integers(2, size=(units, m)).astype(float) if loss == "bce" else random.standard_normal((units, m))
