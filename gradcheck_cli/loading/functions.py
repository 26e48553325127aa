"""Functions in the user's own files: ``path/to/file.py:name`` to something that can be called."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcheck_cli.errors import InputError, UserFunctionError, did_you_mean

__all__ = ["load_function"]


def load_function(reference: str) -> Callable[..., Any]:
    """Load a function from a Python file.

    The file's folder can be imported from while the program runs, as if the file were run itself.

    Parameters
    ----------
    reference : str
        ``FILE.py:NAME``; the file may have a drive letter, for the last colon divides.

    Raises
    ------
    InputError
        Where there is no such file or no such function.
    UserFunctionError
        Where the file raises while it is imported.
    """
    file, colon, name = reference.rpartition(":")
    if not (colon and file and name):
        raise InputError(f"{reference!r} does not name a function, expected FILE.py:NAME")
    module = import_file(Path(file))
    if not hasattr(module, name):
        functions = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise InputError(f"{file} has no {name!r}", hint=did_you_mean(name, functions))
    function = getattr(module, name)
    if not callable(function):
        raise InputError(f"{name!r} in {file} is {type(function).__name__}, expected a function")
    return function  # type: ignore[no-any-return]


def import_file(path: Path) -> ModuleType:
    """Import a file under a name that hides no installed module; the same file is imported once."""
    if not is_file(path):
        raise InputError(f"{path} is no file, expected a Python file", hint="is the path right?")
    path = path.resolve()
    name = f"_gradcheck_user_{path.stem}_{abs(hash(str(path)))}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be imported, expected a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise UserFunctionError.of(f"{path.name}, while it was imported, raised", error) from error
    return module


def is_file(path: Path) -> bool:
    """Whether there is such a file; a path that cannot even be looked up is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
