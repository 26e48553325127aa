"""A module that is made of those statements of a notebook or of a script that some names in it need."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from gradcheck_cli.loading.code.cells import Cell, cells_of
from gradcheck_cli.loading.code.missing import Missing
from gradcheck_cli.loading.code.needed import needed_by
from gradcheck_cli.loading.code.statements import Kind, Statement, statements_of
from gradcheck_cli.vocabulary.asking import asking
from gradcheck_cli.vocabulary.errors import InputError, did_you_mean

__all__ = ["Part"]

MOST_NAMED = 12  # names that a note lists


class Part(ModuleType):
    """What was taken of a file so far.

    Parameters
    ----------
    name : str
        That of the module.
    path : Path
        The notebook or the script.

    Raises
    ------
    InputError
        Where the file cannot be read.
    """

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name)
        self.__file__ = str(path)
        cells = cells_of(path)
        found = statements_of(cells)
        self.__dict__["__gradcheck__"] = Taken(self, path, *found)
        remember_lines(cells)

    @property
    def taken(self) -> Taken:
        """Which statements those are."""
        taken: Taken = self.__dict__["__gradcheck__"]
        return taken


class Taken:
    """The statements of a file, and which of them have been run."""

    def __init__(
        self, module: ModuleType, path: Path, statements: Sequence[Statement], errors: Sequence[SyntaxError]
    ) -> None:
        self.module, self.path, self.statements, self.errors = module, path, statements, errors
        self.done: set[int] = set()

    def take(self, name: str) -> None:
        """Run what a name needs and has not been run yet.

        Raises
        ------
        InputError
            Where nothing binds it.
        UserFunctionError
            Where a statement raises.
        """
        for k in needed_by(name, self.statements):
            if k not in self.done:
                self.run(self.statements[k])
                self.done.add(k)
        if name not in self.module.__dict__:
            raise InputError(f"{self.path.name} has no {name!r} that can be taken from it", hint=self.hint(name))

    def run(self, one: Statement) -> None:
        """Run a statement; what it imports and is not installed raises once it is used."""
        with asking(f"{self.path.name}, {place_of(one)}, raised"):
            try:
                exec(one.code, self.module.__dict__)  # noqa: S102  (the code that the user has named)
            except ModuleNotFoundError as error:
                if one.kind is Kind.STAR or not isinstance(one.node, ast.Import | ast.ImportFrom):
                    raise
                for name in one.binds:
                    self.module.__dict__[name] = Missing(error)

    def take_if_bound(self, name: str) -> None:
        """Run what a name needs, if the file binds it at all."""
        if any(name in one.binds for one in self.statements):
            self.take(name)

    def hint(self, name: str) -> str | None:
        """Say what there is in the place of a name."""
        for one in self.statements:
            if name in one.binds:
                return f"it is bound in {place_of(one)}, which is not run: loops, with blocks and training are left out"
        if self.errors:
            error = self.errors[0]
            file = Path(str(error.filename)).name
            return f"{file}, line {error.lineno}, is not valid Python: {error.msg}"
        return did_you_mean(name, [name for one in self.statements for name in one.binds if not name.startswith("_")])

    def note(self) -> str:
        """Say what was taken."""
        taken = [self.statements[k] for k in sorted(self.done)]
        names = list(dict.fromkeys(name for one in taken for name in sorted(one.binds)))
        shown = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" * (len(names) > MOST_NAMED))
        numbers = sorted({one.cell.number for one in taken if one.cell.number})
        cells = f" (cell{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))})" if numbers else ""
        lacking = [name for name in names if isinstance(vars(self.module).get(name), Missing)]
        installed = f"; not installed, and not used: {', '.join(lacking)}" if lacking else ""
        return f"taken from {self.path.name}{cells}: {shown}; nothing else in it was run{installed}"


def place_of(one: Statement) -> str:
    """Return where a statement stands."""
    line = f"line {one.node.lineno}"
    return line if one.cell.number is None else f"{one.cell.name}, {line}"


def remember_lines(cells: Sequence[Cell]) -> None:
    """Let tracebacks show the lines of cells, which are in no file of that name."""
    for cell in cells:
        if cell.number is not None:
            lines = cell.source.splitlines(keepends=True)
            linecache.cache[cell.file] = (len(cell.source), None, lines, cell.file)
