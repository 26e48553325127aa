"""README.md tells the truth: every command in it runs and begins with the line that it shows."""

from __future__ import annotations

import html
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.make_picture import PICTURE, picture
from tests.notebooks import course_cells, write_notebook
from tests.support import run

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXIT_CODES = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 3, "---": 1}  # a diff is of a gradient that is wrong


def shown_blocks() -> list[list[tuple[str, str]]]:
    """Each command of each ``console`` block with the first line of its output, where one is shown."""
    return [
        [
            (command, output.splitlines()[0] if output else "")
            for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
        ]
        for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as README.md assumes it: the fixtures, the course's exercise as homework.py, and the files it shows."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "fixtures", folder / "fixtures")
    shutil.copy(ROOT / "tests" / "acceptance" / "data" / "homework.py", folder)
    write_notebook(folder / "homework.ipynb", *course_cells())
    shutil.copy(ROOT / "fixtures" / "course.npz", folder / "default.npz")
    for name, text in re.findall(r"`([\w.]+)`:\n\n```(?:python|json|sh)\n(.*?)```", README, re.DOTALL):
        (folder / name).write_text(text, encoding="utf-8")
    project = folder / "project"
    shutil.copytree(folder / "fixtures", project / "fixtures")
    (project / "pyproject.toml").write_text(only_block("toml"), encoding="utf-8")
    return folder


def only_block(language: str) -> str:
    """Return the text of the one block in a language."""
    (block,) = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return str(block)


def recipe_commands() -> list[str]:
    """Return the commands that the recipes for builds call."""
    recipes = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    return re.findall(r"(?:run:|entry:|-) (gradcheck .*)", "\n".join(recipes))


def test_there_is_a_recipe_for_each_of_three_builds() -> None:
    assert len(recipe_commands()) == 3


@pytest.mark.parametrize("command", recipe_commands())
def test_a_recipe_does_what_it_says(command: str, folder: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    words = shlex.split(command.replace("$GITHUB_STEP_SUMMARY", str(summary)))
    result = run(*words[1:], cwd=folder / "project")
    assert result.returncode == 0, result.stderr
    files = [
        folder / "project" / word.partition("=")[2]
        for word in words
        if word.startswith(("html=", "junit=", "markdown="))
    ]
    assert all(file.stat().st_size > 100 for file in files)


def test_the_hook_is_the_recipes() -> None:
    hook = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    assert f"entry: {recipe_commands()[-1]}\n" in hook


@pytest.mark.parametrize("block", shown_blocks(), ids=lambda block: block[0][0][:60])
def test_commands_give_what_is_shown(block: list[tuple[str, str]], folder: Path) -> None:
    for command, first_line in block:
        program, *arguments = shlex.split(command)
        if program == "python":
            subprocess.run([sys.executable, *arguments], cwd=folder, check=True)
            continue
        assert program == "gradcheck"
        if arguments[0] == "cases" and "--save" in arguments:
            (folder / arguments[-1]).unlink(missing_ok=True)
        result = run(*arguments, cwd=folder / "project" if arguments[0] == "run" else folder)
        assert without_noise(result.stdout).startswith(without_noise(first_line))
        assert result.returncode == EXIT_CODES.get(first_line.partition(" ")[0], 0), result.stderr


def without_noise(text: str) -> str:
    """Numbers below the threshold are rounding, which differs from machine to machine: leave out their digits."""
    return re.sub(r"\d\.\d+e-(0[7-9]|[1-9]\d)", "SMALL", text)


def test_there_are_commands() -> None:
    assert sum(map(len, shown_blocks())) > 8


def test_the_python_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for example in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(compile(example, "README.md", "exec"), {})


def test_the_set_up_is_two_commands() -> None:
    assert len(re.findall(r"^python3 -m venv .*", README, re.MULTILINE)) == 2


def visible(svg: str) -> str:
    """The text of a picture; how it is drawn is the library's affair."""
    text = html.unescape(" ".join(re.findall(r">([^<>]+)</text>", svg)))
    return without_noise(" ".join(text.split()))


def test_the_picture_is_of_a_real_run() -> None:
    assert visible(PICTURE.read_text(encoding="utf-8")) == visible(picture())
