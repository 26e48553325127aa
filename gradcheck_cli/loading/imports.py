"""Imports from the folders of the user's files: first for the user's own code, last for everybody else.

A script finds the modules of its own folder before all others, and so it is here for code in such a folder. But then a
file of the user's called queue.py or html.py stands in for the standard library's in whatever is imported from then on,
by numpy, by rich or by gradcheck itself; so everybody else finds first what could be found before.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import FrozenImporter, ModuleSpec, PathFinder
from pathlib import Path
from types import FrameType, ModuleType

__all__ = ["importable"]

PACKAGE = str(Path(__file__).parent.parent)


class TwoPaths(MetaPathFinder):
    """Finds modules by one path for the user's code, and by another one for everybody else."""

    def __init__(self) -> None:
        self.before = list(sys.path)
        """The path as it was before anything of the user's."""
        self.own = list(sys.path)
        """The path as the user's code has it."""

    @property
    def folders(self) -> list[str]:
        """The folders of the user's code."""
        return [folder for folder in self.own if folder not in self.before]

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Find a module for whoever imports it; a part of a package is found where the package is.

        Raises
        ------
        ModuleNotFoundError
            For a module of the standard library that this system lacks: what may be missing is tried, and a file of the
            user's that is called so is not what is meant.
        """
        if path is not None:
            return None
        if self.is_own(importing_file()):
            return PathFinder.find_spec(fullname, self.own)
        spec = PathFinder.find_spec(fullname, self.before)
        if spec is None and fullname in sys.stdlib_module_names and not is_built_in(fullname):
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return spec

    def is_own(self, file: str) -> bool:
        """Whether a file is the user's: in a folder of theirs, and not in an environment that lies in it."""
        theirs = max((len(folder) for folder in self.folders if is_inside(file, folder)), default=-1)
        others = max((len(folder) for folder in [*self.before, PACKAGE] if is_inside(file, folder)), default=-1)
        return theirs > others

    def take_out(self, names: Sequence[str]) -> None:
        """Let go of the user's modules that stand under the name of another one that can be found without them."""
        for name in names:
            file = getattr(sys.modules[name], "__file__", None)
            if "." not in name and isinstance(file, str) and self.is_own(file) and self.is_elsewhere(name):
                del sys.modules[name]

    def is_elsewhere(self, name: str) -> bool:
        """Whether somebody else means another module by a name."""
        return is_built_in(name) or PathFinder.find_spec(name, self.before) is not None


def is_built_in(name: str) -> bool:
    """Whether a module is a part of the interpreter itself."""
    return name in sys.builtin_module_names or FrozenImporter.find_spec(name) is not None


def is_inside(file: str, folder: str) -> bool:
    """Whether a file is somewhere in a folder."""
    return file.startswith(folder.rstrip(os.sep) + os.sep)


def importing_file() -> str:
    """Return the file of the code that has asked for an import."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  (inspect reads the sources of all frames)
    while frame is not None and is_machinery(frame.f_code.co_filename):
        frame = frame.f_back
    return frame.f_code.co_filename if frame is not None else ""


def is_machinery(file: str) -> bool:
    """Whether code of a file imports for others."""
    return file.startswith("<frozen importlib") or file in (importlib.__file__, __file__)


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Import something of the user's, and let what it imports be found in a folder from then on.

    Parameters
    ----------
    folder : Path
        Of the user's file.
    """
    finder = next((found for found in sys.meta_path if isinstance(found, TwoPaths)), None)
    if finder is None:
        finder = TwoPaths()
        sys.meta_path.insert(0, finder)
    if str(folder) not in finder.own:
        finder.own.insert(0, str(folder))
    there = set(sys.modules)
    sys.path[:] = finder.own  # the user's code may look at it, and change it
    try:
        yield
    finally:
        finder.own = list(sys.path)
        sys.path[:] = [*finder.before, *finder.folders]  # as other processes get it
        finder.take_out([name for name in list(sys.modules) if name not in there])
