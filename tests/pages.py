"""Markdown whose examples are run: the files that a page shows, its commands with what they print, its Python.

A file is a block after its name, as "Here `model.py`, a regression:". A command stands after ``$`` in a ``console``
block, and the lines under it are what it prints: each is the beginning of a line, one after another from the first;
``...`` stands for lines that are left out. A ``python`` block without a name runs where the files are.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.notebooks import course_cells, write_notebook
from tests.support import COMMAND, DATA, clean_environment

__all__ = ["ROOT", "Command", "Page", "Run", "first_missing", "follow", "make_recipe", "without_noise"]

ROOT = Path(__file__).parents[1]

EXIT_CODES = {"PASS": 0, "FAIL": 1, "---": 1, "error:": 2, "INCONCLUSIVE": 3}  # a diff is of a wrong gradient
BLOCK = re.compile(r"(?:`([\w./-]+\.\w+)`[^`:]*:\n\n)?^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LEFT_OUT = "..."

Run = Callable[..., "subprocess.CompletedProcess[str]"]


class Command(NamedTuple):
    """A command line and the lines that a page shows of its output."""

    line: str
    shown: list[str]


@dataclass(frozen=True)
class Page:
    """A Markdown file and its examples."""

    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def files(self) -> dict[str, str]:
        """The files that are shown, by name."""
        return {name: text for name, _, text in BLOCK.findall(self.text) if name}

    def blocks(self, language: str) -> list[str]:
        """Return the blocks in a language that are no files."""
        return [text for name, kind, text in BLOCK.findall(self.text) if kind == language and not name]

    @property
    def consoles(self) -> list[list[Command]]:
        """The commands of each ``console`` block."""
        return [list(commands_of(block)) for block in self.blocks("console")]

    @property
    def calls(self) -> list[tuple[str, list[str]]]:
        """The commands that stand anywhere on the page, in a sentence or a table too, each with its options."""
        found = re.findall(r"gradcheck (?:fix (?:--apply )?)?([a-z]+)\b([^`\n|]*)", self.text)  # fix is before another
        return [(command, re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest)) for command, rest in found]

    @property
    def recipes(self) -> list[str]:
        """The commands of the recipes for builds."""
        return re.findall(r"(?:run:|entry:|-) (gradcheck .*)", "\n".join(self.blocks("yaml")))

    def make_folder(self, folder: Path) -> Path:
        """Put into a folder what the page assumes: its files, the fixtures, the exercise as script and notebook."""
        (folder / "fixtures").symlink_to(ROOT / "fixtures")
        shutil.copy(DATA / "homework.py", folder)
        write_notebook(folder / "homework.ipynb", *course_cells())
        for name, text in self.files.items():
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    def run_shell(self, folder: Path) -> None:
        """Run the blocks of the shell that are no files, but those for a program that is not there."""
        path = os.pathsep.join([str(COMMAND.parent), os.environ["PATH"]])
        for script in self.blocks("sh"):
            program = script.split()[0]
            assert program in {"gradcheck", "jq"}, program
            if shutil.which(program, path=path):
                subprocess.run(
                    ["sh", "-ec", script], cwd=folder, env=clean_environment(PATH=path), capture_output=True, check=True
                )

    def run_python(self, folder: Path) -> None:
        """Run the blocks of Python that are no files, one after another."""
        if script := "\n".join(self.blocks("python")):
            here = clean_environment(PYTHONPATH=str(folder))
            result = subprocess.run(
                [sys.executable, "-c", script], cwd=folder, env=here, capture_output=True, text=True, check=False
            )
            assert result.returncode == 0, result.stderr


def commands_of(block: str) -> Iterator[Command]:
    for line in block.splitlines():
        if line.startswith("$ "):
            command = Command(line[2:], [])
            yield command
        else:
            command.shown.append(line)


def follow(commands: Sequence[Command], folder: Path, run: Run) -> None:
    """Make commands one after another, and hold what they print against what is shown."""
    for command in commands:
        program, *arguments = shlex.split(command.line)
        if program == "python":
            subprocess.run([sys.executable, *arguments], cwd=folder, check=True)
            continue
        assert program == "gradcheck", command.line
        result = run(*arguments, cwd=folder)
        told = f"$ {command.line}\n{result.stdout}{result.stderr}"
        missing = first_missing(command.shown, (result.stdout + result.stderr).splitlines())
        assert missing is None, f"not printed: {missing}\n{told}"
        first_word = (command.shown or [""])[0].partition(" ")[0]
        assert result.returncode == EXIT_CODES.get(first_word, 0), told


def make_recipe(recipe: str, folder: Path, run: Run) -> None:
    """Make the command of a recipe, which passes and writes the files that it names."""
    words = shlex.split(recipe.replace("$GITHUB_STEP_SUMMARY", "summary.md"))
    result = run(*words[1:], cwd=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    files = [word.partition("=")[2] for word in words if word.startswith(("html=", "junit=", "markdown="))]
    assert all((folder / file).stat().st_size > 100 for file in files)


def first_missing(shown: Sequence[str], printed: Sequence[str]) -> str | None:
    """Return the first line that is shown and was not printed in its place."""
    left, anywhere = list(map(without_noise, printed)), False
    for line in map(without_noise, shown):
        if line == LEFT_OUT:
            anywhere = True
            continue
        places = [k for k, other in enumerate(left) if other.startswith(line)]
        if not places or (places[0] and not anywhere):
            return line
        left, anywhere = left[places[0] + 1 :], False
    return None


def without_noise(text: str) -> str:
    """Numbers below the threshold are rounding, which differs from machine to machine: leave out their digits."""
    return re.sub(r"\d(\.\d+)?e-(0[7-9]|[1-9]\d)", "SMALL", text)
