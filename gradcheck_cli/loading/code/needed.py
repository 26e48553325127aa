"""Which statements of a file a name needs, so that nothing else of it is run."""

from __future__ import annotations

import builtins
from ast import AsyncFunctionDef, ClassDef, FunctionDef
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gradcheck_cli.loading.code.statements import Kind, Statement

__all__ = ["Search", "needed_by"]


def needed_by(name: str, statements: Sequence[Statement]) -> list[int]:
    """Return the positions of the statements that a name needs, in their order; nothing where nothing may bind it.

    Of a definition or an import all are taken, for they cost nothing and the last one counts. Of assignments it is the
    last one before it is used: one that calls a function of the file itself, or a method of its objects, only if there
    is no other, and then the first, for what comes later is training. With it come the seeds, and what makes its value
    ready item by item.

    Parameters
    ----------
    name : str
        At the top of the file.
    statements : sequence of Statement
        Of the whole file.
    """
    search = Search(statements)
    search.want(name, len(statements))
    search.finish()
    return sorted(search.taken)


@dataclass
class Search:
    """From a name to what binds it, and from there to the names that this uses."""

    statements: Sequence[Statement]
    taken: set[int] = field(default_factory=set)
    unbound: set[str] = field(default_factory=set)
    waiting: list[tuple[str, int]] = field(default_factory=list)
    seen: set[tuple[str, int]] = field(default_factory=set)

    @property
    def stars(self) -> list[int]:
        """The imports that may bind any name."""
        return [k for k, one in enumerate(self.statements) if one.kind is Kind.STAR]

    @cached_property
    def may_train(self) -> set[str]:
        """The names of the functions that the file defines, and of the objects of its classes."""
        functions = {one.node.name for one in self.statements if isinstance(one.node, FunctionDef | AsyncFunctionDef)}
        classes = {one.node.name for one in self.statements if isinstance(one.node, ClassDef)}
        made = [one.binds for one in self.statements if one.kind is Kind.ASSIGNMENT and one.now & classes]
        return functions.union(*made)

    def want(self, name: str, before: int) -> None:
        """Take what a name needs where a statement uses it; from a function's body, after all."""
        self.waiting.append((name, before))
        while self.waiting:
            wanted = self.waiting.pop()
            if wanted not in self.seen:
                self.seen.add(wanted)
                self.take_bindings(*wanted)

    def take_bindings(self, name: str, before: int) -> None:
        """Take what binds a name, and what makes its value ready."""
        positions = self.bindings(name, before)
        if not positions:
            self.unbound |= {name} - set(dir(builtins))
            return
        self.take(positions)
        first = positions[0]
        changes = (k for k in range(first, before) if name in self.statements[k].changes)
        self.take([k for k in changes if not self.statements[k].now - {name} & self.may_train])

    def bindings(self, name: str, before: int) -> list[int]:
        """Return what binds a name for a use at a place; what comes later only where there is nothing else."""
        every = [k for k, one in enumerate(self.statements) if name in one.binds]
        every = [k for k in every if k < before] or [k for k in every if k != before]
        definitions = [k for k in every if self.statements[k].kind is Kind.DEFINITION]
        assignments = [k for k in every if self.statements[k].kind is Kind.ASSIGNMENT]
        plain = [k for k in assignments if self.is_plain(k)]
        return definitions or plain[-1:] or assignments[:1]

    def is_plain(self, position: int) -> bool:
        """Whether a statement uses no function of the file itself, and no object of its classes."""
        return not self.statements[position].now & self.may_train

    def take(self, positions: Iterable[int]) -> None:
        """Take statements, and ask for the names that they use."""
        for k in positions:
            if k not in self.taken:
                self.taken.add(k)
                one = self.statements[k]
                if one.imports:  # what it imports may be where an earlier line says
                    self.take([j for j in range(k) if self.statements[j].leads])
                self.waiting += [(name, k) for name in one.now]
                self.waiting += [(name, len(self.statements)) for name in one.later]

    def finish(self) -> None:
        """Take the imports of all names of modules where a name is bound by nothing else."""
        if self.unbound:
            self.take(self.stars)
