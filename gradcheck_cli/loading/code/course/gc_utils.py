"""What the course's file of this name has: two activations, and vectors made of its three-layer network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["dictionary_to_vector", "gradients_to_vector", "relu", "sigmoid", "vector_to_dictionary"]

SHAPES = {"W1": (5, 4), "b1": (5, 1), "W2": (3, 5), "b2": (3, 1), "W3": (1, 3), "b3": (1, 1)}


def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def relu(x: Any) -> Any:
    """Return x where it is positive, 0 elsewhere."""
    return np.maximum(0, x)


def dictionary_to_vector(parameters: Mapping[str, Any]) -> tuple[NDArray[Any], list[str]]:
    """Return all parameters as a column of 47 numbers, and for each number the name of its parameter."""
    keys = [name for name, shape in SHAPES.items() for _ in range(shape[0] * shape[1])]
    return np.concatenate([np.reshape(parameters[name], (-1, 1)) for name in SHAPES]), keys


def vector_to_dictionary(theta: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Return the parameters that a column of 47 numbers holds."""
    ends = np.cumsum([rows * columns for rows, columns in SHAPES.values()])
    parts = np.split(theta, ends[:-1])
    return {name: part.reshape(shape) for (name, shape), part in zip(SHAPES.items(), parts, strict=True)}


def gradients_to_vector(gradients: Mapping[str, Any]) -> NDArray[Any]:
    """Return dW1, db1, ... as a column of 47 numbers."""
    return np.concatenate([np.reshape(gradients[f"d{name}"], (-1, 1)) for name in SHAPES])
