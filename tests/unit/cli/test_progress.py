"""The line that says how far a check is."""

from __future__ import annotations

import os
import pty
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_gradient
from gradcheck_cli.cli.progress import Progress, State
from tests.support import COMMAND, clean_environment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which stands still but for the test."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_before_anything_is_known_it_says_what_it_is_at_and_since_when(clock: list[float]) -> None:
    state = State()
    assert state.line(103.0, 80) == "loading: 0:03 so far"
    state.begin()
    assert state.line(104.4, 80) == "first evaluations: 0:04 so far"
    clock[0] = 105.0
    state(1)
    assert state.line(106.0, 80) == "first evaluations: 1 evaluation, 0:06 so far"


def test_the_time_left_comes_from_the_first_evaluations_and_runs_down_during_a_long_one(clock: list[float]) -> None:
    state = State()
    state.begin()
    for _ in range(3):
        clock[0] += 4.0
        state(1)
    state.expect(18, "evaluations")
    state.at("noise of the loss")
    assert state.seconds_left(clock[0]) == 60.0
    assert state.seconds_left(clock[0] + 3.0) == 57.0
    assert state.line(clock[0] + 1.0, 80).startswith("noise of the loss: ━━━")
    assert state.line(clock[0] + 1.0, 80).endswith(" 3 of some 18 evaluations, about 0:59 left")


def test_a_total_is_never_passed(clock: list[float]) -> None:
    state = State()
    state.begin()
    state.expect(4, "evaluations")
    state.at("entries")
    for _ in range(6):
        clock[0] += 1.0
        state(1)
        assert not (state.done > state.total and "of some" in state.line(clock[0], 80))
    state.wrong(2)
    assert state.line(clock[0], 80) == "closer look: 6 evaluations, 2 wrong, 0:06 so far"


@pytest.mark.parametrize("width", [200, 80, 60, 40, 10, 0])
def test_it_never_reaches_the_last_column(width: int, clock: list[float]) -> None:
    state = State()
    state.begin()
    state.expect(1_000_000, "evaluations")
    state(123_456)
    assert len(state.line(clock[0] + 1e5, width)) <= max(width - 1, 0)


class Heard(State):
    """Remembers what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.stages: list[str] = []
        self.totals: list[int] = []

    def begin(self) -> None:
        self.done = 0

    def at(self, stage: str) -> None:
        self.stages.append(stage)

    def expect(self, total: int, what: str) -> None:
        super().expect(total, what)
        self.totals.append(total)


def heard(**settings: Any) -> Heard:
    watch = Heard()
    x = np.linspace(0.1, 1.2, 40)
    report = check_gradient(lambda x: np.sin(x).sum(), np.cos, x, progress=watch, **settings)
    assert abs(watch.done - report.evaluations) <= 1  # the calls before the check among them
    assert report.evaluations <= max(watch.totals) <= report.evaluations + 4
    return watch


def test_a_check_tells_what_it_is_at_and_how_many_evaluations_there_will_be() -> None:
    assert heard().stages == ["entries", "noise of the loss", "entries"]
    assert heard(mode="screen").stages == ["random directions"]
    assert heard(classic=True).stages == ["entries"]


def test_nothing_is_shown_where_stderr_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with Progress(quiet=False) as progress:
        progress.begin()
        assert progress.thread is None


SLOW = "import time\ndef loss(x):\n    time.sleep(60)\n    return x @ x\ndef grad(x): return 2 * x\n"


def test_a_word_is_there_before_the_first_value_of_a_slow_loss_and_gone_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    ours, theirs = pty.openpty()
    arguments = [str(COMMAND), "func", "slow.py:loss", "--grad", "slow.py:grad", "--at", "1", "--max-evals", "1"]
    with subprocess.Popen(
        arguments,
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as process:
        text = ""
        while "first evaluations: 0:0" not in text:  # the loss does not end before the test's own limit
            text += os.read(ours, 1000).decode()
        process.terminate()
    os.close(theirs)
    text += os.read(ours, 4000).decode()
    *_, line, rest = text.partition("interrupted")[0].rsplit("\r", 2)
    assert (line.strip(), rest.strip()) == ("", "")
