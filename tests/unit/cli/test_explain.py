"""`gradcheck explain`: the manual, the codes, and what a report prints as it stands there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gradcheck_cli.cli.explain import found_page, rendered
from gradcheck_cli.diagnosis.page_groups import GROUPS, grouped
from gradcheck_cli.diagnosis.pages import PAGES
from gradcheck_cli.manual import page_text, topics
from tests.support import run_inside


@pytest.mark.parametrize("asked", ["factor", "FACTOR", "error[factor]", "error[factor]:", " Factor "])
def test_a_code_is_found_however_it_is_written(asked: str) -> None:
    result = run_inside("explain", asked)
    assert (result.returncode, result.stdout.split(":")[0]) == (0, "factor")


@pytest.mark.parametrize("asked", ["layers", "Layers"])
def test_a_topic_goes_through_a_pipe_as_it_is_written(asked: str) -> None:
    assert run_inside("explain", asked).stdout == page_text("layers")


@pytest.mark.parametrize(("asked", "near"), [("layer", "layers"), ("facter", "factor"), ("error[facter]", "factor")])
def test_what_is_near_is_suggested(asked: str, near: str) -> None:
    result = run_inside("explain", asked)
    assert result.returncode == 2
    assert f"did you mean {near!r}?" in result.stderr


def test_a_topic_and_a_code_never_have_one_name() -> None:
    assert not {topic.casefold() for topic in topics()} & {code.casefold() for code in PAGES}


def test_the_list_has_every_topic_and_every_code_once() -> None:
    listed = [line.split()[0] for line in run_inside("explain").stdout.splitlines() if line.startswith("  ")]
    assert sorted(listed) == sorted([*topics(), *PAGES])


def test_a_code_stands_in_one_group_and_a_new_one_at_the_end() -> None:
    named = [code for group in GROUPS.values() for code in group]
    assert len(named) == len(set(named))
    assert set(named) <= set(PAGES)
    assert grouped([*PAGES, "new"])["further"][-1] == "new"


def test_a_page_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcheck_cli.cli.explain.terminal_width", lambda: 60)
    monkeypatch.setenv("NO_COLOR", "1")
    text = rendered("# A `subject`\n\n" + "word " * 40 + "\n\n| a | b |\n| --- | --- |\n| " + "long " * 20 + "| c |\n")
    lines = text.splitlines()
    assert max(map(len, lines)) <= 60
    assert "subject" in lines[0]
    assert "word" in text


@pytest.mark.parametrize("arguments", [["scalar", "--x", "2", "--theta", "4"], ["--help"]])
def test_other_commands_import_neither_the_manual_nor_what_shows_it(arguments: list[str]) -> None:
    code = (
        "import sys; from gradcheck_cli.cli.main import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name in ('gradcheck_cli.manual', 'rich.markdown')], file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stderr == "[]\n"


def test_nothing_is_found_for_nothing() -> None:
    assert found_page("") is None
