"""The record of a reference: a numeric derivative of every entry with an error bar, the second opinion on a verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.parameters import Array

__all__ = ["Reference"]


@dataclass(frozen=True)
class Reference:
    """The reference of one parameter; every array has the parameter's shape."""

    values: Array
    """The numeric derivatives."""
    bars: Array
    """What a right analytic value may be off by, whatever the threshold: the reference's own error and rounding."""
    single_bars: Array
    """The same for an analytic value that was computed in float32."""
    low: Array
    """Lower end of what is right: the smaller one-sided slope at a kink, `values` elsewhere."""
    high: Array
    """Upper end of what is right."""
    kinks: NDArray[np.bool_]
    """Entries whose one-sided slopes differ."""
    coarse: NDArray[np.bool_]
    """Entries whose bar is too wide to judge by."""
