"""The gradient of a network's loss by the complex step, from forward propagation alone.

For a real function f that is written in complex arithmetic, f(x + ih) = f(x) + ih f'(x) + O(h^2), so Im f(x + ih) / h
is the derivative without any cancellation, and with h = 1e-100 without truncation (Squire and Trapp, Using complex
variables to estimate derivatives of real functions, SIAM Review 40, 1998).

One step does for many entries. Moving Z_l[i, s], unit i of layer l for sample s, by ih moves the loss of that sample
only, so all samples are moved at once and a forward propagation of the layers behind l gives a row of m dJ/dZ_l, and
all units, a block of them at a time, all its rows. Since Z_l = W_l A_{l-1} + b_l by definition,

    dJ/dW_l = (dJ/dZ_l) A_{l-1}^T          dJ/db_l = dJ/dZ_l summed over the samples

That costs n_1 + ... + n_L forward propagations of the layers behind, instead of one for each entry. The backward
propagation is never used.

Piecewise activations take their branch from the real part. Where Z is 0 to rounding the slope is any number between the
two of its sides; the deltas are made with several weights of the positive side, and a right claim lies between them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.networks.activations import ACTIVATIONS, softmax_complex
from gradcheck_cli.problems.networks.course import CourseNetwork, Layer
from gradcheck_cli.problems.networks.losses import LOSSES
from gradcheck_cli.vocabulary.parameters import Array, ComplexArray

__all__ = ["complex_step_deltas", "gradient_rows"]

STEP = 1e-100  # its square vanishes beside 1, and it is far from the smallest number
BLOCK_NUMBERS = 2**16  # complex numbers of a layer at once: about a megabyte, which a cache holds


def complex_step_deltas(
    network: CourseNetwork, layers: Sequence[Layer], kinks: Sequence[NDArray[np.bool_]], weight: float
) -> list[Array]:
    """Differentiate the loss by every Z_l.

    Parameters
    ----------
    network : CourseNetwork
        Whose forward propagation is differentiated.
    layers : sequence of Layer
        What it left at the point.
    kinks : sequence of ndarray of shape (n_l, m)
        For each layer, where Z_l is 0 to rounding.
    weight : float
        Between 0 and 1: the share of the positive side in the slope there.

    Returns
    -------
    list of ndarray of shape (n_l, m)
        m dJ/dZ_1 ... m dJ/dZ_L.
    """
    m = network.sample_count
    branches = [np.where(kink, weight, layer.Z > 0) for kink, layer in zip(kinks, layers, strict=True)]
    deltas = []
    for l, layer in enumerate(layers, start=1):
        dZ = np.empty_like(layer.Z)
        widest = max(other.Z.shape[0] for other in layers[min(l, len(layers) - 1) :])
        at_once = max(1, BLOCK_NUMBERS // (widest * m))
        for start in range(0, dZ.shape[0], at_once):
            units = np.arange(start, min(start + at_once, dZ.shape[0]))
            dZ[units] = unit_derivatives(network, layers, branches, l, units)
        deltas.append(dZ)
    return deltas


def gradient_rows(network: CourseNetwork, parameter: str, rows: slice, deltas: Sequence[Array]) -> Array:
    """Return some rows of the gradient by a parameter from m dJ/dZ_1 ... m dJ/dZ_L."""
    dZ, m = deltas[int(parameter[1:]) - 1][rows], network.sample_count
    if parameter.startswith("b"):
        return np.asarray(dZ.sum(axis=1, keepdims=True) / m)
    W = network.parameters[parameter][rows]
    return np.asarray(np.dot(dZ, network.inputs_of(parameter).T) / m + network.l2 / m * W)


def unit_derivatives(
    network: CourseNetwork, layers: Sequence[Layer], branches: Sequence[Array], l: int, units: NDArray[np.intp]
) -> Array:
    """Return m dJ/dZ_l[i, s] for some units i of layer l and all samples s, shape (len(units), m).

    Each unit has a copy of all samples. A step so small leaves every real part as it was, so only what is imaginary is
    carried from layer to layer.
    """
    m, last = network.sample_count, network.layer_count
    Z = moved_units(layers[l - 1].Z, units) if l == last else behind(network, layers, branches[l - 1], l, units)
    for k in range(l + 1, last):
        A = activate(network, k, Z, np.tile(branches[k - 1], len(units)))
        Z = with_imaginary(layers[k].Z, network.parameters[f"W{k + 1}"] @ A.imag)
    A = activate(network, last, Z, np.tile(branches[last - 1], len(units)))
    terms = LOSSES[network.loss_name].complex_terms(Z, A, np.tile(network.Y, len(units)))
    return terms.imag.reshape(len(units), m) / STEP


def moved_units(Z: Array, units: NDArray[np.intp]) -> ComplexArray:
    """Return copies of Z, side by side, in each of which one unit is moved by the imaginary step."""
    columns = np.arange(len(units) * Z.shape[1]).reshape(len(units), -1)
    imaginary = np.zeros((len(Z), columns.size))
    imaginary[units[:, None], columns] = STEP
    return with_imaginary(Z, imaginary)


def behind(
    network: CourseNetwork, layers: Sequence[Layer], branch: Array, l: int, units: NDArray[np.intp]
) -> ComplexArray:
    """Return Z_{l+1} for every moved unit of a hidden layer l: of A_l only that unit's row is imaginary."""
    Z = with_imaginary(layers[l - 1].Z[units], np.full((len(units), network.sample_count), STEP))
    rows = ACTIVATIONS[network.activations[l - 1]].complex_value(Z, branch[units]).imag
    if l in network.masks:
        rows = rows * network.masks[l][units]
    imaginary = network.parameters[f"W{l + 1}"][:, units, None] * rows
    return with_imaginary(layers[l].Z, imaginary.reshape(len(imaginary), -1))


def with_imaginary(Z: Array, imaginary: Array) -> ComplexArray:
    """Return copies of Z, side by side, with these imaginary parts."""
    result = np.empty(imaginary.shape, dtype=np.complex128)
    result.real = np.tile(Z, imaginary.shape[1] // Z.shape[1])
    result.imag = imaginary
    return result


def activate(network: CourseNetwork, l: int, Z: ComplexArray, branch: Array) -> ComplexArray:
    """Return A_l for complex Z_l of some copies of all samples."""
    name = network.activations[l - 1]
    A = softmax_complex(Z) if name == "softmax" else ACTIVATIONS[name].complex_value(Z, branch)
    if l in network.masks:
        A = A * np.tile(network.masks[l], Z.shape[1] // network.sample_count)
    return A
