"""The manual tells the truth: the examples of every page run, and print what the page shows."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import click
import pytest

from gradcheck_cli import manual
from gradcheck_cli.cli.explain import found_term
from gradcheck_cli.cli.main import COMMANDS, main
from tests.pages import ROOT, Page, Run, first_missing, follow, make_recipe
from tests.support import SEARCHING, run, run_inside

FOLDER = Path(str(manual.__file__)).parent
PAGES = {path.stem: Page(path) for path in sorted(FOLDER.glob("*.md"))}
LIBRARIES = ("torch", "jax", "scipy")

every_page = pytest.mark.parametrize("name", PAGES)


def needed(page: Page) -> set[str]:
    """Return which of the libraries the examples of a page import."""
    code = "\n".join([*page.files.values(), *page.blocks("python"), *page.blocks("console")])
    return {name for name in LIBRARIES if re.search(rf"\b(import|from|func|--autograd) {name}\b", code)}


@every_page
def test_the_examples_of_a_page_do_what_it_says(name: str, tmp_path: Path) -> None:
    page = PAGES[name]
    libraries = needed(page)
    for library in libraries:
        pytest.importorskip(library)
    folder = page.make_folder(tmp_path)
    alone = libraries or name == "fix"  # a framework has threads, and warnings of its own; a search, a child
    runner: Run = partial(run, env=SEARCHING) if alone else run_inside
    for block in page.consoles:
        follow(block, folder, runner)
    page.run_shell(folder)
    page.run_python(folder)


def test_the_pages_that_need_a_library_are_known() -> None:
    assert {name for name, page in PAGES.items() if needed(page)} == {
        "beside-others",
        "jax",
        "programs",
        "sparse",
        "torch",
    }


@pytest.mark.parametrize("recipe", PAGES["ci"].recipes)
def test_a_recipe_does_what_it_says(recipe: str, tmp_path: Path) -> None:
    make_recipe(recipe, PAGES["ci"].make_folder(tmp_path), run)


def test_there_is_a_recipe_for_each_of_three_builds() -> None:
    assert len(PAGES["ci"].recipes) == 3


def test_the_hook_is_the_recipes() -> None:
    hook = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    assert f"entry: {PAGES['ci'].recipes[-1]}\n" in hook


def test_every_page_stands_in_a_group_once() -> None:
    assert sorted(manual.topics()) == sorted(name for name in PAGES)


@every_page
def test_a_page_is_fit_to_be_read_in_a_terminal_and_on_a_code_host(name: str) -> None:
    text = PAGES[name].text
    assert text.startswith("# ")
    assert text.isascii() or name in {"language", "student-zh"}
    assert all(len(line) <= (160 if line.startswith(("| ", "$ ")) else 120) for line in text.splitlines())
    assert text.count("```") % 2 == 0


@pytest.mark.parametrize("page", [*PAGES.values(), Page(ROOT / "README.md")], ids=lambda page: page.path.stem)
def test_the_options_that_are_named_with_a_command_are_its_own(page: Page) -> None:
    for name, options in page.calls:
        if name in COMMANDS:
            command = main.get_command(click.Context(main), name)
            assert command is not None
            known = {option for parameter in command.params for option in parameter.opts} | {"--help", "--lang"}
            assert set(options) <= known, name


@every_page
def test_a_page_names_only_pages_that_there_are(name: str) -> None:
    topics = re.findall(r"`gradcheck explain ([^`]+)`", PAGES[name].text)
    assert not {topic for topic in topics if not topic.isupper() and found_term(topic) is None}


# what holds the examples against what is printed

PRINTED = ["FAIL  it: difference 2.0e-01", "", "error[factor]: dx", "  help: look", "note: seed 1"]


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        (["FAIL  it"], None),
        (["PASS  it"], "PASS  it"),
        (["error[factor]: dx"], "error[factor]: dx"),
        (["...", "error[factor]: dx", "  help: "], None),
        (["FAIL", "...", "note: seed", "...", "error[factor]"], "error[factor]"),
        (["...", "error[factor]", "note: "], "note: "),
        (["FAIL  it: difference 3.0e-01"], "FAIL  it: difference 3.0e-01"),
    ],
)
def test_a_line_that_is_not_printed_in_its_place_is_found(shown: list[str], missing: str | None) -> None:
    assert first_missing(shown, PRINTED) == missing


def test_digits_of_rounding_alone_may_differ() -> None:
    assert first_missing(["PASS  it: difference 1.2e-10"], ["PASS  it: difference 3.4e-12"]) is None
    assert first_missing(["PASS  it: difference 1.2e-06"], ["PASS  it: difference 3.4e-06"]) is not None
