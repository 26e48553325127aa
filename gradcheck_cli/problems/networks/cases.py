"""The built-in cases. A new one is a new entry of `CASES`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.errors import InputError, did_you_mean

__all__ = ["CASES", "built_in_case"]


def default() -> Network:
    """Return the course's case: a network 4-5-3-1, relu and sigmoid, with 3 samples, correct backward propagation."""
    random = np.random.RandomState(1)
    X = random.randn(4, 3)
    Y = np.array([[1.0, 1.0, 0.0]])
    shapes = {"W1": (5, 4), "b1": (5, 1), "W2": (3, 5), "b2": (3, 1), "W3": (1, 3), "b3": (1, 1)}
    parameters = {name: random.randn(*shape) for name, shape in shapes.items()}
    return Network("net, default", X, Y, parameters, ("relu", "relu", "sigmoid"), "bce")


def planted_bugs() -> Network:
    """Return the course's case with its two planted mistakes: dW2 doubled, db1 with 4/m for 1/m."""
    network = default()
    gradients = dict(network.gradient(network.parameters))
    gradients["W2"] = gradients["W2"] * 2
    gradients["b1"] = gradients["b1"] * 4
    return dataclasses.replace(network, name="net, planted-bugs", claimed=gradients)


CASES: dict[str, Callable[[], Network]] = {"default": default, "planted-bugs": planted_bugs}


def built_in_case(name: str) -> Network:
    """Return the built-in case of that name.

    Raises
    ------
    InputError
        Where there is none.
    """
    if name not in CASES:
        raise InputError(
            f"there is no built-in case {name!r}, expected one of {', '.join(CASES)} or the path of an .npz file",
            hint=did_you_mean(name, CASES),
        )
    return CASES[name]()
