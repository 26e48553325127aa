"""README.md tells the truth: every command in it runs and begins with the line that it shows."""

from __future__ import annotations

import html
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.make_picture import PICTURE, picture
from tests.notebooks import course_cells, write_notebook
from tests.pages import Command, Page, follow, without_noise
from tests.support import run

ROOT = Path(__file__).parents[2]
PAGE = Page(ROOT / "README.md")
README = PAGE.text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as README.md assumes it: the fixtures, the course's exercise as homework.py, and the files it shows."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "fixtures", folder / "fixtures")
    shutil.copy(ROOT / "tests" / "acceptance" / "data" / "homework.py", folder)
    write_notebook(folder / "homework.ipynb", *course_cells())
    shutil.copy(ROOT / "fixtures" / "course.npz", folder / "default.npz")
    PAGE.write_files(folder)
    project = folder / "project"
    shutil.copytree(folder / "fixtures", project / "fixtures")
    (settings,) = PAGE.blocks("toml")
    (project / "pyproject.toml").write_text(settings, encoding="utf-8")
    return folder


def recipe_commands() -> list[str]:
    """Return the commands that the recipes for builds call."""
    return re.findall(r"(?:run:|entry:|-) (gradcheck .*)", "\n".join(PAGE.blocks("yaml")))


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


@pytest.mark.parametrize("block", PAGE.consoles, ids=lambda block: block[0].line[:60])
def test_commands_give_what_is_shown(block: list[Command], folder: Path) -> None:
    def at_home(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        if arguments[0] == "cases" and "--save" in arguments:
            (cwd / arguments[-1]).unlink(missing_ok=True)
        return run(*arguments, cwd=cwd / "project" if arguments[0] == "run" else cwd)

    follow(block, folder, at_home)


def test_there_are_commands() -> None:
    assert sum(map(len, PAGE.consoles)) > 8


def test_the_python_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for example in PAGE.blocks("python"):
        exec(compile(example, "README.md", "exec"), {})


def test_the_set_up_is_two_commands() -> None:
    assert len(re.findall(r"^python3 -m venv .*", README, re.MULTILINE)) == 2


def visible(svg: str) -> str:
    """The text of a picture; how it is drawn is the library's affair."""
    text = html.unescape(" ".join(re.findall(r">([^<>]+)</text>", svg)))
    return without_noise(" ".join(text.split()))


def test_the_picture_is_of_a_real_run() -> None:
    assert visible(PICTURE.read_text(encoding="utf-8")) == visible(picture())
