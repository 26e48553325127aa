"""The manual tells the truth: the examples of every page run, and print what the page shows."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gradcheck_cli import manual
from tests.notebooks import course_cells, write_notebook
from tests.pages import Page, Run, follow
from tests.support import clean_environment, run, run_inside

ROOT = Path(__file__).parents[2]
FOLDER = Path(str(manual.__file__)).parent
LIBRARIES = ("torch", "jax", "scipy")
PAGES = {path.stem: Page(path) for path in sorted(FOLDER.glob("*.md"))}


def needed(page: Page) -> set[str]:
    """Return which of the libraries the examples of a page import."""
    code = "\n".join([*page.files.values(), *page.blocks("python"), *page.blocks("console")])
    return {name for name in LIBRARIES if re.search(rf"\b(import|from|func|--autograd) {name}\b", code)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the pages assume it: the fixtures, and the course's exercise as a script and as a notebook."""
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    shutil.copy(ROOT / "tests" / "acceptance" / "data" / "homework.py", tmp_path)
    write_notebook(tmp_path / "homework.ipynb", *course_cells())
    return tmp_path


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_a_page_do_what_it_says(name: str, folder: Path) -> None:
    page = PAGES[name]
    libraries = needed(page)
    for library in libraries:
        pytest.importorskip(library)
    page.write_files(folder)
    runner: Run = run if libraries else run_inside  # a framework has threads, and warnings of its own
    for block in page.consoles:
        follow(block, folder, runner)
    script = "\n".join(page.blocks("python"))
    if script:
        here = clean_environment(PYTHONPATH=os.pathsep.join([str(folder), *sys.path]))
        result = subprocess.run(
            [sys.executable, "-c", script], cwd=folder, env=here, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr


def test_every_page_stands_in_a_group_once() -> None:
    assert sorted(manual.topics()) == sorted(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_fit_to_be_read_in_a_terminal_and_on_a_code_host(name: str) -> None:
    text = PAGES[name].text
    assert text.startswith("# ")
    assert text.isascii()
    assert all(len(line) <= (160 if line.startswith(("| ", "$ ")) else 120) for line in text.splitlines())
    assert text.count("```") % 2 == 0


@pytest.mark.parametrize("name", PAGES)
def test_a_link_of_a_page_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGES[name].text):
        assert (FOLDER / target).exists(), target


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_only_pages_that_there_are(name: str) -> None:
    from gradcheck_cli.cli.explain import found_page

    for topic in re.findall(r"`gradcheck explain ([^`]+)`", PAGES[name].text):
        assert topic.isupper() or found_page(topic), topic


def test_the_libraries_that_pages_need_are_known() -> None:
    assert {name for page in PAGES.values() for name in needed(page)} <= set(LIBRARIES)
    assert all(importlib.util.find_spec(name) is None or name for name in LIBRARIES)
