"""The dropout mask D_l in dZ_l = dA_l * D_l * g'(Z_l)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.mistake import EXACT, DeltaCase, Guess, Mistake
from gradcheck_cli.problems.networks.activations import ACTIVATIONS
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["DELTA"]


def unmasked(case: DeltaCase) -> Array | None:
    """Return dA_l * g'(Z_l) of a hidden layer with a mask; None elsewhere."""
    p, l = case.propagation, case.l
    if l == p.L or l not in p.network.masks:
        return None
    return np.asarray(p.dA[l] * ACTIVATIONS[p.network.activations[l - 1]].derivative(p.Z(l)))


def missing(case: DeltaCase) -> Iterator[Guess]:
    """Guess dZ_l without D_l."""
    dZ = unmasked(case)
    if dZ is not None:
        yield Guess(dZ, f"{{it}} lacks the dropout mask D_{case.l}")


def unscaled(case: DeltaCase) -> Iterator[Guess]:
    """Guess a mask of zeros and ones, without its 1/keep."""
    dZ = unmasked(case)
    if dZ is not None:
        yield Guess(dZ * (case.propagation.network.masks[case.l] > 0), f"{{it}} has D_{case.l} without its 1/keep")


def wrong_mask(case: DeltaCase) -> Iterator[Guess]:
    """Guess the mask twice, turned round, or another layer's."""
    dZ, masks = unmasked(case), case.propagation.network.masks
    if dZ is None:
        return
    D = masks[case.l]
    yield Guess(dZ * D**2, f"{{it}} has the mask D_{case.l} twice")
    yield Guess(dZ * (D == 0), f"{{it}} has the mask D_{case.l} inverted")
    yield Guess(dZ * (D == 0) * D.max(), f"{{it}} has the mask D_{case.l} inverted")
    for k, other in masks.items():
        if k != case.l and other.shape == D.shape:
            yield Guess(dZ * other, f"{{it}} has the mask D_{k}, not D_{case.l}", code="wrong-cache")


DELTA = (
    Mistake("dropout-mask-missing", EXACT, missing, "multiply dA by the mask of the forward pass in the line of {it}"),
    Mistake("dropout-scale-missing", EXACT, unscaled, "look for the 1/keep of the mask in the line that computes {it}"),
    Mistake("dropout-mask-wrong", EXACT, wrong_mask, "look at the mask in the line that computes {it}", scalable=True),
)
