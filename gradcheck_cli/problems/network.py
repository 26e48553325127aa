"""A fully connected network as a problem: its forward and its backward propagation.

The letters are the course's: samples are columns, A_0 = X, Z_l = W_l A_{l-1} + b_l, A_l = g_l(Z_l) times the dropout
mask D_l where there is one, m the number of samples. The loss adds l2 / (2 m) times the sum of all squared weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.errors import SettingError
from gradcheck_cli.parameters import Array, Parameters
from gradcheck_cli.problems.activations import ACTIVATIONS, softmax, softmax_backward
from gradcheck_cli.problems.audit import SEED, audit_changes
from gradcheck_cli.problems.blocks import width_behind
from gradcheck_cli.problems.complex_step import complex_step_gradient
from gradcheck_cli.problems.losses import LOSSES
from gradcheck_cli.problems.problem import ENTRIES_AT_ONCE, changes_one_by_one
from gradcheck_cli.problems.rounding import magnitudes, rounding_floor, units_at_kinks
from gradcheck_cli.problems.structured import structured_changes

__all__ = ["Layer", "Network", "course_cache"]

LARGEST_PLAIN = 10**7  # n * n * m, up to which the course's loop takes about a tenth of a second


class Layer(NamedTuple):
    """What forward propagation leaves of a layer."""

    Z: Array
    A: Array


@dataclass(frozen=True)
class Network:
    """A network of L layers with its data, at a point of its parameters.

    Its shapes are trusted; `gradcheck_cli.problems.fixtures` is where they are checked.
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
    claimed: Parameters | None = None
    """The gradient under test, by parameter; None means the network's own backward propagation."""
    remarks: Sequence[str] = ()
    """How the network was understood by whoever read it."""
    claim_at: Callable[[Network], Parameters] | None = None
    """Makes the claim at another point; None where it is saved."""
    evaluation: str | None = None
    """How changes of the loss are taken: ``plain``, ``structured``, or None, by the network's size."""
    saved_in: Mapping[str, str] = field(default_factory=dict)
    """By parameter, the dtype that `claimed` was saved in, where that is less than float64."""

    @property
    def layer_count(self) -> int:
        """The number L of layers."""
        return len(self.activations)

    @property
    def sample_count(self) -> int:
        """The number m of samples."""
        return int(self.X.shape[1])

    def loss(self, parameters: Parameters) -> float:
        """Return J at `parameters`; not finite only where the network itself overflows."""
        return self.cost(self.forward_propagation(parameters), parameters)

    def gradient(self, parameters: Parameters) -> Parameters:
        """Return the claimed gradient, or where none is claimed that of `backward_propagation`."""
        if self.claimed is not None:
            return self.claimed
        return self.backward_propagation(self.forward_propagation(parameters), parameters)

    def at(self, parameters: Parameters) -> Network:
        """Return the same network at another point.

        Raises
        ------
        SettingError
            Where its claim is saved in a fixture.
        """
        moved = replace(self, parameters={**self.parameters, **parameters})
        if self.claimed is None:
            return moved
        if self.claim_at is None:
            raise SettingError(
                "the gradient is saved numbers, which are of one point; other points need a function",
                hint="name the function that makes them by --backward, or leave --points out",
            )
        return replace(moved, claimed=self.claim_at(moved))

    @cached_property
    def layers(self) -> list[Layer]:
        """What forward propagation leaves at the network's own parameters."""
        return self.forward_propagation(self.parameters)

    @cached_property
    def here(self) -> float:
        """J at the network's own parameters."""
        return self.cost(self.layers, self.parameters)

    def inputs_of(self, parameter: str) -> Array:
        """Return what a parameter multiplies, a sample a column: A_{l-1} for W_l, a row of ones for b_l."""
        if parameter.startswith("b"):
            return np.ones((1, self.sample_count))
        l = int(parameter[1:])
        return self.layers[l - 2].A if l > 1 else self.X

    @property
    def is_structured(self) -> bool:
        """Whether changes of the loss are taken by the structured evaluation, not by whole forward propagations."""
        if self.evaluation is not None:
            return self.evaluation == "structured"
        n = sum(values.size for values in self.parameters.values())
        return n * n * self.sample_count > LARGEST_PLAIN

    @property
    def notes(self) -> Sequence[str]:
        """The remarks, and what is not done in the course's way."""
        notes = list(self.remarks)
        if self.needs_stable_loss():
            notes.append(f"{self.loss_name} overflows as it is written, and is taken in its stable form")
        if self.is_structured:
            notes.append(f"differences by the structured evaluation, one entry in 100 audited (seed {SEED})")
        return tuple(notes)

    def entries_at_once(self, parameter: str) -> int:
        """Return some whole rows, which together take the structured evaluation some tenths of a second at most."""
        if not self.is_structured:
            return ENTRIES_AT_ONCE
        row = int(self.parameters[parameter].shape[1])
        rows = 2**25 // (4 * self.sample_count * width_behind(self, int(parameter[1:])))
        return min(max(rows, 1) * row, 2**15)

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the changes of J: each by a whole forward propagation, as the course does it, or structured."""
        if not self.is_structured:
            return changes_one_by_one(self, self.here, parameter, entries, steps)
        changes = structured_changes(self, parameter, entries, steps)
        audit_changes(self, parameter, entries, steps, changes)
        return changes / self.sample_count + self.penalty_changes(parameter, entries, steps)

    def penalty_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array | float:
        """Return the changes of `penalty`: l2 / (2 m) times (w + h)^2 - w^2 = (2 w + h) h."""
        if not self.l2 or parameter.startswith("b"):
            return 0.0
        w = self.parameters[parameter].reshape(-1)[entries]
        return self.l2 / (2 * self.sample_count) * (2 * w + steps) * steps

    def complex_step_gradients(self) -> Sequence[Parameters]:
        """Return the gradient by the complex step; where a unit is at a kink, for slopes of both sides and between."""
        layers = self.layers
        _, z = magnitudes(self, layers)
        kinks = units_at_kinks(self, layers, z)
        weights = (0.0, 0.5, 1.0) if any(kink.any() for kink in kinks) else (0.0,)
        with np.errstate(all="ignore"):  # what underflows beside a saturated unit is 0
            return [complex_step_gradient(self, layers, kinks, weight) for weight in weights]

    def rounding_floor(self, machine_epsilon: float) -> Parameters:
        """Return what a right gradient may be off by for rounding alone."""
        layers = self.layers
        e, z = magnitudes(self, layers)
        return rounding_floor(self, layers, e, z, machine_epsilon)

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
