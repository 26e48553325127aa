"""Back-propagation that can be gone on with from any dZ_l: right rules below a wrong step.

The letters are the course's; all dZ and dA are m times the derivative of J, as in `problems.networks.course`. Of a
user's loss that is no mean over the m samples, they are its divisor times the derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.problems.networks.course import Layer
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["Propagation"]


@dataclass(frozen=True)
class Propagation:
    """A forward pass and what a backward pass made of it, mistakes included that were accepted so far."""

    network: Network
    layers: Sequence[Layer]
    dZ: dict[int, Array]
    dA: dict[int, Array]
    """dJ/dA_l of the hidden layers, before the mask and g' are applied."""
    divisor: float
    """What the sum over the samples is divided by: m of a mean, 1 of a sum."""

    @classmethod
    def of(cls, network: Network, divisor: float | None = None) -> Propagation:
        """Run the network's right forward and backward propagation."""
        layers = network.forward_propagation(network.parameters)
        start = cls(network, layers, {}, {}, network.sample_count if divisor is None else divisor)
        return start.with_delta(network.layer_count, network.output_delta(layers[-1]))

    @property
    def m(self) -> int:
        """The number of samples."""
        return self.network.sample_count

    @property
    def L(self) -> int:
        """The number of layers."""
        return self.network.layer_count

    def W(self, l: int) -> Array:
        """Return W_l."""
        return self.network.parameters[f"W{l}"]

    def Z(self, l: int) -> Array:
        """Return Z_l."""
        return self.layers[l - 1].Z

    def A(self, l: int) -> Array:
        """Return A_l; A_0 is X."""
        return self.layers[l - 1].A if l else self.network.X

    def with_delta(self, l: int, dZ: Array, lowest: int = 1) -> Propagation:
        """Put dZ in the place of dZ_l and go on from there, by the right rules, down to layer `lowest`."""
        deltas, dAs = {**self.dZ, l: dZ}, dict(self.dA)
        for k in range(l - 1, lowest - 1, -1):
            dAs[k] = np.dot(self.W(k + 1).T, deltas[k + 1])
            deltas[k] = self.network.hidden_delta(k, dAs[k], self.Z(k))
        return replace(self, dZ=deltas, dA=dAs)

    def regulariser(self, l: int) -> Array:
        """Return l2 / m W_l."""
        return self.network.l2 / self.m * self.W(l)

    def weights_from(self, l: int, dZ: Array, A: Array | None = None) -> Array:
        """Return dW_l for a given dZ_l and, where it is not A_{l-1}, a given input."""
        A = self.A(l - 1) if A is None else A
        return np.asarray(1.0 / self.divisor * np.dot(dZ, A.T) + self.regulariser(l))

    def bias_from(self, dZ: Array) -> Array:
        """Return db_l for a given dZ_l."""
        return np.asarray(1.0 / self.divisor * np.sum(dZ, axis=1, keepdims=True))

    def gradient(self, parameter: str) -> Array:
        """Return dW_l or db_l."""
        l = int(parameter[1:])
        return self.weights_from(l, self.dZ[l]) if parameter[0] == "W" else self.bias_from(self.dZ[l])
