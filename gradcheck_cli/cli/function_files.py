"""A function in a user's file as a problem, and how another process makes the same of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcheck_cli.cli.faces import load_face
from gradcheck_cli.cli.function_options import PointOptions
from gradcheck_cli.loading.functions import at_another_place, file_of
from gradcheck_cli.vocabulary.settings import AUTO

if TYPE_CHECKING:
    from gradcheck_cli.cli.making import Checked
    from gradcheck_cli.problems.functions.function import FunctionProblem
    from gradcheck_cli.vocabulary.results import CheckReport

__all__ = ["FunctionFiles", "load_either", "load_problem"]


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
        file = moved(file_of(self.loss), places)
        loss = at_another_place(self.loss, file) if file else self.loss
        return load_problem(loss, None, self.autograd, point, self.loss, self.convention)


def moved(path: Path | None, places: Mapping[Path, Path]) -> Path | None:
    """Return where a file is."""
    return None if path is None else places.get(path, path)


def load_either(loss: str, grad: str, point: PointOptions, name: str, convention: str | None = None) -> Checked:
    """Load a problem; or where its loss turns out to have many outputs, what checks its gradient as their Jacobian."""
    from gradcheck_cli.checks.check import check
    from gradcheck_cli.problems.functions.returned import ManyNumbersError
    from gradcheck_cli.vocabulary.errors import ProblemError

    problem = load_problem(loss, grad, None, point, name, convention)

    def either(**settings: Any) -> CheckReport:
        try:
            return check(problem, **settings)
        except ManyNumbersError as error:
            if settings["classic"] or settings["epsilon"] != AUTO or settings["points"] or point.only or point.skip:
                raise
            try:
                report = load_face("jac", [loss, grad], None, point, name, convention)(**settings)
            except ProblemError:  # it is no Jacobian: then the loss should have been one number
                raise error from None
            note = "the function returns an array: its gradient was checked as a Jacobian, as --jac does"
            return replace(report, notes=(*report.notes, note))

    return either


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
    from gradcheck_cli.problems.functions.autograd import import_framework
    from gradcheck_cli.problems.functions.make import function_problem

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
        by_file=True,
        one_array=True,
        only=loaded.only,
        notes=loaded.notes,
    )
    return replace(problem, recipe=FunctionFiles(loss, autograd, point, convention))
