"""`--watch`: a check is made again when a file that it read is saved."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradcheck_cli.cli.reads import Read, reads_told_in
from gradcheck_cli.cli.watching import files_named, waiting_for
from tests.support import COMMAND, clean_environment, run, run_inside

LOSS = """\
import numpy as np
from helper import square
def loss(x): return square(x).sum()
def grad(x): return {factor} * x
"""


def saved(path: Path, text: str) -> None:
    """Save a file as editors do: under another name first."""
    (path.parent / "new").write_text(text, encoding="utf-8")
    (path.parent / "new").replace(path)


def seen(log: Path, pattern: str, count: int) -> str:
    """Return what was written once a pattern has come so often."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        text = log.read_text(encoding="utf-8")
        if len(re.findall(pattern, text)) >= count:
            return text
        time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8"))


def test_a_check_is_made_again_in_a_process_of_its_own_until_ctrl_c(tmp_path: Path) -> None:
    pytest.importorskip("watchfiles")
    (tmp_path / "helper.py").write_text("def square(x): return x ** 2\n", encoding="utf-8")
    (tmp_path / "model.py").write_text(LOSS.format(factor=2), encoding="utf-8")
    (tmp_path / "p.csv").write_text("1.0\n2.0\n", encoding="utf-8")
    log = tmp_path / "log"
    command = f"{COMMAND} func --watch model.py:loss --grad model.py:grad --params p.csv --report json=r.json".split()
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(command, cwd=tmp_path, env=clean_environment(), stdout=file, stderr=file)
    try:
        told = seen(log, "watching ", 1)
        assert "PASS  model.py:loss" in told
        assert "watching helper.py, model.py, p.csv; Ctrl-C ends it" in told  # and not what the check itself writes
        saved(tmp_path / "model.py", LOSS.format(factor=3))
        assert "FAIL  model.py:loss" in seen(log, "watching ", 2)
        saved(tmp_path / "helper.py", "def square(x): return 1.5 * x ** 2\n")
        assert len(re.findall("PASS  model", seen(log, "watching ", 3))) == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert "interrupted" not in log.read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()


def test_a_check_that_reads_nothing_is_made_once(tmp_path: Path) -> None:
    pytest.importorskip("watchfiles")
    assert run("scalar", "--x", "2", "--theta", "4", "--dtheta", "3", "--watch", cwd=tmp_path).returncode == 1


def test_without_watchfiles_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    result = run_inside("net", "--case", "default", "--watch")
    assert result.returncode == 2
    assert "--watch needs watchfiles, which is not installed\nhint: pip install 'gradcheck-cli[watch]'" in result.stderr


def test_standard_input_cannot_be_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gradcheck", "func", "m.py:loss", "--params", "-", "--watch"])
    result = run_inside("func", "m.py:loss", "--params", "-", "--watch")
    assert result.returncode == 2
    assert "standard input can be read only once" in result.stderr


@pytest.mark.parametrize("table", ["[tool.gradcheck]", '[[tool.gradcheck.checks]]\nname = "a"\nkind = "scalar"'])
def test_the_projects_file_cannot_ask_for_it(table: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"{table}\nwatch = true\n", encoding="utf-8")
    result = run_inside("run", cwd=tmp_path)
    assert result.returncode == 2
    assert "'watch'" in result.stderr


def test_files_are_found_in_a_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "solver").touch()
    words = ["func", "solver", "m.py:loss", "--params", "p.npz", "--at", "1.5,2", "--report", "json=r.json"]
    assert files_named(words) == [str(tmp_path / name) for name in ("solver", "m.py", "p.npz")]


def test_what_is_waited_for_names_a_few_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = [str(tmp_path / name) for name in "edcba"] + [str(tmp_path.parent / "z")]
    assert waiting_for(files)[len("[12:00:00] ") :] == "watching a, b, c and 3 more; Ctrl-C ends it"
    monkeypatch.setenv("COLUMNS", "30")
    assert max(map(len, waiting_for(files).splitlines())) <= 30


def test_a_path_may_hold_anything() -> None:
    name = os.fsdecode(b"/tmp/\xff: a\nb")
    assert list(reads_told_in(f"1,2,3:{name}\0:/tmp/written\0half")) == [Read(name, "1,2,3"), Read("/tmp/written", "")]
