"""How a check of the file becomes a call of its command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from gradcheck_cli.cli.config import Check, Config
from gradcheck_cli.cli.defaults import by_key, default_map
from gradcheck_cli.cli.planning import Plan, context_of
from gradcheck_cli.vocabulary.errors import InputError


@click.command()
@click.argument("function")
@click.argument("files", nargs=-1)
@click.option("--case", "cases", multiple=True)
@click.option("--exit-zero", is_flag=True)
@click.option("--step", type=float, default=1.0)
def command(**_: Any) -> None:
    """Stands for any command."""


def params(overrides: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    check = Check("name", "command", values)
    plan = Plan(check, Config(Path(), {}, (check,)), Path(), default_map(command, values, "here"), overrides or {})
    return context_of(command, plan).params


def test_options_go_by_the_names_that_a_user_writes() -> None:
    assert set(by_key(command)) == {"function", "files", "case", "exit_zero", "step"}


def test_values_reach_options_flags_and_arguments() -> None:
    found = params(function="-odd.py:f", files=["a", "b"], case="one", exit_zero=True, step=2)
    assert found == {"function": "-odd.py:f", "files": ("a", "b"), "cases": ("one",), "exit_zero": True, "step": 2.0}


def test_what_the_user_gave_stands_above_the_file() -> None:
    assert params({"step": 3.0}, function="f", step=2)["step"] == 3.0


def test_a_value_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(InputError, match="step in here: 'large' is not a valid float"):
        params(function="f", step="large")
