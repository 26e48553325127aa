"""What a shell is offered, without numpy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from gradcheck_cli.cli.completion import BUILT_IN, BUILT_IN_PARAMETERS, complete_parameter
from gradcheck_cli.cli.main import main
from gradcheck_cli.problems.networks.cases import CASES, built_in_case
from tests.make_fixtures import FIXTURES
from tests.support import clean_environment, run


def offered(*words: str) -> list[str]:
    """Return what is offered for the last of some words."""
    shell = ShellComplete(main, {}, "gradcheck", "_GRADCHECK_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


def test_the_built_in_names_are_those_there_are() -> None:
    assert tuple(CASES) == BUILT_IN
    assert all(tuple(built_in_case(name).parameters) == BUILT_IN_PARAMETERS for name in BUILT_IN)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("",), ["cases", "net", "run", "scalar"]),
        (("net", "--cas"), ["--case"]),
        (("net", "--case", "d"), ["default"]),
        (("cases", "pl"), ["planted-bugs"]),
        (("explain", "lay"), ["layers"]),
        (("explain", "weights-"), ["weights-not-transposed"]),
        (("net", "--precision", "fl"), ["float16", "float32", "float64"]),
        (("net", "--report", "ju"), ["junit="]),
    ],
)
def test_completion(
    words: tuple[str, ...], expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = offered(*words)
    assert found == expected or (words == ("",) and set(expected) <= set(found))


def test_fixtures_and_folders_are_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "a.npz").touch()
    (tmp_path / "nets" / "a.txt").touch()
    monkeypatch.chdir(tmp_path)
    assert offered("net", "--case", "n") == ["nets/"]
    assert offered("net", "--case", "nets/") == ["nets/a.npz"]
    assert offered("net", "--case", "missing/") == []


@pytest.mark.parametrize(
    ("case", "beginning", "expected"),
    [
        ("default", "W", ["W1", "W2", "W3"]),
        (str(FIXTURES / "claimed_right.npz"), "", ["W1", "b1", "W2", "b2"]),
        (str(FIXTURES / "dropout.npz"), "b", ["b1", "b2", "b3"]),
        ("missing.npz", "", []),
        (__file__, "", []),
    ],
)
def test_parameters_are_those_of_the_case(case: str, beginning: str, expected: list[str]) -> None:
    ctx = click.Context(main, info_name="net")
    ctx.params = {"cases": (case,)}
    assert complete_parameter(ctx, click.Option(["--param"]), beginning) == expected


def test_a_shell_gets_its_script() -> None:
    script = run(env={"_GRADCHECK_COMPLETE": "bash_source"}).stdout
    assert "complete -o nosort -F _gradcheck_completion gradcheck" in script


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]])
def test_help_needs_neither_numpy_nor_rich(arguments: list[str]) -> None:
    assert_imports_nothing_heavy(f"main({arguments!r}, standalone_mode=False)")


def test_completion_needs_neither_numpy_nor_rich() -> None:
    assert_imports_nothing_heavy(
        "from click.shell_completion import ShellComplete;"
        "shell = ShellComplete(main, {}, 'gradcheck', '_GRADCHECK_COMPLETE');"
        "assert shell.get_completions(['net', '--case'], 'd')"
    )


def assert_imports_nothing_heavy(statement: str) -> None:
    code = f"""
import sys
from gradcheck_cli.cli.main import main
try:
    {statement}
except SystemExit:
    pass
assert not {{"numpy", "rich", "tomllib"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, env=clean_environment(), capture_output=True, timeout=30)
