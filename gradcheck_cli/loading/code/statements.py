"""The statements at the top of a file, and what each of them binds and uses.

What a statement uses is read from its byte code, in which Python itself has told local names from global ones. A name
that is used while the statement runs is needed before it; one in the body of a function only when that is called.
"""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from inspect import CO_OPTIMIZED
from types import CodeType

from gradcheck_cli.loading.code.cells import Cell

__all__ = ["Kind", "Statement", "statements_of"]

LOADS = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
STORES = {"STORE_NAME", "STORE_GLOBAL"}
BUILDS = {"add", "append", "extend", "insert", "manual_seed", "seed", "setdefault"}
"""Methods whose call alone, at the top of a file, makes ready what is used later; any other call may train."""


class Kind(Enum):
    """What running a statement may do."""

    DEFINITION = "an import or a definition: it binds names"
    STAR = "an import of all names of a module"
    ASSIGNMENT = "a plain assignment to names"
    CHANGE = "something that makes ready what a name holds: an item, an attribute, a seed"
    OTHER = "anything else: it is never run"


@dataclass(frozen=True)
class Statement:
    """One statement at the top of a file."""

    node: ast.stmt
    code: CodeType
    cell: Cell
    kind: Kind
    binds: frozenset[str]
    now: frozenset[str]
    """The names that are used while it runs."""
    later: frozenset[str]
    """The names that the functions in it use when they are called."""
    changes: frozenset[str]
    """The names of what it changes, of a CHANGE."""

    @property
    def imports(self) -> bool:
        """Whether it imports something."""
        return any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(self.node))

    @property
    def leads(self) -> bool:
        """Whether it changes where imports are looked for."""
        return self.kind is Kind.CHANGE and "sys" in self.changes and "sys.path" in ast.unparse(self.node)


def statements_of(cells: Iterable[Cell]) -> tuple[list[Statement], list[SyntaxError]]:
    """Return the statements of all cells that are Python, and why the others are not."""
    trees, errors = [], list[SyntaxError]()
    for cell in cells:
        try:
            trees.append((cell, cell.tree()))
        except SyntaxError as error:  # noqa: PERF203  (the other cells count)
            errors.append(error)
    flags = future_flags(tree for _, tree in trees)
    found = []
    for cell, tree in trees:
        for node in (part for whole in tree.body for part in parts_of(whole)):
            try:
                found.append(statement(node, cell, flags))
            except SyntaxError as error:  # noqa: PERF203  (a return at the top, which the parser lets pass)
                errors.append(error)
    return found, errors


def parts_of(node: ast.stmt) -> list[ast.stmt]:
    """Return an import of several modules as one of each, for not all of them need be there; else the statement."""
    if not isinstance(node, ast.Import):
        return [node]
    return [ast.copy_location(ast.Import([alias]), node) for alias in node.names]


def future_flags(trees: Iterable[ast.Module]) -> int:
    """Return the flags of the imports from __future__, which hold for statements that are compiled one by one."""
    import __future__

    nodes = [node for tree in trees for node in tree.body]
    names = [a.name for n in nodes if isinstance(n, ast.ImportFrom) and n.module == "__future__" for a in n.names]
    flags = 0
    for name in names:
        flags |= getattr(getattr(__future__, name, None), "compiler_flag", 0)
    return flags


def statement(node: ast.stmt, cell: Cell, flags: int) -> Statement:
    """Look at one statement."""
    module = ast.Module([node], [])
    code = compile(module, cell.file, "exec", flags=flags, dont_inherit=True)
    kind = kind_of(node)
    return Statement(
        node, code, cell, kind, frozenset(stored(code)), frozenset(used(code)), frozenset(used_later(code)),
        frozenset(changed_by(node)) if kind is Kind.CHANGE else frozenset(),
    )  # fmt: skip


def kind_of(node: ast.stmt) -> Kind:
    """Tell what running a statement may do."""
    if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
        return Kind.STAR
    if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return Kind.DEFINITION
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return Kind.CHANGE if set(changed_by(node)) else Kind.ASSIGNMENT
    if isinstance(node, ast.Expr | ast.For):
        return Kind.CHANGE if set(changed_by(node)) else Kind.OTHER
    if isinstance(node, ast.If | ast.Try) and not is_of_the_program(node):
        kinds = {kind_of(inner) for inner in inner_statements(node) if not isinstance(inner, ast.Pass)}
        for kind in (Kind.DEFINITION, Kind.ASSIGNMENT):
            if kinds <= {Kind.DEFINITION, kind}:
                return kind
    return Kind.OTHER


def is_of_the_program(node: ast.stmt) -> bool:
    """Whether it stands under ``if __name__ == "__main__"``."""
    return isinstance(node, ast.If) and any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test))


def inner_statements(node: ast.If | ast.Try) -> Iterator[ast.stmt]:
    """Yield the statements in all branches."""
    yield from node.body
    yield from node.orelse
    if isinstance(node, ast.Try):
        yield from (inner for handler in node.handlers for inner in handler.body)
        yield from node.finalbody


def changed_by(node: ast.stmt) -> Iterator[str]:
    """Yield the names of what a statement changes: by an item, an attribute, a method that builds, or a loop of such.

    Nothing where it does anything else as well.
    """
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if all(isinstance(target, ast.Subscript | ast.Attribute) for target in targets):
            yield from filter(None, map(root_of, targets))
    elif isinstance(node, ast.Expr):
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in BUILDS:
            yield from filter(None, [root_of(call.func)])
    elif isinstance(node, ast.For):
        each = [list(changed_by(inner)) for inner in node.body if not isinstance(inner, ast.AugAssign)]
        if len(each) == len(node.body) and all(each) and not node.orelse:
            yield from (name for names in each for name in names)


def root_of(node: ast.expr) -> str | None:
    """Return the name that a chain of items and attributes begins with."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def names_in(code: CodeType, operations: set[str]) -> set[str]:
    """Return the names of some operations in a piece of byte code itself."""
    return {step.argval for step in dis.get_instructions(code) if step.opname in operations}


def nested(code: CodeType) -> Iterator[CodeType]:
    """Yield the functions, classes and comprehensions that stand in a piece of byte code."""
    yield from (constant for constant in code.co_consts if isinstance(constant, CodeType))


def is_function(code: CodeType) -> bool:
    """Whether it runs only when it is called: neither the body of a class nor a comprehension."""
    comprehension = code.co_name.startswith("<") and code.co_name != "<lambda>"
    return bool(code.co_flags & CO_OPTIMIZED) and not comprehension


def stored(code: CodeType) -> set[str]:
    """Return the global names that a piece of byte code of the top binds, those of functions that say global too."""
    return names_in(code, STORES)


def used(code: CodeType) -> set[str]:
    """Return the global names that are used while a piece of byte code runs."""
    inner = [used(part) - own_names(part) for part in nested(code) if not is_function(part)]
    return names_in(code, LOADS).union(*inner)


def used_later(code: CodeType) -> set[str]:
    """Return the global names that the functions in a piece of byte code use."""
    found = set[str]()
    for part in nested(code):
        found |= used(part) | used_later(part) if is_function(part) else used_later(part)
    return found


def own_names(code: CodeType) -> set[str]:
    """Return the names that the body of a class binds for itself."""
    return names_in(code, {"STORE_NAME"}) | {"__name__", "__qualname__", "__module__"}
