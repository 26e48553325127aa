r"""The changes of a network's loss for many single entries at once.

The course moves one entry of the parameters, runs the whole network and does so 2 n times. This module returns the
same changes J(theta + h e) - J(theta), one for each entry and step, from forward propagation alone: no derivative
formula stands here, and the backward pass is not used. Three observations make it fast.

1. *Tail.* Moving W_l[i, j] by h moves only row i of Z_l, in sample s by ``t = h A_{l-1}[j, s]``, and b_l[i] moves it by
   t = h, as the weight of an input that is always 1. Nothing before layer l changes, and dZ_{l+1} is the column
   W_{l+1}[:, i] times the change of A_l[i, s]. Only the layers behind l are run: n_{l+1} n_{l+2} + ... multiplications
   a sample where the whole network takes n_0 n_1 + n_1 n_2 + ... .

2. *Delta.* What is handed from layer to layer is the change dZ, not the changed Z: W dA for the linear part, and
   g(Z + dZ) - g(Z) by an addition theorem of g (`activations`, `losses`). A loss of 1 that moves by 1e-9 keeps all
   digits of the 1e-9, where the plain difference keeps seven.

3. *Ray.* For a unit i and a sample s the last Z is a function of the ONE number t, whichever j is moved. So a unit's
   n_{l-1} inputs need not each run the tail. With r = max \|t\| over them, the tail is run at t = r, -r, r/2, -r/2 only,
   and dZ_L = c_1 x + c_2 x^2 + c_3 x^3 + c_4 x^4 with x = t / r follows for all j. The loss is then taken for every
   entry and sample at its own dZ_L. A sample is *certified* for this where in the whole tail

   - no kink is crossed: every relu's (leaky relu's, elu's) \|Z\| is at least three times as large as its dZ at the
     four points (between them a polynomial of degree 4 cannot exceed 2.3 times what it is there), and
   - every Z moves by at most 2^-13, so that the terms left out, of relative size (2^-13)^4 = 2^-52, do not count.

   Where all is piecewise linear the second is not needed: dZ_L = c_1 x is exact, and one point is enough.
   A sample that is not certified goes the way of *delta*: the tail, once for every entry.

Cost, for a layer with n_l units and m samples: ray 4 n_l m runs of the tail and n_l (n_{l-1} + 1) m evaluations of the
loss for each step; delta n_l (n_{l-1} + 1) m runs of the tail. A course's loop makes n_l (n_{l-1} + 1) runs of the whole
network with m samples each.

Shapes: changes have the shape (units, samples, columns); a *column* is one move, of one entry by one step. Samples are
cut into ranges and columns into blocks so that none of these arrays has more than about `BLOCK` numbers, and about ten
are alive at once. So extra memory stays below `MEMORY` whatever n, besides what one forward propagation leaves and what
the caller passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.parameters import Array
from gradcheck_cli.problems.activations import ACTIVATIONS, Activation, softmax_change
from gradcheck_cli.problems.elementary import power_series
from gradcheck_cli.problems.losses import LOSSES, LossChange

if TYPE_CHECKING:
    from gradcheck_cli.problems.network import Layer, Network

__all__ = ["BLOCK", "MEMORY", "structured_changes"]

BLOCK = 2**17  # numbers in an array: 1 MiB
MEMORY = 64 * 2**20  # bytes

LARGEST_MOVE = 2.0**-13  # of a Z within a certified ray
FROM_KINK = 3  # times the move of Z, at the ends of a ray, that a kink must be away
RAY_ENDS = np.array([1.0, -1.0, 0.5, -0.5])
POLYNOMIAL = np.array([[-1, 1, 8, -8], [-1, -1, 16, 16], [4, -4, -8, 8], [4, 4, -16, -16]]) / 6
"""What makes c_1 ... c_4 of the values at `RAY_ENDS`."""

Indices: TypeAlias = NDArray[np.intp]


def structured_changes(
    network: Network, layers: Sequence[Layer], l: int, inputs: Array, entries: Indices, steps: Array
) -> Array:
    """Return the changes of m J, less its L2 term, when single entries of W_l or b_l are moved.

    Parameters
    ----------
    network : Network
        The network.
    layers : sequence of Layer
        What its forward propagation leaves.
    l : int
        The layer.
    inputs : ndarray of shape (inputs, m)
        What the parameter multiplies: A_{l-1} for W_l, a row of ones for b_l.
    entries : ndarray of shape (k,)
        Positions in the parameter, row by row; any of them, in any order, any number of times.
    steps : ndarray of shape (k,)
        How far each is moved.

    Returns
    -------
    ndarray of shape (k,)
    """
    order = np.argsort(entries, kind="stable")
    units, columns = np.divmod(entries[order], len(inputs))
    moves = _Moves(inputs, units, columns, steps[order])
    sums = np.zeros(len(entries))
    with np.errstate(all="ignore"):
        for samples in _sample_ranges(network, l, moves.most):
            tail = _Tail(network, layers, l, samples)
            if moves.most <= len(RAY_ENDS):
                _add_deltas(tail, moves, slice(0, len(entries)), sums)
            else:
                _add_rays(tail, moves, sums)
    changes = np.empty_like(sums)
    changes[order] = sums
    return changes


def _sample_ranges(network: Network, l: int, columns: int) -> Iterator[slice]:
    """Cut the samples so that neither a unit's moves nor the ends of its ray exceed a block."""
    m = network.sample_count
    parts = -(-m // max(1, BLOCK // max(columns * len(network.Y), len(RAY_ENDS) * _width(network, l))))
    yield from _cut(slice(0, m), -(-m // parts))


def _width(network: Network, l: int) -> int:
    """Return the number of units of the largest layer behind l."""
    return max((len(network.parameters[f"b{k}"]) for k in range(l + 1, network.layer_count + 1)), default=1)


def _cut(whole: slice, size: int) -> Iterator[slice]:
    """Cut a range into ranges of at most `size`."""
    for start in range(whole.start, whole.stop, max(1, size)):
        yield slice(start, min(start + max(1, size), whole.stop))


class _Moves:
    """Moves of single entries of a layer, unit by unit."""

    def __init__(self, inputs: Array, units: Indices, columns: Indices, steps: Array) -> None:
        self.inputs, self.units, self.columns, self.steps = inputs, units, columns, steps
        ends = [*(np.flatnonzero(np.diff(units)) + 1).tolist(), len(units)]
        self.by_unit = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
        """Where the moves of each unit are."""
        self.most = max(where.stop - where.start for where in self.by_unit)
        self.last: tuple[slice, slice, Array, Array] | None = None

    def at(self, where: slice, samples: slice) -> Array:
        """Return by how much each changes its row of Z_l, h A_{l-1}[j, s], shape (samples, moves)."""
        return np.multiply(self.inputs[self.columns[where], samples].T, self.steps[where], order="C")

    def ray(self, where: slice, samples: slice) -> tuple[Array, Array]:
        """Return r, shape (samples,), and x = t / r, shape (samples, moves), for one unit.

        The last answer is kept: the next unit is usually moved in the same way.
        """
        if self.last is None or self.last[1] != samples or not self.alike(self.last[0], where):
            x = self.at(where, samples)
            r = np.abs(x).max(axis=1)
            x /= np.where(r, r, 1.0)[:, None]
            self.last = where, samples, r, x
        return self.last[2:]

    def alike(self, one: slice, other: slice) -> bool:
        """Whether two units are moved at the same inputs by the same steps."""
        return one == other or (
            np.array_equal(self.columns[one], self.columns[other]) and np.array_equal(self.steps[one], self.steps[other])
        )


class _Tail:
    """The layers behind Z_l for some of the samples."""

    def __init__(self, network: Network, layers: Sequence[Layer], l: int, samples: slice) -> None:
        self.network, self.layers, self.l, self.samples = network, layers, l, samples
        self.width = _width(network, l)
        self.activations = {k: ACTIVATIONS[network.activations[k - 1]] for k in range(l, network.layer_count)}
        self.changes = {
            k: activation.change(layers[k - 1].Z[:, samples, None]) for k, activation in self.activations.items() if k > l
        }
        self.linear = all(activation.linear for activation in self.activations.values())
        self.singles: dict[int, _Tail] = {}

    def single(self, sample: int) -> _Tail:
        """Return the same for one sample of these."""
        if sample not in self.singles:
            s = self.samples.start + sample
            self.singles[sample] = _Tail(self.network, self.layers, self.l, slice(s, s + 1))
        return self.singles[sample]

    def follow(self, units: Indices, dZ: Array) -> Iterator[tuple[int, Array, Array, float]]:
        """Move Z_l and run forward propagation on the changes.

        Parameters
        ----------
        units : ndarray of shape (columns,) or (1,)
            Which row of Z_l each column moves.
        dZ : ndarray of shape (samples, columns)
            By how much.

        Yields
        ------
        tuple of int, ndarray, ndarray and float
            k, the rows of Z_k that move, by how much, and a bound on that: for k = l, l + 1, ..., L.
        """
        l, L, W = self.l, self.network.layer_count, self.network.parameters
        Z, bound, dZ = self.layers[l - 1].Z[units, self.samples].T[None], _largest(dZ), dZ[None]
        if l == L:
            yield L, Z, _rows(units, dZ, len(self.network.Y)), bound
            return
        yield l, Z, dZ, bound
        dA = self.activations[l].change(Z)(dZ, bound)
        if l in self.network.masks:
            dA = dA * self.network.masks[l][units, self.samples].T
        dZ = W[f"W{l + 1}"][:, None, units] * dA
        for k in range(l + 1, L):
            bound = _largest(dZ)
            yield k, self.layers[k - 1].Z[:, self.samples, None], dZ, bound
            dA = self.changes[k](dZ, bound)
            if k in self.network.masks:
                dA = dA * self.network.masks[k][:, self.samples, None]
            dZ = np.dot(W[f"W{k + 1}"], dA.reshape(len(dA), -1)).reshape(-1, *dA.shape[1:])
        yield L, self.layers[L - 1].Z[:, self.samples, None], dZ, _largest(dZ)

    def loss_change(self, chosen: Indices | slice) -> LossChange:
        """Return the function of (dZ_L, bound) that is the change of m J, at some of these samples."""
        loss, last = LOSSES[self.network.loss_name], self.layers[-1]
        Z, A, Y = (array[:, self.samples][:, chosen, None] for array in (last.Z, last.A, self.network.Y))
        if loss.last_activation is not None:
            return loss.change(Z, A, Y)
        name = self.network.activations[-1]
        dA = softmax_change(Z) if name == "softmax" else ACTIVATIONS[name].change(Z)
        by_A = loss.change(Z, A, Y)
        return lambda dZ, bound: by_A(dA(dZ, bound), np.inf)


def _largest(dZ: Array) -> float:
    return float(max(dZ.max(), -dZ.min()))


def _rows(units: Indices, dZ: Array, count: int) -> Array:
    """Return changes of `count` rows that are 0 but for one a column: row units[c] is dZ[0, :, c]."""
    rows = np.zeros((count, *dZ.shape[1:]))
    rows[units, :, np.arange(dZ.shape[2])] = dZ[0].T
    return rows


def _add_deltas(tail: _Tail, moves: _Moves, where: slice, sums: Array) -> None:
    """Add the changes at the tail's samples, each move by its own run of the tail."""
    loss_change = tail.loss_change(slice(None))
    for block in _cut(where, BLOCK // (tail.width * (tail.samples.stop - tail.samples.start))):
        for _, _, dZ, bound in tail.follow(moves.units[block], moves.at(block, tail.samples)):  # noqa: B007
            pass  # the last is Z_L
        sums[block] += loss_change(dZ, bound)


def _add_rays(tail: _Tail, moves: _Moves, sums: Array) -> None:
    """Add the changes at the tail's samples, one ray for each unit and sample; where it is not certified, deltas."""
    together = BLOCK // (tail.width * len(RAY_ENDS) * (tail.samples.stop - tail.samples.start))
    for group in _cut(slice(0, len(moves.by_unit)), together):
        wheres = moves.by_unit[group]
        polynomials, certified = _trace_rays(tail, moves, wheres)
        for g, where in enumerate(wheres):
            chosen = np.flatnonzero(certified[g] & polynomials[g].any(axis=(0, 1, 3)))
            _add_ray(tail, chosen, polynomials[g], moves.ray(where, tail.samples)[1], sums[where])
            for sample in np.flatnonzero(~certified[g]):
                _add_deltas(tail.single(int(sample)), moves, where, sums)


def _trace_rays(tail: _Tail, moves: _Moves, wheres: Sequence[slice]) -> tuple[Array, NDArray[np.bool_]]:
    """Run the tail at the ends of the rays of some units.

    Returns
    -------
    polynomials : ndarray of shape (units, degree, n_L, samples, 1)
        c_1, c_2, ... of dZ_L as a polynomial in x.
    certified : ndarray of shape (units, samples)
        Where it is one.
    """
    ends = RAY_ENDS[:1] if tail.linear else RAY_ENDS
    r = np.stack([moves.ray(where, tail.samples)[0] for where in wheres], axis=1)
    t = (r[:, :, None] * ends).reshape(len(r), -1)
    units = np.repeat(moves.units[[where.start for where in wheres]], len(ends))
    certified, reach = np.ones(t.shape, dtype=np.bool_), 0.0
    for k, Z, dZ, bound in tail.follow(units, t):
        if k in tail.activations:
            certified &= _is_certified(tail.activations[k], Z, dZ, bound)
            reach = max(reach, bound)
    to_polynomial = np.ones((1, 1)) if tail.linear else POLYNOMIAL[: _degree(reach)]
    values = dZ.reshape(*dZ.shape[:2], len(wheres), len(ends))
    polynomials = np.moveaxis(np.dot(values, to_polynomial.T), (2, 3), (0, 1))
    return polynomials[..., None], certified.reshape(len(r), len(wheres), len(ends)).all(axis=2).T


def _is_certified(activation: Activation, Z: Array, dZ: Array, bound: float) -> NDArray[np.bool_]:
    """Whether no unit meets a kink or moves too far, shape (samples, columns)."""
    certified = np.ones(dZ.shape[1:], dtype=np.bool_)
    if activation.kinked:
        certified &= (np.abs(dZ) <= np.abs(Z) / FROM_KINK).all(axis=0)
    if not (activation.linear or bound <= LARGEST_MOVE):
        certified &= (np.abs(dZ) <= LARGEST_MOVE).all(axis=0)
    return certified


def _degree(reach: float) -> int:
    """Return how many powers of x count beside the first where no Z moves by more than `reach`."""
    return next((degree for degree in (1, 2, 3) if reach**degree <= 2.0**-54), 4)


def _add_ray(tail: _Tail, chosen: Indices, polynomial: Array, x: Array, sums: Array) -> None:
    """Add the changes of one unit's moves at the chosen samples: the loss, for each move at its own dZ_L."""
    if not chosen.size:
        return
    polynomial = polynomial[:, :, chosen]
    bound = float(np.abs(polynomial).sum(axis=0).max())
    loss_change = tail.loss_change(chosen)
    for block in _cut(slice(0, len(sums)), BLOCK // polynomial[0].size):
        sums[block] += loss_change(power_series(x[chosen, block], polynomial), bound)
