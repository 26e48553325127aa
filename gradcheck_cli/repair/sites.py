"""The places where a value is computed: what stands behind ``=``, ``+=`` and ``return``, and each part of a display."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradcheck_cli.repair.program import Function, Program

__all__ = ["Site", "sites_of"]

Place = tuple[ast.expr, str, tuple[str, ...]]


@dataclass(frozen=True)
class Site:
    """One expression, in its statement and its function."""

    file: str
    function: Function
    statement: ast.stmt | ast.Lambda
    node: ast.expr
    kind: str
    """``value`` that is kept or handed on; ``target`` of an assignment; ``test`` or ``loop`` of a statement."""
    names: tuple[str, ...] = ()
    """What the value is called: names and attributes that it is assigned to, or its key."""

    @property
    def line(self) -> int:
        """The line on which it begins."""
        return self.node.lineno


def sites_of(program: Program) -> list[Site]:
    """Return the sites of all functions, in the order of the text."""
    found: dict[tuple[str, int, int, str], Site] = {}
    for function in program.functions:
        node = program.node(function)
        if node is None:
            continue
        body: Sequence[ast.stmt | ast.Lambda] = [node] if isinstance(node, ast.Lambda) else node.body
        for statement in body:
            for site in within(function, statement):
                key = (site.file, site.node.lineno, site.node.col_offset, site.kind)
                found.setdefault(key, site)
    return [found[key] for key in sorted(found)]


def within(function: Function, statement: ast.stmt | ast.Lambda) -> Iterator[Site]:
    """Yield the sites of a statement and of those within it."""
    for node, kind, names in own_sites(statement):
        yield Site(function.file, function, statement, node, kind, names)
    for inner in ast.iter_child_nodes(statement):
        if isinstance(inner, ast.stmt):
            yield from within(function, inner)
        elif isinstance(inner, ast.ExceptHandler):
            for deeper in inner.body:
                yield from within(function, deeper)


def own_sites(statement: ast.stmt | ast.Lambda) -> Iterator[Place]:
    """Yield the expressions of a statement itself, each with its kind and its names."""
    if isinstance(statement, ast.Lambda):
        yield from values(statement.body)
    elif isinstance(statement, ast.Assign):
        names = tuple(name for target in statement.targets for name in named(target))
        yield from values(statement.value, names)
        yield from ((target, "target", names) for target in statement.targets)
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign) and statement.value is not None:
        yield from values(statement.value, named(statement.target))
        yield statement.target, "target", named(statement.target)
    elif isinstance(statement, ast.Return) and statement.value is not None:
        yield from values(statement.value)
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield) and statement.value.value:
        yield from values(statement.value.value)
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        yield from ((part, "value", ()) for part in statement.value.args if not isinstance(part, ast.Starred))
    elif isinstance(statement, ast.If | ast.While):
        yield statement.test, "test", ()
    elif isinstance(statement, ast.For):
        yield statement.iter, "loop", ()


def values(node: ast.expr, names: tuple[str, ...] = ()) -> Iterator[Place]:
    """Yield the parts of an expression that are values of their own; itself where it has none."""
    parts = list(parts_of(node))
    yield from ((part, "value", (name,) if name else ()) for name, part in parts)
    if not parts:
        yield node, "value", names


def parts_of(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield the parts of a display, of ``dict(...)`` and of a call on a list, each with its key."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield (key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""), value
    elif isinstance(node, ast.Tuple | ast.List):
        yield from (("", part) for part in node.elts if not isinstance(part, ast.Starred))
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "dict":
            yield from ((word.arg or "", word.value) for word in node.keywords)
        elif len(node.args) == 1 and isinstance(node.args[0], ast.List | ast.Tuple):
            yield from parts_of(node.args[0])


def named(target: ast.expr) -> tuple[str, ...]:
    """Return the names that a target gives to what is assigned to it."""
    if isinstance(target, ast.Name):
        return (target.id,)
    if isinstance(target, ast.Attribute):
        return (target.attr,)
    if isinstance(target, ast.Subscript):
        key = target.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return (key.value,)
        return named(target.value)
    if isinstance(target, ast.Tuple | ast.List):
        return tuple(name for part in target.elts for name in named(part))
    return ()
