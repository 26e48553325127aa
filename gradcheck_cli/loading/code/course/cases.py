"""What the course's testCases.py has for gradient checking: three samples and a network for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["gradient_check_n_test_case"]

SHAPES = {"W1": (5, 4), "b1": (5, 1), "W2": (3, 5), "b2": (3, 1), "W3": (1, 3), "b3": (1, 1)}


def gradient_check_n_test_case() -> tuple[NDArray[Any], NDArray[Any], dict[str, NDArray[Any]]]:
    """Return X of shape (4, 3), Y of shape (3,) and the parameters, drawn in this order from seed 1."""
    random = np.random.RandomState(1)
    X = random.randn(4, 3)
    Y = np.array([1, 1, 0])
    return X, Y, {name: random.randn(*shape) for name, shape in SHAPES.items()}
