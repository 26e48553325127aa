"""A second look at structured changes: some of them again, in the course's plain arithmetic.

Nothing is shared with `structured` but the network: activations are evaluated at the moved Z, layer by layer behind
the one moved, the loss at the moved output, and what it was before is taken away. This loses digits, so the two may
differ by rounding. How much that can be is bounded by the usual rules, carried along the same way: a sum of n products
errs by at most n + 2 units in the last place of the sum of their sizes, and an elementwise function hands on at most
`STEEPEST` times the error of its argument.

What this is sure of: a slip in a form is in all changes, and any draw sees it. A slip in how rays are traced,
certified, cut or put in order is in the changes of some units, or in those to one side. So the changes of a call, in
the order of units and sides, are cut into equal parts, and one of each part is drawn: of a wide layer every unit is
seen on either side, and an error in some half of the changes of two units is missed once in 2^(2 `PER_UNIT`). More
draws of a wide layer would tell no more of its units, and each takes four passes over the layer behind, the fewest
that numpy can do it in. A few wrong changes on their own escape any sample; what every entry is judged by is the
reference, which shares nothing with them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.networks.activations import ACTIVATIONS, softmax
from gradcheck_cli.problems.networks.blocks import BLOCK, cut, dot_sizes, width_behind
from gradcheck_cli.problems.networks.course import CourseNetwork
from gradcheck_cli.problems.networks.losses import LOSSES
from gradcheck_cli.vocabulary.errors import InternalError
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import entry_name

__all__ = ["SEED", "audit_changes", "one_in"]

ONE_CHANGE_IN = 200  # which is one entry in a hundred, where each is moved up and down
PER_UNIT = 6  # of the changes of a wide layer's unit, three to either side, however many it has
FEWEST = 16  # of a call: one alone might be that of a dead unit
SEED = 4
STEEPEST = 1.2  # above the largest slope of any activation, gelu's 1.13
ULP = 2.0**-52
SAFETY = 8  # for the second-order terms that the bound leaves out, and for functions that err by a few units

Indices: TypeAlias = NDArray[np.intp]


def audit_changes(network: CourseNetwork, parameter: str, entries: Indices, steps: Array, changes: Array) -> None:
    """Evaluate a sample of changes of m J plainly as well.

    Parameters
    ----------
    network : CourseNetwork
        The network.
    parameter : str
        Name of the parameter.
    entries, steps, changes : ndarray of shape (k,)
        What was moved, by how much, and what came of it, less its L2 term.

    Raises
    ------
    InternalError
        Where the two differ by more than rounding.
    """
    audited = _drawn(int(parameter[1:]), entries, entries // len(network.inputs_of(parameter)))
    plain, rounding = _plain_changes(network, parameter, entries[audited], steps[audited])
    wrong = np.isfinite(plain) & ~(np.abs(changes[audited] - plain) <= rounding)
    if wrong.any():
        w = audited[np.argmax(wrong)]
        name = entry_name(parameter, network.parameters[parameter].shape, int(entries[w]))
        raise _mismatch(name, steps[w], changes[w], plain[wrong][0])


def one_in(network: CourseNetwork) -> tuple[int, int]:
    """Return of how many entries one is audited, at least and at most, where each is moved up and down."""
    inputs = (network.parameters[f"W{l}"].shape[1] for l in range(1, network.layer_count + 1))
    return ONE_CHANGE_IN // 2, max(ONE_CHANGE_IN // 2, max(inputs) // PER_UNIT)


def _drawn(l: int, entries: Indices, units: Indices) -> Indices:
    """Return which changes are audited: one of each of some parts of equal length, by units and sides."""
    count, order = len(entries), np.argsort(units, kind="stable")
    most = PER_UNIT * (1 + int(np.count_nonzero(np.diff(units[order]))))
    draws = max(min(FEWEST, -(-count // 8)), min(-(-count // ONE_CHANGE_IN), most))
    ends = np.linspace(0, count, draws + 1).astype(np.intp)
    places = np.random.default_rng([SEED, l, int(entries[0])]).integers(ends[:-1], ends[1:])
    return np.asarray(order[places])


def _plain_changes(network: CourseNetwork, parameter: str, entries: Indices, steps: Array) -> tuple[Array, Array]:
    """Return the changes of m J, and bounds on their rounding."""
    l, inputs = int(parameter[1:]), network.inputs_of(parameter)
    units, columns = np.divmod(entries, len(inputs))
    changes, rounding = np.zeros(len(entries)), np.zeros(len(entries))
    width = width_behind(network, l)
    with np.errstate(all="ignore"):
        for samples in cut(slice(0, network.sample_count), BLOCK // width):
            tail = _PlainTail(network, l, samples)
            for some in cut(slice(0, len(entries)), BLOCK // (width * (samples.stop - samples.start))):
                t = inputs[columns[some], samples] * steps[some, None]
                change, error = tail.changes(units[some], t)
                changes[some] += change
                rounding[some] += error
    return changes, rounding


def _mismatch(name: str, step: float, structured: float, plain: float) -> InternalError:
    return InternalError(
        f"a fault in gradcheck: moving {name} by {step:g} changes m J by {structured:.17g} in the structured evaluation"
        f" and by {plain:.17g} in the plain one",
        hint="--evaluation plain does without the structured evaluation; please report this case",
    )


class _PlainTail:
    """The layers behind Z_l for some samples, in plain arithmetic, with a bound on its rounding.

    Arrays have the shape (units, columns, samples), a column being one change.
    """

    def __init__(self, network: CourseNetwork, l: int, samples: slice) -> None:
        self.network, self.l, self.Y = network, l, network.Y[:, samples]
        self.layers = [layer._replace(Z=layer.Z[:, samples], A=layer.A[:, samples]) for layer in network.layers]
        self.masks = {k: mask[:, samples] for k, mask in network.masks.items()}
        last = self.layers[-1]
        self.before = self.terms(last.Z[:, None], last.A[:, None])

    def changes(self, units: Indices, t: Array) -> tuple[Array, Array]:
        """Return the changes of m J where row units[c] of Z_l moves by t[c], and bounds on their rounding."""
        l, L = self.l, self.network.layer_count
        Z = self.layers[l - 1].Z[units] + t
        if l == L:
            Z_L = np.repeat(self.layers[-1].Z[:, None], len(units), axis=1)
            Z_L[units, np.arange(len(units))] = Z
        else:
            Z_L = self.forward(units, self.activated(l, Z, units) - self.layers[l - 1].A[units])
        changes = self.terms(Z_L, self.activated(L, Z_L)) - self.before
        return changes.sum(axis=(0, 2)), self.rounding + 1e-9 * np.abs(changes).sum(axis=(0, 2))

    def forward(self, units: Indices, dA: Array) -> Array:
        """Return the last Z after A_l has changed in the rows `units`."""
        l, parameters = self.l, self.network.parameters
        Z = np.take(parameters[f"W{l + 1}"], units, axis=1)[..., None] * dA
        Z += self.layers[l].Z[:, None]
        for k in range(l + 1, self.network.layer_count):
            A = self.activated(k, Z)
            Z = np.tensordot(parameters[f"W{k + 1}"], A, axes=1) + parameters[f"b{k + 1}"][:, None]
        return Z

    def activated(self, k: int, Z: Array, rows: Indices | None = None) -> Array:
        """Return A_k at Z: of every unit, or of one a column, shape (columns, m)."""
        name = self.network.activations[k - 1]
        A = softmax(Z) if name == "softmax" else ACTIVATIONS[name].value(Z)
        if k not in self.masks:
            return A
        mask = self.masks[k]
        return A * (mask[:, None] if rows is None else mask[rows])

    def terms(self, Z: Array, A: Array) -> Array:
        """Return what each output adds to m J."""
        return LOSSES[self.network.loss_name].terms(Z, A, self.Y[:, None])

    @cached_property
    def rounding(self) -> float:
        """Bound the rounding of `changes`."""
        l, parameters = self.l, self.network.parameters
        error = ULP * np.abs(self.layers[l - 1].Z).max(axis=0, keepdims=True)
        for k in range(l + 1, self.network.layer_count + 1):
            W, (Z, _), A = parameters[f"W{k}"], self.layers[k - 1], np.abs(self.layers[k - 2].A)
            error_A = self.masked(k - 1, STEEPEST * error) + ULP * A
            if k == l + 1:  # one unit has moved, whichever: only its term is computed anew
                largest = np.maximum(W.max(axis=1, keepdims=True), -W.min(axis=1, keepdims=True))
                error = largest * error_A.max(axis=0) + ULP * np.abs(Z)
            else:
                error = dot_sizes(W, error_A + (W.shape[1] + 2) * ULP * A)
                error += (W.shape[1] + 2) * ULP * np.abs(parameters[f"b{k}"])
        (Z, A), Y = self.layers[-1], np.abs(self.Y)
        steepness = STEEPEST * (np.abs(A) + Y) * np.maximum(1, Y.sum(axis=0))
        error = steepness * (error + ULP * np.abs(Z).max(axis=0)) + ULP * np.abs(self.before[:, 0])
        return SAFETY * float(error.sum())

    def masked(self, k: int, error: Array) -> Array:
        """Return the errors of A_k of those of g_k(Z_k)."""
        return error * np.abs(self.masks[k]) if k in self.masks else error
