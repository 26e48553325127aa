"""How far rounding alone may take a right backward propagation from the true gradient.

A running error analysis: beside every number of forward and backward propagation goes the sum of the absolute values
that it was made from, in units of half the machine epsilon. An entry that is small because large terms cancel has a
floor of the size of these terms, and is not called wrong for what their rounding leaves in it.

    e_0 = |X|      z_l = |W_l| e_{l-1} + |b_l|      e_l = (|A_l| + |g_l'| z_l) |D_l|
    d_L = the terms of dZ_L      d_l = (|W_{l+1}|^T d_{l+1}) |D_l| G_l      G_l = |g_l'| + c + |g_l''| z_l
    F_W = eps/2 (d_l e_{l-1}^T / m + l2/m |W_l|)      F_b = eps/2 sum_s d_l / m

F is made some rows at a time: of a large W_l all of it would be as large as everything else together.

c is the size of the terms that g_l' is computed from. G_l never exceeds the largest slope by more than the error of
Z_l.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.networks.activations import ACTIVATIONS
from gradcheck_cli.problems.networks.blocks import dot_sizes
from gradcheck_cli.problems.networks.course import CourseNetwork, Layer
from gradcheck_cli.problems.networks.losses import LOSSES
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["magnitudes", "rounding_floor", "rounding_terms", "units_at_kinks"]

LARGEST_SLOPE = 1.2  # of all activations; gelu's is 1.13
SAFETY = 16.0  # the largest error of 568 right gradients was 3.6 of their floors


def magnitudes(network: CourseNetwork, layers: Sequence[Layer]) -> tuple[list[Array], list[Array]]:
    """Return e_0 ... e_L and z_1 ... z_L: the sums of absolute values behind A_l and Z_l."""
    e, z = [np.abs(network.X)], []
    for l, (Z, A) in enumerate(layers, start=1):
        z.append(dot_sizes(network.parameters[f"W{l}"], e[-1]) + np.abs(network.parameters[f"b{l}"]))
        slope = np.abs(derivative(network, l, Z, A))
        if l in network.masks:
            slope = slope * np.abs(network.masks[l])
        e.append(np.abs(A) + slope * z[-1])
    return e, z


def derivative(network: CourseNetwork, l: int, Z: Array, A: Array) -> Array:
    """Return g_l'(Z); of a softmax, whose slopes all units share, A + A (1 - A) as a bound."""
    name = network.activations[l - 1]
    return A * (2 - A) if name == "softmax" else ACTIVATIONS[name].derivative(Z)


def units_at_kinks(network: CourseNetwork, layers: Sequence[Layer], z: Sequence[Array]) -> list[NDArray[np.bool_]]:
    """Return for each layer where Z_l is 0 to rounding and the activation has a kink there."""
    eps = np.finfo(float).eps
    kinks = []
    for name, layer, bound in zip(network.activations, layers, z, strict=True):
        has_kink = name in ACTIVATIONS and ACTIVATIONS[name].has_kink
        kinks.append((np.abs(layer.Z) <= eps * bound) & has_kink)
    return kinks


def rounding_terms(
    network: CourseNetwork, layers: Sequence[Layer], e: Sequence[Array], z: Sequence[Array]
) -> list[Array]:
    """Return d_1 ... d_L."""
    d = [output_terms(network, layers[-1], e[-1], z[-1])]
    for l in range(network.layer_count - 1, 0, -1):
        dA = dot_sizes(network.parameters[f"W{l + 1}"].T, d[0])
        d.insert(0, hidden_terms(network, l, dA, layers[l - 1].Z, z[l - 1]))
    return d


def rounding_floor(
    network: CourseNetwork, parameter: str, rows: slice, d: Sequence[Array], e: Sequence[Array], eps: float
) -> Array:
    """Return what some rows of a right gradient by a parameter may be off by, with the machine epsilon `eps`."""
    l, m = int(parameter[1:]), network.sample_count
    if parameter.startswith("b"):
        return np.asarray(SAFETY * eps / 2 * d[l - 1][rows].sum(axis=1, keepdims=True) / m)
    W = np.abs(network.parameters[parameter][rows])
    return np.asarray(SAFETY * eps / 2 * (d[l - 1][rows] @ e[l - 1].T / m + network.l2 / m * W))


def output_terms(network: CourseNetwork, last: Layer, e: Array, z: Array) -> Array:
    """Return d_L, the sum of the absolute values behind m dJ/dZ_L."""
    terms = e + np.abs(network.Y)
    name = network.activations[-1]
    if LOSSES[network.loss_name].output_delta is not None:
        return terms * np.maximum(1, np.abs(network.Y).sum(axis=0)) if name == "softmax" else terms
    if name == "softmax":
        return np.asarray(2 * last.A * (terms + (last.A * terms).sum(axis=0)))
    activation = ACTIVATIONS[name]
    slope_error = activation.curvature(last.Z) * z + activation.derivative_rounding
    return terms * np.abs(activation.derivative(last.Z)) + np.abs(last.A - network.Y) * slope_error


def hidden_terms(network: CourseNetwork, l: int, dA: Array, Z: Array, z: Array) -> Array:
    """Return d_l of a hidden layer from |W_{l+1}|^T d_{l+1}."""
    if l in network.masks:
        dA = dA * np.abs(network.masks[l])
    activation = ACTIVATIONS[network.activations[l - 1]]
    slope = np.abs(activation.derivative(Z))
    if activation.has_kink:  # at the kink either side may be taken
        slope = np.maximum(slope, np.abs(activation.derivative(np.abs(Z)))) * (Z >= 0) + slope * (Z < 0)
    slope_terms = slope + activation.derivative_rounding + activation.curvature(Z) * z
    return np.asarray(dA * np.minimum(slope_terms, LARGEST_SLOPE + z))
