"""What is the user's own: ``path/to/file.py:name``, ``notebook.ipynb:name`` or ``package.module:name``.

Of a notebook only what the name needs is run; of a script too where the reference says so: ``file.py[defs]:name``.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from gradcheck_cli.loading.code.cells import is_notebook
from gradcheck_cli.loading.code.parts import Part
from gradcheck_cli.loading.code.stand_ins import standing_in
from gradcheck_cli.loading.imports import importable
from gradcheck_cli.vocabulary.asking import asking, kind_of
from gradcheck_cli.vocabulary.errors import InputError, UserFunctionError, did_you_mean

__all__ = [
    "absolute",
    "at_another_place",
    "defs_only",
    "file_of",
    "load_function",
    "load_module",
    "load_object",
    "notes_on",
    "source_of",
]

PREFIX = "_gradcheck_user_"  # of the names of modules that are made of the user's files
DEFS = "[defs]"  # behind the file, where only what a name needs is to be run
STANDING_IN = "__gradcheck_stand_ins__"  # where a module has the names of what stood in for its neighbours
EXPECTED = "expected FILE.py:NAME or MODULE:NAME"
RUNS_TOO_MUCH = "does it train or read files when it is imported? --defs-only runs only what the function needs"


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
    function = load_object(reference)
    if not callable(function):
        home, _, name = reference.rpartition(":")
        raise InputError(f"{name!r} in {home} is {kind_of(function)}, expected a function")
    return function  # type: ignore[no-any-return]


def load_object(reference: str) -> Any:
    """Load anything by its name, as `load_function` does."""
    home, colon, name = reference.rpartition(":")
    file = file_of(reference)
    if not (colon and home and name):
        lists = f"gradcheck {reference} lists what it has" if reference.endswith((".py", ".ipynb")) else None
        raise InputError(f"{reference!r} does not name a function, {EXPECTED}", hint=lists)
    if file is None:
        return find_attribute(import_module(home), home, name)
    if home.endswith(DEFS) or is_notebook(file):
        return find_attribute(import_part(file, name.partition(".")[0]), str(file), name)
    return find_attribute(import_file(file), home, name)


def load_module(reference: str, names: Iterable[str] = ()) -> ModuleType:
    """Load what a reference is in; where only a part is run, with what some other names need, if it binds them."""
    home, _, name = reference.rpartition(":")
    file = file_of(reference)
    if file is None:
        return import_module(home)
    if not (home.endswith(DEFS) or is_notebook(file)):
        return import_file(file)
    module = import_part(file, name.partition(".")[0])
    with importing(file.resolve(), module):
        for other in sorted(names):
            module.taken.take_if_bound(other)
    return module


def defs_only(reference: str) -> str:
    """Return a reference of which only what its name needs is run; one to a module stays as it is."""
    file = file_of(reference)
    is_script = file is not None and not is_notebook(file)
    return f"{file}{DEFS}:{reference.rpartition(':')[2]}" if is_script else reference


def file_of(reference: str) -> Path | None:
    """Return the file that a reference names; None where it names a module."""
    home = reference.rpartition(":")[0].removesuffix(DEFS)
    return Path(home) if home.endswith((".py", ".ipynb")) or "/" in home or "\\" in home else None


def absolute(reference: str) -> str:
    """Return a reference that means the same in any folder; one to a file that is not there stays as it is."""
    file = file_of(reference)
    return at_another_place(reference, file.resolve()) if file is not None and is_file(file) else reference


def at_another_place(reference: str, file: Path) -> str:
    """Return a reference to the same name in another file."""
    home, _, name = reference.rpartition(":")
    return f"{file}{DEFS if home.endswith(DEFS) else ''}:{name}"


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
        loaded = loaded_of(path)
        if loaded:  # it has taken itself away
            return loaded[-1]
        raise InputError(f"{path} does not exist or is not a file, expected a Python file", hint="is the path right?")
    path = path.resolve()
    name = name_of(path)
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be imported, expected a file that ends in .py")
    if isinstance(spec.loader, SourceFileLoader):
        spec.loader = FromSource(name, str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with importing(path, module), asking(f"importing {path.name} raised"):
            spec.loader.exec_module(module)
    except BaseException as error:
        sys.modules.pop(name, None)
        if isinstance(error, UserFunctionError) and not isinstance(error.__cause__, SyntaxError):
            error.hint = RUNS_TOO_MUCH
        raise
    return module


class FromSource(SourceFileLoader):
    """Compiles a file each time: what Python keeps of it may be of another text of the same second and length."""

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  (there is one path)
        """Return the code of the file as it is."""
        return self.source_to_code(self.get_data(self.path), self.path)


def import_part(path: Path, name: str) -> Part:
    """Make a module of what a name in a notebook or a script needs: one for all names of a file, empty for none."""
    if not is_file(path):
        raise InputError(
            f"{path} does not exist or is not a file, expected a notebook or a Python file", hint="is the path right?"
        )
    path = path.resolve()
    called = f"{name_of(path)}_part"
    module = sys.modules.get(called)
    if not isinstance(module, Part):
        module = sys.modules[called] = Part(called, path)
    if name:
        with importing(path, module):
            module.taken.take(name)
    return module


@contextmanager
def importing(path: Path, module: ModuleType) -> Iterator[None]:
    """Import from the folder of a file; what is missing there and the course has is stood in for."""
    used: set[str] = vars(module).setdefault(STANDING_IN, set())
    with standing_in() as names, importable(path.parent):
        yield
    used |= names


def notes_on(paths: Iterable[Path | None]) -> list[str]:
    """Say what was taken of files, and what stood in for their neighbours; nothing where they were imported whole."""
    notes = []
    for path in dict.fromkeys(path.resolve() for path in paths if path is not None):
        for module in loaded_of(path)[-1:]:
            notes += [module.taken.note()] if isinstance(module, Part) else []
            missing = ", ".join(sorted(vars(module).get(STANDING_IN, ())))
            notes += [f"there is no {missing} next to {path.name}: gradcheck provided a stand-in"] if missing else []
    return notes


def name_of(path: Path) -> str:
    """Return the name of the module that is made of a file; another one where the file is changed."""
    return f"{PREFIX}{path.stem}_{abs(hash((str(path), path.read_bytes())))}"


def loaded_of(path: Path) -> list[ModuleType]:
    """Return the modules that were made of a file."""
    return [module for name, module in sys.modules.items() if name.startswith(PREFIX) and is_of(module, path)]


def import_module(name: str) -> ModuleType:
    """Import a module by its name, from the current folder too."""
    if not all(part.isidentifier() for part in name.split(".")):
        raise InputError(f"{name!r} is neither a Python file nor the name of a module, {EXPECTED}")
    with importable(Path.cwd()), asking(f"importing {name} raised"):
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
