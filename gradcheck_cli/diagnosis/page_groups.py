"""The codes in groups, for a reader who looks for a mistake that is like theirs."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["grouped"]

GROUPS = {
    "a factor, a sign": (
        "factor", "delta-factor", "factor-all", "small-relative-error", "data-scaled", "factor-along-axis", "signs",
        "absolute-values", "offset", "elementwise",
    ),
    "a step of the backward pass": (
        "missing-activation-derivative", "wrong-activation-derivative", "derivative-of-wrong-variable", "wrong-cache",
        "weights-not-transposed", "wrong-weights", "updated-weights", "wrong-input", "wrong-delta", "dA-for-dZ",
        "input-shifted", "output-delta", "labels", "link-derivative", "normalisation", "sums-right", "wrong-step",
    ),
    "an axis, an order, a place": (
        "transposed", "wrong-axis", "broadcast", "permuted", "copied", "swapped", "constant-along-axis", "slices",
        "rows", "columns", "single-entry", "few-entries", "rank-one", "zero", "non-finite",
    ),
    "the samples": ("sample-missing", "sample-doubled", "one-sample", "sample-weights", "sample-order", "over-samples",
        "some-labels",
    ),
    "penalties and masks": (
        "regulariser-missing", "regulariser-wrong", "regularised-bias", "penalty-differs", "dropout-mask-missing",
        "dropout-scale-missing", "dropout-mask-wrong",
    ),
    "the digits": ("float16", "float32", "rounded", "clipped-value", "clipped-norm", "noise"),
    "another point, another function": (
        "stale", "momentum", "another-loss", "derivation", "right-on-a-set", "made-symmetric",
    ),
    "what is not linear": ("adds-a-constant", "clips", "not-linear", "changes-its-cache"),
    "Hessians, Jacobians, complex numbers": (
        "half-stored", "off-diagonal-doubled", "clipped", "damped", "gauss-newton", "outside-pattern", "conjugate",
        "half-missing", "not-holomorphic",
    ),
    "no known mistake": ("unknown",),
}  # fmt: skip
"""The codes by what they are about; those that stand in none are listed at the end."""


def grouped(codes: Iterable[str]) -> dict[str, list[str]]:
    """Return codes by their groups."""
    known = list(codes)
    named = {code for group in GROUPS.values() for code in group}
    groups = {title: [code for code in group if code in known] for title, group in GROUPS.items()}
    return {**groups, "further": [code for code in known if code not in named]}
