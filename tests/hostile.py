"""A folder with a loss, gradients and a file of parameters, for tests of what user code must not be able to do."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.support import COMMAND, clean_environment

MODEL = """
import numpy as np
def loss(p): return float((p["w"] ** 2).sum() + p["b"] ** 3)
def grad(p): return {"w": 2 * p["w"], "b": 3 * p["b"] ** 2}
def wrong(p): return {"w": 3 * p["w"], "b": 3 * p["b"] ** 2}
"""
PARAMS = '{"w": [1.0, -2.0, 3.5], "b": 0.5}'


def folder_with(folder: Path, model: str = "") -> Path:
    """Write model.py, with more at its end, and p.json into a folder."""
    (folder / "model.py").write_text(MODEL + model, encoding="utf-8")
    (folder / "p.json").write_text(PARAMS, encoding="utf-8")
    return folder


def func(loss: str = "loss", grad: str = "grad", *more: str) -> list[str]:
    """Return the words of a check of the model."""
    return ["func", f"model.py:{loss}", "--grad", f"model.py:{grad}", "--params", "p.json", *more]


def check(name: str, loss: str = "loss", grad: str = "grad", **more: str) -> str:
    """Return the table of such a check in pyproject.toml; more lines are written as TOML has them."""
    lines = {"name": name, "kind": "func", "loss": f"model.py:{loss}", "grad": f"model.py:{grad}"}
    lines = (
        {key: f'"{value}"' for key, value in lines.items()} | ({} if "at" in more else {"params": '"p.json"'}) | more
    )
    return "".join(["[[tool.gradcheck.checks]]\n", *(f"{key} = {value}\n" for key, value in lines.items())])


def started(folder: Path, *words: str, **env: str) -> subprocess.Popen[str]:
    """Start the installed command; MARK in the environment tells its processes, and all that come of them."""
    return subprocess.Popen(
        [COMMAND, *words],
        cwd=folder,
        env=clean_environment(MARK=str(folder), **env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_of(folder: Path) -> list[str]:
    """Return the command lines of the processes that were started for a folder and are still there."""
    mark = f"MARK={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is somebody else's
            if int(process.name) != os.getpid() and mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something is so; not for ever."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "that did not come to be"
        time.sleep(0.02)
