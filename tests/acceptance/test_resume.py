"""A saved state belongs to the loss that it was saved for, and a check that goes on comes to the same report."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import folder_with, started
from tests.support import run

HELPER = "FACTOR = 1.0\ndef square(x): return FACTOR * (x**2).sum()\n"
MODEL = """
import time
import helper
def loss(x): return float(helper.square(x))
def slow(x):
    time.sleep(0.004)
    return float(helper.square(x))
def grad(x): return 2 * x
def reading(x): return float(helper.square(x)) * (1 + float(open('factor').read()) * (x[0] - 1.5))
"""
AT = ",".join(["1.5"] * 60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "helper.py").write_text(HELPER)
    (tmp_path / "factor").write_text("0")
    return folder_with(tmp_path, MODEL)


def words(loss: str = "loss", *more: str) -> list[str]:
    return ["func", f"model.py:{loss}", "--grad", "model.py:grad", "--at", AT, "--mode", "full", *more]


def saved(folder: Path, loss: str = "loss") -> None:
    assert run(*words(loss, "--max-evals", "100", "--save", "s.json"), cwd=folder).returncode == 3


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [("model.py", "return float(helper.square(x))\ndef slow", "return float(helper.square(x) + x[0] - 1.5)\ndef slow"),
     ("helper.py", "(x**2).sum()", "(x**2).sum() + x[1] - 1.5"), ("helper.py", "FACTOR = 1.0", "FACTOR = 1.00")],
)  # fmt: skip
def test_a_state_of_code_that_was_edited_since_is_refused(file: str, before: str, after: str, folder: Path) -> None:
    saved(folder)
    text = (folder / file).read_text()
    assert before in text
    (folder / file).write_text(text.replace(before, after))
    done = run(*words("loss", "--resume", "s.json"), cwd=folder)
    assert done.returncode == 2
    assert "the saved state belongs to a different check" in done.stderr


def test_another_file_may_be_edited(folder: Path) -> None:
    (folder / "other.py").write_text("")
    saved(folder)
    (folder / "other.py").write_text("x = 1")
    assert run(*words("loss", "--resume", "s.json"), cwd=folder).returncode == 0


def test_a_loss_that_reads_something_else_now_is_told_by_its_values(folder: Path) -> None:
    saved(folder, "reading")
    (folder / "factor").write_text("0.5")
    done = run(*words("reading", "--resume", "s.json"), cwd=folder)
    assert done.returncode == 2
    assert "the loss has changed since the state was saved: close to the point it was" in done.stderr


def test_a_state_of_a_program_that_was_edited_since_is_refused(folder: Path) -> None:
    text = (
        "import json, sys\nx = json.load(open(sys.argv[1]))['x']\n"
        "print(json.dumps({'loss': sum(v * v for v in x), 'x': [2 * v for v in x]}))\n"
    )
    (folder / "program.py").write_text(text)
    command = ["command", "python3 program.py", "--exchange", "json", "--at", "1.0,2.0,3.0", "--mode", "full"]
    assert run(*command, "--save", "s.json", cwd=folder).returncode == 0
    assert run(*command, "--resume", "s.json", cwd=folder).returncode == 0
    (folder / "program.py").write_text(text.replace("v * v for", "v * v + 0 * x[0] for"))
    assert "belongs to a different check" in run(*command, "--resume", "s.json", cwd=folder).stderr


def content(folder: Path) -> Mapping[str, Any]:
    """Return the report but for what tells of its making."""
    (case,) = json.loads((folder / "o.json").read_text())["cases"]
    return {key: value for key, value in case.items() if key not in ("notes", "settings")}


@pytest.mark.parametrize(
    "more", [["--mode", "full"], ["--mode", "screen", "--seed", "3"], ["--mode", "full", "--jobs", "2"]]
)
def test_killed_again_and_again_it_comes_to_the_same_report(more: list[str], folder: Path) -> None:
    check = ["func", "model.py:slow", "--grad", "model.py:grad", "--at", AT, *more, "--report", "json=o.json"]
    run(*check, "--save", "whole.json", cwd=folder)
    whole, chance = content(folder), random.Random(0)
    for _ in range(4):
        state = "--resume" if (folder / "s.json").exists() else "--save"
        process = started(folder, *check, state, "s.json")
        time.sleep(chance.uniform(0.3, 1.2))
        process.kill()
        process.communicate(timeout=20)
    state = "--resume" if (folder / "s.json").exists() else "--save"
    assert run(*check, state, "s.json", cwd=folder).returncode == 0
    assert content(folder) == whole
