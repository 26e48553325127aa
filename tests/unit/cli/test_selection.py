"""The expressions of -k."""

from __future__ import annotations

import click
import pytest

from gradcheck_cli.cli.selection import matcher


@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ("net", ["net", "net slow"]),
        ("NET and slow", ["net slow"]),
        ("not net", ["scalar"]),
        ("not not net", ["net", "net slow"]),
        ("scalar or net and slow", ["net slow", "scalar"]),
        ("(scalar or net) and not slow", ["net", "scalar"]),
        ("nothing", []),
    ],
)
def test_names_are_selected(expression: str, selected: list[str]) -> None:
    assert [name for name in ("net", "net slow", "scalar") if matcher(expression)(name)] == selected


@pytest.mark.parametrize("expression", ["", "net and", "or net", "(net", "net)", "not", "net scalar", "()"])
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(click.BadParameter, match="not an expression"):
        matcher(expression)
