from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems know no such thing")


def run_python(code: str) -> list[str]:
    """Run a program of its own, for it kills all its children, and return the lines that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout.split()


def is_running(process: str) -> bool:
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_what_children_left_behind_is_killed_too() -> None:
    left = run_python(
        """
        import subprocess, time
        from gradcheck_cli.vocabulary.processes import adopt_orphans, kill_all_below
        adopt_orphans()
        code = "setsid sleep 60 & echo $! ; (sleep 60 & echo $!) ; sleep 60"
        child = subprocess.Popen(["sh", "-c", code], stdout=subprocess.PIPE, text=True)
        print(child.pid, child.stdout.readline(), child.stdout.readline())
        kill_all_below()
        """
    )
    assert len(left) == 3
    assert not any(map(is_running, left))


def test_a_child_dies_with_its_parent() -> None:
    (child,) = run_python(
        """
        import os, signal, time
        from gradcheck_cli.vocabulary.processes import die_with_parent
        reader, writer = os.pipe()
        if not (child := os.fork()):
            assert die_with_parent(signal.SIGKILL)
            os.write(writer, b".")
            time.sleep(60)
        os.read(reader, 1)
        print(child, flush=True)
        os._exit(0)
        """
    )
    for _ in range(200):
        if not is_running(child):
            return
        time.sleep(0.02)
    pytest.fail("it is still there")
