"""`gradcheck explain`: the manual, the codes, and what a report prints as it stands there."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import gradcheck_cli
from gradcheck_cli.cli.explain import found_term, listed, rendered
from gradcheck_cli.cli.main import main
from gradcheck_cli.manual import codes, page_text, topics
from gradcheck_cli.manual.groups import MISTAKES, grouped
from gradcheck_cli.reporters import markdown
from gradcheck_cli.reporters.excerpt import LEVELS
from gradcheck_cli.reporters.full_tables import (
    classic_table,
    entry_table,
    listed_table,
    screened_table,
    stacked_entries,
    stacked_table,
    wide_table,
)
from gradcheck_cli.reporters.page import document
from gradcheck_cli.reporters.terminal import ROWS, Style, render_table, short_table
from gradcheck_cli.reporters.words import COULD_NOT_CHECK, finding_lines
from gradcheck_cli.vocabulary.results import SLOPE_MISMATCH, EntryVerdict, Finding, Verdict
from tests.records import RUNS, run_of
from tests.support import run_inside
from tests.unit.cli.support import invoke

PACKAGE = Path(gradcheck_cli.__file__).parent


@pytest.mark.parametrize("asked", ["factor", "FACTOR", "error[factor]", "error[factor]:", " Factor "])
def test_a_code_is_found_however_it_is_written(asked: str) -> None:
    result = run_inside("explain", asked)
    assert (result.returncode, result.stdout.split(":")[0]) == (0, "# factor")


@pytest.mark.parametrize("asked", ["layers", "Layers"])
def test_a_topic_goes_through_a_pipe_as_it_is_written(asked: str) -> None:
    assert run_inside("explain", asked).stdout == page_text("layers")


@pytest.mark.parametrize("word", ["INCONCLUSIVE", "inconclusive", "difference", "catches"])
def test_a_page_of_its_own_comes_before_the_row_of_a_table(word: str) -> None:
    assert run_inside("explain", word).stdout == page_text(word.lower())


@pytest.mark.parametrize(("asked", "near"), [("layer", "layers"), ("facter", "factor"), ("error[facter]", "factor")])
def test_what_is_near_is_suggested(asked: str, near: str) -> None:
    result = run_inside("explain", asked)
    assert result.returncode == 2
    assert f"did you mean {near!r}?" in result.stderr


def test_a_topic_and_a_code_never_have_one_name() -> None:
    assert not {topic.casefold() for topic in topics()} & {code.casefold() for code in codes()}


def test_the_list_has_every_topic_and_every_code_once() -> None:
    listed = [line.split()[0] for line in run_inside("explain").stdout.splitlines() if line.startswith("  ")]
    assert sorted(listed) == sorted([*topics(), *codes()])


def test_a_code_stands_in_one_group_and_a_new_one_at_the_end() -> None:
    named = [code for group in MISTAKES.values() for code in group]
    assert len(named) == len(set(named))
    assert set(named) <= set(codes())
    assert grouped([*codes(), "new"])["further"][-1] == "new"


def test_the_list_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcheck_cli.cli.explain.terminal_width", lambda: 70)
    lines = "\n".join(listed()).splitlines()
    assert max(map(len, lines)) <= 70
    assert sum(line.startswith(" " * 30) for line in lines) > 3


def test_a_page_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcheck_cli.cli.explain.terminal_width", lambda: 60)
    monkeypatch.setenv("NO_COLOR", "1")
    text = rendered("# A `subject`\n\n" + "word " * 40 + "\n\n| a | b |\n| --- | --- |\n| " + "long " * 20 + "| c |\n")
    lines = text.splitlines()
    assert max(map(len, lines)) <= 60
    assert "subject" in lines[0]
    assert "word" in text


@pytest.mark.parametrize("code", ["momentum", "outside-pattern", "over-samples"])  # with the longest lines of code
def test_the_page_of_a_code_fits_a_narrow_terminal_and_loses_nothing(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradcheck_cli.cli.explain.terminal_width", lambda: 70)
    monkeypatch.setenv("NO_COLOR", "1")
    shown = re.sub("\x1b\\[[0-9;]*m", "", rendered(page_text(code)))
    assert max(map(len, shown.splitlines())) <= 70
    together = "".join(shown.split())
    lines = "".join(re.findall(r"```diff\n(.*?)```", page_text(code), re.DOTALL)).splitlines()
    assert lines
    assert all("".join(line.split()) in together for line in lines)


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
    assert found_term("") is None


# every word of a report


def words_of_tables() -> set[str]:
    """Return the heads of all columns that a report may have; on a narrow terminal two stand one above the other."""
    tables = [
        wide_table([]), stacked_table([]), listed_table([]), screened_table([]), classic_table([], hidden=False),
        entry_table([]), stacked_entries([]),
    ]  # fmt: skip
    tables += [short_table([], columns, "difference", shape=True) for columns in ROWS.values()]
    heads = {str(column.header) for table in tables for column in table.columns} - {""}
    heads |= set(re.split(r"\s{2,}", render_table([], Style()).strip()))
    pieces = {piece for head in heads for piece in head.replace("slope\nmismatch", "slope mismatch").split("\n")}
    return {piece.rstrip(":") for piece in pieces | heads_of_pages() | set(markdown.HEADER)}


def heads_of_pages() -> set[str]:
    """Return the heads of all columns of the HTML reports that are kept."""
    pages = [document.render_run(run_of(name)) for name in RUNS]
    return {head for page in pages for head in re.findall("<th scope='col'[^>]*>(.*?)</th>", page)}


def codes_in_the_source() -> set[str]:
    """Return the codes that findings and faults are made with, wherever that is."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found |= set(codes_of_call(node))
            elif isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "code" for t in node.targets):
                found |= set(texts(node.value))
    return found


def codes_of_call(node: ast.Call) -> Iterator[str]:
    made = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if made in {"Finding", "Fault", "Mistake"} and node.args:
        yield from texts(node.args[0])
    if made in {"Finding", "Fault", "Guess", "WholeGuess", "Mistake", "_replace", "replace"}:
        for keyword in node.keywords:
            if keyword.arg == "code":
                yield from texts(keyword.value)


def texts(node: ast.AST) -> Iterator[str]:
    """Yield the texts that an expression may be, and not those of its conditions."""
    if isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value


def test_the_source_has_codes_to_look_for() -> None:
    found = codes_in_the_source()
    assert {"factor", "clips", "outside-pattern", "half-stored", "few-entries", "float32", "gauss-newton"} <= found
    assert len(found) > 60


def test_every_code_that_a_finding_may_have_has_a_page() -> None:
    assert not codes_in_the_source() - set(codes())


def test_every_head_of_a_column_has_a_page() -> None:
    words = words_of_tables()
    assert {"refined", "catches entry", "any shape", "norm(analytic)", "found", "seconds", "yours/right"} <= words
    assert not {word for word in words if found_term(word) is None}


@pytest.mark.parametrize("word", [verdict.value for verdict in Verdict] + [v.name.lower() for v in EntryVerdict])
def test_every_verdict_has_a_page(word: str) -> None:
    assert found_term(word) is not None


def test_every_line_of_a_finding_has_a_page() -> None:
    whole = Finding(
        "factor", "dW", "m", note="n", help="h", indices=("W[0]",), consequences=("db",), alternatives=("other",)
    )
    words = [line.strip().partition(": ")[0] for line in finding_lines(whole)]
    words += [line.strip().removeprefix("note: ").partition(": ")[0] for line in finding_lines(whole)]
    assert {"error[factor]", "at", "note", "or else", "wrong only because of this", "help"} <= set(words)
    assert not {word for word in words if len(word) > 1 and found_term(word) is None}


LABEL = re.compile(r"(?:^|note: )\s*([A-Za-z][A-Za-z -]*?)(?:: ?| = )(?:$|\w)")


def labels_of_lines() -> set[str]:
    """Return the words before a colon with which the reporters begin a line."""
    found: set[str] = set()
    for name in ("terminal", "words", "excerpt", "items", "concise"):
        tree = ast.parse((PACKAGE / "reporters" / f"{name}.py").read_text(encoding="utf-8"))
        documented = (ast.Module, ast.FunctionDef, ast.ClassDef)
        docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in docs:
                found |= set(LABEL.findall(node.value))
    return found - {"is right"}


def test_every_label_of_a_line_has_a_page() -> None:
    labels = labels_of_lines()
    assert {"at", "note", "help", "hint", "catches", "J", "verified", "look at"} <= labels
    assert not {label for label in labels if found_term(label) is None}


REFERENCES = ("a saved gradient", "complex step", "ladder of steps", "inner products", "slopes along random directions")
CIRCUMSTANCES = ("the course's rule", "structured", "plain", "evaluations", "epsilon", "threshold", "seed", "entries")


@pytest.mark.parametrize("word", [*REFERENCES, *CIRCUMSTANCES, *LEVELS, SLOPE_MISMATCH, COULD_NOT_CHECK])
def test_what_is_said_of_how_it_was_checked_has_a_page(word: str) -> None:
    assert found_term(word) is not None


def test_a_word_is_told_in_a_sentence_and_where_there_is_more() -> None:
    said = run_inside("explain", "yours/right").stdout
    assert said.startswith("**yours/right**: how many times")
    assert said.endswith("More: `gradcheck explain report`.\n")
    assert len(said.splitlines()) == 3


def test_every_command_of_the_page_is_one() -> None:
    page = invoke("explain", "commands").stdout
    lines = re.findall(r"^    gradcheck (.+)$", page, flags=re.MULTILINE)
    assert len(lines) > 10
    assert all(len(line) <= 80 for line in page.splitlines())
    with click.Context(main) as ctx:
        for line in lines:
            name, *words = shlex.split(line.removeprefix("fix "))  # which is before another
            command = main.get_command(ctx, name)
            assert command is not None, line
            known = {option for parameter in command.params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= known, line
        missing = set(main.list_commands(ctx)) - {shlex.split(line)[0] for line in lines}
    assert missing == {"show", "diff", "look", "cases", "explain", "bench"}
