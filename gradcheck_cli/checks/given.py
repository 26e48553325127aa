"""What a caller of Python hands over: a point by names or as one array, functions that take it so, data by keyword."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gradcheck_cli.errors import ProblemError, SettingError
from gradcheck_cli.parameters import Array
from gradcheck_cli.problems.arguments import as_parameter, by_its_own_names

__all__ = ["by_names", "in_form", "named_point", "require_plain_arguments"]


def named_point(parameters: Any) -> dict[str, Array]:
    """Return the point by names."""
    point = {str(key): as_parameter(str(key), values) for key, values in by_names(parameters).items()}
    if not point or not all(values.size for values in point.values()):
        raise ProblemError("there are no parameters, or an empty one: nothing to check")
    return point


def by_names(parameters: Any) -> Mapping[str, Any]:
    """Return parameters by names."""
    return parameters if isinstance(parameters, Mapping) else {"x": parameters}


def in_form(function: Callable[..., Any], parameters: Any, data: Mapping[str, Any] | None) -> Callable[..., Any]:
    """Return a function so that it can be called with the parameters in the form in which they were given."""
    if not isinstance(parameters, Mapping):
        return function
    return by_its_own_names(function, [str(key) for key in parameters], list(data or ()))


def require_plain_arguments(name: object, data: object) -> None:
    """Raise SettingError where a name is no text, or data cannot be handed over by keyword."""
    if not isinstance(name, str):
        raise SettingError(f"name is {name!r}, expected text")
    if not (data is None or (isinstance(data, Mapping) and all(isinstance(key, str) for key in data))):
        raise SettingError(f"data is {type(data).__name__}, expected a dict of what the functions get by keyword")
