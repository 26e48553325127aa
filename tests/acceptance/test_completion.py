"""What a shell is offered, without numpy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from gradcheck_cli.cli.bash import Bash
from gradcheck_cli.cli.completion import BUILT_IN, BUILT_IN_PARAMETERS, complete_parameter
from gradcheck_cli.cli.main import main
from gradcheck_cli.problems.networks.cases import CASES, built_in_case
from tests.make_fixtures import FIXTURES
from tests.notebooks import write_notebook
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
        (("net", "--format", "sa"), ["sarif"]),
        (("-v", "net", "--threshol"), ["--threshold"]),
        (("fix", "n"), ["net"]),
        (("fix", "net", "--case", "d"), ["default"]),
        (("net", "--conf"), ["--config"]),
    ],
)
def test_completion(
    words: tuple[str, ...], expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = offered(*words)
    assert found == expected or (words == ("",) and set(expected) <= set(found))


FILES = "<files>"
CODE = """
def loss(p): raise SystemExit("it is not run")
def _hidden(): ...
class Swish:
    def forward(self): ...
    def __init__(self): ...
net = Swish()
raise SystemExit("it is not run")
"""
PROJECT = "".join(f'[[tool.gradcheck.checks]]\nname = "{name}"\nkind = "net"\n' for name in ("small net", "large"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("func", "mo"), [FILES]),
        (("func", "model.py:"), ["model.py:loss", "model.py:Swish", "model.py:Swish.forward", "model.py:net"]),
        (("func", "model.py:l"), ["model.py:loss"]),
        (("func", "model.py:loss", "--grad", "model.py:Swish.f"), ["model.py:Swish.forward"]),
        (("func", "missing.py:"), []),
        (("func", "broken.py:"), []),
        (("net", "--backward", "model"), [FILES]),
        (("net", "--backward=model.py:l"), ["model.py:loss"]),
        (("model", "n.ipynb:l"), ["n.ipynb:loss"]),
        (("func", "model.py:loss", "--params", "p"), [FILES]),
        (("net", "--report", "json=o"), [FILES]),
        (("compare", "--", "p"), [FILES]),
        (("compare", "p.npz", "p"), [FILES]),
        (("command", "./"), [FILES]),
        (("model", "model.py:net", "--loss", "x"), [FILES]),
        (("--config", "p"), [FILES]),
        (("net", "--config", "p"), [FILES]),
        (("run", "-k", ""), ["small net", "large"]),
        (("run", "-k", "l"), ["large"]),
        (("--config", "other.toml", "run", "-k", ""), []),
    ],
)
def test_files_are_offered_and_names_in_them_and_checks(
    words: tuple[str, ...], expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.py").write_text(CODE)
    (tmp_path / "broken.py").write_text("def loss(:")
    write_notebook(tmp_path / "n.ipynb", CODE)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    items = ShellComplete(main, {}, "gradcheck", "_GRADCHECK_COMPLETE").get_completions(list(words[:-1]), words[-1])
    assert [FILES if item.type == "file" else item.value for item in items] == expected


@pytest.mark.parametrize(
    ("line", "breaks", "expected"),
    [
        ("gradcheck func model.py:lo", ":=", ["loss"]),
        ("gradcheck func model.py:lo", "", ["model.py:loss"]),
        ("gradcheck func 'model.py:lo", ":=", ["model.py:loss"]),
        ("gradcheck func my\\ model.py:lo", ":=", ["loss"]),
        ("gradcheck func --grad=model.py:lo", ":=", ["loss"]),
        ("gradcheck func --grad=model.py:lo", "=", ["model.py:loss"]),
        ("gradcheck net --case ", ":=", ["default", "planted-bugs"]),
        ("gradcheck net --case=d", ":=", ["default"]),
    ],
)
def test_bash_gets_what_it_puts_behind_the_place_where_it_breaks_a_word(
    line: str, breaks: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("model.py", "my model.py"):
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_text(CODE)
    monkeypatch.chdir(tmp_path / "in")
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_WORDBREAKS", breaks)
    shown = Bash(main, {}, "gradcheck", "_GRADCHECK_COMPLETE").complete().splitlines()
    assert [one.removeprefix("plain,") for one in shown if not one.endswith(".py")] == expected


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


def test_parameters_are_those_of_the_files_on_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.json").write_text('{"w": 1, "v": 2}')
    (tmp_path / "d.json").write_text('{"wide": 1}')
    assert offered("func", "f.py:f", "--params", "p.json", "--data", "d.json", "--vary", "w") == ["w", "wide"]
    os.mkfifo(tmp_path / "fifo.json")
    for stuck in ("fifo.json", "-", "missing.json"):
        assert offered("func", "f.py:f", "--params", stuck, "--param", "") == []


def test_a_shell_gets_its_script() -> None:
    script = run(env={"_GRADCHECK_COMPLETE": "bash_source"}).stdout
    assert "complete -o nosort -o bashdefault -o default -F _gradcheck_completion gradcheck" in script


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]])
def test_help_needs_neither_numpy_nor_rich(arguments: list[str]) -> None:
    assert_imports_nothing_heavy(f"main({arguments!r}, standalone_mode=False)")


def test_completion_needs_neither_numpy_nor_rich() -> None:
    assert_imports_nothing_heavy(
        "from click.shell_completion import ShellComplete;"
        "shell = ShellComplete(main, {}, 'gradcheck', '_GRADCHECK_COMPLETE');"
        "assert shell.get_completions(['net', '--case'], 'd');"
        f"assert shell.get_completions(['func'], {__file__ + ':offer'!r})"
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
