"""What a caller of Python hands over: a point by names or as one array, functions that take it so, data by keyword."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gradcheck_cli.problems.functions.arguments import as_parameter
from gradcheck_cli.problems.functions.calling import Form
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.functions.trees import flattened, is_tree, names_in
from gradcheck_cli.vocabulary.asking import called
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["function_of", "in_form", "name_of", "named_point", "require_plain_arguments"]


def named_point(parameters: Any) -> dict[str, Array]:
    """Return the point by names."""
    point = {name: as_parameter(name, values) for name, values in flattened(parameters).items()}
    if not point or not all(values.size for values in point.values()):
        raise ProblemError("there are no parameters, or an empty one: nothing to check")
    return point


def in_form(function: Callable[..., Any], parameters: Any, data: Mapping[str, Any] | None) -> Callable[..., Any]:
    """Return a function so that it can be called with the parameters in the form in which they were given."""
    if not is_tree(parameters):
        return function
    return Form(names_in(parameters), list(data or ()), alone="name").of(function)


def function_of(function: Callable[..., Any], parameters: Any, data: Mapping[str, Any]) -> FunctionProblem:
    """Return a function of many outputs at a point, without claims and before it is said how they are weighed."""
    taking = in_form(function, parameters, data)
    return FunctionProblem(named_point(parameters), taking, None, data=data, one_array=not is_tree(parameters))


def name_of(function: object) -> str:
    """Return what a report calls a function that nobody has named: its own name, where it has one."""
    name = called(function)
    return name if name.isidentifier() else "function"


def require_plain_arguments(name: object, data: object) -> None:
    """Raise SettingError where a name is no text, or data cannot be handed over by keyword."""
    if not isinstance(name, str):
        raise SettingError(f"name is {name!r}, expected text")
    if not (data is None or (isinstance(data, Mapping) and all(isinstance(key, str) for key in data))):
        raise SettingError(f"data is {type(data).__name__}, expected a dict of keyword arguments for the functions")
