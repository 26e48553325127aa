"""The source of a notebook, cell by cell, or of a script, which is one cell."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["Cell", "cells_of", "is_notebook"]

MAX_MEBIBYTES = 256  # pictures stand in a notebook too
IS_MAGIC = re.compile(r"^(?P<indent>\s*)(?:[%!?]|[\w.]+\s*=\s*[%!]|[\w.]+\?{1,2}\s*$)")
RUNS_PYTHON = re.compile(r"^\s*%%(?:time|timeit|capture|prun|python3?)\b")
EXPECTED = "expected a Jupyter notebook in Python"


@dataclass(frozen=True)
class Cell:
    """A piece of Python, whose lines are counted from its own first one."""

    number: int | None
    """Among the cells of code, from 1 on; None of a script."""
    source: str
    file: str
    """What tracebacks call it."""

    @property
    def name(self) -> str:
        """What messages call it."""
        return Path(self.file).name if self.number is None else f"cell {self.number}"

    def tree(self) -> ast.Module:
        """Return its statements.

        Raises
        ------
        SyntaxError
            Where it is no Python.
        """
        try:
            return ast.parse(self.source, self.file)
        except ValueError as error:  # null bytes
            raise SyntaxError(str(error)) from error


def is_notebook(path: Path) -> bool:
    """Whether a path names a notebook."""
    return path.suffix.lower() == ".ipynb"


def cells_of(path: Path) -> list[Cell]:
    """Read the code of a notebook or of a script; nothing of it is run, and no output is looked at.

    Raises
    ------
    InputError
        Where it cannot be opened, is too large, or is no notebook.
    """
    from gradcheck_cli.loading.npz import MEBIBYTE, open_regular  # it brings numpy

    most = MAX_MEBIBYTES * MEBIBYTE
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise InputError(f"{path} is larger than {MAX_MEBIBYTES} MiB, the most that is read")
    if not is_notebook(path):
        return [Cell(None, decoded(content, path), str(path))]
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON: {error}", hint=EXPECTED) from error
    sources = enumerate(sources_of(found, path), 1)
    return [Cell(number, without_magics(source), f"{path}:cell {number}") for number, source in sources]


def decoded(content: bytes, path: Path) -> str:
    """Return the text of a script, in the encoding that it names."""
    import io
    import tokenize

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return io.TextIOWrapper(io.BytesIO(content), encoding).read()
    except (SyntaxError, UnicodeError) as error:
        raise InputError(f"{path} is not text: {error}") from error


def sources_of(found: Any, path: Path) -> Iterator[str]:
    """Yield the source of each cell of code, in the formats 4 and 3."""
    if not isinstance(found, Mapping):
        raise InputError(f"{path} contains {type(found).__name__}, {EXPECTED}")
    language = language_of(found.get("metadata"))
    if language not in ("", "python"):
        raise InputError(f"{path} is in {language[:40]!r}, {EXPECTED}")
    sheets = found.get("worksheets")
    cells = found.get("cells") if sheets is None else [c for s in listed(sheets) for c in listed(item(s, "cells"))]
    if not isinstance(cells, list):
        raise InputError(f"{path} has no cells, {EXPECTED}")
    for cell in cells:
        if item(cell, "cell_type") == "code":
            source = item(cell, "source") or item(cell, "input") or ""
            lines = source if isinstance(source, list) else [source]
            yield "".join(line for line in lines if isinstance(line, str))


def language_of(metadata: Any) -> str:
    """Return the language that a notebook says it is in, without a version; empty where it says none."""
    name = item(item(metadata, "language_info"), "name") or item(item(metadata, "kernelspec"), "language") or ""
    return str(name).lower().rstrip("0123456789.")


def item(something: Any, key: str) -> Any:
    """Return what stands under a key, if it is a mapping and has it."""
    return something.get(key) if isinstance(something, Mapping) else None


def listed(something: Any) -> list[Any]:
    """Return a list; an empty one for anything else."""
    return something if isinstance(something, list) else []


def without_magics(source: str) -> str:
    """Return a cell with nothing in the place of what only IPython understands; its lines keep their numbers."""
    lines = source.split("\n")
    if lines[0].lstrip().startswith("%%"):
        lines = ["", *lines[1:]] if RUNS_PYTHON.match(lines[0]) else []
    try:
        ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):  # and not otherwise: a line of Python may begin with % inside of brackets
        lines = [f"{found['indent']}pass" if (found := IS_MAGIC.match(line)) else line for line in lines]
    return "\n".join(lines)
