"""A problem on its way to another process, or to another machine."""

from __future__ import annotations

import dataclasses
import importlib
import pickle
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from gradcheck_cli.problems.functions.function import FunctionProblem, Recipe
from gradcheck_cli.vocabulary.errors import SettingError, WorkerError
from gradcheck_cli.vocabulary.processes import temporary_prefix

__all__ = ["packed", "unpacked"]


def packed(problem: FunctionProblem, *, abroad: bool) -> bytes:
    """Return what another process needs to make the problem.

    Parameters
    ----------
    problem : FunctionProblem
        With a recipe, it is made anew from its files; without one it is pickled itself, but for its claim.
    abroad : bool
        Whether the process may be on another machine: the recipe's files then travel with it.

    Raises
    ------
    SettingError
        Where its functions cannot be pickled.
    """
    here = problem.here if abroad else None
    if problem.recipe is not None:
        contents = {file: file.read_bytes() for file in problem.recipe.files} if abroad else {}
        names = ("one_copy", "handed", "returns_both", "scatter", "weighing")
        told = {name: getattr(problem, name) for name in names}
        return pickle.dumps((problem.recipe, contents, told, here))
    try:
        return bytes(
            pickler().dumps((dataclasses.replace(problem, claim=None, notes=(), known=None), None, None, here))
        )
    except Exception as error:  # pickle raises whatever the user's objects raise
        raise SettingError(
            f"the loss cannot be sent to other processes: {type(error).__name__}: {error}",
            hint="define it at the top of a module, or install cloudpickle; jobs=1 needs neither",
        ) from error


def pickler() -> ModuleType:
    """Return cloudpickle where it is installed, which sends functions that no module holds."""
    try:
        return importlib.import_module("cloudpickle")
    except ImportError:
        return pickle


def unpacked(parcel: bytes) -> FunctionProblem:
    """Make the problem that was packed.

    Raises
    ------
    WorkerError
        Where its loss is another one here: a worker may have other versions of what the function imports.
    """
    made, contents, told, here = pickle.loads(parcel)  # noqa: S301  (it comes from our own driver)
    problem = made if isinstance(made, FunctionProblem) else dataclasses.replace(made_from(made, contents), **told)
    if here is not None and not problem.is_loss_here(here):
        raise WorkerError(
            f"at the point the loss is {problem.here!r} on a worker, expected {here!r}",
            hint="does the worker have other versions of what the function imports?",
        )
    return problem


def made_from(recipe: Recipe, contents: Mapping[Path, bytes]) -> FunctionProblem:
    """Make a problem by its recipe; files that are not here are placed in a folder for as long as that takes."""
    missing = {path: content for path, content in contents.items() if not is_there(path, content)}
    if not missing:
        return recipe.make({})
    with tempfile.TemporaryDirectory(prefix=temporary_prefix()) as folder:
        return recipe.make(placed(missing, Path(folder)))


def placed(contents: Mapping[Path, bytes], folder: Path) -> dict[Path, Path]:
    """Write files into a folder, and return where they are."""
    places = {path: folder / path.name for path in contents}
    for path, content in contents.items():
        places[path].write_bytes(content)
    return places


def is_there(path: Path, content: bytes) -> bool:
    """Whether a file is here as it is at home."""
    try:
        return path.read_bytes() == content
    except OSError:
        return False
