"""The changes of a network's loss for many single entries at once.

The course moves one entry of the parameters, runs the whole network and does so 2 n times. This module returns the same
changes J(theta + h e) - J(theta), one for each entry and step, from forward propagation alone: no derivative formula
stands here, and the backward pass is not used. Three observations make it fast.

1. *Tail.* Moving W_l[i, j] by h moves only row i of Z_l, in sample s by t = h A_{l-1}[j, s]; b_l[i] moves it by t = h,
   as the weight of an input that is always 1. Nothing before layer l changes, and Z_{l+1} changes by the column
   W_{l+1}[:, i] times the change of A_l[i, s]. Only the layers behind l are run: n_{l+1} (1 + n_{l+2}) + ...
   multiplications a sample, where the whole network takes n_0 n_1 + n_1 n_2 + ... .

2. *Delta.* What is handed from layer to layer is the change dZ, not the changed Z: W dA for the linear part, and
   g(Z + dZ) - g(Z) by an addition theorem of g (see `activations` and `losses`), for |dZ| <= 1: beyond it the plain
   difference does. A loss of 1 that moves by 1e-9 keeps all digits of the 1e-9, of which the plain one keeps seven.

3. *Ray.* For a unit i and a sample s the sample's share of the loss depends on the one number t, whichever j is moved,
   so the n_{l-1} inputs need not each run the tail. With r = max |t| over them the tail is run at t = r, -r, r/2 and
   -r/2, its loss taken there, and the share of every j is c_1 x + c_2 x^2 + c_3 x^3 + c_4 x^4 at its own x = t / r. The
   sum of these over the samples is a product of two matrices, of all c and of all powers of x. A sample is *certified*
   for this where in the whole tail

   - no kink is met: where g is a relu, leaky relu or elu, |Z| is at least three times as large as its dZ at the four
     points (between them a polynomial of degree 4 that is 0 at 0 stays below 2.3 times its largest value there),
   - no Z of a curved g or of the loss moves by more than 2^-13: the terms left out are of relative size
     (2^-13)^4 = 2^-52.

   Where all g are piecewise linear dZ_L is c x, and the tail is run at one point instead of four. A sample that is not
   certified goes the way of *delta*: the tail is run once for every entry.

Cost for a layer of n_l units and m samples: by rays 4 n_l m runs of the tail for one sample, and n_l (n_{l-1} + 1) m
times three or four multiplications for each step; by deltas n_l (n_{l-1} + 1) m runs of the tail for each step. The
course's loop makes n_l (n_{l-1} + 1) runs of the whole network for m samples each.

Shapes: changes have the shape (units, samples, columns); a *column* is a way to move a unit, an input j and a step h;
units that are moved in the same ways are taken together. Samples and columns are cut so that none of these arrays has
more than about `BLOCK` numbers (or one layer for one sample, where that has more), and about ten are alive at once. So
extra memory stays below `MEMORY` whatever n, besides what one forward propagation leaves and what the caller passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.networks.activations import ACTIVATIONS, Change, softmax_change
from gradcheck_cli.problems.networks.blocks import BLOCK, cut, width_behind
from gradcheck_cli.problems.networks.course import CourseNetwork
from gradcheck_cli.problems.networks.losses import LOSSES, LossChange
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["MEMORY", "structured_changes"]

MOVES = BLOCK // 2  # that are summed together
MEMORY = 64 * 2**20  # bytes

LARGEST_MOVE = 2.0**-13  # of a Z within a certified ray
FROM_KINK = 3  # times the move of Z, at the ends of a ray, that a kink must be away
RAY_ENDS = np.array([1.0, -1.0, 0.5, -0.5])
POLYNOMIAL = np.array([[-1, 1, 8, -8], [-1, -1, 16, 16], [4, -4, -8, 8], [4, 4, -16, -16]]) / 6
"""What makes c_1 ... c_4 of the values at `RAY_ENDS`."""

Indices: TypeAlias = NDArray[np.intp]


def structured_changes(network: CourseNetwork, parameter: str, entries: Indices, steps: Array) -> Array:
    """Return the changes of m J, less its L2 term, when single entries of one parameter are moved.

    Parameters
    ----------
    network : CourseNetwork
        The network.
    parameter : str
        Name of the parameter, W_l or b_l.
    entries : ndarray of shape (k,)
        Positions in the parameter, row by row; any of them, in any order, any number of times.
    steps : ndarray of shape (k,)
        How far each is moved.

    Returns
    -------
    ndarray of shape (k,)
    """
    _keep_freed_memory()
    inputs = network.inputs_of(parameter)
    order = np.argsort(entries, kind="stable")
    units, columns = np.divmod(entries[order], len(inputs))
    l = int(parameter[1:])
    with np.errstate(all="ignore"):
        groups = _alike(units, columns, steps[order], BLOCK // (len(RAY_ENDS) * width_behind(network, l)))
        sums = [_sums(network, l, inputs, moves) for moves in groups]
    changes = np.empty(len(entries))
    changes[order] = np.concatenate(sums)
    return changes


def _keep_freed_memory() -> None:
    """Free one large array: glibc's malloc then keeps what is freed in smaller ones.

    Without it every array of a block goes back to the system, and its pages are cleared anew for the next: a fifth of
    the time. Elsewhere this does nothing.
    """
    np.empty(16 * BLOCK)


@dataclass(frozen=True)
class _Moves:
    """Each of some units moved in the same ways: input `columns[c]` by `steps[c]`."""

    units: Indices
    columns: Indices
    steps: Array

    def at(self, inputs: Array, samples: slice) -> Array:
        """Return by how much each way moves a row of Z_l, t = h A_{l-1}[j, s], shape (samples, columns)."""
        return np.multiply(inputs[self.columns, samples].T, self.steps, order="C")

    def one_by_one(self) -> _Moves:
        """Return the same with a unit for every column; the columns of the first unit come first."""
        count = len(self.units)
        return _Moves(np.repeat(self.units, len(self.steps)), np.tile(self.columns, count), np.tile(self.steps, count))


def _alike(units: Indices, columns: Indices, steps: Array, most: int) -> Iterator[_Moves]:
    """Join units that follow one another and are moved in the same ways, up to `most` units or `MOVES` moves."""
    group: list[slice] = []
    for where in [*_by_unit(units), slice(0, 0)]:
        if group:
            first = group[0]
            same = np.array_equal(columns[first], columns[where]) and np.array_equal(steps[first], steps[where])
            if not same or len(group) >= most or (len(group) + 1) * len(columns[first]) > MOVES:
                yield _Moves(units[[piece.start for piece in group]], columns[first], steps[first])
                group = []
        group.append(where)


def _by_unit(units: Indices) -> Iterator[slice]:
    """Return where each unit's moves are, in pieces of at most `MOVES`."""
    ends = [*(np.flatnonzero(np.diff(units)) + 1).tolist(), len(units)]
    for start, end in zip([0, *ends], ends, strict=False):
        yield from cut(slice(start, end), MOVES)


def _sums(network: CourseNetwork, l: int, inputs: Array, moves: _Moves) -> Array:
    """Return the changes of m J, one unit after another."""
    m, ways = network.sample_count, len(moves.steps)
    width = width_behind(network, l)
    sums = np.zeros((len(moves.units), ways))
    if ways > len(RAY_ENDS):
        add, columns = _add_rays, max(ways, len(RAY_ENDS) * len(moves.units) * width)
    else:
        add, columns = _add_deltas, min(sums.size, 128) * width
    for samples in cut(slice(0, m), BLOCK // columns):
        add(_Tail(network, l, inputs, samples), moves, sums)
    return sums.reshape(-1)


class _Tail:
    """The layers behind Z_l for some of the samples."""

    def __init__(self, network: CourseNetwork, l: int, inputs: Array, samples: slice) -> None:
        self.network, self.layers, self.l, self.inputs, self.samples = network, network.layers, l, inputs, samples
        self.changes: dict[int, Change] = {}
        self.linear = all(map(self.is_straight, range(l, network.layer_count)))

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
            k, the rows of Z_k that move, by how much, and a bound on that (infinity before straight lines, which make
            no use of one): for k = l, l + 1, ..., L.
        """
        L = self.network.layer_count
        Z, dZ = self.layers[self.l - 1].Z[units, self.samples].T[None], dZ[None]
        for k in range(self.l, L):
            bound = np.inf if self.is_straight(k) else _largest(dZ)
            yield k, Z, dZ, bound
            dA = self.masked(k, units, self.change(k, Z)(dZ, bound))
            Z, dZ = self.layers[k].Z[:, self.samples, None], self.handed_on(k, units, dA)
        if self.l == L:
            Z, dZ = self.layers[L - 1].Z[:, self.samples, None], _rows(units, dZ, len(self.network.Y))
        yield L, Z, dZ, _largest(dZ)

    def change(self, k: int, Z: Array) -> Change:
        """Return the change of g_k at Z, which is the same in every block where all units have moved."""
        activation = ACTIVATIONS[self.network.activations[k - 1]]
        if k == self.l:
            return activation.change(Z)
        if k not in self.changes:
            self.changes[k] = activation.change(Z)
        return self.changes[k]

    def masked(self, k: int, units: Indices, dA: Array) -> Array:
        """Return the changes of A_k from those of g_k(Z_k)."""
        if k not in self.network.masks:
            return dA
        mask = self.network.masks[k]
        return dA * (mask[units, self.samples].T if k == self.l else mask[:, self.samples, None])

    def handed_on(self, k: int, units: Indices, dA: Array) -> Array:
        """Return the changes of Z_{k+1}: W_{k+1} times those of A_k, of which in layer l only one is not 0."""
        W = self.network.parameters[f"W{k + 1}"]
        if k == self.l:
            return np.take(W, units, axis=1)[:, None] * dA
        return np.asarray(np.dot(W, dA.reshape(len(dA), -1)).reshape(-1, *dA.shape[1:]))

    def single(self, sample: int) -> _Tail:
        """Return the same for one sample of these."""
        s = self.samples.start + sample
        return _Tail(self.network, self.l, self.inputs, slice(s, s + 1))

    def loss_change(self) -> LossChange:
        """Return the function of (dZ_L, bound) that is the change of each sample's share of m J."""
        loss, last = LOSSES[self.network.loss_name], self.layers[-1]
        Z, A, Y = (array[:, self.samples, None] for array in (last.Z, last.A, self.network.Y))
        if loss.last_activation is not None:
            return loss.change(Z, A, Y)
        name = self.network.activations[-1]
        dA = softmax_change(Z) if name == "softmax" else ACTIVATIONS[name].change(Z)
        by_A = loss.change(Z, A, Y)
        return lambda dZ, bound: by_A(dA(dZ, bound), np.inf)

    def is_straight(self, k: int) -> bool:
        """Whether what follows Z_k, an activation or the loss, is put together from straight lines."""
        return k < self.network.layer_count and ACTIVATIONS[self.network.activations[k - 1]].linear

    def is_certified(self, k: int, Z: Array, dZ: Array, bound: float) -> NDArray[np.bool_]:
        """Whether no unit of layer k meets a kink or moves too far, shape (samples, columns)."""
        activation = ACTIVATIONS.get(self.network.activations[k - 1])  # softmax, which stands apart, has no kink
        certified = np.ones(dZ.shape[1:], dtype=np.bool_)
        if activation is not None and activation.piecewise:
            certified &= (np.abs(dZ) <= np.abs(Z) / FROM_KINK).all(axis=0)
        if not (self.is_straight(k) or bound <= LARGEST_MOVE):
            certified &= (np.abs(dZ) <= LARGEST_MOVE).all(axis=0)
        return certified


def _largest(dZ: Array) -> float:
    return float(max(dZ.max(), -dZ.min()))


def _rows(units: Indices, dZ: Array, count: int) -> Array:
    """Return changes of `count` rows that are 0 but for one a column: row units[c] is dZ[0, :, c]."""
    rows = np.zeros((count, *dZ.shape[1:]))
    rows[units, :, np.arange(dZ.shape[2])] = dZ[0].T
    return rows


def _add_deltas(tail: _Tail, moves: _Moves, sums: Array) -> None:
    """Add the changes at the tail's samples, each by its own run of the tail."""
    loss_change, flat, moves = tail.loss_change(), np.zeros(sums.size), moves.one_by_one()
    for block in cut(
        slice(0, sums.size), BLOCK // (width_behind(tail.network, tail.l) * (tail.samples.stop - tail.samples.start))
    ):
        some = _Moves(moves.units[block], moves.columns[block], moves.steps[block])
        for _, _, dZ, bound in tail.follow(some.units, some.at(tail.inputs, tail.samples)):  # noqa: B007
            pass  # the last is Z_L
        flat[block] = loss_change(dZ, bound).sum(axis=0)
    sums += flat.reshape(sums.shape)


def _add_rays(tail: _Tail, moves: _Moves, sums: Array) -> None:
    """Add the changes at the tail's samples, with one ray for each unit and sample; where not certified, by deltas."""
    x = moves.at(tail.inputs, tail.samples)
    r = np.abs(x).max(axis=1, keepdims=True)
    x /= np.where(r, r, 1.0)
    polynomials, certified = _trace_rays(tail, moves.units, r)
    polynomials[~certified] = 0
    powers = np.stack(list(accumulate([x] * polynomials.shape[-1], np.multiply)), axis=1)
    sums += np.tensordot(polynomials, powers, axes=((0, 2), (0, 1)))
    for sample in np.flatnonzero(~certified.all(axis=1)):
        units = np.flatnonzero(~certified[sample])
        part = np.zeros((len(units), sums.shape[1]))
        _add_deltas(tail.single(int(sample)), _Moves(moves.units[units], moves.columns, moves.steps), part)
        sums[units] += part


def _trace_rays(tail: _Tail, units: Indices, r: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Run the tail at the ends of the rays.

    Parameters
    ----------
    tail : _Tail
        The tail.
    units : ndarray of shape (units,)
        Rows of Z_l.
    r : ndarray of shape (samples, 1)
        How far each is moved at most.

    Returns
    -------
    polynomials : ndarray of shape (samples, units, degree)
        c_1, c_2, ... of each sample's share of m J as a polynomial in x.
    certified : ndarray of shape (samples, units)
        Where it is one.
    """
    ends = RAY_ENDS[:1] if tail.linear else RAY_ENDS
    t = np.tile(r * ends, len(units))
    certified, reach = np.ones(t.shape, dtype=np.bool_), 0.0
    for k, Z, dZ, bound in tail.follow(np.repeat(units, len(ends)), t):
        certified &= tail.is_certified(k, Z, dZ, bound)
        reach = reach if tail.is_straight(k) else float(np.maximum(reach, bound))  # NaN stays NaN
    if tail.linear:
        dZ = np.multiply.outer(dZ, RAY_ENDS).reshape(*dZ.shape[:2], -1)
    values = tail.loss_change()(dZ, bound).reshape(len(r), len(units), len(RAY_ENDS))
    polynomials = np.dot(values, POLYNOMIAL[: _degree(reach)].T)
    return polynomials, np.all(certified.reshape(len(r), len(units), len(ends)), axis=2)


def _degree(reach: float) -> int:
    """Return how many powers of x count where no Z moves by more than `reach`; all where that is NaN."""
    return next((degree for degree in (1, 2, 3) if reach**degree <= 2.0**-54), 4)
