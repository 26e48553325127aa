"""The page that says which command is for what names commands and options that there are."""

from __future__ import annotations

import re
import shlex

import click

from gradcheck_cli.cli.main import main
from tests.unit.cli.support import invoke


def test_every_command_of_the_page_is_one() -> None:
    page = invoke("explain", "commands").stdout
    lines = re.findall(r"^    gradcheck (.+)$", page, flags=re.MULTILINE)
    assert len(lines) > 10
    assert all(len(line) <= 80 for line in page.splitlines())
    with click.Context(main) as ctx:
        for line in lines:
            name, *words = shlex.split(line)
            command = main.get_command(ctx, name)
            assert command is not None, line
            known = {option for parameter in command.params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= known, line
        missing = set(main.list_commands(ctx)) - {shlex.split(line)[0] for line in lines}
    assert missing == {"run", "look", "cases", "explain", "bench"}


def test_the_list_has_the_page() -> None:
    assert invoke("explain").stdout.startswith("commands ")
