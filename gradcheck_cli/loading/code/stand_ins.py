"""Modules that stand in for the course's own files where these are missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

__all__ = ["standing_in"]

FOLDER = Path(__file__).parent / "course"
FILES = {"gc_utils": "gc_utils.py", "testCases": "cases.py", "testCase": "cases.py"}
"""By the name that somebody imports: the file that stands in. The course has been copied under both names of one."""


class StandIns(MetaPathFinder):
    """Finds them, for it is asked last, where nobody else has found a module of that name."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Return the file that stands in for a module."""
        return spec_from_file_location(fullname, FOLDER / FILES[fullname]) if fullname in FILES else None


@contextmanager
def standing_in() -> Iterator[set[str]]:
    """Import something of the user's; what stood in meanwhile is forgotten afterwards, for other folders may have it.

    Yields
    ------
    set of str
        Filled at the end with the names of what stood in.
    """
    finder, used = StandIns(), set[str]()
    sys.meta_path.append(finder)
    try:
        yield used
    finally:
        sys.meta_path.remove(finder)
        for name in FILES:
            if (getattr(sys.modules.get(name), "__file__", None) or "").startswith(str(FOLDER)):
                used.add(name)
                del sys.modules[name]
