"""The numbers that the numeric stage and the verdict share, each with its unit and its reason."""

from __future__ import annotations

import numpy as np

__all__ = [
    "CATCHES",
    "DUST",
    "EPS",
    "FLAT",
    "LOST",
    "NEGLIGIBLE",
    "NOISE_BARS",
    "NORMAL",
    "ROUNDING",
    "SAFETY",
    "SINGLE",
    "STILL",
]

EPS = float(np.finfo(np.float64).eps)
NORMAL = float(np.finfo(np.float64).tiny)  # below the smallest normal number arithmetic has no relative precision
SINGLE = float(np.finfo(np.float32).eps)

NOISE_BARS = (
    2.0  # standard deviations over the step: a centred difference has noise / (sqrt(2) h), this is almost three
)
SAFETY = 4.0  # error bars: they are estimates, and a right gradient must not fail
ROUNDING = 16.0  # machine epsilons of the slopes in sight: what the formula of a right claim may lose
LOST = 1000.0  # standard deviations of the loss: a change that noise cannot hide
STILL = 8.0  # standard deviations of the loss: a change that is none

DUST = 1e-6  # of the largest entry of all: a size that may be none
CATCHES = 0.1  # of a derivative: if an error as large as that went unseen, a PASS of it would say nothing
FLAT = 1e-7  # of the slopes at a tenth of the size: at a minimum, the slope at 1e-8 of the size from it
NEGLIGIBLE = 1e-9  # of the slope of the whole loss, for a relative step: an error that is nothing beside it
