"""What the functions under check print: a few lines on stderr, and how many more there were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import run

MODEL = """\
import sys
print("imported")
def loss(x):
    print("loss of", x[0])
    sys.stdout.writelines(["and", " so on\\n"])
    return float((x ** 2).sum())
def grad(x): return 2 * x
def quiet(x): return float((x ** 2).sum())
def once(x):
    print("gradient")
    return 2 * x
def long(x):
    print("line\\n" * 30)
    return quiet(x)
def closing(x):
    sys.stdout.close()
    return quiet(x)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.py").write_text(MODEL, encoding="utf-8")
    return tmp_path


def test_the_first_lines_are_shown_and_the_others_counted(folder: Path) -> None:
    result = run("func", "m.py:loss", "--grad", "m.py:grad", "--at", "1,2,3", "--format", "json", cwd=folder)
    assert result.returncode == 0
    json.loads(result.stdout)
    lines = result.stderr.splitlines()
    assert lines[0] == "imported"
    assert lines[1].startswith("loss of 1.0")
    assert lines[2] == "and so on"
    assert len(lines) == 12
    assert "more lines printed by the functions under check" in lines[-1]


def test_what_the_first_call_prints_is_shown_whole(folder: Path) -> None:
    result = run("func", "m.py:long", "--grad", "m.py:grad", "--at", "1,2,3", cwd=folder)
    lines = result.stderr.splitlines()
    assert lines[1:31] == ["line"] * 30
    assert len(lines) == 32
    assert "more lines" in lines[-1]


def test_a_few_lines_are_shown_as_they_are(folder: Path) -> None:
    result = run("func", "m.py:quiet", "--grad", "m.py:once", "--at", "1,2,3", cwd=folder)
    assert result.stderr.splitlines()[1:] == ["gradient"] * 2
    assert "more line" not in result.stderr


def test_closing_the_output_closes_nothing(folder: Path) -> None:
    result = run("func", "m.py:closing", "--grad", "m.py:grad", "--at", "1,2,3", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("PASS")
