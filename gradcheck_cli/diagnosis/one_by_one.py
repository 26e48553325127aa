"""The steps of a backward pass that was asked for single samples, each tested alone.

With one sample db_l is dZ_l itself, and dW_l is dZ_l A_{l-1}^T plus the penalty's term. So every step can be held
against what its own inputs make of it, right or wrong as they are, and the first that does not follow is the mistake,
whoever made it and whatever it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gradcheck_cli.diagnosis.propagation import Propagation
from gradcheck_cli.problems.networks.activations import ACTIVATIONS
from gradcheck_cli.problems.networks.probes import Probes
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import CheckReport, Finding

__all__ = ["step_findings", "with_single_samples"]

SAME = 1e-8  # of the largest entry: what two arrays may differ by that are one
SMOOTH = 0.1  # of their range: by how much values of a function of Z differ where Z hardly does, in the median
TELLING = 1e-6  # of the largest: what a quotient has to be of to be told


def with_single_samples(report: CheckReport, probes: Probes) -> CheckReport:
    """Put in the place of what is unknown in a report the steps that do not follow from what goes into them."""
    if not any(finding.code == "unknown" for finding in report.findings):
        return report
    with np.errstate(all="ignore"):
        found = tuple(step_findings(probes))
    rest = tuple(finding for finding in report.findings if finding.code != "unknown")
    return replace(report, findings=(*rest, *found)) if found else report


def step_findings(probes: Probes) -> Iterator[Finding]:
    """Yield the steps that are wrong, on the way back; one finding on all where every sample alone is right.

    Nothing is yielded where no gradient of a batch is the mean of those of its samples: a backward pass may then
    know only of the number of samples that it was written for.
    """
    p = Propagation.of(probes.network)
    found = tuple(steps(probes, p))
    if found and any(is_mean(probes, f"b{l}") for l in range(1, p.L + 1)):
        yield from found
    if not found:
        yield Finding(
            "over-samples",
            "all",
            f"every gradient is right for each of the {p.m} samples alone, but not for all of them together",
            help="look at what runs over the samples: a sum or a mean, its axis, a number of samples, their order",
        )


def is_mean(probes: Probes, name: str) -> bool:
    """Whether what is claimed of some samples together is the mean of what is claimed of each."""
    return same(np.mean([claim[name] for claim in probes.claims[: probes.count]], axis=0), probes.together[name])


def steps(probes: Probes, p: Propagation) -> Iterator[Finding]:
    """Yield the steps that do not follow from what goes into them."""
    claims = probes.claims
    dZ = {l: np.hstack([claim[f"b{l}"] for claim in claims]) for l in range(1, p.L + 1)}
    above: Array | None = None
    for l in range(p.L, 0, -1):
        follows = p.dZ[p.L] if above is None else following(p, l, above)
        fits_b, fits_W = same(dZ[l], follows), is_product(probes, p, l, follows)
        if fits_b != fits_W:
            line, other = (f"db{l}", f"dW{l}") if fits_W else (f"dW{l}", f"db{l}")
            said = f"{line} of a single sample does not follow from dZ{l}, but {other} does"
            yield Finding("wrong-step", line, said, help=f"look at the line that computes {line}", layer=l)
        elif not fits_b and not is_product(probes, p, l, dZ[l]):
            said = f"dW{l} and db{l} of a single sample are both wrong and do not follow from one dZ{l}"
            yield Finding("wrong-step", f"dZ{l}", said, help=f"look at the lines of dZ{l}, dW{l} and db{l}", layer=l)
            return
        elif not fits_b:
            yield wrong_step(p, l, dZ[l], follows, above)
        above = follows if fits_b or fits_W else dZ[l]


def following(p: Propagation, l: int, above: Array) -> Array:
    """Return the dZ_l that follows from a dZ_{l+1}, be that right or wrong."""
    return p.network.hidden_delta(l, np.dot(p.W(l + 1).T, above), p.Z(l))


def same(one: Array, other: Array) -> bool:
    """Whether two arrays are one, but for rounding."""
    return bool(np.max(np.abs(one - other), initial=0.0) <= SAME * np.max(np.abs(other), initial=0.0))


def is_product(probes: Probes, p: Propagation, l: int, dZ: Array) -> bool:
    """Whether the claimed dW_l of every sample is dZ_l A_{l-1}^T plus the penalty's term."""
    A, term = p.A(l - 1), p.network.l2 * p.W(l)
    made = [np.outer(dZ[:, s], A[:, s]) + term for s in range(p.m)]
    return same(np.array([claim[f"W{l}"] for claim in probes.claims]), np.array(made))


def wrong_step(p: Propagation, l: int, dZ: Array, follows: Array, above: Array | None) -> Finding:
    """Say which part of the step to dZ_l is wrong: what dZ_{l+1} is multiplied with, or the derivative."""
    if above is None:
        i, s = largest(dZ - follows)
        said = f"{numbers(dZ[i, s], follows[i, s])} where A is {p.A(l)[i, s]:.6g} and Y is {p.network.Y[i, s]:.6g}"
        look = f"compare the line that computes dZ{l} with the derivative of the loss"
        return Finding("output-delta", f"dZ{l}", f"dZ{l} of a single sample is {said}", note=TOLD, help=look, layer=l)
    for found in (other_matrix(p, l, dZ, above), other_slope(p, l, dZ, above)):
        if found is not None:
            return found
    i, s = largest(dZ - follows)
    said = f"dZ{l} of a single sample is {numbers(dZ[i, s], follows[i, s])}, computed from its own dZ{l + 1}"
    return Finding("wrong-step", f"dZ{l}", said, note=TOLD, help=f"look at the line that computes dZ{l}", layer=l)


TOLD = "seen in the backward pass on single samples, where db is dZ itself"


def numbers(wrong: float, right: float) -> str:
    """Set two numbers beside each other."""
    return f"{wrong:.6g} instead of {right:.6g}"


def largest(array: Array) -> tuple[int, int]:
    """Return the place of the largest magnitude."""
    i, s = np.unravel_index(np.argmax(np.abs(array)), array.shape)
    return int(i), int(s)


def other_matrix(p: Propagation, l: int, dZ: Array, above: Array) -> Finding | None:
    """Name another matrix in the place of W_{l+1}^T, where there is one that makes all of dZ_l."""
    if p.m < 2 * len(above):
        return None
    slope = p.network.hidden_delta(l, np.ones_like(dZ), p.Z(l))
    V = np.array([np.linalg.lstsq((above * slope[i]).T, dZ[i], rcond=None)[0] for i in range(len(dZ))])
    if not same(np.dot(V, above) * slope, dZ):
        return None
    live = np.abs(slope).max(axis=1, keepdims=True) > 0
    i, j = largest((V - p.W(l + 1).T) * live)
    said = f"dZ{l} goes through a matrix other than W{l + 1} transposed: its [{i}, {j}] is"
    return Finding(
        "wrong-weights",
        f"dZ{l}",
        f"{said} {numbers(V[i, j], p.W(l + 1)[j, i])}",
        note=f"the derivative of the activation is right; {TOLD}",
        help=f"look at what dZ{l + 1} is multiplied by",
        layer=l,
    )


def other_slope(p: Propagation, l: int, dZ: Array, above: Array) -> Finding | None:
    """Name another derivative of the activation: what is applied, where that is a function of Z_l."""
    dA = np.dot(p.W(l + 1).T, above) * p.network.masks.get(l, 1.0)
    g = p.network.activations[l - 1]
    right = ACTIVATIONS[g].derivative(p.Z(l))
    telling = np.abs(dA) > TELLING * np.max(np.abs(dA))
    applied, Z, due = (dZ / dA)[telling], p.Z(l)[telling], right[telling]
    order = np.argsort(Z)
    steps = np.abs(np.diff(applied[order]))
    spread = np.ptp(applied)
    if len(applied) < 2 or not np.median(steps) <= SMOOTH * spread + SAME * np.max(np.abs(applied)):
        return None
    k = int(np.argmax(np.abs(applied - due)))
    said = f"the derivative of {g} that is applied at Z_{l} = {Z[k]:.6g} is {numbers(applied[k], due[k])}"
    known = [words for form, words in forms(Z, p.A(l)[telling], due, g) if same(form, applied)]
    return Finding(
        "wrong-activation-derivative",
        f"dZ{l}",
        f"{said}{': ' + known[0] if known else ''}",
        note=f"what comes from dZ{l + 1} is right; {TOLD}",
        help=f"look at the derivative of {g} in the line that computes dZ{l}",
        layer=l,
    )


def forms(Z: Array, A: Array, due: Array, g: str) -> Iterator[tuple[Array, str]]:
    """Yield what may stand in the place of a derivative."""
    yield np.ones_like(due), "it is left out"
    yield np.sqrt(np.abs(due)), "its square root"
    yield due**2, "its square"
    yield 1 - due, "1 minus it"
    yield -due, "minus it"
    yield A, f"the value of {g} itself"
    yield 1 - A, f"1 minus the value of {g}"
    yield ACTIVATIONS[g].derivative(A), "taken at A, not at Z"
    yield Z, "Z itself"
