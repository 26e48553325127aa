"""Values of the project's file as the options take them: what is natural in TOML is right, all else names its key."""

from __future__ import annotations

from typing import Any

import click

from gradcheck_cli.cli.param_types import Number
from gradcheck_cli.vocabulary.errors import InputError
from gradcheck_cli.vocabulary.text import printable

__all__ = ["option_value"]

KINDS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "numbers": "a list of numbers",
    "text": "text",
}


def option_value(parameter: click.Parameter, value: Any, key: str, where: str) -> Any:
    """Return a value of the file as click is to have it.

    Parameters
    ----------
    parameter : click.Parameter
        The option.
    value : object
        What TOML makes of the file.
    key : str
        Its name in the file.
    where : str
        The table and the file.

    Raises
    ------
    InputError
        Where it is of another kind than the option, or one that the option refuses.
    """
    kind = _kind_of(parameter)
    is_list = isinstance(value, list) and not (kind == "numbers" and _is("number", *value))
    several = value if is_list and (parameter.multiple or parameter.nargs != 1) else [value]
    for one in several:
        if not _fits(kind, one):
            raise InputError(
                f"{key} in {where} is {printable(repr(one))}, expected {KINDS[kind]}"
                + (" or a list of it" if parameter.multiple else "")
            )
        _require_convertible(parameter, one, key, where)
    taken = [_as_text(kind, one) for one in several]
    return taken if parameter.multiple or parameter.nargs != 1 else taken[0]


def _kind_of(parameter: click.Parameter) -> str:
    """Return what kind of value an option has."""
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return "boolean"
    if isinstance(parameter, click.Option) and parameter.count:
        return "integer"
    if isinstance(parameter.type, Number | click.types.FloatParamType) or parameter.type.name == "step":
        return "number"
    if isinstance(parameter.type, click.types.IntParamType | click.IntRange):
        return "integer"
    return "numbers" if parameter.type.name == "numbers" else "text"


def _fits(kind: str, value: Any) -> bool:
    """Whether a value is of a kind; numbers may be written as the command line has them."""
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "numbers":
        return isinstance(value, str) or _is("number", value) or (isinstance(value, list) and _is("number", *value))
    if kind == "number":
        return isinstance(value, str) or _is("number", value)
    return _is("integer", value) if kind == "integer" else isinstance(value, str)


def _is(kind: str, *values: Any) -> bool:
    """Whether values are numbers, or whole ones; true and false are none."""
    kinds = int if kind == "integer" else (int, float)
    return all(isinstance(value, kinds) and not isinstance(value, bool) for value in values)


def _as_text(kind: str, value: Any) -> Any:
    """Return a value as the command line would have it, where it is none of click's own kinds."""
    if kind == "numbers":
        return ",".join(map(repr, value)) if isinstance(value, list) else str(value)
    return value


def _require_convertible(parameter: click.Parameter, value: Any, key: str, where: str) -> None:
    """Raise InputError where the option itself refuses a value."""
    try:
        parameter.type.convert(_as_text(_kind_of(parameter), value), None, None)
    except click.UsageError as error:
        raise InputError(f"{key} in {where}: {error.message}") from error
    except (ValueError, OverflowError) as error:
        raise InputError(f"{key} in {where} is {printable(repr(value))}: {error}") from error
