"""What a loss is made of, so that its saved evaluations are never taken for those of another one."""

from __future__ import annotations

import dis
import hashlib
import shutil
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from gradcheck_cli.loading.functions import PREFIX
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.functions.program import Program
from gradcheck_cli.vocabulary.asking import asking

__all__ = ["INSTALLED", "identity_of"]

PIECE = 2**20  # bytes of a file that are read at once
PLAIN = (str, bytes, int, float, complex, bool, type(None))
INSTALLED = ("site-packages", "dist-packages")


def identity_of(problem: FunctionProblem) -> str:
    """Return a digest of the code of a problem's loss, and of what that code refers to.

    Of a loss from a file that is the file, and every module from its folder that is imported by now; of a program its
    words, and the files that they name; of any other function its code, its closure, its defaults and, through the
    names that it uses, the functions beside it. What an object holds is not in it, nor what the loss reads when it is
    called: such things change from call to call, and evaluations that are made again tell of them.

    Raises
    ------
    UserFunctionError
        Where what it refers to cannot be looked at.
    """
    digest = hashlib.sha256()
    with asking("inspecting the loss raised"):
        for part in _parts_of(problem):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _parts_of(problem: FunctionProblem) -> Iterator[bytes]:
    """Yield what makes the loss what it is, piece by piece."""
    loss = problem.loss_function
    program = getattr(loss, "__self__", None)
    if isinstance(program, Program):
        yield repr((program.words, program.exchange, program.batch)).encode()
        yield from _contents([*filter(None, [shutil.which(program.words[0])]), *program.words[1:]])
    elif problem.recipe is not None:
        own = [path for path in problem.recipe.files if path.suffix in (".py", ".ipynb")]
        yield from _contents([*own, *_imported_beside(own)])
    else:
        yield from _parts_of_value(loss, {})


def _imported_beside(files: Iterable[Path]) -> list[Path]:
    """Return the files of the modules that were imported from the folders of the user's files."""
    folders = {path.parent for path in files}
    found = set()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and not name.startswith(PREFIX):
            path = Path(file)
            if not folders.isdisjoint(path.parents) and not set(INSTALLED) & set(path.parts):
                found.add(path)
    return sorted(found)


def _contents(paths: Iterable[str | Path]) -> Iterator[bytes]:
    """Yield the digests of those of some paths that are files."""
    for path in map(Path, paths):
        if path.is_file():
            digest = hashlib.sha256()
            with path.open("rb") as file:
                while piece := file.read(PIECE):
                    digest.update(piece)
            yield digest.digest()


def _parts_of_value(value: Any, seen: dict[int, Any]) -> Iterator[bytes]:
    """Yield what makes a value what it is, as far as it can be told without running any of its code."""
    if isinstance(value, PLAIN):
        yield repr(value).encode()
    elif isinstance(value, np.ndarray):
        yield f"{value.shape} {value.dtype}".encode()
        yield b"" if value.dtype.hasobject else np.ascontiguousarray(value).tobytes()
    elif id(value) not in seen:
        seen[id(value)] = value  # as long as it is here, no other one has its id
        for part in _references(value):
            yield from _parts_of_value(part, seen)


def _references(value: Any) -> Iterator[Any]:
    """Yield what a value refers to: of a function its code and what the code uses."""
    if isinstance(value, FunctionType):
        code = value.__code__
        own = {step.argval for step in dis.get_instructions(code) if step.opname.startswith("STORE_")}  # its memory
        cells = zip(code.co_freevars, value.__closure__ or (), strict=True)
        yield from (code, value.__defaults__, value.__kwdefaults__)
        yield from (cell.cell_contents for name, cell in cells if name not in own and _is_filled(cell))
        yield from (value.__globals__.get(name) for name in code.co_names if name not in own)
    elif isinstance(value, CodeType):
        yield from (value.co_code, value.co_names, value.co_varnames, value.co_consts)
    elif isinstance(value, MethodType):
        yield value.__func__
    elif isinstance(value, partial):
        yield from (value.func, value.args, value.keywords)
    elif isinstance(value, tuple | list):
        yield from value
    elif isinstance(value, dict):
        yield from (part for pair in value.items() for part in pair)
    elif isinstance(call := type(value).__dict__.get("__call__"), FunctionType):
        yield call


def _is_filled(cell: Any) -> bool:
    """Whether a closure's variable has a value."""
    try:
        cell.cell_contents  # noqa: B018  (it raises where there is none)
    except ValueError:
        return False
    return True
