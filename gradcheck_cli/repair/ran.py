"""What of the user's code ran in a call: code objects, the names they see, and what their locals held at the end."""

from __future__ import annotations

import gc
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

from gradcheck_cli.problems.functions.identity import INSTALLED
from gradcheck_cli.repair.source import place_in_notebook

__all__ = ["Ran", "functions_of", "is_users", "run"]

PACKAGE = str(Path(__file__).parent.parent) + "/"


@dataclass
class Ran:
    """What one call ran."""

    codes: dict[CodeType, dict[str, Any]] = field(default_factory=dict)
    """Each code of the user's in the order of the first call, with the globals that it sees."""
    values: dict[CodeType, dict[str, Any]] = field(default_factory=dict)
    """The locals of its last call, as it returned."""
    given: list[tuple[str, Any]] = field(default_factory=list)
    """The arguments with which somebody else called the user's code."""
    returned: list[Any] = field(default_factory=list)
    """What the user's code returned to somebody else."""


def run(call: Callable[[], object]) -> Ran:
    """Call something, and return what ran; a profiler or debugger that was there is put back.

    Whatever the call raises is raised, after the hook is gone.
    """
    found = Ran()

    def told(frame: FrameType, event: str, value: object) -> None:
        code = frame.f_code
        if not is_users(code.co_filename):
            return
        if event == "call":
            found.codes.setdefault(code, frame.f_globals)
            if is_way_in(frame):
                names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
                found.given += [(name, frame.f_locals[name]) for name in names if name in frame.f_locals]
        elif event == "return":
            found.values[code] = dict(frame.f_locals)
            if is_way_in(frame):
                found.returned.append(value)

    before = sys.getprofile()
    sys.setprofile(told)
    try:
        call()
    finally:
        sys.setprofile(before)
    return found


def is_way_in(frame: FrameType) -> bool:
    """Whether a frame of the user's was called by somebody else."""
    return frame.f_back is None or not is_users(frame.f_back.f_code.co_filename)


@cache
def is_users(file: str) -> bool:
    """Whether a file is Python text of the user's own: none of ours, of the library's, or of an installed package."""
    if place_in_notebook(file) is not None:
        return True
    if not file.endswith(".py") or file.startswith(PACKAGE):
        return False
    libraries = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    installed = any(file.startswith(f"{folder}/") for folder in libraries)
    path = Path(file)
    return not installed and set(INSTALLED).isdisjoint(path.parts) and path.is_file()


def functions_of(code: CodeType) -> list[FunctionType]:
    """Return the functions that live and run a code; those of closures and decorators too."""
    return [f for f in gc.get_referrers(code) if isinstance(f, FunctionType) and f.__code__ is code]
