"""Probes behind the assignments in code: they note the values there, move them, or put others in their place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from gradcheck_cli.repair.program import Patch, Program
from gradcheck_cli.repair.source import Edit, Source
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["Noted", "Probes", "Spot"]

PROBE = "__gradcheck_see__"
MOST_NOTED = 400  # values of a run
MOST_ENTRIES = 2000  # of a value


class Spot(NamedTuple):
    """The end of a statement that gives a value to a name."""

    file: str
    statement: ast.stmt
    target: str
    """What has the value from there on, as the code has it."""
    name: str
    """What that is called; where it is the key of a dict, the run tells."""
    key: str = ""
    """The key's text."""


class Noted(NamedTuple):
    """A value that a run had behind a statement."""

    spot: int
    turn: int
    """The how manieth time there."""
    name: str
    value: Array


@dataclass
class Probes:
    """The probes of a program's statements, all at once; without orders they only note."""

    spots: Sequence[Spot]
    patch: Patch
    noted: list[Noted] = field(default_factory=list)
    orders: Mapping[tuple[int, int], Callable[[Array], Array]] = field(default_factory=dict)
    """What is done to the value of a spot at a turn."""
    turns: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, program: Program) -> Probes:
        """Return probes for all statements of a program, and let its functions see them."""
        spots = [spot for function in program.functions for spot in spots_of(program, function)]
        spots = list({(s.file, s.statement.lineno, s.statement.col_offset, s.target): s for s in spots}.values())
        patch = tuple((s.file, edit_of(program.sources[s.file], s, k)) for k, s in enumerate(spots))
        return cls(spots, patch)

    def run(
        self,
        program: Program,
        call: Callable[[], Any],
        orders: Mapping[tuple[int, int], Callable[[Array], Array]] | None = None,
    ) -> Any:
        """Return what a call comes to with the probes in place; `noted` has the values of its last run."""
        self.noted, self.turns, self.orders = [], {}, orders or {}
        for function in program.functions:
            for living in function.living:
                living.__globals__[PROBE] = self.see
        with program.with_patch(self.patch), np.errstate(all="ignore"):
            return call()

    def see(self, k: int, value: Any, key: Any = None) -> Any:
        """Note a value of the run, and return it, or what is to be there."""
        turn = self.turns[k] = self.turns.get(k, -1) + 1
        order = self.orders.get((k, turn))
        if order is not None:
            changed = order(np.array(value, dtype=float))
            return changed if isinstance(value, np.ndarray) else float(changed)
        is_real = isinstance(value, float | np.floating) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")
        if is_real and len(self.noted) < MOST_NOTED and 0 < np.size(value) <= MOST_ENTRIES:
            name = key if isinstance(key, str) else self.spots[k].name
            self.noted.append(Noted(k, turn, name, np.array(value, dtype=float)))
        return value


def spots_of(program: Program, function: Any) -> Iterator[Spot]:
    """Yield the spots of one function."""
    node = program.node(function)
    if node is None or isinstance(node, ast.Lambda):
        return
    source = program.sources[function.file]
    for statement in inner(node.body):
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            targets = [statement.targets[0]]
        elif isinstance(statement, ast.AugAssign) or (isinstance(statement, ast.AnnAssign) and statement.value):
            targets = [statement.target]
        if targets and isinstance(targets[0], ast.Tuple | ast.List):
            targets = targets[0].elts
        for target in targets:
            spot = spot_of(source, function.file, statement, target)
            if spot is not None:
                yield spot


def inner(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a body and those within them, but for definitions."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from inner([one for one in getattr(statement, part, ()) if isinstance(one, ast.stmt)])
        for handler in getattr(statement, "handlers", ()):
            yield from inner(handler.body)


def spot_of(source: Source, file: str, statement: ast.stmt, target: ast.expr) -> Spot | None:
    """Return the spot of one target; of a part of an array it is the whole array."""
    if isinstance(target, ast.Subscript) and is_text(target.slice):
        return Spot(file, statement, source.text(target), "", source.text(target.slice))
    while isinstance(target, ast.Subscript):
        target = target.value
    if isinstance(target, ast.Name):
        return Spot(file, statement, target.id, target.id)
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        return Spot(file, statement, source.text(target), target.attr)
    return None


def is_text(key: ast.expr) -> bool:
    """Whether a key is a text that the code writes down: whole, in part, or with values in it."""
    return isinstance(key, ast.JoinedStr) or any(
        isinstance(node, ast.Constant) and isinstance(node.value, str) for node in ast.walk(key)
    )


def edit_of(source: Source, spot: Spot, k: int) -> Edit:
    """Return what puts the probe behind the statement."""
    end = source.span(spot.statement)[1]
    key = f", {spot.key}" if spot.key else ""
    return Edit(end, end, f"; {spot.target} = {PROBE}({k}, {spot.target}{key})")
