"""Losses of networks of which a check knows no more than how to call them, and mistakes in their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gradcheck_cli.vocabulary.parameters import Array, Parameters

SMALL = (64, 32, 16, 1), 32  # 2,625 entries
MIDDLE = (784, 128, 64, 1), 64  # 108,801
LARGE = (784, 1024, 256, 1), 64  # 1,066,497


@dataclass
class BlackBox:
    """The mean cross-entropy of a network with one output, and its gradient."""

    sizes: Sequence[int]
    samples: int
    activation: str = "relu"
    seed: int = 0
    calls: int = 0
    parameters: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        random = np.random.default_rng(self.seed)
        gain = 2.0 if self.activation == "relu" else 1.0
        for l, (before, after) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), 1):
            self.parameters[f"W{l}"] = random.normal(size=(after, before)) * np.sqrt(gain / before)
            self.parameters[f"b{l}"] = 0.1 * random.normal(size=(after, 1))
        self.X = random.normal(size=(self.sizes[0], self.samples))
        self.Y = (random.random((1, self.samples)) < 0.5).astype(float)
        self.L = len(self.sizes) - 1

    def value(self, Z: Array) -> Array:
        return np.maximum(Z, 0) if self.activation == "relu" else np.tanh(Z)

    def slope(self, Z: Array) -> Array:
        return (Z > 0).astype(float) if self.activation == "relu" else 1 - np.tanh(Z) ** 2

    def loss(self, p: Parameters) -> float:
        self.calls += 1
        A = self.X
        for l in range(1, self.L):
            A = self.value(p[f"W{l}"] @ A + p[f"b{l}"])
        Z = p[f"W{self.L}"] @ A + p[f"b{self.L}"]
        return float(np.mean(np.logaddexp(0, Z) - self.Y * Z))

    def gradient(self, p: Parameters) -> dict[str, Array]:
        A, Z = [self.X], []
        for l in range(1, self.L + 1):
            Z.append(p[f"W{l}"] @ A[-1] + p[f"b{l}"])
            A.append(self.value(Z[-1]))
        dZ = (1 / (1 + np.exp(-Z[-1])) - self.Y) / self.samples
        found = {}
        for l in range(self.L, 0, -1):
            found[f"W{l}"], found[f"b{l}"] = dZ @ A[l - 1].T, dZ.sum(axis=1, keepdims=True)
            if l > 1:
                dZ = (p[f"W{l}"].T @ dZ) * self.slope(Z[l - 2])
        return {name: found[name] for name in p}

    def right(self) -> dict[str, Array]:
        """Return the right gradient at the network's own parameters."""
        return self.gradient(self.parameters)

    def spoiled(self, count: int, factor: float, seed: int = 0) -> tuple[dict[str, Array], set[str]]:
        """Return the gradient with some of its entries multiplied, and the names of these: not such as hardly count."""
        gradient = self.right()
        random = np.random.default_rng(seed)
        names = set()
        rms = np.sqrt(np.mean(np.concatenate([g.ravel() for g in gradient.values()]) ** 2))
        places = [(n, k) for n, g in gradient.items() for k in np.flatnonzero(np.abs(g.reshape(-1)) > 1e-3 * rms)]
        for chosen in random.choice(len(places), count, replace=False):
            name, k = places[chosen]
            gradient[name].reshape(-1)[k] *= factor
            names.add(f"{name}{[int(i) for i in np.unravel_index(k, gradient[name].shape)]}")
        return gradient, names
