"""The functions that may be edited: their texts, their codes in memory, and how one is exchanged for another.

Nothing is imported or run anew: the code of a changed text is compiled and put into the function that lives, so
defaults, closures, decorators and callers stay as they are.
"""

from __future__ import annotations
import __future__

import ast
import functools
import operator
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import CodeType, FunctionType
from typing import TypeAlias

from gradcheck_cli.repair.ran import Ran, functions_of
from gradcheck_cli.repair.source import Edit, Source

__all__ = ["Function", "Patch", "Program", "as_patch"]

Path: TypeAlias = tuple[
    tuple[str, int], ...
]  # a nested code: names from the outside in, each with its number among equals
Patch: TypeAlias = tuple[tuple[str, Edit], ...]
"""Edits, each after the file that it is of."""
FUTURE = functools.reduce(
    operator.or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)


@dataclass(frozen=True)
class Function:
    """A code of the user's that may be edited."""

    file: str
    lines: tuple[int, int]
    """The statement of the file that holds it: its first line, and the one after its last."""
    path: Path
    code: CodeType
    """As it was imported."""
    living: tuple[FunctionType, ...]


@dataclass(frozen=True)
class Program:
    """The functions that may be edited, and the texts that they are in."""

    sources: Mapping[str, Source]
    functions: tuple[Function, ...]

    @classmethod
    def of(cls, ran: Ran, but: Collection[CodeType] = ()) -> Program:
        """Return what ran and may be edited: all but some codes, and what a file no longer holds as it was imported."""
        sources: dict[str, Source | None] = {}
        found = []
        for code in ran.codes:
            if code in but:
                continue
            file = code.co_filename
            if file not in sources:
                sources[file] = Source.read(file)
            source, living = sources[file], functions_of(code)
            if source is None or not living:
                continue
            function = located(source, code, living)
            if function is not None:
                found.append(function)
        used = {function.file for function in found}
        return cls({f: source for f, source in sources.items() if source is not None and f in used}, tuple(found))

    def changed(self, patch: Patch) -> Program:
        """Return the program with other texts; what lives stays as it is."""
        files = {file for file, _ in patch}
        texts = {file: self.sources[file].changed([e for f, e in patch if f == file]) for file in files}
        moved = []
        for function in self.functions:
            if function.file in texts:
                before, after = len(self.sources[function.file].lines), len(texts[function.file].lines)
                if before != after:
                    function = replace(function, lines=stretched(self, function, patch))  # noqa: PLW2901
            moved.append(function)
        return replace(self, sources={**self.sources, **texts}, functions=tuple(moved))

    def node(self, function: Function) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None:
        """Return a function in the tree of its text."""
        code = dict(nested(compiled(self.sources[function.file], function, ())))[function.path]
        nodes = [
            node
            for node in ast.walk(self.sources[function.file].tree)
            if isinstance(node, ast.FunctionDef | ast.Lambda) and is_of(node, code)
        ]
        return nodes[0] if len(nodes) == 1 else None

    @contextmanager
    def with_patch(self, patch: Patch) -> Iterator[None]:
        """Run the patched codes within this.

        Raises
        ------
        SyntaxError, ValueError
            Where the changed text is no Python, or not of the same functions.
        """
        self.exchange(patch)
        try:
            yield
        finally:
            for function in self.functions:
                for living in function.living:
                    living.__code__ = function.code

    def exchange(self, patch: Patch) -> None:
        """Put the codes of the patched texts into the functions."""
        codes: dict[tuple[str, tuple[int, int]], dict[Path, CodeType]] = {}
        for function in self.functions:
            key = function.file, function.lines
            if key not in codes:
                source = self.sources[function.file]
                start, end = source.starts[function.lines[0] - 1], source.starts[function.lines[1] - 1]
                edits = [e for file, e in patch if file == function.file and start <= e.start and e.end <= end]
                codes[key] = dict(nested(compiled(source, function, edits)))
            if function.path not in codes[key]:
                raise ValueError(f"the function {function.code.co_name} is gone")
            for living in function.living:
                living.__code__ = codes[key][function.path]


def as_patch(file: str, *edits: Edit) -> Patch:
    """Return edits of one file as a patch."""
    return tuple((file, edit) for edit in edits)


def located(source: Source, code: CodeType, living: Sequence[FunctionType]) -> Function | None:
    """Return a code with its place in the text; None where the text is not what it was compiled from."""
    try:
        tops = source.tree.body
    except SyntaxError:
        return None
    for top in tops:
        first = min([top.lineno, *(d.lineno for d in getattr(top, "decorator_list", ()))])
        last = (top.end_lineno or top.lineno) + 1
        if not first <= code.co_firstlineno < last:
            continue
        function = Function(source.path, (first, last), (), code, tuple(living))
        try:
            compiled_now = nested(compiled(source, function, ()))
        except (SyntaxError, ValueError):
            return None
        found = [path for path, other in compiled_now if other == code]
        return replace(function, path=found[0]) if len(found) == 1 else None
    return None


def compiled(source: Source, function: Function, edits: Sequence[Edit]) -> CodeType:
    """Compile the statement that holds a function, where it stands in the file."""
    first, last = function.lines
    start, end = source.starts[first - 1], source.starts[last - 1]
    pieces, at = [], start
    for edit in sorted(edits):
        pieces += [source.content[at : edit.start], edit.new.encode()]
        at = edit.end
    before, after = around(source, function.lines)
    text = b"".join([before, *pieces, source.content[at:end], after])
    flags = function.code.co_flags & FUTURE
    code: CodeType = compile(text, source.path, "exec", flags=flags, dont_inherit=True)
    return code


@functools.lru_cache(maxsize=64)
def around(source: Source, lines: tuple[int, int]) -> tuple[bytes, bytes]:
    """Return what is compiled before and after some lines of a file: its imports, for they decide how names are called.

    Lines of anything else are empty.
    """
    kept = set()
    for top in source.tree.body:
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(top)) and not is_definition(top):
            kept |= set(range(top.lineno, (top.end_lineno or top.lineno) + 1))
    texts = [line if k in kept else b"\n" for k, line in enumerate(source.lines, start=1)]
    return b"".join(texts[: lines[0] - 1]), b"".join(texts[lines[1] - 1 :])


def is_definition(top: ast.stmt) -> bool:
    """Whether a statement makes names of its own, and imports for these alone."""
    return isinstance(top, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def nested(code: CodeType, path: Path = ()) -> Iterator[tuple[Path, CodeType]]:
    """Yield all codes within another, each with its path."""
    numbers: dict[str, int] = {}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            number = numbers[constant.co_name] = numbers.get(constant.co_name, -1) + 1
            inner = (*path, (constant.co_name, number))
            yield inner, constant
            yield from nested(constant, inner)


def is_of(node: ast.FunctionDef | ast.Lambda, code: CodeType) -> bool:
    """Whether a node of the tree is the text of a code."""
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>" and node.lineno == code.co_firstlineno
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.name == code.co_name and first == code.co_firstlineno


def stretched(program: Program, function: Function, patch: Patch) -> tuple[int, int]:
    """Return the lines of a function's statement after a patch that takes or adds lines."""
    source, (first, last) = program.sources[function.file], function.lines
    for file, edit in patch:
        if file == function.file:
            more = edit.new.count("\n") - source.content[edit.start : edit.end].count(b"\n")
            line = source.place(edit.start)[0]
            first, last = (
                first + (more if line < function.lines[0] else 0),
                last + (more if line < function.lines[1] else 0),
            )
    return first, last
