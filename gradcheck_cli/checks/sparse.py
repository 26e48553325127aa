"""The use case of a sparse Jacobian: its columns by colours, and what lies outside its pattern.

The pattern decides which columns are moved together, and nothing else: what stands outside it moves the outputs of a
colour as well, each column by a random weight of its own, so that nothing cancels. Where a colour is contradicted, its
columns are looked at one by one.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.checks.along import Along, Check, Found, components, felt_sizes, found_along, require_room
from gradcheck_cli.diagnosis.sparse import sparse_findings
from gradcheck_cli.judging.entries import entries_of, sensitivity
from gradcheck_cli.judging.joined import derivatives, joined
from gradcheck_cli.judging.precision import are_single_numbers
from gradcheck_cli.numeric.columns import plain_columns
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.numeric.scales import largest_size, like_sizes
from gradcheck_cli.problems.functions.arguments import Arguments
from gradcheck_cli.problems.functions.colouring import SparseJacobian, colours_of, sparse_jacobian
from gradcheck_cli.problems.functions.function import call
from gradcheck_cli.problems.functions.outputs import Outputs
from gradcheck_cli.vocabulary.asking import called
from gradcheck_cli.vocabulary.parameters import Array, Parameters, dictionary_to_vector, vector_to_dictionary
from gradcheck_cli.vocabulary.results import CheckReport, EntryVerdict, ParameterResult, Sensitivity, Verdict
from gradcheck_cli.vocabulary.settings import AUTO

__all__ = ["check_sparse_jacobian"]

Places = NDArray[np.intp]
Mask = NDArray[np.bool_]

MOST_COLUMNS = 128  # that are looked at one by one
MOST_ROWS = 128
MOST_HALVES = 1024  # parts of colours that are looked at for wrong columns
VISIBLE = 1e-4  # of what a colour is off by: an error in a part of it that is followed
LESS = ("float32", "float16", "bfloat16")  # precisions by which what is off by the threshold may be right
MOST_HIDING = 0.02  # of the outputs and colours that are not zero
TOGETHER = "columns that were moved together contradict the claim, but none does alone"
CLEARLY = 10.0  # error bars: another one


@dataclass
class Coloured:
    """A function with a sparse Jacobian at a point, and how its columns are moved."""

    function: Callable[..., Outputs]
    """(parameters, **data) -> outputs."""
    here: Array
    """All outputs at the point, of shape (m,)."""
    point: Parameters
    data: Mapping[str, Any]
    one_array: bool
    jacobian: SparseJacobian
    seed: int
    calls: int = 0

    def __post_init__(self) -> None:
        random = np.random.default_rng([self.seed, 4])
        sizes = dictionary_to_vector(felt_sizes(self.outputs_at, self.here, self.point, random))
        self.theta = dictionary_to_vector(self.point)
        self.weights = components(random, sizes)
        """By how much each column is moved, of either sign, in units of its parameter; of shape (n,)."""
        self.colours = colours_of(self.jacobian, like_sizes(sizes))
        """Of each column."""
        self.count = int(self.colours.max()) + 1
        """How many colours there are."""

    def outputs_at(self, there: Parameters) -> Array:
        """Return all outputs somewhere, of shape (m,)."""
        self.calls += 1
        arguments = Arguments(there, self.data, one_array=self.one_array)
        found: Outputs = call(self.function, arguments.first, **arguments.data)
        return found.vector()

    def along(self, groups: Sequence[Places], word: str) -> Along:
        """Return the function of how far one goes along groups of columns."""
        moved = np.concatenate(groups)
        direction = np.repeat(np.arange(len(groups)), [group.size for group in groups])

        def outputs(steps: Array) -> Array:
            theta = self.theta.copy()
            theta[moved] += steps[direction] * self.weights[moved]
            return self.outputs_at(vector_to_dictionary(theta, self.point))

        sizes = np.array([np.max(np.abs(self.weights[group])) for group in groups])
        return Along(outputs, called(self.function), word, sizes, self.here)

    def claims(self, groups: Sequence[Places]) -> Array:
        """Return what the Jacobian claims of all outputs along groups of columns, of shape (m, groups)."""
        direction = np.full(self.weights.size, -1, dtype=np.intp)
        for number, group in enumerate(groups):
            direction[group] = number
        return self.jacobian.along(self.weights, direction, len(groups))


@dataclass(frozen=True)
class Single:
    """Single entries of a Jacobian, row by row; all arrays have the shape (k,)."""

    rows: Places
    columns: Places
    claims: Array
    values: Array
    bars: Array
    verdicts: NDArray[np.uint8]
    declared: Mask
    """Which of them the pattern has."""

    def part(self, places: NDArray[Any]) -> Single:
        """Return some of them."""
        return Single(*(getattr(self, f.name)[places] for f in dataclasses.fields(self)))

    def with_others(self, other: Single) -> Single:
        """Return these and others, row by row."""
        both = Single(*(np.concatenate([getattr(s, f.name) for s in (self, other)]) for f in dataclasses.fields(self)))
        return both.part(np.lexsort([both.columns, both.rows]))


def check_sparse_jacobian(
    function: Callable[..., Outputs],
    claim: Any,
    outputs: Outputs,
    point: Parameters,
    data: Mapping[str, Any],
    check: Check,
    *,
    one_array: bool,
    name: str,
    seed: int,
    threshold: float,
    precision: str,
    require_sensitivity: float | None,
) -> CheckReport:
    """Check a Jacobian of which a part at least is a sparse matrix.

    It takes some ten evaluations for each colour, and memory for a few numbers for each output and colour.

    Parameters
    ----------
    function : callable
        (parameters, **data) -> Outputs.
    claim : sparse matrix, or mapping of such
        The Jacobian, as for `check_jacobian`.
    outputs : Outputs
        What the function returns at the point.
    point, data, one_array
        What it is called with.
    check : callable
        Checks a few rows in full: `check_jacobian`.
    name, seed, threshold, precision, require_sensitivity
        As for `check_jacobian`; the seed is of the weights of the columns too.

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked, or too much.
    """
    started = time.perf_counter()
    jacobian = sparse_jacobian(claim, outputs, point)
    coloured = Coloured(function, outputs.vector(), point, data, one_array, jacobian, seed)
    m, n = jacobian.shape
    require_room(
        m, coloured.count, "a row with many entries needs as many colours: check it separately, or by a backward pass"
    )
    if precision == AUTO and (jacobian.single or are_single_numbers({"": jacobian.values})):
        precision = "float32"
    settings: dict[str, Any] = {
        "seed": seed, "threshold": threshold, "precision": precision, "require_sensitivity": require_sensitivity,
    }  # fmt: skip
    groups = [np.flatnonzero(coloured.colours == colour) for colour in range(coloured.count)]
    along = coloured.along(groups, "colour")
    found = found_along(along, coloured.claims(groups), largest_size(point), check, **settings)
    entries, reports = declared_entries(coloured, found), list(found.reports)
    notes = [f"{n:,} columns in {coloured.count:,} colours, each with a random weight from seed {seed}"]
    doubtful = found.wrong if precision in LESS else found.doubtful(threshold) | hiding(found)
    borne_out = True
    if doubtful.any():
        suspects = suspected(coloured, found, doubtful, groups, threshold)
        entries, report = with_measured(coloured, entries, suspects, check, settings)
        reports += [report] if report.verdict is Verdict.FAIL else []
        notes += [] if suspects.all else ["more is wrong than was checked entry by entry"]
        borne_out = report.verdict is Verdict.FAIL or not suspects.all
    catches = sensitivity_of(coloured, found, entries, threshold)
    parts = [(block, block.part(entries)) for block in blocks_of(outputs, point)]
    rows = [row_of(block, own, catches) for block, own in parts]
    report = joined(reports, rows, name, coloured.calls, notes, started)
    if report.verdict is not Verdict.FAIL:
        return report
    if not borne_out:
        return dataclasses.replace(report, verdict=Verdict.INCONCLUSIVE, reasons=(TOGETHER,), findings=())
    findings = [sparse_findings(row, own.declared) for row, (_, own) in zip(rows, parts, strict=True)]
    return dataclasses.replace(report, findings=tuple(itertools.chain(*findings)))


def hiding(found: Found) -> Mask:
    """Return in which outputs of which colours an entry that is not declared may hide beside a large one that is.

    Where many are off, by less than the threshold, it is the claim that is not exact.
    """
    few = MOST_HIDING * np.count_nonzero(found.claims)
    return found.hidden if np.count_nonzero(found.hidden) <= max(few, 1) else np.zeros_like(found.hidden)


def declared_entries(coloured: Coloured, found: Found) -> Single:
    """Return what the colours say of the declared entries: each is alone with its colour in its row."""
    jacobian = coloured.jacobian
    colours, weights = coloured.colours[jacobian.columns], coloured.weights[jacobian.columns]
    return Single(
        rows=jacobian.rows,
        columns=jacobian.columns,
        claims=jacobian.values,
        values=found.values[jacobian.rows, colours] / weights,
        bars=found.bars[jacobian.rows, colours] / np.abs(weights),
        verdicts=found.verdicts[jacobian.rows, colours],
        declared=np.ones(jacobian.rows.shape, dtype=np.bool_),
    )


@dataclass(frozen=True)
class Suspects:
    """Rows and columns in which something is wrong."""

    rows: Places
    columns: Places
    all: bool
    """Whether nothing is wrong in others."""


def suspected(coloured: Coloured, found: Found, wrong: Mask, groups: Sequence[Places], threshold: float) -> Suspects:
    """Say which columns of doubtful colours are to be looked at: all, or where they are many, what halving them leaves.

    Parameters
    ----------
    coloured, found, groups, threshold
        The function, what was found of its colours, and their columns.
    wrong : ndarray of bool, of shape (m, colours)
        What is contradicted, or doubtful.
    """
    contradicted = [groups[colour] for colour in np.flatnonzero(wrong.any(axis=0)).tolist()]
    rows = np.flatnonzero(wrong.any(axis=1))
    columns = np.sort(np.concatenate(contradicted))
    if columns.size <= MOST_COLUMNS:
        return Suspects(rows[:MOST_ROWS], columns, all=rows.size <= MOST_ROWS)
    seen, kept, waiting, looked = np.zeros(len(wrong), dtype=np.bool_), list[int](), contradicted[::-1], 0
    while waiting and looked < MOST_HALVES and len(kept) < MOST_COLUMNS:
        part = waiting.pop()
        off = wrong[:, coloured.colours[part[0]]] & off_in(coloured, found, part, threshold)
        looked += 1
        if not off.any():
            continue
        if part.size == 1:
            kept.append(int(part[0]))
            seen |= off
        else:
            waiting += [part[part.size // 2 :], part[: part.size // 2]]
    found_all = bool(kept) and not waiting and int(seen.sum()) <= MOST_ROWS
    rows = np.flatnonzero(seen)[:MOST_ROWS] if kept else rows[:1]
    own = coloured.jacobian.columns_of(rows)  # the declared entries beside those that are not
    kept += [int(column) for column in own if wrong[rows, coloured.colours[column]].any()][: MOST_COLUMNS - len(kept)]
    return Suspects(rows, np.unique(np.array(kept or own[:1] or columns[:1], dtype=np.intp)), all=found_all)


def off_in(coloured: Coloured, found: Found, part: Places, threshold: float) -> Mask:
    """Return which outputs are off along a part of the columns of a colour, of shape (m,)."""
    colour = coloured.colours[part[0]]
    along = coloured.along([part], "part")
    columns = plain_columns(along.along, along.here, coloured.claims([part]), np.zeros(1), threshold)
    with np.errstate(invalid="ignore"):
        whole = np.abs(found.claims[:, colour] - found.values[:, colour])
        near = np.abs(coloured.claims([part]) - columns.values)[:, 0] <= CLEARLY * columns.bars[:, 0] + VISIBLE * whole
    return np.asarray(~near)


def with_measured(
    coloured: Coloured, entries: Single, suspects: Suspects, check: Check, settings: Mapping[str, Any]
) -> tuple[Single, CheckReport]:
    """Return the entries with those of some rows and columns measured one by one, where that tells what is wrong.

    An entry outside the pattern is among them where it contradicts the zero that is claimed of it. The report is that
    of the rows and columns.
    """
    rows, columns = suspects.rows, suspects.columns
    along, weights = coloured.along(np.split(columns, columns.size), "column"), coloured.weights[columns]
    claims = coloured.jacobian.block(rows, columns)
    report = along.checked(rows, claims * weights, check, **settings)
    block, shape = report.parameters[0].entries, claims.shape
    measured = Single(
        rows=np.repeat(rows, columns.size),
        columns=np.tile(columns, rows.size),
        claims=claims.reshape(-1),
        values=(np.array(block.reference).reshape(shape) / weights).reshape(-1),
        bars=(np.array(block.bars).reshape(shape) / np.abs(weights)).reshape(-1),
        verdicts=np.frombuffer(block.verdicts, dtype=np.uint8),
        declared=np.isin(np.add.outer(rows * coloured.jacobian.shape[1], columns), coloured.jacobian.keys).reshape(-1),
    )
    wrong = measured.verdicts == EntryVerdict.DISAGREES
    pairs = measured.rows * coloured.count + coloured.colours[measured.columns]
    again = np.isin(entries.rows * coloured.count + coloured.colours[entries.columns], pairs[wrong])
    measured = measured.part(measured.declared | wrong)
    replaced = np.isin(coloured.jacobian.keys, measured.rows * coloured.jacobian.shape[1] + measured.columns)
    left = dataclasses.replace(
        entries, verdicts=np.where(again & ~replaced, EntryVerdict.UNRESOLVED, entries.verdicts).astype(np.uint8)
    )
    known = left.part(~replaced).with_others(measured)
    return known, dataclasses.replace(report, reasons=())


def sensitivity_of(coloured: Coloured, found: Found, entries: Single, threshold: float) -> Sensitivity:
    """Return what would have failed: of the declared entries their share, and of any entry how much."""
    none = np.zeros(entries.rows.shape, dtype=np.bool_)
    size = np.abs(entries.values)
    small = size <= entries.bars
    shares = (
        sensitivity(
            Reference(
                entries.values, entries.bars, entries.bars, entries.values, entries.values, none, none, small=small
            ),
            threshold,
        )
        if none.size
        else None
    )
    hidden = np.max(threshold * np.abs(found.values) + found.bars, axis=0)[coloured.colours] / np.abs(coloured.weights)
    return Sensitivity(float(np.max(hidden)), *(shares[1:3] if shares else (np.inf, np.inf)))


@dataclass(frozen=True)
class Block:
    """The derivatives of one output with respect to one parameter in a Jacobian."""

    output: str
    parameter: str
    first: tuple[int, int]
    """Its first row and column."""
    shapes: tuple[tuple[int, ...], tuple[int, ...]]

    def part(self, entries: Single) -> Single:
        """Return the entries that are in it; where there are none its first, which is zero and was not contradicted."""
        (m, n), rows, columns = self.size, entries.rows - self.first[0], entries.columns - self.first[1]
        inside = (rows >= 0) & (rows < m) & (columns >= 0) & (columns < n)
        if inside.any():
            return dataclasses.replace(entries.part(inside), rows=rows[inside], columns=columns[inside])
        zero, first = np.zeros(1), np.zeros(1, dtype=np.intp)
        return Single(first, first, zero, zero, zero, zero.astype(np.uint8), zero.astype(np.bool_))

    @property
    def size(self) -> tuple[int, int]:
        """How many rows and columns it has."""
        return math.prod(self.shapes[0]), math.prod(self.shapes[1])


def blocks_of(outputs: Outputs, point: Parameters) -> Iterator[Block]:
    """Yield each output with each parameter."""
    row = 0
    for output, array in outputs.arrays.items():
        column = 0
        for name, values in point.items():
            yield Block(output, name, (row, column), (array.shape, values.shape))
            column += values.size
        row += array.size


def row_of(block: Block, own: Single, catches: Sensitivity) -> ParameterResult:
    """Return what was found of one output and one parameter."""
    shape, places = (*block.shapes[0], *block.shapes[1]), own.rows * block.size[1] + own.columns
    plain = entries_of(block.parameter, shape, own.claims, own.values, own.values, own.bars, own.verdicts, places)
    entries = dataclasses.replace(plain, output=block.output, rank=len(block.shapes[0]))
    return derivatives(entries, catches)
