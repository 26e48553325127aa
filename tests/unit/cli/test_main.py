from __future__ import annotations

import sys

import click
import pytest

from gradcheck_cli import __version__
from gradcheck_cli.cli import publishing
from gradcheck_cli.cli.cases import cases
from gradcheck_cli.cli.main import COMMANDS, main
from gradcheck_cli.vocabulary.errors import GradcheckError
from gradcheck_cli.vocabulary.results import Verdict
from tests.unit.cli.support import invoke, refused


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["net", "-h"], ["scalar", "--help"], ["cases", "-h"]])
def test_help_exits_0(arguments: list[str]) -> None:
    result = invoke(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: gradcheck")


def test_help_tells_every_exit_code() -> None:
    assert all(f"  {code} " in invoke("--help").stdout for code in (0, 1, 2, 3, 130))


def test_version() -> None:
    assert invoke("--version").stdout == f"gradcheck, version {__version__}\n"


def test_without_a_command_the_help_goes_to_stderr() -> None:
    result = invoke()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: gradcheck")


@pytest.mark.parametrize("arguments", [["frobnicate"], ["--frobnicate"], ["scala"]])
def test_an_unknown_command_is_refused_by_its_name(arguments: list[str]) -> None:
    assert arguments[0] in refused(*arguments)


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (GradcheckError("wrong", hint="try"), 2, "error: wrong\nhint: try\n"),
        (GradcheckError("a\nb\x1b[2J"), 2, "error: a\\nb\\x1b[2J\n"),
        (click.ClickException("wrong"), 2, "error: wrong\n"),
        (click.FileError("file", "gone"), 2, "error: Could not open file 'file': gone\n"),
        (click.UsageError("wrong\n\tthere"), 2, "error: wrong there\n"),
        (click.Abort(), 130, "interrupted: the check was not finished\n"),
        (KeyboardInterrupt(), 130, "interrupted: the check was not finished\n"),
        (
            OSError(28, "No space left on device"),
            2,
            "error: the output could not be written: No space left on device\n",
        ),
        (BrokenPipeError(32, "Broken pipe"), 0, ""),
    ],
    ids=repr,
)
def test_an_exception_becomes_a_line_and_a_code(
    error: BaseException, code: int, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(cases, "callback", raising)
    result = invoke("cases")
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.lstrip("\n").startswith(text)


@pytest.mark.parametrize("debug", [False, True])
def test_a_fault_of_ours_is_one_line_and_never_looks_like_a_wrong_gradient(
    debug: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr(cases, "callback", faulty)
    if debug:
        monkeypatch.setenv("GRADCHECK_DEBUG", "1")
    result = invoke("cases")
    assert result.exit_code == 2
    assert "error: a fault in gradcheck: ZeroDivisionError: by zero\nhint: please report it" in result.stderr
    assert ("Traceback" in result.stderr) == debug


@pytest.mark.parametrize(
    ("codes", "worst"), [([0], 0), ([0, 3], 3), ([3, 1, 0], 1), ([1, 2, 3, 0], 2), ([0, 0], 0), ([3, 1], 1)]
)
def test_the_worst_code_is_2_then_1_then_3_then_0(codes: list[int], worst: int) -> None:
    assert min(codes, key=publishing.WORST_FIRST.index) == worst


def test_every_verdict_has_a_code() -> None:
    assert {verdict: publishing.EXIT_CODES[verdict] for verdict in Verdict} == {
        Verdict.PASS: 0,
        Verdict.FAIL: 1,
        Verdict.INCONCLUSIVE: 3,
    }


def test_the_streams_are_the_tests_own_again() -> None:
    before = sys.stdout
    invoke("net", "--case", "default")
    assert sys.stdout is before


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_of_a_command_what_the_command_says_of_itself(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name
    assert (command.help or "").partition("\n\n")[0].split() == COMMANDS[name].split()
