"""The course's text: the forward and the backward propagation of a fully connected network.

The letters are the course's: samples are columns, A_0 = X, Z_l = W_l A_{l-1} + b_l, A_l = g_l(Z_l) times the dropout
mask D_l where there is one, m the number of samples. The loss adds l2 / (2 m) times the sum of all squared weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradcheck_cli.problems.networks.activations import ACTIVATIONS, softmax, softmax_backward
from gradcheck_cli.problems.networks.losses import LOSSES
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["CourseNetwork", "Layer", "course_cache"]


class Layer(NamedTuple):
    """What forward propagation leaves of a layer."""

    Z: Array
    A: Array


@dataclass(frozen=True)
class CourseNetwork:
    """A network of L layers with its data, at a point of its parameters.

    Its shapes are trusted; `fixtures` is where they are checked.
    """

    name: str
    X: Array
    """Inputs, shape (n_0, m)."""
    Y: Array
    """Targets, shape (n_L, m)."""
    parameters: Parameters
    """W1, b1, ..., WL, bL; W_l of shape (n_l, n_{l-1}), b_l of shape (n_l, 1)."""
    activations: Sequence[str]
    """Names of g_1 ... g_L."""
    loss_name: str
    l2: float = 0.0
    masks: Mapping[int, Array] = field(default_factory=dict)
    """Dropout masks D_l by layer, shape (n_l, m), already scaled."""

    @property
    def layer_count(self) -> int:
        """The number L of layers."""
        return len(self.activations)

    @property
    def sample_count(self) -> int:
        """The number m of samples."""
        return int(self.X.shape[1])

    @cached_property
    def layers(self) -> list[Layer]:
        """What forward propagation leaves at the network's own parameters."""
        return self.forward_propagation(self.parameters)

    def inputs_of(self, parameter: str) -> Array:
        """Return what a parameter multiplies, a sample a column: A_{l-1} for W_l, a row of ones for b_l."""
        if parameter.startswith("b"):
            return np.ones((1, self.sample_count))
        l = int(parameter[1:])
        return self.layers[l - 2].A if l > 1 else self.X

    def forward_propagation(self, parameters: Parameters) -> list[Layer]:
        """Return Z_l and A_l of every layer."""
        layers = []
        A = self.X
        with np.errstate(over="ignore", invalid="ignore"):
            for l in range(1, self.layer_count + 1):
                Z = np.dot(parameters[f"W{l}"], A) + parameters[f"b{l}"]
                A = self.activate(l, Z)
                layers.append(Layer(Z, A))
        return layers

    def activate(self, l: int, Z: Array) -> Array:
        """Return A_l = g_l(Z), times D_l where there is one."""
        name = self.activations[l - 1]
        A = softmax(Z) if name == "softmax" else ACTIVATIONS[name].value(Z)
        return A * self.masks[l] if l in self.masks else A

    def cost(self, layers: Sequence[Layer], parameters: Parameters) -> float:
        """Return J from what forward propagation left.

        The loss is in its plain form; where that overflows (log 0 beside a saturated unit), in the stable one.
        """
        Z, A = layers[-1]
        loss = LOSSES[self.loss_name]
        with np.errstate(all="ignore"):
            total = loss.plain(A, self.Y)
            if not math.isfinite(total):
                total = loss.stable(Z, A, self.Y)
            return 1.0 / self.sample_count * total + self.penalty(parameters)

    def needs_stable_loss(self) -> bool:
        """Whether the loss as it is written on paper overflows at the network's own parameters."""
        last = self.layers[-1]
        with np.errstate(all="ignore"):
            return not math.isfinite(LOSSES[self.loss_name].plain(last.A, self.Y))

    def penalty(self, parameters: Parameters) -> float:
        """Return l2 / (2 m) times the sum of the squared weights; never the biases."""
        if not self.l2:
            return 0.0
        squares = [float(np.sum(parameters[f"W{l}"] ** 2)) for l in range(1, self.layer_count + 1)]
        return self.l2 / (2 * self.sample_count) * sum(squares)

    def backward_propagation(self, layers: Sequence[Layer], parameters: Parameters) -> dict[str, Array]:
        """Return the gradient of J by W1, b1, ... from what forward propagation left."""
        m = self.sample_count
        gradients: dict[str, Array] = {}
        dZ = self.output_delta(layers[-1])
        for l in range(self.layer_count, 0, -1):
            A_before = layers[l - 2].A if l > 1 else self.X
            W = parameters[f"W{l}"]
            gradients[f"b{l}"] = 1.0 / m * np.sum(dZ, axis=1, keepdims=True)
            gradients[f"W{l}"] = 1.0 / m * np.dot(dZ, A_before.T) + self.l2 / m * W
            if l > 1:
                dZ = self.hidden_delta(l - 1, np.dot(W.T, dZ), layers[l - 2].Z)
        return {name: gradients[name] for name in self.parameters}

    def output_delta(self, last: Layer) -> Array:
        """Return m dJ/dZ_L."""
        loss = LOSSES[self.loss_name]
        if loss.output_delta is not None:
            return loss.output_delta(last.A, self.Y)
        name = self.activations[-1]
        if name == "softmax":
            return softmax_backward(last.A - self.Y, last.Z)
        return (last.A - self.Y) * ACTIVATIONS[name].derivative(last.Z)

    def hidden_delta(self, l: int, dA: Array, Z: Array) -> Array:
        """Return m dJ/dZ_l of a hidden layer from m dJ/dA_l."""
        if l in self.masks:
            dA = dA * self.masks[l]
        return dA * ACTIVATIONS[self.activations[l - 1]].derivative(Z)


def course_cache(layers: Sequence[Layer], parameters: Parameters) -> tuple[Array, ...]:
    """Return the course's cache (Z1, A1, W1, b1, Z2, A2, W2, b2, ...)."""
    cache: list[Array] = []
    for l, (Z, A) in enumerate(layers, start=1):
        cache += [Z, A, parameters[f"W{l}"], parameters[f"b{l}"]]
    return tuple(cache)
