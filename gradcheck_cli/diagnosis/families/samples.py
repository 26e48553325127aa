"""Samples that are missing, doubled, weighted or out of step, in one gradient or in a dZ_l."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.evidence import fitted, largest_rows
from gradcheck_cli.diagnosis.mistake import EXACT, FITTED, LOOSE, RELATED, DeltaCase, Guess, Mistake, TensorCase
from gradcheck_cli.diagnosis.propagation import Propagation
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["DELTA", "TENSOR"]


ZERO = 1e-12  # a weight that is smaller is zero but for rounding
FEW_SAMPLES = 16  # up to here every part of a batch is tried, beyond it halves and quarters


class Shares:
    """What every sample gives to dW_l or db_l: the s-th is dZ[:, s] A[:, s]^T / m, or dZ[:, s] / m."""

    def __init__(self, case: TensorCase, p: Propagation) -> None:
        self.dZ = p.dZ[case.l] / p.divisor
        self.A = p.A(case.l - 1) if case.is_weight else np.ones((1, p.m))
        self.m = p.m
        self.total = self.dZ @ self.A.T

    def of(self, s: int | slice) -> Array:
        """Return the share of one sample, or of a range of them."""
        keep = slice(s, s + 1) if isinstance(s, int) else s
        return np.asarray(self.dZ[:, keep] @ self.A[:, keep].T)

    def nearest(self, residual: Array) -> int:
        """Return the sample whose share, times some number, is nearest to a residual."""
        size = (self.dZ**2).sum(axis=0) * (self.A**2).sum(axis=0)
        along = (self.dZ * (residual @ self.A)).sum(axis=0)
        return int(np.argmax(along**2 / np.where(size > 0, size, np.inf)))

    def nearest_exact(self, residual: Array, weight: float) -> int:
        """Return the sample for which weight * share is nearest to a residual."""
        size = (self.dZ**2).sum(axis=0) * (self.A**2).sum(axis=0)
        along = (self.dZ * (residual @ self.A)).sum(axis=0)
        return int(np.argmin(weight**2 * size - 2 * weight * along))


def tensor_sample(case: TensorCase) -> Iterator[Guess]:
    """Guess one sample left out, taken twice, or the only one."""
    shares = shares_of(case)
    if shares is None:
        return
    m, residual, rest = shares.m, case.claim - case.expected, case.expected - shares.total
    for weight, words, code in (
        (-1.0, "leaves out sample %d", "sample-missing"),
        (1.0, "counts sample %d twice", "sample-doubled"),
    ):
        s = shares.nearest_exact(residual, weight)
        yield Guess(case.expected + weight * shares.of(s), f"{{it}} {words % s}", code=code)
    s = shares.nearest_exact(case.claim - rest - shares.total * m / (m - 1), -m / (m - 1))
    left = (shares.total - shares.of(s)) * m / (m - 1)
    yield Guess(left + rest, f"{{it}} leaves out sample {s} and divides by m - 1", code="sample-missing")
    for weight, words in ((1.0, ""), (float(m), ", not divided by m")):
        s = shares.nearest_exact(case.claim - rest, weight)
        yield Guess(rest + weight * shares.of(s), f"{{it}} includes sample {s} only{words}", code="one-sample")


def tensor_part(case: TensorCase) -> Iterator[Guess]:
    """Guess that only the first or the last k samples are summed."""
    shares = shares_of(case)
    if shares is None:
        return
    rest, m = case.expected - shares.total, shares.m
    for k in range(2, m - 1) if m <= FEW_SAMPLES else (m // 2, m // 4):
        for part, words in ((slice(0, k), "first"), (slice(shares.m - k, shares.m), "last")):
            some = shares.of(part)
            yield Guess(rest + some, f"{{it}} sums only the {words} {k} of {shares.m} samples")
            yield Guess(
                rest + some * (shares.m / k), f"{{it}} is the mean of only the {words} {k} of {shares.m} samples"
            )


def shares_of(case: TensorCase) -> Shares | None:
    """Return the samples' shares of a W_l or b_l; None where there is nothing to tell apart."""
    p = case.propagation
    if p is None or p.m < 2 or not (case.is_weight or case.is_bias):
        return None
    return Shares(case, p)


def one_weight(case: TensorCase) -> Iterator[Guess]:
    """Guess one sample that has another weight, fitted to the claim."""
    shares = shares_of(case)
    if shares is not None and case.expected.size > 3:
        residual = case.claim - case.expected
        share = shares.of(s := shares.nearest(residual))
        if np.sum(np.abs(share) > 1e-3 * np.max(np.abs(share))) < 3:
            return
        weight = float((residual * share).sum() / ((share**2).sum() or 1))
        yield Guess(case.expected + weight * share, f"{{it}} counts sample {s} {1 + weight:.6g} times")


def misaligned(case: TensorCase) -> Iterator[Guess]:
    """Guess samples of dZ_l and A_{l-1} that do not belong together."""
    p = case.propagation
    if p is None or not case.is_weight or p.m < 2:
        return
    dZ = p.dZ[case.l]
    for by in (1, -1, 2, -2):
        yield Guess(p.weights_from(case.l, np.roll(dZ, by, axis=1)), f"{{it}} has the samples of A shifted by {by}")
    yield Guess(p.weights_from(case.l, dZ[:, ::-1]), "{it} has the samples of A in reverse order")


def delta_samples(case: DeltaCase) -> Iterator[Guess]:
    """Guess columns of dZ_l that are zero or doubled: one sample, or a part of the batch."""
    m, dZ = case.propagation.m, case.expected
    if m < 2:
        return
    s = suspect(case)
    for weight, words, code in (
        (0, "leaves out sample %d", "sample-missing"),
        (2, "counts sample %d twice", "sample-doubled"),
    ):
        yield Guess(weighted(dZ, s, weight), f"{{it}} {words % s}", code=code)
    for k in range(1, m) if m <= FEW_SAMPLES else (m // 4, m // 2, m - 1):
        first = np.arange(m) < k
        for keep, words in ((first, f"first {k}"), (~first, f"last {m - k}")):
            code = "one-sample" if keep.sum() == 1 and m > 2 else "sample-missing"
            yield Guess(dZ * keep, f"{{it}} includes only the {words} of {m} samples", code=code)
            yield Guess(dZ * keep * (m / keep.sum()), f"{{it}} includes only the {words} of {m} samples", code=code)
    for by in (1, -1):
        yield Guess(np.roll(dZ, by, axis=1), f"{{it}} has its samples shifted by {by}", code="sample-order")
    yield Guess(dZ[:, ::-1], "{it} has its samples in reverse order", code="sample-order")


def suspect(case: DeltaCase) -> int:
    """Return the sample whose share is nearest to what is wrong with dW_l."""
    p = case.propagation
    tensor = TensorCase(case.evidence, f"W{case.l}", p.gradient(f"W{case.l}"), p)
    return Shares(tensor, p).nearest(tensor.claim - tensor.expected)


def weighted(dZ: Array, s: int, weight: float) -> Array:
    """Return dZ with the s-th sample times a weight."""
    value = dZ.copy()
    value[:, s] *= weight
    return value


def class_weights(case: DeltaCase) -> Iterator[Guess]:
    """Guess a weight for every class, fitted to dW_L and db_L."""
    p, l = case.propagation, case.l
    if l != p.L or p.network.loss_name == "mse":
        return
    Y = p.network.Y
    kind = np.argmax(Y, axis=0) if len(Y) > 1 else (Y[0] > 0.5).astype(int)
    kinds = np.unique(kind)
    if len(kinds) > 1 and p.m >= 2 * len(kinds) and equations(case) > 2 * len(kinds):
        yield from fitted_weights(case, [kind == k for k in kinds], "per class")


def sample_weights(case: DeltaCase) -> Iterator[Guess]:
    """Guess a weight for every sample, where there are far more entries than samples and a second unit."""
    p = case.propagation
    rank = np.linalg.matrix_rank(case.expected) if p.m <= 64 else 0
    if 1 < p.m <= 64 and rank > 1 and equations(case) > 2 * p.m:
        yield from fitted_weights(case, list(np.eye(p.m, dtype=bool)), "per sample")


def equations(case: DeltaCase) -> int:
    """Return how many independent numbers dW_l and db_l tell of dZ_l."""
    n, before = case.evidence.analytic[f"W{case.l}"].shape
    return int(n * min(case.propagation.m, before + 1))


def fitted_weights(case: DeltaCase, groups: list[Array], words: str) -> Iterator[Guess]:
    """Guess weights for groups of samples, by least squares."""
    p, l = case.propagation, case.l
    rows = largest_rows(case.expected)
    inputs = np.vstack([p.A(l - 1), np.ones((1, p.m))]).T / p.divisor
    claim = np.hstack([case.evidence.analytic[f"W{l}"] - p.regulariser(l), case.evidence.analytic[f"b{l}"]])[rows]
    weights = fitted(claim, *((case.expected[rows] * g) @ inputs for g in groups))
    if (weights < -1e-9).any():
        return
    text = ", ".join(f"{w:.4g}" for w in np.where(np.abs(weights) < ZERO, 0.0, weights)[:6]) + (
        ", ..." if len(weights) > 6 else ""
    )
    value = sum((w * g for w, g in zip(weights, groups, strict=True)), np.zeros(p.m)) * case.expected
    yield Guess(value, f"{{it}} has one weight {words}: {text}", fitted=len(weights))


_LOOK = "look at which samples the line of {it} runs over"
TENSOR = (
    Mistake("sample-missing", EXACT, tensor_sample, _LOOK),
    Mistake("sample-order", EXACT, misaligned, _LOOK + ", and at their order"),
    Mistake("sample-missing", EXACT, tensor_part, _LOOK),
    Mistake("sample-weights", LOOSE, one_weight, _LOOK + ", and at their weights"),
)
DELTA = (
    Mistake("sample-missing", EXACT, delta_samples, _LOOK),
    Mistake(
        "sample-weights", FITTED, class_weights, "the loss has no class weights: look for them in the line of {it}"
    ),
    Mistake(
        "sample-weights", RELATED, sample_weights, "the loss has no sample weights: look for them in the line of {it}"
    ),
)
