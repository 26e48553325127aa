"""What somebody has written on the command line about names in a file: ``net.loss(X, y)``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from types import CodeType, ModuleType
from typing import Any

from gradcheck_cli.vocabulary.asking import asking
from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["expression", "names_in", "parts_of"]


def parsed(text: str) -> ast.Module:
    """Return the statements of an expression, of which there may be several with semicolons between.

    Raises
    ------
    InputError
        Where it is no Python, or its last statement has no value.
    """
    try:
        tree = ast.parse(text.strip())
    except (SyntaxError, ValueError) as error:
        raise InputError(f"{text!r} is not a Python expression: {error}") from error
    if not (tree.body and isinstance(tree.body[-1], ast.Expr)):
        raise InputError(f"{text!r} has no value, expected an expression such as 'net.loss(X, y)'")
    return tree


def names_in(text: str) -> set[str]:
    """Return the names that an expression uses."""
    return {node.id for node in ast.walk(parsed(text)) if isinstance(node, ast.Name)}


def expression(text: str, module: ModuleType) -> Callable[..., Any]:
    """Return a function of data by keyword that evaluates an expression with them and with the names of a module."""
    *before, last = parsed(text).body
    first = compile(ast.Module(before, []), f"<{text}>", "exec")
    value = compile(ast.Expression(last.value), f"<{text}>", "eval")  # type: ignore[attr-defined]  # it is an Expr

    def evaluated(**data: Any) -> Any:
        names = {**vars(module), **data}
        exec(first, names)  # noqa: S102  (the user's own words, about the user's own code)
        return eval(value, names)  # noqa: S307

    evaluated.__name__ = text
    return evaluated


def parts_of(text: str, module: ModuleType) -> Iterator[tuple[str, Any, Any, bool]]:
    """Yield the parts of an expression such as ``net.W, layers[0].b``.

    Of each its text, its holder, its key there, and whether that is the key of an item.

    Raises
    ------
    InputError
        Where a part is no name, attribute or item.
    UserFunctionError
        Where what it is a part of cannot be evaluated.
    """
    node = parsed(text).body[-1].value  # type: ignore[attr-defined]  # it is an Expr

    def value_of(inner: ast.expr) -> Any:
        code: CodeType = compile(ast.Expression(inner), f"<{text}>", "eval")
        with asking(f"evaluating {ast.unparse(inner)} raised"):
            return eval(code, dict(vars(module)))  # noqa: S307

    for part in node.elts if isinstance(node, ast.Tuple | ast.List) else [node]:
        name = ast.unparse(part)
        if isinstance(part, ast.Name):
            yield name, vars(module), part.id, True
        elif isinstance(part, ast.Attribute):
            yield name, value_of(part.value), part.attr, False
        elif isinstance(part, ast.Subscript):
            yield name, value_of(part.value), value_of(part.slice), True
        else:
            raise InputError(f"{name!r} is not a place, expected one such as 'net.W' or 'layers[0].W'")
