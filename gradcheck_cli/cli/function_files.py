"""A function in a user's file as a problem, and how another process makes the same of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gradcheck_cli.cli.function_options import PointOptions
from gradcheck_cli.loading.functions import file_of

if TYPE_CHECKING:
    from gradcheck_cli.problems.user_function import FunctionProblem

__all__ = ["FunctionFiles", "load_problem"]


@dataclass(frozen=True)
class FunctionFiles:
    """How another process makes the same problem."""

    loss: str
    autograd: str | None
    point: PointOptions
    convention: str | None

    @property
    def files(self) -> list[Path]:
        """The files that it is made of."""
        return [path for path in (file_of(self.loss), self.point.params, self.point.data) if path]

    def make(self, places: Mapping[Path, Path]) -> FunctionProblem:
        """Make the problem; its claim is of no use there."""
        point = replace(self.point, params=moved(self.point.params, places), data=moved(self.point.data, places))
        home, _, name = self.loss.rpartition(":")
        file = moved(file_of(self.loss), places)
        return load_problem(f"{file or home}:{name}", None, self.autograd, point, self.loss, self.convention)


def moved(path: Path | None, places: Mapping[Path, Path]) -> Path | None:
    """Return where a file is."""
    return None if path is None else places.get(path, path)


def load_problem(
    loss: str,
    grad: str | None,
    autograd: str | None,
    point: PointOptions,
    name: str,
    convention: str | None = None,
) -> FunctionProblem:
    """Load the functions and the arrays that they are called with, and call them by a name."""
    from gradcheck_cli.loading.functions import load_function
    from gradcheck_cli.problems.autograd import import_framework
    from gradcheck_cli.problems.functions import function_problem

    loaded = point.load()
    if autograd:
        import_framework(autograd)  # before the user's file makes arrays of the wrong precision
    problem = function_problem(
        load_function(loss),
        load_function(grad) if grad else None,
        loaded.parameters,
        data=loaded.data,
        autograd=autograd,
        convention=convention,
        name=name,
        one_array=len(loaded.parameters) == 1,
        only=loaded.only,
        notes=loaded.notes,
    )
    return replace(problem, recipe=FunctionFiles(loss, autograd, point, convention))
