"""README.md tells the truth: every command in it runs and prints the lines that it shows."""

from __future__ import annotations

import html
import re
from functools import partial
from pathlib import Path

import pytest

from tests.make_picture import PICTURE, picture
from tests.pages import ROOT, Command, Page, follow, make_recipe, without_noise
from tests.support import SEARCHING, run

PAGE = Page(ROOT / "README.md")
README = PAGE.text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return PAGE.make_folder(tmp_path_factory.mktemp("readme"))


@pytest.mark.parametrize("block", PAGE.consoles, ids=lambda block: block[0].line[:60])
def test_commands_give_what_is_shown(block: list[Command], folder: Path) -> None:
    follow(block, folder, partial(run, env=SEARCHING))


def test_there_are_commands() -> None:
    assert sum(map(len, PAGE.consoles)) > 8


@pytest.mark.parametrize("recipe", PAGE.recipes)
def test_a_recipe_does_what_it_says(recipe: str, folder: Path) -> None:
    make_recipe(recipe, folder, run)


def test_the_python_example_runs(folder: Path) -> None:
    assert PAGE.blocks("python")
    PAGE.run_python(folder)


def test_the_set_up_is_two_commands() -> None:
    assert len(re.findall(r"^python3 -m venv .*", README, re.MULTILINE)) == 2


def test_a_link_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(targets) > 20
    assert all((ROOT / target).exists() for target in targets)


def visible(svg: str) -> str:
    """The text of a picture; how it is drawn is the library's affair."""
    text = html.unescape(" ".join(re.findall(r">([^<>]+)</text>", svg)))
    return without_noise(" ".join(text.split()))


def test_the_picture_is_of_a_real_run() -> None:
    assert visible(PICTURE.read_text(encoding="utf-8")) == visible(picture())
