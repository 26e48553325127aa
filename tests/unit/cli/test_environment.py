from __future__ import annotations

import os

import click
import pytest

from gradcheck_cli.cli.environment import FOR_ALL, is_read, value_in_environment, warn_of_unread
from gradcheck_cli.cli.main import COMMANDS, main
from tests.unit.cli.support import invoke, refused

OPTIONS = [
    (name, flag)
    for name in COMMANDS
    if (command := main.get_command(click.Context(main), name))
    for option in command.params
    for flag in option.opts
    if flag.startswith("--") or (flag.startswith("-") and len(option.opts) == 1)
]


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GRADCHECK_")]:
        monkeypatch.delenv(name)


def test_every_option_of_every_command_is_read_by_the_name_of_its_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ("net", "--case") in OPTIONS
    for name, flag in OPTIONS:
        variable = f"GRADCHECK_{name}_{flag.strip('-').replace('-', '_')}".upper()
        ctx = click.Context(main, info_name="gradcheck", auto_envvar_prefix="GRADCHECK")
        command = main.get_command(ctx, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=ctx)
        with monkeypatch.context() as patch:
            patch.setenv(variable, "value")
            [option] = [one for one in command.params if flag in one.opts]
            assert value_in_environment(option, inner) == "value", variable
        assert is_read(variable, main), variable


def test_what_the_project_may_set_for_all_commands_the_environment_may_as_well() -> None:
    flags = {flag.strip("-").replace("-", "_") for _, flag in OPTIONS}
    assert flags >= FOR_ALL
    assert all(is_read(f"GRADCHECK_{key.upper()}", main) for key in FOR_ALL)


def test_a_case_and_a_config_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADCHECK_NET_CASE", "default planted-bugs")
    assert [line[:4] for line in invoke("net").stdout.splitlines() if line[:4] in ("PASS", "FAIL")][:1] == ["PASS"]
    monkeypatch.setenv("GRADCHECK_CONFIG", "missing.toml")
    assert "missing.toml" in refused("net")


def test_the_name_for_one_command_stands_above_that_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADCHECK_THRESHOLD", "1e-9")
    monkeypatch.setenv("GRADCHECK_SCALAR_THRESHOLD", "0.5")
    assert "0.5" in invoke("scalar", "--x", "2", "--theta", "4", "-v").stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("GRADCHECK_NET_CASES", "GRADCHECK_NET_CASES (did you mean GRADCHECK_NET_CASE?)"),
        ("GRADCHECK_EPSILN", "GRADCHECK_EPSILN (did you mean GRADCHECK_EPSILON?)"),
        ("GRADCHECK_JOBS", "GRADCHECK_JOBS (did you mean GRADCHECK_FUNC_JOBS?)"),
        ("GRADCHECK_XYZZY", "GRADCHECK_XYZZY"),
    ],
)
def test_what_no_option_reads_is_told_in_one_line(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_unread(main, {name: "1", "GRADCHECK_DEBUG": "1", "GRADCHECK_GRADIENT": "0", "PATH": ""})
    assert capsys.readouterr().err == f"warning: no option reads {said}\n"
