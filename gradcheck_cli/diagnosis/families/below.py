"""A wrong dZ_l told without the network: the same thing happened to all gradients of layer l and below."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.evidence import fitted, layer_of, projection
from gradcheck_cli.diagnosis.families.factors import code_of, factor_help, settled
from gradcheck_cli.diagnosis.mistake import EXACT, FITTED, RELATED, Mistake, WholeCase, WholeGuess
from gradcheck_cli.diagnosis.naming import times
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["BELOW"]


def one_factor(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess c times what comes from the data; what a regulariser adds to dW_l, some multiple of W_l, stays."""
    biases = [name for name in case.expected if name[0] == "b"]
    claim = np.concatenate([case.evidence.analytic[name].reshape(-1) for name in biases])
    right = np.concatenate([case.expected[name].reshape(-1) for name in biases])
    for factor, rank in settled(projection(claim, right), {}):
        values = {name: array * factor + regulariser(case, name, factor) for name, array in case.expected.items()}
        message, code = f"{{it}} is {times(factor, {})}", code_of(factor, "delta-factor")
        yield WholeGuess(values, message, help=factor_help(factor, {}), code=code, factor=factor, rank=rank)


def one_factor_a_layer(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess a factor for every layer: one slip in what all layers share adds up on the way back."""
    highest = max(layer_of(name) or 0 for name in case.expected)
    factors = {}
    for l in range(highest, 0, -1):
        W, b = f"W{l}", f"b{l}"
        largest = max((W, b), key=lambda name: case.expected[name].size)
        factors[l] = fitted(case.evidence.analytic[largest], case.expected[largest], case.evidence.parameters[largest])[
            0
        ]
    if highest < 2 or len({round(factor, 6) for factor in factors.values()}) == 1:
        return
    values = {
        name: array * factors[layer_of(name) or 0] + regulariser(case, name, factors[layer_of(name) or 0])
        for name, array in case.expected.items()
    }
    told = ", ".join(f"dZ{l} is {factor:.6g} times the right one" for l, factor in factors.items())
    steps = [factors[l - 1] / factors[l] for l in range(highest, 1, -1)]
    if all(abs(step - factors[highest]) <= 1e-6 * abs(factors[highest]) for step in steps):
        told += f": a further factor {steps[0]:.6g} at every layer"
    yield WholeGuess(values, told, factor=factors[highest], fitted=len(factors))


def regulariser(case: WholeCase, name: str, factor: float) -> Array:
    """Return the multiple of W_l that a factor on the data's part of dW_l leaves over."""
    W = case.evidence.parameters[name]
    if name[0] == "b" or W.size < 2:
        return np.zeros_like(W)
    return projection(case.evidence.analytic[name] - factor * case.expected[name], W) * W


def nothing(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess that nothing flows back: all zero but for multiples of W_l."""
    values = {name: regulariser(case, name, 0.0) for name in case.expected}
    rank = FITTED if any(value.any() for value in values.values()) else EXACT
    yield WholeGuess(values, "{it} is zero: nothing flows back through this layer", rank=rank)


BELOW = (
    Mistake("zero", EXACT, nothing, "look for a dead mask or a detached value in the line that computes {it}"),
    Mistake("delta-factor", EXACT, one_factor, "look for a stray factor in the line that computes {it}"),
    Mistake("delta-factor", RELATED, one_factor_a_layer, "look for a stray factor in what all layers share"),
)
