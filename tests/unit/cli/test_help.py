from __future__ import annotations

import click
import pytest

from gradcheck_cli.cli.config import KINDS
from gradcheck_cli.cli.environment import FOR_ALL, shared_options
from gradcheck_cli.cli.help import GROUPS, Command, Option
from gradcheck_cli.cli.main import COMMANDS, main
from tests.unit.cli.support import invoke

every_command = pytest.mark.parametrize("name", COMMANDS)


def command_of(name: str) -> click.Command:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    return command


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@every_command
def test_help_is_readable_in_80_columns_and_in_plain_words(name: str) -> None:
    for asked in ("-h", "--help"):
        lines = invoke(name, asked).stdout.splitlines()
        assert max(map(len, lines)) <= 80
        assert not [line for line in lines if "RANGE" in line or "TEXT" in line or "x>=" in line]


@pytest.mark.parametrize("name", [*KINDS, "run"])
def test_help_has_groups_and_a_short_form_that_fits_a_terminal(name: str) -> None:
    whole, short = (invoke(name, asked).stdout for asked in ("--help", "-h"))
    headings = [line[:-1] for line in whole.splitlines() if line[:-1] in GROUPS]
    assert headings == [group for group in GROUPS if group in headings]
    assert {"How sure", "Output", "Other"} <= set(headings)
    assert len(short.splitlines()) <= 24
    assert f"'gradcheck {name} --help' shows all " in short
    assert "--exit-zero" in whole
    assert "--exit-zero" not in short


@every_command
def test_every_option_has_a_group_and_its_flags_name_in_the_environment(name: str) -> None:
    command = command_of(name)
    assert isinstance(command, Command)
    assert all(isinstance(one, Option | click.Argument) for one in command.params)


def test_help_is_there_after_a_check_of_a_project_as_well() -> None:
    scalar = Command("scalar", params=[])
    with scalar.make_context("scalar", []):  # without a parent, as the checks of a list are made
        pass
    parent = click.Context(main, info_name="gradcheck", help_option_names=["-h", "--help"])
    with pytest.raises(click.exceptions.Exit):
        scalar.make_context("scalar", ["-h"], parent=parent)


def test_no_command_has_an_option_that_is_of_no_effect_there() -> None:
    flags = {name: {flag for one in command_of(name).params for flag in one.opts} for name in ("layer", "command")}
    assert not {"--suggest", "--points", "--epsilon", "--classic", "--param", "--skip", "--why"} & flags["layer"]
    assert "--suggest" not in flags["command"]
    assert {"--points", "--epsilon"} <= flags["command"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("func", "the reference. [default: auto]"),
        ("net", "the reference. [default: 1e-07]"),
        ("run", "the reference. [default: auto, and 1e-07 for scalar and net]"),
        ("func", "samples. [default: a new one each time]"),
    ],
)
def test_defaults_are_those_that_hold(name: str, said: str) -> None:
    assert said in " ".join(invoke(name, "--help").stdout.split())


@pytest.mark.parametrize("name", KINDS)
def test_what_belongs_to_every_command_may_stand_before_it(name: str) -> None:
    own = {flag.lstrip("-").replace("-", "_") for one in command_of(name).params for flag in one.opts}
    before = {flag.lstrip("-").replace("-", "_") for one in shared_options(main) for flag in one.opts}
    assert own & FOR_ALL <= before | {"evaluation"}
