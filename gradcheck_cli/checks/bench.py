"""How fast the ways to check every entry of a network are, side by side: what `gradcheck bench` shows.

Every round times each way once, one after another, so that whatever else the machine does meets all of them alike. A
way that takes one or two whole losses an entry is timed on a sample of the entries and multiplied up.
"""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from gradcheck_cli.numeric.centred import centred_gradient
from gradcheck_cli.numeric.complex_step import complex_step_reference
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.parameters import Array, dictionary_to_vector, vector_to_dictionary
from gradcheck_cli.vocabulary.results import WayTiming
from gradcheck_cli.vocabulary.settings import DEFAULT_EPSILON

__all__ = ["random_network", "time_ways"]

SAMPLE = 60  # entries a round


@dataclass(frozen=True)
class _Way:
    """A way to check: `run` takes a number of entries; one that is not sampled always takes all of them."""

    name: str
    run: Callable[[int], object]
    sampled: bool
    note: str = ""


def random_network(sizes: Sequence[int], samples: int, activation: str, seed: int = 0) -> Network:
    """Return a network with sigmoid output and cross-entropy, weights scaled to keep the size of what they carry."""
    random = np.random.default_rng(seed)
    parameters: dict[str, Array] = {}
    for l, (before, units) in enumerate(pairwise(sizes), start=1):
        parameters[f"W{l}"] = random.standard_normal((units, before)) * np.sqrt(2 / before)
        parameters[f"b{l}"] = random.standard_normal((units, 1)) / 10
    X = random.standard_normal((sizes[0], samples))
    Y = (random.random((sizes[-1], samples)) < 0.5).astype(np.float64)
    activations = (activation,) * (len(sizes) - 2) + ("sigmoid",)
    return Network("bench", X, Y, parameters, activations, "bce")


def time_ways(network: Network, rounds: int = 5) -> list[WayTiming]:
    """Time every way that is installed, in interleaved rounds; the first is the course's loop.

    Parameters
    ----------
    network : Network
        What to check.
    rounds : int, optional
        How often each is timed; the medians count.

    Returns
    -------
    list of WayTiming
    """
    n = dictionary_to_vector(network.parameters).size
    ways = list(_ways(network))
    seconds: dict[str, list[float]] = {way.name: [] for way in ways}
    for round_ in range(rounds + 1):
        for way in ways:
            entries = min(SAMPLE, n) if way.sampled else n
            started = time.perf_counter()
            way.run(entries)
            if round_:  # the first is for what is loaded and compiled only once
                seconds[way.name].append((time.perf_counter() - started) * n / entries)
    loop = seconds[ways[0].name]
    return [
        WayTiming(
            name=way.name,
            seconds=statistics.median(seconds[way.name]),
            ratio=statistics.median(a / b for a, b in zip(loop, seconds[way.name], strict=True)),
            sample=min(SAMPLE, n) if way.sampled and n > SAMPLE else None,
            note=way.note,
        )
        for way in ways
    ]


def _ways(network: Network) -> Iterator[_Way]:
    """Return the course's loop, the structured evaluation, and what else is installed."""
    structured = replace(network, evaluation="structured")
    yield _Way("course's loop", lambda entries: course_loop(network, entries), sampled=True)
    yield _Way(
        "structured", lambda _: dict(centred_gradient(structured, network.parameters, DEFAULT_EPSILON)), sampled=False
    )
    yield _Way(
        "reference",
        lambda _: dict(complex_step_reference(network)),
        sampled=False,
        note="complex step, with error bars",
    )
    for module, make in (("scipy.optimize", _scipy_way), ("torch", _torch_way), ("jax", _jax_way)):
        try:
            importlib.import_module(module)
        except ImportError:
            continue
        yield make(network)


def course_loop(network: Network, entries: int) -> None:
    """Take the centred differences of some entries as the course does: a copied vector and a whole pass for each."""
    vector = dictionary_to_vector(network.parameters)
    for i in range(entries):
        for step in (DEFAULT_EPSILON, -DEFAULT_EPSILON):
            moved = vector.copy()
            moved[i] += step
            network.loss(vector_to_dictionary(moved, network.parameters))


def _scipy_way(network: Network) -> _Way:
    from scipy.optimize._numdiff import approx_derivative

    vector = dictionary_to_vector(network.parameters)

    def run(entries: int) -> object:
        def loss(head: Array) -> float:
            moved = np.concatenate([head, vector[entries:]])
            return network.loss(vector_to_dictionary(moved, network.parameters))

        return approx_derivative(loss, vector[:entries], method="3-point")

    return _Way("scipy approx_derivative", run, sampled=True)


def _forward(network: Network, parameters: Any, lib: Any, relu: Callable[[Any], Any]) -> Any:
    """Return J by the functions of another library; hidden relu, tanh or sigmoid."""
    functions = {"relu": relu, "tanh": lib.tanh, "sigmoid": lambda Z: 1 / (1 + lib.exp(-Z))}
    A = parameters["X"]
    for l, name in enumerate(network.activations[:-1], start=1):
        A = functions[name](parameters[f"W{l}"] @ A + parameters[f"b{l}"])
    L = network.layer_count
    Z = parameters[f"W{L}"] @ A + parameters[f"b{L}"]
    return (lib.log(1 + lib.exp(-abs(Z))) + relu(Z) - parameters["Y"] * Z).sum() / network.sample_count


def _torch_way(network: Network) -> _Way:
    import torch

    torch.set_num_threads(1)
    fixed = {name: torch.tensor(a) for name, a in {**network.parameters, "X": network.X, "Y": network.Y}.items()}
    flat = fixed["W1"].reshape(-1)

    def run(entries: int) -> object:
        entries = min(entries, len(flat))

        def loss(head: Any) -> Any:
            W1 = torch.cat([head, flat[entries:]]).reshape(fixed["W1"].shape)
            return _forward(network, {**fixed, "W1": W1}, torch, torch.relu)

        head = flat[:entries].clone().requires_grad_()
        return torch.autograd.gradcheck(loss, (head,), eps=1e-6, raise_exception=False)

    return _Way("torch gradcheck, slow", run, sampled=True)


def _jax_way(network: Network) -> _Way:
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)
    data = {"X": network.X, "Y": network.Y}
    loss = jax.jit(lambda parameters: _forward(network, {**parameters, **data}, jax.numpy, jax.nn.relu))
    parameters = {name: jax.numpy.asarray(values) for name, values in network.parameters.items()}

    def run(_: int) -> object:
        return check_grads(loss, (parameters,), order=1, modes=["rev"], atol=np.inf, rtol=np.inf)

    return _Way("jax check_grads", run, sampled=False, note="one direction, not every entry")
