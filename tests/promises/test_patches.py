"""What a change that is suggested promises: it is right elsewhere too, and looking for it changes nothing else."""

from __future__ import annotations

import dataclasses
import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcheck_cli as api
from gradcheck_cli.repair.suggest import UNDIVIDED
from gradcheck_cli.vocabulary.errors import CheckInterrupted
from tests.support import run

MODEL = """\
import numpy as np

rng = np.random.default_rng(4)
X = rng.normal(size=(6, 3))
y = rng.normal(size=6)


def loss(w):
    h = np.tanh(X @ w)
    return 0.5 * np.mean((h - y) ** 2)


def gradient(w):
    h = np.tanh(X @ w)
    dh = (h - y) / len(y)
    dz = dh * (1 - h ** 2)
    return X.T @ dz
"""
MISTAKES = {
    "no mean": (" / len(y)", ""),
    "residual": ("(h - y) /", "(h + y) /"),
    "derivative": ("(1 - h ** 2)", "(1 - h)"),
    "factor": ("return X.T @ dz", "return X.T @ dz * 2"),
}
NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def _in_a_process_that_can_be_divided() -> None:
    if UNDIVIDED & set(sys.modules):  # another test of this process has imported it
        pytest.skip("no process with these libraries is divided in two")


def imported(file: Path) -> Any:
    """Import a file as it is, under a name of its own: Python may have kept another text of the same second."""
    shutil.rmtree(file.parent / "__pycache__", ignore_errors=True)
    spec = importlib.util.spec_from_file_location(f"patched_{next(NUMBERS)}", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def written(folder: Path, mistake: str) -> Path:
    """Write the model with a mistake."""
    right, wrong = MISTAKES[mistake]
    head, found, tail = MODEL.rpartition(right)
    assert found
    (folder / "model.py").write_text(head + wrong + tail, encoding="utf-8")
    return folder / "model.py"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, "residual")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_change_is_right_with_other_data_and_another_number_of_samples(
    mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, mistake)
    monkeypatch.chdir(file.parent)
    module, before = imported(file), file.read_bytes()
    report = api.check_gradient(module.loss, module.gradient, np.array([0.3, -0.8, 0.5]), suggest=True)
    assert not report.passed
    assert file.read_bytes() == before
    assert report.suggestion is not None and report.suggestion.is_verified
    subprocess.run(["git", "apply", "-"], input=report.diff().encode(), cwd=file.parent, check=True)
    changed, random = imported(file), np.random.default_rng(9)
    for samples in (1, 4, 9):
        changed.X, changed.y = random.normal(size=(samples, 3)), random.normal(size=samples)
        assert api.check_gradient(changed.loss, changed.gradient, random.normal(size=3)).passed


def test_looking_for_a_change_changes_neither_the_verdict_nor_what_was_measured(file: Path) -> None:
    words = ("func", "model.py:loss", "--grad", "model.py:gradient", "--at", "0.3,-0.8,0.5", "--format", "json")
    told = [run(*words, more, cwd=file.parent) for more in ("--suggest", "--no-suggest")]
    assert [one.returncode for one in told] == [1, 1]
    with_it, without = (json.loads(one.stdout)["cases"][0] for one in told)
    assert with_it.pop("suggestion") is not None and without.pop("suggestion") is None
    assert with_it.pop("suspects") and not without.pop("suspects")
    assert with_it == without
    assert sorted(path.name for path in file.parent.iterdir() if path.is_file()) == ["model.py"]


def test_a_report_is_not_lost_where_looking_for_a_change_is_interrupted(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = imported(file)

    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("gradcheck_cli.repair.suggest.forked", interrupted)
    with pytest.raises(CheckInterrupted) as caught:
        api.check_gradient(module.loss, module.gradient, np.array([0.3, -0.8, 0.5]), suggest=True)
    assert caught.value.report is not None
    assert caught.value.report.verdict is api.Verdict.FAIL


def test_a_search_that_is_killed_takes_nothing_with_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = imported(file)
    plain = api.check_gradient(module.loss, module.gradient, np.array([0.3, -0.8, 0.5]))
    monkeypatch.setattr("gradcheck_cli.repair.suggest.searched", lambda *_, **__: os.kill(os.getpid(), 9))
    killed = api.check_gradient(module.loss, module.gradient, np.array([0.3, -0.8, 0.5]), suggest=True)
    assert dataclasses.replace(killed, seconds=0.0) == dataclasses.replace(plain, seconds=0.0)
