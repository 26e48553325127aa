"""A function in a user's file as a problem, and how another process makes the same of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcheck_cli.cli.faces import load_face
from gradcheck_cli.cli.function_options import PointOptions, elsewhere, files_of
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
    device: str | None = None
    precision: str = AUTO

    @property
    def files(self) -> list[Path]:
        """The files that it is made of."""
        return files_of(self.loss, self.point)

    def make(self, places: Mapping[Path, Path]) -> FunctionProblem:
        """Make the problem; its claim is of no use there."""
        loss, point = elsewhere(self.loss, self.point, places)
        given = self.convention, self.device, self.precision
        return load_problem(loss, None, self.autograd, point, self.loss, *given)


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
    device: str | None = None,
    precision: str = AUTO,
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
        device=device,
        precision=precision,
        convention=convention,
        name=name,
        by_file=True,
        one_array=True,
        only=loaded.only,
        notes=loaded.notes,
    )
    return replace(problem, recipe=FunctionFiles(loss, autograd, point, convention, device, precision))
