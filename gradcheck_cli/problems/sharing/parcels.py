"""A problem on its way to another process, or to another machine."""

from __future__ import annotations

import dataclasses
import importlib
import pickle
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcheck_cli.errors import SettingError
from gradcheck_cli.problems.user_function import FunctionProblem

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
    if problem.recipe is not None:
        contents = {file: file.read_bytes() for file in problem.recipe.files} if abroad else {}
        told = {"keeps_inputs": problem.keeps_inputs, "returns_both": problem.returns_both}
        return pickle.dumps((problem.recipe, contents, told))
    try:
        return bytes(pickler().dumps(dataclasses.replace(problem, claim=None, notes=())))
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
    """Make the problem that was packed."""
    content: Any = pickle.loads(parcel)  # noqa: S301  (it comes from our own driver)
    if isinstance(content, FunctionProblem):
        return content
    recipe, contents, told = content
    problem: FunctionProblem = recipe.make(placed(contents))
    return dataclasses.replace(problem, **told)


def placed(contents: Mapping[Path, bytes]) -> dict[Path, Path]:
    """Write the files that this machine does not have, or has otherwise, and return where they are."""
    missing = {path: content for path, content in contents.items() if not is_there(path, content)}
    if not missing:
        return {}
    folder = Path(tempfile.mkdtemp(prefix="gradcheck-"))
    places = {path: folder / path.name for path in missing}
    for path, content in missing.items():
        places[path].write_bytes(content)
    return places


def is_there(path: Path, content: bytes) -> bool:
    """Whether a file is here as it is at home."""
    try:
        return path.read_bytes() == content
    except OSError:
        return False
