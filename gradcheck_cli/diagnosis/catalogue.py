"""All mistakes, in the order in which they are tried within a rank. A family adds itself here with one line."""

from __future__ import annotations

from gradcheck_cli.diagnosis.families import (
    activations,
    axes,
    below,
    combined,
    combined_inputs,
    deltas,
    elementwise,
    elsewhere,
    entries,
    factors,
    halves,
    inputs,
    links,
    marginals,
    masks,
    means,
    normalisations,
    numbers,
    order,
    output,
    penalties,
    projections,
    ranks,
    regulariser,
    samples,
    scaled_data,
    slices,
    sums,
    weights,
)
from gradcheck_cli.diagnosis.mistake import DeltaMistake, TensorMistake, WholeMistake

__all__ = ["BELOW", "DELTA", "TENSOR", "WHOLE", "WHOLE_LAST"]

TENSOR: tuple[TensorMistake, ...] = (
    *entries.TENSOR_FIRST,
    *factors.TENSOR,
    *order.TENSOR,
    *halves.TENSOR,
    *projections.TENSOR,
    *regulariser.TENSOR,
    *numbers.TENSOR,
    *entries.TENSOR,
    *sums.TENSOR,
    *inputs.TENSOR,
    *samples.TENSOR,
    *elsewhere.TENSOR_LAST,
    *combined_inputs.TENSOR,
    *scaled_data.TENSOR,
    *penalties.TENSOR,
    *links.TENSOR,
    *elementwise.TENSOR_RELATED,
    *means.TENSOR,
    *normalisations.TENSOR,
    *axes.TENSOR,
    *slices.TENSOR,
    *elementwise.TENSOR,
    *ranks.TENSOR,
    *marginals.TENSOR,
)
"""Made in the line that computes one gradient."""

DELTA: tuple[DeltaMistake, ...] = (
    *entries.DELTA,
    *masks.DELTA,
    *factors.DELTA,
    *activations.DELTA,
    *weights.DELTA,
    *output.DELTA,
    *deltas.DELTA,
    *numbers.DELTA,
    *samples.DELTA,
    *combined.DELTA,
)
"""Made in the line that computes dZ_l of a known network."""

BELOW: tuple[WholeMistake, ...] = below.BELOW
"""Made in the line that computes dZ_l, told from what it does to the gradients of layer l and below alone."""

WHOLE: tuple[WholeMistake, ...] = (*factors.WHOLE, *numbers.WHOLE, *sums.WHOLE, *order.WHOLE, *scaled_data.WHOLE)
"""Made to all gradients at once."""

WHOLE_LAST: tuple[WholeMistake, ...] = (*elsewhere.WHOLE_LAST, *numbers.WHOLE_LOOSE)
"""The same, tried only where no single step explains the claim."""
