"""The activation's derivative g'(Z_l) in dZ_l = dA_l * g'(Z_l): missing, another one, or taken somewhere else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.mistake import EXACT, DeltaCase, Guess, Mistake
from gradcheck_cli.problems.networks.activations import ACTIVATIONS, normal_density, normal_distribution, sigmoid
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["DELTA", "before_activation"]


def before_activation(case: DeltaCase) -> Array | None:
    """Return what g'(Z_l) is multiplied by: dA_l with its mask; None where the layer has no elementwise g."""
    p, l = case.propagation, case.l
    if p.network.activations[l - 1] == "softmax":
        return None
    if l < p.L:
        return p.dA[l] * p.network.masks.get(l, 1.0)
    return p.A(l) - p.network.Y if p.network.loss_name == "mse" else None


def replaced(case: DeltaCase, factors: Iterator[tuple[Array, str]]) -> Iterator[Guess]:
    """Guess other factors in the place of g'(Z_l)."""
    dA = before_activation(case)
    if dA is not None:
        for factor, words in factors:
            yield Guess(dA * factor, f"{{it}} {words}")


def missing(case: DeltaCase) -> Iterator[Guess]:
    """Guess dZ_l = dA_l."""
    name = case.propagation.network.activations[case.l - 1]
    one = np.ones_like(case.expected)
    code = "output-delta" if case.l == case.propagation.L else ""
    for guess in replaced(case, iter([(one, f"is dA_{case.l}: the derivative of {name} is missing")])):
        yield Guess(guess.value, guess.message, code=code)


def another(case: DeltaCase) -> Iterator[Guess]:
    """Guess the derivative of another activation, or a wrong form of the right one."""
    p, l = case.propagation, case.l
    name, Z, A = p.network.activations[l - 1], p.Z(l), p.A(l)
    if name == "softmax":
        return
    right = ACTIVATIONS[name].derivative(Z)
    forms = [
        (activation.derivative(Z), f"uses the derivative of {other}, not of {name}")
        for other, activation in ACTIVATIONS.items()
        if other not in (name, "identity")
    ]
    forms += [(factor, f"uses {words}, not the derivative of {name}") for factor, words in wrong_forms(Z)]
    if l < p.L:
        forms += [(right**2, f"has the derivative of {name} twice")]
    forms += [(A, f"has {name}(Z) instead of its derivative")]
    yield from replaced(case, iter(forms))


def wrong_forms(Z: Array) -> Iterator[tuple[Array, str]]:
    """Yield what people write for the derivatives of the usual activations."""
    for slope in (0.1, 0.2, 0.3, 0.001, 0.05, 0.25):
        yield np.where(Z > 0, 1.0, slope), f"the slope {slope:g} below 0"
    yield np.where(Z > 0, 0.01, 1.0), "a leaky slope on the wrong side of 0"
    yield np.where(Z > 0, 0.0, 1.0), "a mask of the units that are off"
    yield normal_distribution(Z), "gelu' without its second term"
    yield normal_density(Z), "the normal density"
    yield gelu_tanh_derivative(Z), "the tanh approximation's derivative of gelu"
    s = sigmoid(1.702 * Z)
    yield s + 1.702 * Z * s * (1 - s), "the sigmoid approximation's derivative of gelu"
    S, T, E = sigmoid(Z), np.tanh(Z), np.expm1(np.minimum(Z, 0))
    yield np.where(Z > 0, 1.0, E), "the value exp(Z) - 1 below 0"
    yield E + 1 - np.where(Z > 0, 1.0, 0.0), "exp(Z) below 0 and 0 above"
    yield 1 - S, "1 - sigmoid(Z)"
    yield S**2, "sigmoid(Z)^2"
    yield S * (1 + S), "S (1 + S)"
    yield (1 - S) ** 2, "(1 - S)^2"
    yield 1 - T, "1 - tanh(Z)"
    yield 1 + T**2, "1 + tanh(Z)^2"
    yield (1 - T) ** 2, "(1 - tanh(Z))^2"
    yield 1 - S**2, "1 - sigmoid(Z)^2"
    yield T * (1 - T), "T (1 - T)"
    yield np.sign(Z), "the sign of Z"


def gelu_tanh_derivative(Z: Array) -> Array:
    """Return the derivative of z/2 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3)))."""
    c = np.sqrt(2 / np.pi)
    T = np.tanh(c * (Z + 0.044715 * Z**3))
    return np.asarray((1 + T) / 2 + Z / 2 * (1 - T**2) * c * (1 + 3 * 0.044715 * Z**2))


def wrong_variable(case: DeltaCase) -> Iterator[Guess]:
    """Guess the right formula with A_l in the place of Z_l, or Z_l where A_l is due."""
    p, l = case.propagation, case.l
    name, Z = p.network.activations[l - 1], p.Z(l)
    if name == "softmax":
        return
    derivative = ACTIVATIONS[name].derivative
    undropped = ACTIVATIONS[name].value(Z)
    forms = [
        (derivative(p.A(l)), f"takes the derivative of {name} at A_{l}, not at Z_{l}"),
        (derivative(undropped), f"takes the derivative of {name} at A_{l} before its mask, not at Z_{l}"),
    ]
    due = f"instead of the derivative of {name}"
    for letter, V in ((f"Z_{l}", Z), (f"A_{l}", p.A(l)), (f"A_{l}, before its mask,", undropped)):
        forms += [
            (1 - V**2, f"has 1 - V^2 with V = {letter} {due}"),
            (V * (1 - V), f"has V (1 - V) with V = {letter} {due}"),
            (1 - V, f"has 1 - {letter} {due}"),
        ]
        if name == "elu":
            forms += [(np.exp(np.minimum(V, 0)), f"has exp(V) below 0 with V = {letter} {due}")]
    dA = before_activation(case)
    if dA is not None:
        forms += [(derivative(dA), f"takes the derivative of {name} at dA_{l}, not at Z_{l}")]
    yield from replaced(case, iter(forms))


def wrong_layer(case: DeltaCase) -> Iterator[Guess]:
    """Guess the derivative at another layer's Z or A."""
    p, l = case.propagation, case.l
    name = p.network.activations[l - 1]
    if name == "softmax":
        return
    derivative = ACTIVATIONS[name].derivative
    others = [k for k in range(p.L + 1) if k != l and p.A(k).shape == case.expected.shape]
    forms = [(derivative(p.A(k)), f"takes the derivative of {name} at A_{k}, not at Z_{l}") for k in others]
    forms += [(derivative(p.Z(k)), f"takes the derivative of {name} at Z_{k}, not at Z_{l}") for k in others if k]
    forms += [
        (form, f"has the derivative of {name} in terms of A_{k}, not A_{l}")
        for k in others
        for form in in_terms_of(name, p.A(k))
    ]
    yield from replaced(case, iter(forms))


def in_terms_of(name: str, A: Array) -> Iterator[Array]:
    """Yield the derivative of tanh, sigmoid or elu written in terms of its value."""
    if name == "tanh":
        yield 1 - A**2
    if name == "sigmoid":
        yield A * (1 - A)
    if name == "elu":
        yield np.where(A > 0, 1.0, A + 1)


_LOOK = "look at the derivative of the activation in the line that computes {it}"
DELTA = (
    Mistake("missing-activation-derivative", EXACT, missing, _LOOK, scalable=True),
    Mistake("derivative-of-wrong-variable", EXACT, wrong_variable, _LOOK + ": which of Z and A goes in", scalable=True),
    Mistake("wrong-activation-derivative", EXACT, another, _LOOK, scalable=True),
    Mistake("wrong-cache", EXACT, wrong_layer, _LOOK + ": from which layer's cache it comes", scalable=True),
)
