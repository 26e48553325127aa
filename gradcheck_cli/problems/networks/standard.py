"""The standard network that has a user's loss to the last digits, where there is one.

Its loss at several points is a (the sum over samples and outputs) + c (the sum of the squared weights): of every
network that the data allow, a and c are fitted, and the losses at all points have to be reproduced. There are more
points than numbers, and each tells ten digits, so that no other network has them by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, pairwise, product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.networks.activations import ACTIVATIONS, softmax
from gradcheck_cli.problems.networks.losses import LOSSES
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["POINTS", "Standard", "standard_network"]

POINTS = 6  # that the losses are compared at: two numbers are fitted, and four have to come out by themselves
SAME = 1e-10  # relative: what two losses of one network may differ by for rounding
MOST_DATA = 12  # pairs of inputs and targets that are tried
MOST_MASKS = 16  # ways to put masks in
MOST_WORK = 1e9  # multiplications that all of them may take, in about a second
OF_ONE = 1e6  # multiplications that stand for what a small network takes besides
USUAL = ("relu", "tanh", "sigmoid")
LAST = tuple(name for name in ACTIVATIONS if name != "identity")
ORDER = (*USUAL, *(name for name in ACTIVATIONS if name not in USUAL))
INPUTS = {"x", "xs", "input", "inputs", "data", "features", "train_x", "x_train", "xtrain"}


class Standard(NamedTuple):
    """A network and what its sum over the samples is divided by."""

    network: Network
    divisor: float
    """The number of samples of a mean, 1 of a sum."""

    @property
    def words(self) -> str:
        """What a reader should know of it."""
        net = self.network
        kind, by = ("squared errors", 2) if net.loss_name == "mse" else ("cross-entropy", 1)
        penalty = f", plus {net.l2 / (2 * net.sample_count):.6g} times the squared weights" if net.l2 else ""
        return f"{', '.join(net.activations)}; {kind}, summed and divided by {by * self.divisor:.6g}{penalty}"


class Stack(NamedTuple):
    """What the hidden layers make of the inputs, at every point."""

    activations: tuple[str, ...]
    A: Sequence[Array]


def standard_network(
    points: Sequence[Parameters], losses: Array, arrays: Mapping[str, NDArray[Any]]
) -> Standard | None:
    """Return the network that has these losses at all points.

    Parameters
    ----------
    points : sequence of mapping of str to ndarray
        Of W1, b1, ..., WL, bL in the course's shapes; the first is the one that is checked.
    losses : ndarray of shape (points,)
        The user's.
    arrays : mapping of str to ndarray
        Among which its inputs, its targets and its masks are, samples as columns or as rows.

    Returns
    -------
    Standard or None
        None where no network, or none of these data, has the losses.
    """
    if len(points) < POINTS or not np.isfinite(losses).all() or not losses.all():
        return None
    squares = np.array([sum(float(np.sum(values**2)) for name, values in p.items() if name[0] == "W") for p in points])
    with np.errstate(all="ignore"):
        for network, total in networks(points, arrays):
            fit = fitted(losses, total, squares)
            if fit is not None:
                divisor, l2 = tidied(*fit, network.sample_count, losses, total, squares)
                return Standard(replace(network, l2=l2), divisor)
    return None


def networks(points: Sequence[Parameters], arrays: Mapping[str, NDArray[Any]]) -> Iterator[tuple[Network, Array]]:
    """Yield networks without a penalty, each with its sum over samples and outputs at every point.

    First those whose hidden layers have one activation; and no more than can be tried in about a second.
    """
    first = dict(points[0])
    sizes = [first["W1"].shape[1], *(first[f"W{l}"].shape[0] for l in range(1, len(first) // 2 + 1))]
    pairs = list(islice(data_of(arrays, sizes[0], sizes[-1]), MOST_DATA))
    entries = sum(n * k for n, k in pairwise(sizes))
    left = MOST_WORK
    for of_stacks in (alike, mixed):
        for X, Y in pairs:
            for masks in masks_of(arrays, sizes, X.shape[1]):
                for stack in of_stacks(Stack((), [X] * len(points)), len(sizes) - 2, points, masks):
                    for last, loss, total in totals(points, stack, Y):
                        yield Network("", X, Y, first, (*stack.activations, last), loss, masks=masks), total
                    left -= OF_ONE + len(points) * entries * X.shape[1]
                    if left < 0:
                        return


def fitted(losses: Array, total: Array, squares: Array) -> tuple[float, float] | None:
    """Return the a and c of a network that has all losses, None where it has not."""
    if not np.isfinite(total).all():
        return None
    for bases in ([total], [total, squares]):
        columns = np.stack(bases, axis=1) / losses[:, np.newaxis]  # each loss counts by its own digits
        if not np.isfinite(columns).all():  # it is far away from some of these losses
            return None
        a, c = (*np.linalg.lstsq(columns, np.ones(len(losses)), rcond=None)[0], 0.0)[:2]
        if a > 0 and has_losses(a, c, losses, total, squares):
            return float(a), float(c)
    return None


def has_losses(a: float, c: float, losses: Array, total: Array, squares: Array) -> bool:
    """Whether a times the sum over the samples and c times the squared weights are the losses, but for rounding."""
    off = np.abs(a * total + c * squares - losses)
    return bool((off <= SAME * (np.abs(a * total) + np.abs(c * squares))).all())


def tidied(a: float, c: float, m: int, losses: Array, total: Array, squares: Array) -> tuple[float, float]:
    """Return 1 / a and 2 m c: the short numbers that they are meant to be, where these have the same losses."""
    divisor = round(2 / a) / 2
    if divisor and has_losses(1 / divisor, c, losses, total, squares):
        a = 1 / divisor
    for per in (2 * m, 1, 2, m):  # l2 / (2 m), or c itself, or half of it, or by m alone
        short = float(f"{c * per:.6g}") / per
        if has_losses(a, short, losses, total, squares):
            c = short
            break
    return 1 / a, 2 * m * c


# the data


def data_of(arrays: Mapping[str, NDArray[Any]], inputs: int, outputs: int) -> Iterator[tuple[Array, Array]]:
    """Yield pairs of inputs and targets, samples as columns; what is called as inputs are comes first."""
    named = sorted(arrays.items(), key=lambda item: item[0].split(" ")[0].lower() not in INPUTS)
    for x, X in named:
        for y, Y in named:
            if x != y:
                for samples in columns_of(X, inputs):
                    yield from ((samples, targets) for targets in targets_of(Y, outputs, samples.shape[1]))


def columns_of(array: NDArray[Any], size: int) -> Iterator[Array]:
    """Yield an array with samples of some size as columns, where it may hold such."""
    values = array.astype(np.float64)
    if array.ndim == 1:
        if len(array) == size:
            yield values[:, np.newaxis]
        elif size == 1:
            yield values[np.newaxis]
        return
    if array.shape[0] == size:
        yield values
    if array.shape[1] == size:
        yield np.ascontiguousarray(values.T)


def targets_of(array: NDArray[Any], outputs: int, m: int) -> Iterator[Array]:
    """Yield the targets of m samples that an array may be: as they are, or of the classes that it numbers."""
    yield from (Y for Y in columns_of(array, outputs) if Y.shape[1] == m)
    flat = array.reshape(-1)
    if outputs > 1 and flat.size == m and flat.dtype.kind in "iu" and flat.min() >= 0 and flat.max() < outputs:
        yield np.eye(outputs)[:, flat]


def masks_of(arrays: Mapping[str, NDArray[Any]], sizes: Sequence[int], m: int) -> Iterator[dict[int, Array]]:
    """Yield the ways to put dropout masks into hidden layers: none, then those that there are."""
    masks = [array for array in arrays.values() if array.ndim == 2 and is_mask(array)]
    choices = [
        [(l, None), *((l, D) for mask in masks for D in columns_of(mask, sizes[l]) if D.shape[1] == m)]
        for l in range(1, len(sizes) - 1)
    ]
    for chosen in islice(product(*choices), MOST_MASKS):
        yield {l: D for l, D in chosen if D is not None}


def is_mask(array: NDArray[Any]) -> bool:
    """Whether an array holds 0 and one other number that is at least 1."""
    largest = array.max()
    return bool(largest >= 1 and np.isin(array, (0, largest)).all() and not array.all())


# the networks


def alike(start: Stack, hidden: int, points: Sequence[Parameters], masks: Mapping[int, Array]) -> Iterator[Stack]:
    """Yield the hidden layers with one activation, the usual ones first."""
    for name in ORDER if hidden else ORDER[:1]:
        stack = start
        for _ in range(hidden):
            stack = behind(stack, points, name, masks)
        yield stack


def mixed(start: Stack, hidden: int, points: Sequence[Parameters], masks: Mapping[int, Array]) -> Iterator[Stack]:
    """Yield the hidden layers with any activations that are not all one."""
    if not hidden:
        if len(set(start.activations)) > 1:
            yield start
        return
    for name in ORDER:
        yield from mixed(behind(start, points, name, masks), hidden - 1, points, masks)


def behind(stack: Stack, points: Sequence[Parameters], name: str, masks: Mapping[int, Array]) -> Stack:
    """Return a stack with one layer more."""
    l, value = len(stack.activations) + 1, ACTIVATIONS[name].value
    A = [value(p[f"W{l}"] @ A + p[f"b{l}"]) * masks.get(l, 1.0) for p, A in zip(points, stack.A, strict=True)]
    return Stack((*stack.activations, name), A)


def totals(points: Sequence[Parameters], stack: Stack, Y: Array) -> Iterator[tuple[str, str, Array]]:
    """Yield last activations and losses with the sum over samples and outputs at every point, in both forms."""
    l = len(stack.activations) + 1
    Z = [p[f"W{l}"] @ A + p[f"b{l}"] for p, A in zip(points, stack.A, strict=True)]
    for name, loss in LOSSES.items():
        if loss.labels_are_probabilities and not ((Y >= 0) & (Y <= 1)).all():
            continue
        for last in [loss.last_activation] if loss.last_activation else ["identity", "softmax", *LAST]:
            A = [softmax(z) if last == "softmax" else ACTIVATIONS[last].value(z) for z in Z]
            yield last, name, np.array([loss.stable(z, a, Y) for z, a in zip(Z, A, strict=True)])
            if loss.last_activation:
                yield last, name, np.array([loss.plain(a, Y) for a in A])
