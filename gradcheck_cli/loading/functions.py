"""Functions of the user's own: ``path/to/file.py:name`` or ``package.module:name`` to something that can be called."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcheck_cli.asking import asking, kind_of
from gradcheck_cli.errors import InputError, did_you_mean
from gradcheck_cli.loading.imports import importable

__all__ = ["absolute", "file_of", "load_function", "source_of"]

PREFIX = "_gradcheck_user_"  # of the names of modules that are made of the user's files
EXPECTED = "expected FILE.py:NAME or MODULE:NAME"


def load_function(reference: str) -> Callable[..., Any]:
    """Load a function from a Python file or from a module.

    The file's folder, or the current one for a module, can be imported from while the program runs, as if the file were
    run itself.

    Parameters
    ----------
    reference : str
        ``FILE.py:NAME`` or ``MODULE:NAME``, where a name may have dots; the file may have a drive letter, for the last
        colon divides.

    Raises
    ------
    InputError
        Where there is no such file, module or function.
    UserFunctionError
        Where the file raises while it is imported.
    """
    home, colon, name = reference.rpartition(":")
    file = file_of(reference)
    if not (colon and home and name):
        raise InputError(f"{reference!r} does not name a function, {EXPECTED}")
    function = find_attribute(import_file(file) if file else import_module(home), home, name)
    if not callable(function):
        raise InputError(f"{name!r} in {home} is {kind_of(function)}, expected a function")
    return function  # type: ignore[no-any-return]


def file_of(reference: str) -> Path | None:
    """Return the file that a reference names; None where it names a module."""
    home = reference.rpartition(":")[0]
    return Path(home) if home.endswith(".py") or "/" in home or "\\" in home else None


def absolute(reference: str) -> str:
    """Return a reference that means the same in any folder; one to a file that is not there stays as it is."""
    file = file_of(reference)
    return f"{file.resolve()}:{reference.rpartition(':')[2]}" if file is not None and is_file(file) else reference


def source_of(reference: str) -> Path | None:
    """Return the file in which a function is looked for, without importing anything; None where that cannot be told."""
    file = file_of(reference)
    if file is not None:
        return file
    where: Sequence[str] | None = [str(Path.cwd()), *sys.path]
    spec = None
    for part in reference.rpartition(":")[0].split("."):
        spec = PathFinder.find_spec(part, where) if where else None
        where = spec.submodule_search_locations if spec else None
    return Path(spec.origin) if spec and spec.origin else None


def find_attribute(module: ModuleType, home: str, name: str) -> Any:
    """Follow a dotted name from a module on."""
    found: Any = module
    for part in name.split("."):
        with asking(f"looking for {name!r} in {home} raised"):
            if not hasattr(found, part):
                known = [key for key in dir(found) if not key.startswith("_") and callable(getattr(found, key, None))]
                raise InputError(f"{home} has no {name!r}", hint=did_you_mean(part, known))
            found = getattr(found, part)
    return found


def import_file(path: Path) -> ModuleType:
    """Import a file under a name that hides no installed module: once, and anew where it was changed since."""
    if not is_file(path):
        loaded = [module for name, module in sys.modules.items() if name.startswith(PREFIX) and is_of(module, path)]
        if loaded:  # it has taken itself away
            return loaded[-1]
        raise InputError(f"{path} is no file, expected a Python file", hint="is the path right?")
    path = path.resolve()
    name = f"{PREFIX}{path.stem}_{abs(hash((str(path), path.read_bytes())))}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be imported, expected a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with importable(path.parent), asking(f"{path.name}, while it was imported, raised"):
            spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def import_module(name: str) -> ModuleType:
    """Import a module by its name, from the current folder too."""
    if not all(part.isidentifier() for part in name.split(".")):
        raise InputError(f"{name!r} is neither a Python file nor the name of a module, {EXPECTED}")
    with importable(Path.cwd()), asking(f"{name}, while it was imported, raised"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name and f"{name}.".startswith(f"{error.name}."):
                raise InputError(f"there is no module {error.name!r}", hint="is it installed, or a FILE.py?") from error
            raise


def is_of(module: ModuleType, path: Path) -> bool:
    """Whether a module was made of a file."""
    return vars(module).get("__file__") == str(path)


def is_file(path: Path) -> bool:
    """Whether there is such a file; a path that cannot even be looked up is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
