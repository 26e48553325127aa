"""What a shell is offered for names: built-in cases, fixtures and their parameters. None of it imports numpy."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import ast

    from click.shell_completion import CompletionItem

__all__ = [
    "BUILT_IN",
    "complete_built_in",
    "complete_case",
    "complete_check",
    "complete_file",
    "complete_parameter",
    "complete_reference",
    "complete_topic",
    "files",
]

BUILT_IN = ("default", "planted-bugs")
"""`gradcheck_cli.problems.networks.cases` has them; a test holds that these are all."""
BUILT_IN_PARAMETERS = ("W1", "b1", "W2", "b2", "W3", "b3")
MOST_BYTES = 2**22
"""Of a file of JSON: a larger one takes longer than somebody waits for a name."""
DATA = {"X", "Y", "activations", "loss", "l2"}
"""Keys of a fixture that are no parameters, besides D1, D2, ... and the claimed gradient."""


def complete_built_in(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Offer the built-in cases."""
    return [name for name in BUILT_IN if name.startswith(incomplete)]


def complete_case(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the built-in cases, and what a file name may begin with."""
    from click.shell_completion import CompletionItem

    names = [CompletionItem(name) for name in complete_built_in(ctx, param, incomplete)]
    return [*names, *(CompletionItem(path) for path in fixtures(incomplete))]


def fixtures(incomplete: str) -> list[str]:
    """Return folders and .npz files whose paths begin so."""
    beginning = incomplete.rpartition(os.sep)[2]
    spelled = incomplete[: len(incomplete) - len(beginning)]
    try:
        inside = sorted(Path(spelled or ".").iterdir())
    except OSError:
        return []
    found = [path for path in inside if path.name.startswith(beginning) and (path.is_dir() or path.suffix == ".npz")]
    return [f"{spelled}{path.name}{os.sep if path.is_dir() else ''}" for path in found]


def complete_parameter(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Offer the parameters of the cases, or the arrays of the files, that stand on the command line already."""
    given = [*(ctx.params.get("cases") or ()), ctx.params.get("params"), ctx.params.get("data")]
    names = dict.fromkeys(name for case in given if case for name in parameters_of(str(case)))
    return [name for name in names if name.startswith(incomplete)]


def complete_topic(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Offer the pages of the manual and the codes of findings."""
    from gradcheck_cli.manual import codes, topics

    return [name for name in [*topics(), *codes()] if name.startswith(incomplete)]


def complete_file(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Offer files."""
    return files(incomplete)


def files(incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell to offer files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def complete_reference(incomplete: str) -> list[CompletionItem]:
    """Offer files, and behind FILE.py: the names in it, which is read and never run."""
    from click.shell_completion import CompletionItem

    file, colon, name = incomplete.rpartition(":")
    if not colon:
        return files(incomplete)
    return [CompletionItem(f"{file}:{found}") for found in names_in(file) if found.startswith(name)]


def names_in(file: str) -> list[str]:
    """Return the functions, the classes with their methods, and the objects that a script or a notebook binds."""
    import ast

    names: dict[str, None] = {}
    for source in sources_of(Path(file).expanduser()):
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            names |= dict.fromkeys(bound_by(ast.parse(source).body))
    return [name for name in names if not name.rpartition(".")[2].startswith("_")]


def sources_of(path: Path) -> list[str]:
    """Return the code of a script, which needs no numpy, or of the cells of a notebook."""
    from gradcheck_cli.cli.config import read_text
    from gradcheck_cli.loading.code.cells import cells_of, is_notebook
    from gradcheck_cli.vocabulary.errors import InputError

    try:
        return [cell.source for cell in cells_of(path)] if is_notebook(path) else [read_text(path)]
    except InputError:
        return []


def bound_by(statements: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements bind, those of methods behind their class's."""
    import ast

    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{name}" for name in bound_by(node.body))
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def complete_check(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Offer the names of the checks in the project's file."""
    from gradcheck_cli.cli.config import find_config, read_config
    from gradcheck_cli.vocabulary.errors import GradcheckError

    named = ctx.find_root().params.get("config")
    try:
        found = Path(named) if named else find_config(os.getcwd())  # noqa: PTH109
        checks = read_config(found).checks if found else ()
    except GradcheckError:
        return []
    return [check.name for check in checks if check.name.startswith(incomplete)]


def parameters_of(case: str) -> list[str]:
    """Return the parameters of a built-in case, or the names in a file: of .npz from its list of contents alone."""
    if case in BUILT_IN:
        return list(BUILT_IN_PARAMETERS)
    if not os.path.isfile(case):  # noqa: PTH113  (a FIFO would be waited for)
        return []
    try:
        keys = keys_of_json(Path(case)) if case.endswith(".json") else keys_of_npz(case)
    except (OSError, ValueError, RecursionError, zipfile.BadZipFile):
        return []
    return [key for key in keys if key not in DATA and key[:1] != "D" and not (key[:1] == "d" and key[1:] in keys)]


def keys_of_npz(path: str) -> list[str]:
    """Return the names of the arrays in an archive."""
    with zipfile.ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def keys_of_json(path: Path) -> list[str]:
    """Return the names in a small file, which is read at once."""
    import json

    content = json.loads(path.read_text("utf-8")) if path.stat().st_size <= MOST_BYTES else None
    return list(content) if isinstance(content, dict) else []
