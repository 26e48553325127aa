"""A check that is told to end leaves nothing behind, and one that does not return ends in time."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.hostile import check, folder_with, func, left_of, started, wait_for
from tests.support import run

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")

MODEL = """
import os, re, time
calls = 0
def slow(x):
    open('begun', 'w').close()
    time.sleep(0.02)
    return float((x**2).sum())
def later(x):
    global calls
    calls += 1
    if calls > 30: HANG
    return float((x**2).sum())
def twice(x): return 2 * x
def deaf(x):
    open('begun', 'w').close()
    while True:
        try: time.sleep(9)
        except BaseException: pass
"""
AT = ",".join(["1.5"] * 300)
PROGRAM = "sleep 60 &\n(setsid sleep 60 &)\ntouch begun\nsleep 60\n"
WAYS = {
    "func": ["func", "model.py:slow", "--grad", "model.py:twice", "--at", AT, "--mode", "full"],
    "func --jobs": ["func", "model.py:slow", "--grad", "model.py:twice", "--at", AT, "--mode", "full", "--jobs", "2"],
    "func that is deaf": ["func", "model.py:deaf", "--grad", "model.py:twice", "--at", "1"],
    "net": ["net", "--case", "default", "--backward", "model.py:deaf_backward"],
    "command": ["command", "sh program.sh", "--at", "1,2,3"],
    "run": ["run"],
    "run --jobs": ["run", "--jobs", "2"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder_with(tmp_path, MODEL + "def deaf_backward(X, Y, cache): deaf(X)\n")
    (tmp_path / "program.sh").write_text(PROGRAM)
    (tmp_path / "pyproject.toml").write_text("".join(check(name, "slow", "twice", at=f'"{AT}"') for name in "abc"))
    (tmp_path / "tmp").mkdir()
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("way", WAYS)
def test_a_signal_ends_all_that_belongs_to_a_check(way: str, number: signal.Signals, folder: Path) -> None:
    if way in ("net", "func that is deaf") and number != signal.SIGTERM:
        pytest.skip("it takes five seconds, whatever the signal; after KILL nobody is there who would end it")
    process = started(folder, *WAYS[way], TMPDIR=str(folder / "tmp"))
    wait_for((folder / "begun").exists)
    time.sleep(0.2)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number)
    detached = ["setsid", "sleep"] if number == signal.SIGKILL else []  # nobody is there to look for them
    wait_for(lambda: not [one for one in left_of(folder) if not (detached and "sleep 60" in one)], 10)
    for one in left_of(folder):
        assert "sleep 60" in one
        os.system("pkill -9 -f 'sleep 60'")
    if number != signal.SIGKILL:
        assert list((folder / "tmp").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_what_was_found_is_told_and_kept_and_how_to_go_on(number: signal.Signals, folder: Path) -> None:
    process = started(folder, *WAYS["func"], "--save", "s.json", "--report", "json=o.json")
    wait_for((folder / "begun").exists)
    time.sleep(3.5)
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert out.startswith("INCONCLUSIVE")
    assert "interrupted; checked: " in out
    content = json.loads((folder / "o.json").read_text())
    assert content["exit_code"] == process.returncode == 128 + number
    (way,) = (note for note in content["cases"][0]["notes"] if note.startswith("continue it with: gradcheck "))
    assert way.endswith("--report json=o.json --resume s.json")
    assert len(json.loads((folder / "s.json").read_text())["losses"]) > 1000


def test_a_program_leaves_no_child_after_a_call(folder: Path) -> None:
    (folder / "program.sh").write_text('sleep 60 &\necho \'{"loss": 1.0, "x": [0, 0, 0]}\'\n')
    process = started(folder, "command", "sh program.sh", "--at", "1,2,3")
    process.communicate(timeout=20)
    assert left_of(folder) == []


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("hang", ["time.sleep(99)", 're.match("(a+)+$", "a" * 50 + "b")'])
def test_a_loss_that_does_not_return_ends_with_its_time(hang: str, jobs: str, folder: Path) -> None:
    folder_with(folder, MODEL.replace("HANG", hang))
    begun = time.monotonic()
    words = ["func", "model.py:later", "--grad", "model.py:twice", "--at", AT, "--mode", "full"]
    process = started(folder, *words, "--time", "1.5", "--jobs", jobs)
    _, errors = process.communicate(timeout=20)
    assert time.monotonic() - begun < 1.5 + 1 + 1.5
    assert process.returncode in (2, 3)
    assert "an evaluation did not return" in errors
    assert left_of(folder) == []


def test_one_that_catches_everything_ends_a_little_later(folder: Path) -> None:
    begun = time.monotonic()
    done = run("func", "model.py:deaf", "--grad", "model.py:twice", "--at", "1", "--time", "1", cwd=folder)
    assert time.monotonic() - begun < 1 + 5 + 2
    assert done.returncode == 2
    assert "did not end within its --time and 5 s more" in done.stderr


def test_a_signal_that_comes_where_nothing_can_catch_it_ends_the_check_all_the_same(folder: Path) -> None:
    interrupted = "import os, signal\nclass Last:\n    def __del__(self): os.kill(os.getpid(), signal.SIGINT)\n"
    (folder / "own.py").write_text(interrupted + "def loss(x):\n    Last()\n    return float((x**2).sum())\n")
    done = run("func", "own.py:loss", "--grad", "model.py:twice", "--at", "1,2", cwd=folder)
    assert done.returncode == 130
    assert "PASS" not in done.stdout
    assert "interrupted" in done.stderr
    assert "Traceback" not in done.stderr


def test_text_that_user_code_raises_is_shown_safe_and_short(folder: Path) -> None:
    folder_with(
        folder,
        "def l(p): raise RuntimeError('\\x1b[2J\\u202e\\udc80\\n::stop-commands::t\\n##[error]x\\n' + 'x' * 10**6)\n"
        "def many(p): raise RuntimeError('line\\n' * 100_000)\n",
    )
    reports = [f"--report={name}=o.{name}" for name in ("json", "junit", "github", "markdown", "html")]
    for loss in ("l", "many"):
        done = run(*func(loss, "grad", *reports), cwd=folder, env={"GITHUB_ACTIONS": "true"})
        assert done.returncode == 2
        assert len(done.stderr) < 20_000
        texts = [done.stderr, *((folder / word.split("=")[2]).read_text("utf-8") for word in reports)]
        assert all(len(text) < 40_000 for text in texts)
        assert not any(bad in text for text in texts for bad in "\x1b\u202e\udc80")
        lines = [line.lstrip() for text in texts for line in text.splitlines()]
        assert not any(line.startswith("::stop") or "##[" in line for line in lines)
