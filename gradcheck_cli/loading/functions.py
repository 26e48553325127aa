"""Functions of the user's own: ``path/to/file.py:name`` or ``package.module:name`` to something that can be called."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcheck_cli.errors import InputError, UserFunctionError, did_you_mean

__all__ = ["absolute", "file_of", "load_function"]

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
        raise InputError(f"{name!r} in {home} is {type(function).__name__}, expected a function")
    return function  # type: ignore[no-any-return]


def file_of(reference: str) -> Path | None:
    """Return the file that a reference names; None where it names a module."""
    home = reference.rpartition(":")[0]
    return Path(home) if home.endswith(".py") or "/" in home or "\\" in home else None


def absolute(reference: str) -> str:
    """Return a reference that means the same in any folder."""
    file = file_of(reference)
    return reference if file is None else f"{file.resolve()}:{reference.rpartition(':')[2]}"


def find_attribute(module: ModuleType, home: str, name: str) -> Any:
    """Follow a dotted name from a module on."""
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            known = [key for key in dir(found) if callable(getattr(found, key, None)) and not key.startswith("_")]
            raise InputError(f"{home} has no {name!r}", hint=did_you_mean(part, known))
        found = getattr(found, part)
    return found


def import_file(path: Path) -> ModuleType:
    """Import a file under a name that hides no installed module: once, and anew where it was changed since."""
    if not is_file(path):
        raise InputError(f"{path} is no file, expected a Python file", hint="is the path right?")
    path = path.resolve()
    name = f"_gradcheck_user_{path.stem}_{abs(hash((str(path), path.read_bytes())))}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be imported, expected a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    make_importable(path.parent)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise UserFunctionError.of(f"{path.name}, while it was imported, raised", error) from error
    return module


def import_module(name: str) -> ModuleType:
    """Import a module by its name, from the current folder too."""
    if not all(part.isidentifier() for part in name.split(".")):
        raise InputError(f"{name!r} is neither a Python file nor the name of a module, {EXPECTED}")
    make_importable(Path.cwd())
    try:
        return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            raise InputError(f"there is no module {error.name!r}", hint="is it installed, or a FILE.py?") from error
        raise UserFunctionError.of(f"{name}, while it was imported, raised", error) from error
    except BaseException as error:
        raise UserFunctionError.of(f"{name}, while it was imported, raised", error) from error


def make_importable(folder: Path) -> None:
    """Let modules be imported from a folder, before those of the same name elsewhere."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def is_file(path: Path) -> bool:
    """Whether there is such a file; a path that cannot even be looked up is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
