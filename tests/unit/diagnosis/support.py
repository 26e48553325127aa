"""Networks with a planted mistake, and what the diagnosis says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gradcheck_cli.diagnosis.diagnose import diagnose
from gradcheck_cli.diagnosis.evidence import Evidence
from gradcheck_cli.diagnosis.propagation import Propagation
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import Finding

SIZES = (4, 5, 5, 3)
M = 7


def single(floors: Mapping[str, Array]) -> dict[str, Array]:
    """Return the floors of float32 arithmetic, 2^29 times as coarse as float64."""
    return {name: 2.0**29 * floor for name, floor in floors.items()}


def network(
    activations: tuple[str, ...] = ("tanh", "tanh", "softmax"),
    loss: str = "softmax_ce",
    *,
    l2: float = 0.0,
    keep: float | None = None,
    m: int = M,
    sizes: tuple[int, ...] = SIZES,
) -> Network:
    """Return a small network with random parameters, always the same."""
    random = np.random.default_rng(3)
    layers = range(1, len(sizes))
    parameters = {}
    for l in layers:
        parameters[f"W{l}"] = random.normal(size=(sizes[l], sizes[l - 1])) / np.sqrt(sizes[l - 1])
        parameters[f"b{l}"] = random.normal(size=(sizes[l], 1)) / 3
    X = random.normal(size=(sizes[0], m))
    Y = np.eye(sizes[-1])[:, random.integers(0, sizes[-1], m)]
    masks = {l: (random.random((sizes[l], m)) < keep) / keep for l in layers[:-1]} if keep else {}
    return Network("planted", X, Y, parameters, activations, loss, l2, masks)


def right_gradient(problem: Network) -> dict[str, Array]:
    """Return the gradient by correct backward propagation."""
    return problem.backward_propagation(problem.forward_propagation(problem.parameters), problem.parameters)


def evidence(problem: Network, claim: dict[str, Array], *, known: bool = True) -> Evidence:
    """Return what the diagnosis gets of a claim; `known` says whether the network is part of it."""
    right = right_gradient(problem)
    floors = {name: np.full(values.shape, 1e-14 * np.abs(values).max() + 1e-300) for name, values in right.items()}
    return Evidence(
        problem.parameters, claim, right, floors, single(floors), problem if known else None, threshold=1e-9
    )


def findings(problem: Network, claim: dict[str, Array], *, known: bool = True) -> tuple[Finding, ...]:
    """Diagnose a claim."""
    return diagnose(evidence(problem, claim, known=known))


def with_tensor(problem: Network, name: str, change: Callable[[Array], Array]) -> dict[str, Array]:
    """Return the right gradient with one of its arrays changed."""
    gradient = right_gradient(problem)
    return {**gradient, name: change(gradient[name].copy())}


def with_delta(problem: Network, l: int, change: Callable[[Propagation], Array]) -> dict[str, Array]:
    """Return the gradient of a backward pass whose dZ_l is what `change` makes of the right one's values."""
    right = Propagation.of(problem)
    wrong = right.with_delta(l, change(right))
    return {name: wrong.gradient(name) for name in problem.parameters}


def first(problem: Network, claim: dict[str, Array], *, known: bool = True) -> tuple[str, str]:
    """Return code and place of the first finding."""
    finding = findings(problem, claim, known=known)[0]
    return finding.code, finding.where
