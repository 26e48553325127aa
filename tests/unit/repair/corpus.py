"""Files with a right gradient, and mistakes planted in it: what is replaced by what."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradcheck_cli.loading.functions import load_function
from gradcheck_cli.problems.functions.make import function_problem
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.networks.course_functions import with_own_functions
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.repair.suggest import suggestion_for
from gradcheck_cli.vocabulary.errors import GradcheckError
from gradcheck_cli.vocabulary.results import Suggestion, Suspect

RIDGE = """\
import numpy as np

rng = np.random.default_rng(13)
A = rng.normal(size=(8, 3))
t = rng.normal(size=8)
alpha = 0.4


def loss(p):
    r = A @ p["w"] + p["c"] - t
    return np.sum(r ** 2) / (2 * len(t)) + alpha / 2 * p["w"] @ p["w"]


def gradient(p):
    w, c = p["w"], p["c"]
    r = A @ w + c - t
    gw = A.T @ r / len(t) + alpha * w
    gc = np.sum(r) / len(t)
    return gw, gc
"""
TWO_LAYERS = """\
import numpy as np

rng = np.random.default_rng(3)
X = rng.normal(size=(7, 4))
y = np.array([0, 2, 1, 2, 0, 1, 2])
REG = 0.3


def scores_of(p):
    h = np.maximum(0, X @ p["W1"] + p["b1"])
    return h, h @ p["W2"] + p["b2"]


def loss(p):
    h, scores = scores_of(p)
    scores = scores - scores.max(axis=1, keepdims=True)
    logp = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return -logp[np.arange(len(y)), y].mean() + REG * np.sum(p["W1"] ** 2)


def gradient(p):
    N = X.shape[0]
    h, scores = scores_of(p)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs = e / e.sum(axis=1, keepdims=True)
    dscores = probs.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N
    dh = dscores @ p["W2"].T
    dh[h <= 0] = 0
    return {"W1": X.T @ dh + 2 * REG * p["W1"], "b1": dh.sum(axis=0), "W2": h.T @ dscores, "b2": dscores.sum(axis=0)}
"""
NETWORK = """\
import numpy as np


def backward(X, Y, cache):
    m = X.shape[1]
    (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3) = cache
    dZ3 = A3 - Y
    dW3 = 1. / m * np.dot(dZ3, A2.T)
    db3 = 1. / m * np.sum(dZ3, axis=1, keepdims=True)
    dA2 = np.dot(W3.T, dZ3)
    dZ2 = np.multiply(dA2, np.int64(A2 > 0))
    dW2 = 1. / m * np.dot(dZ2, A1.T)
    db2 = 1. / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dZ2)
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1 = 1. / m * np.dot(dZ1, X.T)
    db1 = 1. / m * np.sum(dZ1, axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dW3": dW3, "db3": db3}
"""


class Planted(NamedTuple):
    """A mistake in a file."""

    text: str
    right: str
    wrong: str
    at: dict[str, tuple[int, ...]] | None = None
    """The shapes of the parameters; None of the course's network."""

    @property
    def written(self) -> str:
        """The file with the mistake."""
        assert self.text.count(self.right) == 1, self.right
        return self.text.replace(self.right, self.wrong)


RIDGE_AT: dict[str, tuple[int, ...]] = {"w": (3,), "c": ()}
LAYERS_AT: dict[str, tuple[int, ...]] = {"W1": (4, 5), "b1": (5,), "W2": (5, 3), "b2": (3,)}
MISTAKES = {
    "no mean": Planted(RIDGE, "A.T @ r / len(t)", "A.T @ r", RIDGE_AT),
    "no penalty": Planted(RIDGE, " + alpha * w", "", RIDGE_AT),
    "sign of the penalty": Planted(RIDGE, "+ alpha * w", "- alpha * w", RIDGE_AT),
    "mean for sum": Planted(RIDGE, "np.sum(r) / len(t)", "np.mean(r) / len(t)", RIDGE_AT),
    "residual": Planted(RIDGE, "    r = A @ w + c - t", "    r = A @ w - t", RIDGE_AT),
    "relu": Planted(TWO_LAYERS, "dh[h <= 0] = 0", "dh[h >= 0] = 0", LAYERS_AT),
    "axis": Planted(TWO_LAYERS, "e / e.sum(axis=1", "e / e.sum(axis=0", LAYERS_AT),
    "factor of a penalty": Planted(TWO_LAYERS, "2 * REG", "REG", LAYERS_AT),
    "not divided": Planted(TWO_LAYERS, "    dscores /= N\n", "    dscores *= 1\n", LAYERS_AT),
    "name": Planted(TWO_LAYERS, "h.T @ dscores", "h.T @ probs", LAYERS_AT),
    "doubled": Planted(NETWORK, "np.dot(dZ2, A1.T)", "np.dot(dZ2, A1.T) * 2"),
    "four samples": Planted(NETWORK, "db1 = 1.", "db1 = 4."),
    "wrong activation": Planted(NETWORK, "np.int64(A1 > 0)", "np.int64(A1 < 0)"),
    "wrong way round": Planted(NETWORK, "A3 - Y", "Y - A3"),
    "order of the cache": Planted(NETWORK, "(Z1, A1,", "(A1, Z1,"),
    "literal for the samples": Planted(NETWORK, "dW3 = 1. / m", "dW3 = 2. / 3"),
    "transposed": Planted(NETWORK, "np.dot(dZ1, X.T)", "np.dot(dZ1, X)"),
    "sum for a product": Planted(TWO_LAYERS, "2 * REG * p", "2 * REG + p", LAYERS_AT),
    "wrong neighbour": Planted(NETWORK, "np.sum(dZ2, axis=1", "np.sum(dZ1, axis=1"),
}


def problem_of(file: Path, at: dict[str, tuple[int, ...]] | None) -> Any:
    """Return the problem of a file."""
    if at is None:
        function, network = load_function(f"{file}:backward"), built_in_case("default")
        try:
            return with_own_functions(network, None, function)
        except GradcheckError as error:
            return error.problem
    random = np.random.default_rng(1)
    point = {name: random.normal(size=shape) for name, shape in at.items()}
    loss, gradient = load_function(f"{file}:loss"), load_function(f"{file}:gradient")
    return function_problem(loss, gradient, point, data={}, one_array=len(point) == 1)


def searched(file: Path, at: dict[str, tuple[int, ...]] | None) -> tuple[tuple[Suspect, ...], Suggestion | None, str]:
    """Search for what is wrong in a file."""
    problem = problem_of(file, at)
    raises = isinstance(problem, Network) and problem.claimed is None
    return suggestion_for(problem, 2e-7, ".", 30.0, raises=raises)
