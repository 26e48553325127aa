"""The pages in groups, in the order in which they are listed."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["MISTAKES", "TOPICS", "grouped"]

TOPICS = {
    "To begin": (
        "start", "commands", "student", "student-zh",
        "ml", "statistician", "engineer", "ci", "pytest", "watch", "large",
    ),
    "What is checked": (
        "func", "layers", "jacobians", "sparse", "adjoint", "jvp", "hessian", "complex", "torch", "jax", "objective",
        "model", "networks",
    ),
    "What is printed": ("report", "verdict", "words", "exit-codes", "mistakes", "fix", "formats"),
    "How it is judged": ("difference", "inconclusive", "catches", "precision", "kink", "screen"),
    "Besides": ("beside-others", "programs", "language", "faq"),
}  # fmt: skip
"""The topics."""

MISTAKES = {
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
    named = {code for group in MISTAKES.values() for code in group}
    groups = {title: [code for code in group if code in known] for title, group in MISTAKES.items()}
    return {**groups, "further": [code for code in known if code not in named]}
